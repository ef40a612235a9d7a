//! The ReleasePlan aggregate: pure, without store, Git or other services.

mod approval;
mod changes;
mod checks;
mod content;
pub(crate) mod conventional;
mod eligibility;
mod ending;
mod notes;
mod parts;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod version;

use chrono::{DateTime, Utc};
use sluice_kernel::{Meta, ProjectPolicies, directory::ReleaseCheck};
use sluice_schema::{
    Actor, ApprovalId, BuildId, ReleaseId,
    events::{
        ApprovalSummary, ReleaseApprovalVoided, ReleaseApproved, ReleaseItem, ReleasePlanned,
        ReleaseReady,
    },
};

pub use approval::{ApprovalDecision, ApprovalState, ReleaseApproval};
pub(crate) use changes::{Effect, supersedes};
pub use eligibility::Ineligible;
pub(crate) use eligibility::is_one;
pub(crate) use notes::{Brought, MAX_NOTES, notes_of, weight};
pub use parts::{Bump, ManifestPin, PlannedItem, ReleaseNote, ReleaseStatus, ReleaseTarget};

use crate::ReleaseError;

const READY: &str = "READY";
/// A name that would be longer ends in a digest.
const MAX_NAME: usize = 200;

/// A release: builds of one or more modules under one version, with what people think of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasePlan {
    /// Its id.
    pub id: ReleaseId,
    /// Ownership, audit fields and version of the object.
    pub meta: Meta,
    /// The module, or the modules joined by `+`; see [`name_of`] for long ones.
    pub name: String,
    /// Its semantic version; unique for its name in the project.
    pub version: String,
    /// Where it is in its life.
    pub status: ReleaseStatus,
    /// What it consists of, by module.
    pub items: Vec<PlannedItem>,
    /// What its planner says about it.
    pub summary: Option<String>,
    /// Commits since the release of this name before, newest first, at most 500.
    pub notes: Vec<ReleaseNote>,
    /// Whether there are more commits than notes.
    pub notes_truncated: bool,
    /// What the commits call for.
    pub proposed_bump: Bump,
    /// `sha256:<hex>` of what an approval covers.
    pub content_digest: String,
    /// The environments that it may be promoted into.
    pub targets: Vec<ReleaseTarget>,
    /// The manifests that approvals stand for.
    pub manifests: Vec<ManifestPin>,
    /// Names and addresses of those who wrote, opened or merged what it brings.
    pub authors: Vec<String>,
    /// On whose behalf it was planned.
    pub planned_by: String,
    /// Other names of the same person, as Git keeps them.
    pub planner_names: Vec<String>,
    /// Whether the policy of the project planned it, not a command.
    pub automatic: bool,
    /// How many approvals the project demanded when it was planned or last approved.
    pub required_approvals: u32,
    /// Why approvals became void; absent when none did since it was approved last.
    pub void_cause: Option<String>,
    /// When it got the approvals that it has.
    pub approved_at: Option<DateTime<Utc>>,
    /// Who rejected or cancelled it.
    pub closed_by: Option<String>,
    /// Why it was rejected or cancelled.
    pub closed_reason: Option<String>,
}

/// The name of a release of these modules: joined by `+`; beyond 200 characters cut, with the
/// first hex digits of the whole name's SHA-256 at the end.
pub(crate) fn name_of(modules: &[&str]) -> String {
    let name = modules.join("+");
    if name.len() <= MAX_NAME {
        return name;
    }
    let digest = sluice_kernel::ContentDigest::of(&name).hex();
    let kept: String = name.chars().take(MAX_NAME - 60).collect();
    format!("{kept}+~{}", &digest[..32])
}

impl ReleasePlan {
    /// The builds that it consists of, by module.
    pub fn builds(&self) -> Vec<BuildId> {
        self.items.iter().map(|it| it.item.build_id).collect()
    }

    /// Whether it consists of exactly these builds.
    pub(crate) fn is_of(&self, builds: &[BuildId]) -> bool {
        let mut own = self.builds();
        let mut other = builds.to_vec();
        own.sort_unstable();
        other.sort_unstable();
        own == other
    }

    /// What its builds proved.
    pub fn checks(&self) -> Vec<ReleaseCheck> {
        checks::checks(&self.items)
    }

    pub(crate) fn event_items(&self) -> Vec<ReleaseItem> {
        self.items.iter().map(|it| it.item.clone()).collect()
    }

    /// Whether every package and image is there.
    pub fn is_ready(&self) -> bool {
        let mut artifacts = self.items.iter().flat_map(|it| &it.item.artifacts);
        artifacts.all(|artifact| artifact.state == READY)
    }

    /// Whether the build's package or image is there.
    pub(crate) fn has_ready(&self, build: BuildId, kind: &str) -> bool {
        let items = self.items.iter().filter(|it| it.item.build_id == build);
        let mut slots = items.flat_map(|it| &it.item.artifacts);
        slots.any(|slot| slot.kind == kind && slot.state == READY)
    }

    /// Packages and images that are not there, for people.
    fn waiting(&self) -> String {
        let artifacts = self.items.iter().flat_map(|it| &it.item.artifacts);
        let waiting: Vec<String> = artifacts
            .filter(|artifact| artifact.state != READY)
            .take(10)
            .map(|artifact| {
                let kind = artifact.kind.to_lowercase();
                let state = artifact.state.to_lowercase();
                format!("{kind} {} is {state}", artifact.name)
            })
            .collect();
        waiting.join(", ")
    }

    /// Puts the digest in step with the content.
    ///
    /// # Errors
    /// When the content cannot be written as JSON.
    pub fn seal(&mut self) -> Result<(), serde_json::Error> {
        self.content_digest = content::digest(&self.items, &self.targets, &self.manifests)?;
        Ok(())
    }

    /// Refuses unless it can be approved, as somebody saw it, by this actor.
    pub(crate) fn ensure_approvable(
        &self,
        policies: &ProjectPolicies,
        actor: &Actor,
        seen: Option<&str>,
    ) -> Result<(), ReleaseError> {
        match self.status {
            ReleaseStatus::PendingApproval | ReleaseStatus::Approved => {}
            ReleaseStatus::Planned => {
                return Err(ReleaseError::NotReady {
                    waiting: self.waiting(),
                });
            }
            status => return Err(ReleaseError::Closed { status }),
        }
        if seen.is_some_and(|seen| seen != self.content_digest) {
            return Err(ReleaseError::OtherContent {
                current: self.content_digest.clone(),
            });
        }
        eligibility::judge(self, policies, actor).map_err(ReleaseError::NotEligible)
    }

    /// Moves on when everything is ready.
    pub(crate) fn settle(&mut self) -> Option<ReleaseReady> {
        if self.status != ReleaseStatus::Planned || !self.is_ready() {
            return None;
        }
        self.status = ReleaseStatus::PendingApproval;
        Some(ReleaseReady {
            release_id: self.id,
            name: self.name.clone(),
            version: self.version.clone(),
            content_digest: self.content_digest.clone(),
            items: self.event_items(),
        })
    }

    /// Counts the approvals; moves on when there are as many as the project demands.
    pub(crate) fn count(
        &mut self,
        approvals: &[ReleaseApproval],
        required: u32,
        now: DateTime<Utc>,
    ) -> Option<ReleaseApproved> {
        if self.status != ReleaseStatus::PendingApproval {
            return None;
        }
        self.required_approvals = required;
        let counted: Vec<ApprovalSummary> = approvals
            .iter()
            .filter(|approval| approval.counts(now))
            .map(ReleaseApproval::summary)
            .collect();
        if counted.len() < usize::try_from(required.max(1)).unwrap_or(usize::MAX) {
            return None;
        }
        self.status = ReleaseStatus::Approved;
        self.approved_at = Some(now);
        self.void_cause = None;
        Some(ReleaseApproved {
            release_id: self.id,
            name: self.name.clone(),
            version: self.version.clone(),
            content_digest: self.content_digest.clone(),
            items: self.event_items(),
            approvals: counted,
        })
    }

    /// Notes that these approvals do not count any more; `None` when that changes nothing.
    pub(crate) fn void(
        &mut self,
        cause: &str,
        approvals: Vec<ApprovalId>,
        remaining: usize,
    ) -> Option<ReleaseApprovalVoided> {
        let required = usize::try_from(self.required_approvals.max(1)).unwrap_or(usize::MAX);
        let falls = self.status == ReleaseStatus::Approved && remaining < required;
        if approvals.is_empty() && !falls {
            return None;
        }
        if falls {
            self.status = ReleaseStatus::PendingApproval;
            self.approved_at = None;
        }
        self.void_cause = Some(cause.to_owned());
        Some(ReleaseApprovalVoided {
            release_id: self.id,
            name: self.name.clone(),
            version: self.version.clone(),
            content_digest: self.content_digest.clone(),
            approvals,
            cause: cause.to_owned(),
            still_approved: self.status == ReleaseStatus::Approved,
        })
    }

    /// What the world is told when it is planned.
    pub(crate) fn planned(&self) -> ReleasePlanned {
        ReleasePlanned {
            release_id: self.id,
            name: self.name.clone(),
            version: self.version.clone(),
            content_digest: self.content_digest.clone(),
            items: self.event_items(),
            planned_by: self.planned_by.clone(),
            automatic: self.automatic,
        }
    }
}

#[cfg(test)]
mod tests;
