//! Reviewing and abandoning.

use std::sync::Arc;

use sluice_kernel::{Ctx, Outcome};
use sluice_schema::{EventPayload, PullRequestId, Scope};

use super::{ATTEMPTS, PullRequests, Result, announced, is_race};
use crate::{AbandonPullRequest, PullRequest, PullRequestError, Review, ReviewPullRequest, store};

const REVIEW: &str = "reviewPullRequest";
const ABANDON: &str = "abandonPullRequest";

impl PullRequests {
    /// Keeps what the caller thinks of the head as it is shown now; it replaces what the caller
    /// said before.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` for the own pull request
    /// and one that is not open, `VERSION_CONFLICT` when the source moved, `LIMIT_EXCEEDED`
    /// with 200 reviewers.
    pub async fn review(
        &self,
        ctx: &Ctx,
        command: ReviewPullRequest,
    ) -> Result<Outcome<Arc<PullRequest>>> {
        ctx.require(Scope::PullRequestsReview)?;
        command.validate()?;
        let now = self.store.clock().now();
        self.decide(ctx, REVIEW, command.pull_request_id, |pull_request| {
            let reviewed = command.expected_source_sha.as_ref();
            pull_request.review(Review {
                reviewer: ctx.actor().id.clone(),
                decision: command.decision,
                source_sha: reviewed.unwrap_or(&pull_request.source_sha).clone(),
                body: command.body.clone(),
                at: now,
            })
        })
        .await
    }

    /// Closes a pull request without a merge.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` when it is merged or
    /// being merged.
    pub async fn abandon(
        &self,
        ctx: &Ctx,
        command: AbandonPullRequest,
    ) -> Result<Outcome<Arc<PullRequest>>> {
        ctx.require(Scope::PullRequestsWrite)?;
        command.validate()?;
        self.decide(ctx, ABANDON, command.pull_request_id, |pull_request| {
            pull_request.abandon(command.reason.clone())
        })
        .await
    }

    /// Reads, decides and saves in one transaction, again when another writer was first.
    async fn decide<P: EventPayload + Send + Sync>(
        &self,
        ctx: &Ctx,
        command: &str,
        id: PullRequestId,
        decision: impl Fn(&mut PullRequest) -> Result<Option<P>> + Send + Sync,
    ) -> Result<Outcome<Arc<PullRequest>>> {
        for _ in 0..ATTEMPTS {
            if self.store.recall(ctx, command).await?.is_some() {
                return Ok(Outcome::replayed(Arc::new(self.load(ctx, id).await?)));
            }
            match self.try_decide(ctx, command, id, &decision).await {
                Err(error) if is_race(&error) => {}
                done => return done,
            }
        }
        Err(PullRequestError::Contended)
    }

    async fn try_decide<P: EventPayload + Send + Sync>(
        &self,
        ctx: &Ctx,
        command: &str,
        id: PullRequestId,
        decision: impl Fn(&mut PullRequest) -> Result<Option<P>> + Send + Sync,
    ) -> Result<Outcome<Arc<PullRequest>>> {
        let tx = self.store.begin(ctx).await?;
        let found = store::find_in(&tx, id).await?;
        let mut pull_request = found.ok_or(PullRequestError::NotFound)?;
        let Some(event) = decision(&mut pull_request)? else {
            return Ok(Outcome::replayed(Arc::new(pull_request)));
        };
        pull_request.meta.touch(ctx, self.store.clock().now());
        store::update(&tx, &mut pull_request).await?;
        tx.remember(command, &id.to_string()).await?;
        let event = announced(&pull_request, &event)?;
        tx.commit([event]).await?;
        Ok(Outcome::done(Arc::new(pull_request)))
    }
}
