//! What the service does without a caller: it records what merges write, tells the history of
//! branches that may have moved, and finishes what a crash left half done.

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError, Reconciler};
use sluice_schema::{
    Envelope, ErrorClass, EventPayload, Fault, RepositoryId,
    events::{
        BranchCreated, BuildCompleted, CommitCreated, PipelineGenerated, PullRequestMerged,
        PullRequestOpened, RepositoryProvisioned,
    },
};

use crate::{
    CommitError, CommitStatus, Commits,
    service::{Beside, Work},
    store,
};

pub(crate) const CONSUMER: &str = "commit";
const HISTORY: &str = "commit.history";
const BATCH: u64 = 100;

/// Records the commits that merges write.
pub struct Reactions(pub Commits);

#[async_trait]
impl Reaction for Reactions {
    fn consumer(&self) -> &'static str {
        CONSUMER
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[PullRequestMerged::TYPE]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let Some(merged) = event.decode::<PullRequestMerged>()? else {
            return Ok(());
        };
        let recorded = self.0.record_merge(ctx, event, &merged).await;
        recorded.map_err(|error| BoxFault::from(error).into())
    }
}

/// Finishes commits that were announced and that their branch does not have.
pub struct Recovery(pub Commits);

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "commit.pending"
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let pending = store::pending(self.0.store(), BATCH).await?;
        let mut finished = 0;
        for commit in pending {
            let ctx = commit.meta.system_ctx(CONSUMER);
            let id = commit.id;
            match self.0.finish(&ctx, commit, Work::Recovery).await {
                Ok(commit) if commit.status == CommitStatus::Pending => {}
                Ok(_) => finished += 1,
                Err(error) if error.code().class() == ErrorClass::System => {
                    // One that fails must not keep the others waiting.
                    tracing::warn!(%error, commit = %id, "a commit stays pending");
                }
                // Given up, with the reason in its record.
                Err(_) => finished += 1,
            }
        }
        Ok(finished)
    }
}

/// Tells the history of branches when something may have moved them. Safe to run twice and at the
/// same time: how far it is told is kept with each event, so that an inbox has nothing to add.
pub struct HistoryReactions(pub Commits);

/// The repository and the branch that an event is about.
fn moved(event: &Envelope) -> Result<Option<(RepositoryId, Option<Beside>)>, serde_json::Error> {
    let now = |branch: String| {
        let merged = None;
        Some(Beside { branch, merged })
    };
    if let Some(it) = event.decode::<RepositoryProvisioned>()? {
        return Ok(Some((it.repository_id, None)));
    }
    if let Some(it) = event.decode::<BranchCreated>()? {
        return Ok(Some((it.repository_id, now(it.name))));
    }
    if let Some(it) = event.decode::<CommitCreated>()? {
        return Ok(Some((it.repository_id, now(it.branch))));
    }
    if let Some(it) = event.decode::<PullRequestOpened>()? {
        return Ok(Some((it.repository_id, now(it.source_branch))));
    }
    if let Some(it) = event.decode::<PullRequestMerged>()? {
        let beside = Beside {
            branch: it.source_branch,
            merged: Some(it.source_sha),
        };
        return Ok(Some((it.repository_id, Some(beside))));
    }
    if let Some(it) = event.decode::<PipelineGenerated>()? {
        return Ok(Some((it.repository_id, now(it.branch))));
    }
    let built = event.decode::<BuildCompleted>()?;
    Ok(built.map(|it| (it.repository_id, now(it.branch))))
}

#[async_trait]
impl Reaction for HistoryReactions {
    fn consumer(&self) -> &'static str {
        HISTORY
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[
            RepositoryProvisioned::TYPE,
            BranchCreated::TYPE,
            CommitCreated::TYPE,
            PullRequestOpened::TYPE,
            PullRequestMerged::TYPE,
            PipelineGenerated::TYPE,
            BuildCompleted::TYPE,
        ]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let Some((repository, beside)) = moved(event)? else {
            return Ok(());
        };
        let told = self.0.tell_history(ctx, repository, beside).await;
        told.map_err(|error| BoxFault::from(error).into())
    }
}

/// Goes on with histories that are too long for one reaction, or that a crash left half told.
pub struct HistoryRecovery(pub Commits);

#[async_trait]
impl Reconciler for HistoryRecovery {
    fn name(&self) -> &'static str {
        "commit.history"
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let under_way = self.0.histories_under_way(BATCH).await?;
        let count = under_way.len();
        for history in under_way {
            let ctx = history.meta.system_ctx(CONSUMER);
            match self.0.tell_history(&ctx, history.repository_id, None).await {
                Ok(()) | Err(CommitError::HistoryBehind) => {}
                // One that fails must not keep the others waiting.
                Err(error) => {
                    tracing::warn!(%error, history = %history.id, "a history stays half told");
                }
            }
        }
        Ok(count)
    }
}
