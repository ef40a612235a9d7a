//! Where a change stands in an environment.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use sluice_ledger as service;
use sluice_schema::RepositoryId;

use crate::{
    blocker::Blocker,
    commit::{Commit, CommitById, CommitBySha},
    environment::{Environment, EnvironmentById},
    fault::Result,
    loaders::Call,
    node::{Node, find},
    promotion::{EnvironmentPromotion, PromotionById},
};

/// Where a change stands with respect to an environment.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ReachState")]
pub enum ReachState {
    /// Nothing that leads there has begun.
    NotStarted,
    /// It is on its way.
    InFlight,
    /// It runs there, as the commit that was asked for.
    Landed,
    /// It runs there, as another commit with the same change.
    LandedAs,
    /// It was there and was taken back.
    Reverted,
}

/// The stage that a change on its way has got to.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ReachStage")]
pub enum ReachStage {
    /// A pull request proposes it.
    PullRequest,
    /// The default branch has it.
    Merged,
    /// A run builds it.
    Run,
    /// A build holds it.
    Build,
    /// A release with it waits for its artifacts.
    ReleasePlanned,
    /// A release with it waits for approval.
    ReleaseReady,
    /// A release with it is approved.
    ReleaseApproved,
    /// A promotion brings it.
    Promotion,
}

/// How a change came to be another commit.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::LandingHow")]
pub enum LandingHow {
    /// As part of one commit for a whole pull request.
    Squash,
    /// Written anew on top of another commit.
    Rebase,
    /// Picked onto another branch.
    CherryPick,
}

/// Where a change stands in one environment, for one module of its repository.
#[derive(Debug, Clone)]
pub struct EnvironmentReach {
    pub(super) reach: service::EnvironmentReach,
    pub(super) of: service::CommitKey,
}

/// Where a change stands in one environment, for one module of its repository.
#[Object]
impl EnvironmentReach {
    /// Id of the environment.
    async fn environment_id(&self) -> ID {
        self.reach.environment_id.as_str().into()
    }
    /// The environment's name.
    async fn environment_name(&self) -> &str {
        &self.reach.environment
    }
    /// The module; null while the repository is in no release.
    async fn module(&self) -> Option<&str> {
        self.reach.module.as_deref()
    }
    /// Where it stands.
    async fn state(&self) -> ReachState {
        self.reach.state.into()
    }
    /// Since when: of what has landed or was taken back, when the first promotion succeeded that
    /// brought this state, as far as the newest 200 promotions tell; with `IN_FLIGHT`, since when
    /// it is in that stage.
    async fn since(&self) -> Option<DateTime<Utc>> {
        self.reach.since
    }
    /// With `IN_FLIGHT`: the stage that it has got to.
    async fn stage(&self) -> Option<ReachStage> {
        self.reach.stage.map(Into::into)
    }
    /// With `IN_FLIGHT`: id of the object of that stage.
    async fn stage_object_id(&self) -> Option<ID> {
        self.reach.stage_object_id.as_deref().map(Into::into)
    }
    /// With `IN_FLIGHT`: the pull request, run, build, release or promotion of that stage.
    async fn stage_object(&self, context: &Context<'_>) -> Result<Option<Node>> {
        match &self.reach.stage_object_id {
            Some(id) => find(Call::of(context)?, id).await,
            None => Ok(None),
        }
    }
    /// With `IN_FLIGHT`: why it does not go on, as last judged.
    async fn blockers(&self) -> Vec<Blocker> {
        let blockers = self.reach.blockers.iter().cloned();
        blockers.map(Into::into).collect()
    }
    /// With `LANDED`, `LANDED_AS` and `REVERTED`: the commit that carries the change.
    async fn landing(&self) -> Option<ReachLanding> {
        let landing = self.reach.landing.clone()?;
        let of = self.of.clone();
        Some(ReachLanding { landing, of })
    }
    /// With `REVERTED`: the commit that took it back, 40 hex digits.
    async fn reverted_by_sha(&self) -> Option<&str> {
        self.reach.reverted_by.as_deref()
    }
    /// With `REVERTED`: the commit that took it back; null when only the Git host knows it.
    async fn reverted_by(&self, context: &Context<'_>) -> Result<Option<Commit>> {
        match &self.reach.reverted_by {
            Some(sha) => sibling(Call::of(context)?, &self.of, sha).await,
            None => Ok(None),
        }
    }
    /// Id of the first promotion that brought this state; null with `REVERTED` when the change was
    /// taken back before it got to the environment.
    async fn promotion_id(&self) -> Option<ID> {
        self.reach.promotion_id.as_deref().map(Into::into)
    }
    /// The first promotion that brought this state; null with `REVERTED` when the change was taken
    /// back before it got to the environment.
    async fn promotion(&self, context: &Context<'_>) -> Result<Option<EnvironmentPromotion>> {
        let id = self.reach.promotion_id.as_ref();
        let key = id.and_then(|id| id.parse().ok()).map(PromotionById);
        let found = Call::of(context)?.one(key).await?;
        Ok(found.map(EnvironmentPromotion))
    }
    /// The environment.
    async fn environment(&self, context: &Context<'_>) -> Result<Option<Environment>> {
        let key = self.reach.environment_id.parse().ok().map(EnvironmentById);
        Ok(Call::of(context)?.one(key).await?.map(Environment))
    }
}

/// The commit that carries a change.
#[derive(Debug, Clone)]
pub struct ReachLanding {
    landing: service::Landing,
    of: service::CommitKey,
}

/// The commit that carries a change.
#[Object]
impl ReachLanding {
    /// Git object id, 40 hex digits.
    async fn sha(&self) -> &str {
        &self.landing.sha
    }
    /// How the change came to be this commit; null when it is the commit that was asked for, and
    /// when it took back a revert.
    async fn how(&self) -> Option<LandingHow> {
        self.landing.how.map(Into::into)
    }
    /// The commit; null when only the Git host knows it.
    async fn commit(&self, context: &Context<'_>) -> Result<Option<Commit>> {
        sibling(Call::of(context)?, &self.of, &self.landing.sha).await
    }
}

/// The record of another commit of the repository in which the commit was asked for.
async fn sibling(call: &Call, of: &service::CommitKey, sha: &str) -> Result<Option<Commit>> {
    let repository: Option<RepositoryId> = match of {
        service::CommitKey::Sha(repository, _) => repository.parse().ok(),
        service::CommitKey::Id(id) => {
            let asked_for = call.one(id.parse().ok().map(CommitById)).await?;
            asked_for.map(|commit| commit.repository_id)
        }
    };
    let key = repository.map(|repository| CommitBySha((repository, sha.to_owned())));
    Ok(call.one(key).await?.map(Commit))
}
