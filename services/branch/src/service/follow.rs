//! Following the Git host: heads that commits and merges moved, and sources that merges end.

use sluice_kernel::Ctx;
use sluice_schema::{EventId, RepositoryId, events::PullRequestMerged};

use super::{ATTEMPTS, Branches, Result, place};
use crate::{Branch, BranchError, BranchStatus, reactions::CONSUMER, store};

impl Branches {
    /// Notes where the branch's head is now. The Git host is asked, not the event, so that late
    /// and repeated events do no harm: the row is read before the head, and saved only if nobody
    /// else saved it since, hence never with an older head than it holds.
    pub(crate) async fn follow_head(
        &self,
        ctx: &Ctx,
        event: EventId,
        repository: RepositoryId,
        name: &str,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let moved = self.moved(ctx, repository, name).await?;
            if self.apply(ctx, event, [moved]).await?.is_some() {
                return Ok(());
            }
        }
        Err(BranchError::Contended)
    }

    /// Notes the target's head, and ends the source when the merge asked for it and nothing came
    /// to it since.
    pub(crate) async fn follow_merge(
        &self,
        ctx: &Ctx,
        event: EventId,
        merged: &PullRequestMerged,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let target = self
                .moved(ctx, merged.repository_id, &merged.target_branch)
                .await?;
            let source = self.spent(ctx, merged).await?;
            let Some([_, source]) = self.apply(ctx, event, [target, source]).await? else {
                continue;
            };
            if let Some(source) = source {
                // The intent is kept: what fails here is finished by the recovery loop.
                if let Err(error) = self.finish_deleting(ctx, source).await {
                    tracing::warn!(%error, "a merged branch could not be deleted yet");
                }
            }
            return Ok(());
        }
        Err(BranchError::Contended)
    }

    async fn moved(
        &self,
        ctx: &Ctx,
        repository: RepositoryId,
        name: &str,
    ) -> Result<Option<Branch>> {
        let Some(mut branch) = store::find_live(&self.store, ctx, repository, name).await? else {
            return Ok(None);
        };
        let (path, name) = place(&branch)?;
        let head = self.git.head(&path, &name).await?;
        let changed = head.is_some_and(|head| branch.moved_to(&head.to_string()));
        Ok(changed.then_some(branch))
    }

    async fn spent(&self, ctx: &Ctx, merged: &PullRequestMerged) -> Result<Option<Branch>> {
        if !merged.delete_source_branch {
            return Ok(None);
        }
        let (repository, name) = (merged.repository_id, &merged.source_branch);
        let Some(mut branch) = store::find_live(&self.store, ctx, repository, name).await? else {
            return Ok(None);
        };
        let (path, name) = place(&branch)?;
        let head = self.git.head(&path, &name).await?;
        let unchanged = head.is_some_and(|head| head.to_string() == merged.source_sha);
        if branch.status != BranchStatus::Active || branch.ensure_deletable().is_err() || !unchanged
        {
            return Ok(None);
        }
        branch.begin_deleting(merged.source_sha.clone());
        Ok(Some(branch))
    }

    /// Saves the changes in the transaction that notes the delivery. `None` when somebody else
    /// changed one of the branches first; without branches when the event was handled before.
    async fn apply<const N: usize>(
        &self,
        ctx: &Ctx,
        event: EventId,
        mut changes: [Option<Branch>; N],
    ) -> Result<Option<[Option<Branch>; N]>> {
        let tx = self.store.begin(ctx).await?;
        if !tx.first_delivery(CONSUMER, event).await? {
            return Ok(Some([const { None }; N]));
        }
        for branch in changes.iter_mut().flatten() {
            branch.meta.touch(ctx, self.store.clock().now());
            match store::update(&tx, branch).await {
                Ok(()) => {}
                Err(error) if error.is_race() => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.commit(tx, None).await?.then_some(changes))
    }
}
