//! Following the Git host: heads that commits and merges moved, and sources that merges end.

use std::collections::HashMap;

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

    /// Notes where the heads of the repository's recorded branches are now, with the same care:
    /// the server itself writes to it. Branches that are not recorded stay so, the server's own
    /// among them.
    pub(crate) async fn follow_repository(
        &self,
        ctx: &Ctx,
        event: EventId,
        repository: RepositoryId,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let moved = self.all_moved(ctx, repository).await?;
            if self.apply(ctx, event, moved).await?.is_some() {
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
            let Some(changes) = self.apply(ctx, event, [target, source]).await? else {
                continue;
            };
            if let Some([_, Some(source)]) = changes {
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

    async fn all_moved(&self, ctx: &Ctx, repository: RepositoryId) -> Result<Vec<Option<Branch>>> {
        let branches = store::find_all_live(&self.store, ctx, repository).await?;
        let Some(first) = branches.first() else {
            return Ok(Vec::new());
        };
        let (path, _) = place(first)?;
        let heads = self.git.branches(&path).await?.into_iter();
        let heads: HashMap<String, String> = heads
            .map(|(name, head)| (name.to_string(), head.to_string()))
            .collect();
        let moved = branches.into_iter().map(|branch| {
            let mut branch = Branch::clone(&branch);
            let head = heads.get(&branch.name)?;
            branch.moved_to(head).then_some(branch)
        });
        Ok(moved.collect())
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
    /// changed one of the branches first; `Some(None)` when the event was handled before.
    async fn apply<C: AsMut<[Option<Branch>]>>(
        &self,
        ctx: &Ctx,
        event: EventId,
        mut changes: C,
    ) -> Result<Option<Option<C>>> {
        let tx = self.store.begin(ctx).await?;
        if !tx.first_delivery(CONSUMER, event).await? {
            return Ok(Some(None));
        }
        for branch in changes.as_mut().iter_mut().flatten() {
            branch.meta.touch(ctx, self.store.clock().now());
            match store::update(&tx, branch).await {
                Ok(()) => {}
                Err(error) if error.is_race() => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.commit(tx, None).await?.then_some(Some(changes)))
    }
}
