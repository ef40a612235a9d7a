//! Validated inputs.

mod define;
mod rules;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_kernel::text_enum;
use sluice_schema::{BlockerCode, EnvironmentId, ProjectId, PromotionId, ReleaseId};

pub use define::DefineEnvironment;
pub(crate) use rules::text;

use crate::PromotionError;

type Result<T, E = PromotionError> = std::result::Result<T, E>;

const MAX_REASON: usize = 500;

text_enum! {
    /// What to do when gates are closed.
    WhenBlocked {
        /// Refuse, with every blocker.
        Refuse = "REFUSE",
        /// Wait until they open.
        Wait = "WAIT",
    }
}

/// How a command names an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnvironmentRef<'a> {
    Id(EnvironmentId),
    Named(Option<&'a ProjectId>, &'a str),
}

fn environment_ref<'a>(
    id: Option<EnvironmentId>,
    project: Option<&'a ProjectId>,
    name: Option<&'a str>,
) -> Result<EnvironmentRef<'a>> {
    match (id, name) {
        (Some(id), None) => Ok(EnvironmentRef::Id(id)),
        (None, Some(name)) => Ok(EnvironmentRef::Named(project, name)),
        (Some(_), Some(_)) => Err(PromotionError::invalid(
            "environment",
            "environmentId and environment exclude each other",
        )),
        (None, None) => Err(PromotionError::invalid(
            "environment",
            "either environmentId or environment is needed",
        )),
    }
}

fn in_project<'a>(
    id: Option<EnvironmentId>,
    project: Option<&'a ProjectId>,
    name: Option<&'a str>,
) -> Result<EnvironmentRef<'a>> {
    let named = environment_ref(id, project, name)?;
    if matches!(named, EnvironmentRef::Named(None, _)) {
        let rule = "an environment that is named needs its projectId";
        return Err(PromotionError::invalid("projectId", rule));
    }
    Ok(named)
}

/// Checks which blockers are to be passed, and that a reason is given for it.
fn check_overrides(codes: &[BlockerCode], reason: Option<&str>) -> Result<()> {
    for (index, code) in codes.iter().enumerate() {
        if !code.overridable() {
            let rule = format!("{code} cannot be overridden");
            return Err(PromotionError::invalid(format!("overrides[{index}]"), rule));
        }
        if codes[..index].contains(code) {
            let rule = format!("{code} is named twice");
            return Err(PromotionError::invalid(format!("overrides[{index}]"), rule));
        }
    }
    match reason {
        None if !codes.is_empty() => Err(PromotionError::invalid(
            "overrideReason",
            "overrideReason is needed to override blockers",
        )),
        Some(_) if codes.is_empty() => Err(PromotionError::invalid(
            "overrides",
            "overrideReason is given, but no overrides",
        )),
        Some(reason) => text("overrideReason", reason, MAX_REASON),
        None => Ok(()),
    }
}

/// Brings a release into an environment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PromoteRelease {
    /// The release.
    pub release_id: ReleaseId,
    /// The environment, or `environment`.
    pub environment_id: Option<EnvironmentId>,
    /// The environment's name in the release's project, or `environmentId`.
    pub environment: Option<String>,
    /// What to do when gates are closed; `REFUSE` when absent.
    pub when_blocked: Option<WhenBlocked>,
    /// Kinds of blockers to pass; each must be overridable. It takes the scope to override.
    #[serde(default)]
    pub overrides: Vec<BlockerCode>,
    /// Why they are passed, 1 to 500 characters.
    pub override_reason: Option<String>,
}

impl PromoteRelease {
    pub(crate) fn validate(&self) -> Result<EnvironmentRef<'_>> {
        check_overrides(&self.overrides, self.override_reason.as_deref())?;
        environment_ref(self.environment_id, None, self.environment.as_deref())
    }

    pub(crate) fn waits(&self) -> bool {
        self.when_blocked == Some(WhenBlocked::Wait)
    }
}

/// Ends a promotion that waits.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelPromotion {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

impl CancelPromotion {
    pub(crate) fn validate(&self) -> Result<()> {
        text("reason", &self.reason, MAX_REASON)
    }
}

/// Brings an environment back to what succeeded in it before.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollbackEnvironment {
    /// The environment, or `projectId` and `environment`.
    pub environment_id: Option<EnvironmentId>,
    /// The project of the named environment.
    pub project_id: Option<ProjectId>,
    /// The environment's name.
    pub environment: Option<String>,
    /// The module; needed when the environment's modules were not promoted together.
    pub module: Option<String>,
    /// The promotion to return to; the one before that succeeded when absent.
    pub to: Option<PromotionId>,
    /// Why, 1 to 500 characters; the hold that the rollback places says it too.
    pub reason: String,
    /// Kinds of blockers to pass; each must be overridable. It takes the scope to override.
    #[serde(default)]
    pub overrides: Vec<BlockerCode>,
    /// Why they are passed, 1 to 500 characters.
    pub override_reason: Option<String>,
}

impl RollbackEnvironment {
    pub(crate) fn validate(&self) -> Result<EnvironmentRef<'_>> {
        text("reason", &self.reason, MAX_REASON)?;
        check_overrides(&self.overrides, self.override_reason.as_deref())?;
        rules::module(self.module.as_deref())?;
        let (project, name) = (self.project_id.as_ref(), self.environment.as_deref());
        in_project(self.environment_id, project, name)
    }
}

/// Holds promotions into an environment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HoldEnvironment {
    /// The environment, or `projectId` and `environment`.
    pub environment_id: Option<EnvironmentId>,
    /// The project of the named environment.
    pub project_id: Option<ProjectId>,
    /// The environment's name.
    pub environment: Option<String>,
    /// The module to hold; all when absent.
    pub module: Option<String>,
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// When the hold ends by itself; later than now.
    pub until: Option<DateTime<Utc>>,
}

impl HoldEnvironment {
    pub(crate) fn validate(&self, now: DateTime<Utc>) -> Result<EnvironmentRef<'_>> {
        text("reason", &self.reason, MAX_REASON)?;
        rules::module(self.module.as_deref())?;
        if self.until.is_some_and(|until| until <= now) {
            return Err(PromotionError::invalid(
                "until",
                "until must be in the future",
            ));
        }
        let (project, name) = (self.project_id.as_ref(), self.environment.as_deref());
        in_project(self.environment_id, project, name)
    }
}

/// Ends holds of an environment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResumeEnvironment {
    /// The environment, or `projectId` and `environment`.
    pub environment_id: Option<EnvironmentId>,
    /// The project of the named environment.
    pub project_id: Option<ProjectId>,
    /// The environment's name.
    pub environment: Option<String>,
    /// The module whose hold ends; every hold of the environment ends when absent.
    pub module: Option<String>,
}

impl ResumeEnvironment {
    pub(crate) fn validate(&self) -> Result<EnvironmentRef<'_>> {
        rules::module(self.module.as_deref())?;
        let (project, name) = (self.project_id.as_ref(), self.environment.as_deref());
        in_project(self.environment_id, project, name)
    }
}
