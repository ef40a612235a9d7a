//! What callers say about releases.

use async_graphql::{ID, InputObject};
use sluice_release as service;

use super::ReleaseStatus;
use crate::fault::{InputFault, id, optional_name};

/// Which releases a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ReleaseFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this module alone; releases of several modules belong to none.
    pub module_id: Option<ID>,
    /// Of this name: the module, or the modules joined by `+`.
    pub name: Option<String>,
    /// Of this semantic version.
    pub version: Option<String>,
    /// Of this status.
    pub status: Option<ReleaseStatus>,
    /// Planned on behalf of this actor.
    pub planned_by: Option<String>,
    /// Planned by a policy, or by a command.
    pub automatic: Option<bool>,
}

impl TryFrom<ReleaseFilter> for service::ReleaseFilter {
    type Error = InputFault;
    fn try_from(filter: ReleaseFilter) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            module_id: optional_name("filter.moduleId", filter.module_id.as_ref())?,
            name: filter.name,
            version: filter.version,
            status: filter.status.map(Into::into),
            planned_by: filter.planned_by,
            automatic: filter.automatic,
        })
    }
}

/// Plans a release of successful builds. Its modules and the version are its natural key.
#[derive(InputObject, Debug, Clone)]
pub struct PlanReleaseInput {
    /// The builds, 1 to 50, of distinct modules of one project.
    pub build_ids: Vec<ID>,
    /// Semantic version, greater than the last approved one; proposed from the modules and the
    /// commits since the release before when absent.
    pub version: Option<String>,
    /// What the planner says about it, up to 20,000 characters; the commits are listed anyway.
    pub notes: Option<String>,
}

impl TryFrom<PlanReleaseInput> for service::PlanRelease {
    type Error = InputFault;
    fn try_from(input: PlanReleaseInput) -> Result<Self, InputFault> {
        let builds = input.build_ids.iter().enumerate();
        Ok(Self {
            build_ids: builds
                .map(|(index, build)| id(&format!("buildIds[{index}]"), build))
                .collect::<Result<_, _>>()?,
            version: input.version,
            notes: input.notes,
        })
    }
}

/// Lets a release go on.
#[derive(InputObject, Debug, Clone)]
pub struct ApproveReleaseInput {
    /// The release.
    pub release_id: ID,
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// Refuse when the release covers something else than this digest.
    pub content_digest: Option<String>,
}

impl TryFrom<ApproveReleaseInput> for service::ApproveRelease {
    type Error = InputFault;
    fn try_from(input: ApproveReleaseInput) -> Result<Self, InputFault> {
        Ok(Self {
            release_id: id("releaseId", &input.release_id)?,
            reason: input.reason,
            content_digest: input.content_digest,
        })
    }
}

/// Ends a release by veto.
#[derive(InputObject, Debug, Clone)]
pub struct RejectReleaseInput {
    /// The release.
    pub release_id: ID,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

impl TryFrom<RejectReleaseInput> for service::RejectRelease {
    type Error = InputFault;
    fn try_from(input: RejectReleaseInput) -> Result<Self, InputFault> {
        Ok(Self {
            release_id: id("releaseId", &input.release_id)?,
            reason: input.reason,
        })
    }
}

/// Gives a release up.
#[derive(InputObject, Debug, Clone)]
pub struct CancelReleaseInput {
    /// The release.
    pub release_id: ID,
    /// Why, up to 500 characters.
    pub reason: Option<String>,
}

impl TryFrom<CancelReleaseInput> for service::CancelRelease {
    type Error = InputFault;
    fn try_from(input: CancelReleaseInput) -> Result<Self, InputFault> {
        Ok(Self {
            release_id: id("releaseId", &input.release_id)?,
            reason: input.reason,
        })
    }
}
