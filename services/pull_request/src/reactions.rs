//! What the service does without a caller: it follows heads and builds, and it finishes merges
//! that a crash left half done.

use async_trait::async_trait;
use sluice_kernel::{BoxFault, Ctx, Meta, Reaction, ReactionError, Reconciler};
use sluice_schema::{
    Envelope, EventPayload,
    events::{BuildCompleted, CommitCreated},
};

use crate::{
    Check, CheckState, PullRequestError, PullRequests,
    model::{HeadCheck, cut},
    store,
};

const CONSUMER: &str = "pull_request";
const BATCH: u64 = 100;
/// How often a reaction looks again before it leaves the event to the bus's back-off.
const ATTEMPTS: usize = 8;
/// Name of the check that a build amounts to.
const BUILD: &str = "build";

/// Follows the heads of branches and the builds of commits.
pub struct Reactions(pub PullRequests);

#[async_trait]
impl Reaction for Reactions {
    fn consumer(&self) -> &'static str {
        CONSUMER
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[CommitCreated::TYPE, BuildCompleted::TYPE]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        if let Some(commit) = event.decode::<CommitCreated>()? {
            let done = self.commit_created(ctx, event, &commit).await;
            done.map_err(BoxFault::from)?;
        } else if let Some(build) = event.decode::<BuildCompleted>()? {
            let done = self.build_completed(ctx, event, &build).await;
            done.map_err(BoxFault::from)?;
        }
        Ok(())
    }
}

impl Reactions {
    async fn commit_created(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        commit: &CommitCreated,
    ) -> Result<(), PullRequestError> {
        for _ in 0..ATTEMPTS {
            match self.follow_heads(ctx, event, commit).await {
                Err(PullRequestError::Store(error)) if error.is_race() => {}
                done => return done,
            }
        }
        Err(PullRequestError::Contended)
    }

    // What counts are the true heads at the Git host, so that the order of events does not.
    // The rows are read before the heads: who saves last has looked last.
    async fn follow_heads(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        commit: &CommitCreated,
    ) -> Result<(), PullRequestError> {
        let service = &self.0;
        let (repository, branch) = (commit.repository_id, &commit.branch);
        let open = store::open_touching(service.store(), ctx, repository, branch).await?;
        let mut changed = Vec::new();
        for mut pull_request in open {
            let sighting = service.look(ctx, &pull_request).await?;
            let now = service.store().clock().now();
            if pull_request.see(&sighting, now) {
                pull_request.meta.touch(ctx, now);
                changed.push(pull_request);
            }
        }
        let tx = service.store().begin(ctx).await?;
        if !tx.first_delivery(CONSUMER, event.event_id).await? {
            return Ok(());
        }
        for pull_request in &mut changed {
            store::update(&tx, pull_request).await?;
        }
        tx.commit([]).await?;
        Ok(())
    }

    async fn build_completed(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        build: &BuildCompleted,
    ) -> Result<(), PullRequestError> {
        let store = self.0.store();
        let now = store.clock().now();
        let check = check_of(event, build);
        let tx = store.begin(ctx).await?;
        if !tx.first_delivery(CONSUMER, event.event_id).await? {
            return Ok(());
        }
        let kept = HeadCheck {
            meta: Meta::new(ctx, now, event.project_id.clone(), event.module_id.clone()),
            repository_id: build.repository_id,
            check,
        };
        store::put_check(&tx, &kept).await?;
        let open = store::open_at(&tx, build.repository_id, &build.commit_sha).await?;
        for mut pull_request in open {
            if pull_request.record_check(&kept.check) {
                pull_request.meta.touch(ctx, now);
                store::update(&tx, &mut pull_request).await?;
            }
        }
        tx.commit([]).await?;
        Ok(())
    }
}

fn check_of(event: &Envelope, build: &BuildCompleted) -> Check {
    let state = match build.status.as_str() {
        "SUCCEEDED" => CheckState::Succeeded,
        _ => CheckState::Failed,
    };
    let detail = match (state, &build.reason) {
        (CheckState::Succeeded, _) => None,
        (_, Some(reason)) => Some(format!("{}: {reason}", build.status)),
        (_, None) => Some(build.status.clone()),
    };
    Check {
        name: BUILD.to_owned(),
        state,
        sha: build.commit_sha.clone(),
        detail: detail.map(|text| cut(&text, 500)),
        build_id: Some(build.build_id),
        at: event.occurred_at,
    }
}

/// Finishes merges that were decided and not recorded.
pub struct Recovery(pub PullRequests);

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "pull_request.merging"
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let unfinished = store::merging(self.0.store(), BATCH).await?;
        let count = unfinished.len();
        let mut failed: Option<PullRequestError> = None;
        for pull_request in unfinished {
            let id = pull_request.id;
            let ctx = recovery_ctx(&pull_request);
            // One that cannot be finished must not keep the others from it.
            match self.0.finish_merge(&ctx, pull_request, None).await {
                Ok(_) => {}
                Err(error) if is_settled(&error) => {
                    tracing::info!(pull_request = %id, %error, "a merge did not take place");
                }
                Err(error) => {
                    tracing::warn!(pull_request = %id, %error, "a merge is not finished yet");
                    failed = Some(error);
                }
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(count),
        }
    }
}

// Under the trace of the request that decided the merge.
fn recovery_ctx(pull_request: &crate::PullRequest) -> Ctx {
    match &pull_request.merge_intent {
        Some(intent) => Ctx::for_system(
            CONSUMER,
            pull_request.meta.tenant_id.clone(),
            &intent.trace_id,
            &intent.correlation_id,
        ),
        None => pull_request.meta.system_ctx(CONSUMER),
    }
}

/// Whether the merge ended, though not as it was meant to.
fn is_settled(error: &PullRequestError) -> bool {
    matches!(
        error,
        PullRequestError::MergeConflict { .. }
            | PullRequestError::UpToDate { .. }
            | PullRequestError::NotMerged { .. }
            | PullRequestError::NotFound
    )
}
