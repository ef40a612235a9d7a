//! What callers say about promotions.

use async_graphql::{Enum, ID, InputObject};
use sluice_environment_promotion as service;

use super::{PromotionKind, PromotionStatus};
use crate::{
    blocker::BlockerCode,
    fault::{InputFault, id, optional_id, optional_name},
};

/// Which promotions a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct PromotionFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this release.
    pub release_id: Option<ID>,
    /// Into this environment.
    pub environment_id: Option<ID>,
    /// Into environments of this name.
    pub environment: Option<String>,
    /// Of this status.
    pub status: Option<PromotionStatus>,
    /// That go this way.
    pub kind: Option<PromotionKind>,
}

impl TryFrom<PromotionFilter> for service::PromotionFilter {
    type Error = InputFault;
    fn try_from(filter: PromotionFilter) -> Result<Self, InputFault> {
        let environment_id = filter.environment_id.as_ref();
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            release_id: optional_id("filter.releaseId", filter.release_id.as_ref())?,
            environment_id: optional_id("filter.environmentId", environment_id)?,
            environment: filter.environment,
            status: filter.status.map(Into::into),
            kind: filter.kind.map(Into::into),
        })
    }
}

/// What to do when gates are closed.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::WhenBlocked")]
pub enum WhenBlocked {
    /// Refuse, with every blocker.
    Refuse,
    /// Wait until they open.
    Wait,
}

fn codes(codes: Vec<BlockerCode>) -> Vec<sluice_schema::BlockerCode> {
    codes.into_iter().map(Into::into).collect()
}

/// Brings a release into an environment. The two and the attempt are its natural key; a new
/// attempt begins when the last one ended without success.
#[derive(InputObject, Debug, Clone)]
pub struct PromoteReleaseInput {
    /// The release.
    pub release_id: ID,
    /// The environment; or else `environment`.
    pub environment_id: Option<ID>,
    /// The environment's name in the release's project.
    pub environment: Option<String>,
    /// What to do when gates are closed; `REFUSE` when absent.
    pub when_blocked: Option<WhenBlocked>,
    /// Kinds of blockers to pass, each of which must be overridable; it takes the scope
    /// `devops.promotions.override`.
    #[graphql(default)]
    pub overrides: Vec<BlockerCode>,
    /// Why they are passed, 1 to 500 characters; needed exactly with `overrides`.
    pub override_reason: Option<String>,
}

impl TryFrom<PromoteReleaseInput> for service::PromoteRelease {
    type Error = InputFault;
    fn try_from(input: PromoteReleaseInput) -> Result<Self, InputFault> {
        Ok(Self {
            release_id: id("releaseId", &input.release_id)?,
            environment_id: optional_id("environmentId", input.environment_id.as_ref())?,
            environment: input.environment,
            when_blocked: input.when_blocked.map(Into::into),
            overrides: codes(input.overrides),
            override_reason: input.override_reason,
        })
    }
}

/// Ends a promotion that waits.
#[derive(InputObject, Debug, Clone)]
pub struct CancelPromotionInput {
    /// The promotion.
    pub promotion_id: ID,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

impl TryFrom<CancelPromotionInput> for service::CancelPromotion {
    type Error = InputFault;
    fn try_from(input: CancelPromotionInput) -> Result<Self, InputFault> {
        Ok(Self {
            promotion_id: id("promotionId", &input.promotion_id)?,
            reason: input.reason,
        })
    }
}

/// Brings an environment back to what succeeded in it before.
#[derive(InputObject, Debug, Clone)]
pub struct RollbackEnvironmentInput {
    /// The environment; or else `projectId` and `environment`.
    pub environment_id: Option<ID>,
    /// The project of the environment that is named.
    pub project_id: Option<ID>,
    /// The environment's name.
    pub environment: Option<String>,
    /// The module; needed when the environment's modules were not promoted together.
    pub module: Option<String>,
    /// The promotion to return to; the one before that succeeded when absent.
    pub to: Option<ID>,
    /// Why, 1 to 500 characters; the hold that the rollback places says it too.
    pub reason: String,
    /// Kinds of blockers to pass, each of which must be overridable; it takes the scope
    /// `devops.promotions.override`.
    #[graphql(default)]
    pub overrides: Vec<BlockerCode>,
    /// Why they are passed, 1 to 500 characters; needed exactly with `overrides`.
    pub override_reason: Option<String>,
}

impl TryFrom<RollbackEnvironmentInput> for service::RollbackEnvironment {
    type Error = InputFault;
    fn try_from(input: RollbackEnvironmentInput) -> Result<Self, InputFault> {
        Ok(Self {
            environment_id: optional_id("environmentId", input.environment_id.as_ref())?,
            project_id: optional_name("projectId", input.project_id.as_ref())?,
            environment: input.environment,
            module: input.module,
            to: optional_id("to", input.to.as_ref())?,
            reason: input.reason,
            overrides: codes(input.overrides),
            override_reason: input.override_reason,
        })
    }
}
