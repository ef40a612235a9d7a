//! A release as `GET /releases/{releaseId}` shows it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use sluice_schema::{
    ApprovalId, EnvironmentId, ProjectId, ReleaseId, events::CoverageCounts, events::ReleaseItem,
    events::TestCounts,
};

use crate::{
    ApprovalDecision, ApprovalState, Bump, PlannedItem, ReleaseApproval, ReleaseNote, ReleasePlan,
    ReleaseStatus, ReleaseTarget,
};

/// Answer of `GET /releases/{releaseId}`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ShownRelease")]
pub(super) struct Shown {
    /// The release.
    release_id: ReleaseId,
    /// Its project.
    project_id: ProjectId,
    /// The module, or the modules joined by `+`.
    name: String,
    /// Its semantic version.
    version: String,
    /// Where it is in its life.
    status: ReleaseStatus,
    /// `sha256:<hex>` of what an approval covers.
    content_digest: String,
    /// What it consists of.
    items: Vec<ShownItem>,
    /// What its planner says about it.
    summary: Option<String>,
    /// Commits since the release before, newest first.
    notes: Vec<ShownNote>,
    /// Whether there are more commits than notes.
    notes_truncated: bool,
    /// What the commits call for.
    proposed_bump: Bump,
    /// The environments that it may be promoted into.
    targets: Vec<ShownTarget>,
    /// On whose behalf it was planned.
    planned_by: String,
    /// Whether the policy of the project planned it.
    automatic: bool,
    /// How many approvals the project demanded when it was planned or last approved.
    required_approvals: u32,
    /// Decisions on it, oldest first.
    approvals: Vec<ShownApproval>,
    /// Why approvals became void.
    void_cause: Option<String>,
    /// When it got the approvals that it has.
    approved_at: Option<DateTime<Utc>>,
    /// Who rejected or cancelled it.
    closed_by: Option<String>,
    /// Why it was rejected or cancelled.
    closed_reason: Option<String>,
    /// Version of the object.
    object_version: i64,
}

/// A module of a release.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ShownReleaseItem")]
struct ShownItem {
    /// What is released.
    #[serde(flatten)]
    item: ReleaseItem,
    /// Branch of the commit.
    branch: String,
    /// The build's tests.
    tests: Option<TestCounts>,
    /// The build's coverage.
    coverage: Option<CoverageCounts>,
}

/// A commit of a release.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ShownReleaseNote")]
struct ShownNote {
    /// The module whose repository holds it.
    module: String,
    /// Its id.
    sha: String,
    /// What it is about.
    subject: String,
    /// Name of its author in Git.
    author: String,
    /// Number of the pull request whose merge wrote it.
    pull_request: Option<i64>,
    /// `feat`, `fix` and so on.
    kind: Option<String>,
    /// The part that changed.
    scope: Option<String>,
    /// Whether users must change something.
    breaking: bool,
}

/// An environment as a release covers it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ShownReleaseTarget")]
struct ShownTarget {
    /// The environment.
    environment_id: EnvironmentId,
    /// Its name.
    environment: String,
    /// `sha256:<hex>` of what manifests and infrastructure depend on.
    digest: String,
}

/// A decision on a release.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ShownReleaseApproval")]
struct ShownApproval {
    /// The decision.
    approval_id: ApprovalId,
    /// Who decided.
    approver: String,
    /// What was decided.
    decision: ApprovalDecision,
    /// Why.
    reason: String,
    /// Digest of what the release covered then.
    content_digest: String,
    /// When.
    at: DateTime<Utc>,
    /// When it ends to count.
    expires_at: Option<DateTime<Utc>>,
    /// Whether it counts.
    state: ApprovalState,
    /// Why it does not count any more.
    cause: Option<String>,
}

impl From<&PlannedItem> for ShownItem {
    fn from(it: &PlannedItem) -> Self {
        Self {
            item: it.item.clone(),
            branch: it.branch.clone(),
            tests: it.tests,
            coverage: it.coverage,
        }
    }
}

impl From<&ReleaseNote> for ShownNote {
    fn from(it: &ReleaseNote) -> Self {
        Self {
            module: it.module.clone(),
            sha: it.sha.clone(),
            subject: it.subject.clone(),
            author: it.author.clone(),
            pull_request: it.pull_request,
            kind: it.kind.clone(),
            scope: it.scope.clone(),
            breaking: it.breaking,
        }
    }
}

impl From<&ReleaseTarget> for ShownTarget {
    fn from(it: &ReleaseTarget) -> Self {
        Self {
            environment_id: it.environment_id,
            environment: it.environment.clone(),
            digest: it.digest.clone(),
        }
    }
}

impl From<&ReleaseApproval> for ShownApproval {
    fn from(it: &ReleaseApproval) -> Self {
        Self {
            approval_id: it.id,
            approver: it.approver.clone(),
            decision: it.decision,
            reason: it.reason.clone(),
            content_digest: it.content_digest.clone(),
            at: it.at,
            expires_at: it.expires_at,
            state: it.state,
            cause: it.cause.clone(),
        }
    }
}

impl Shown {
    pub(super) fn of(it: &ReleasePlan, approvals: &[Arc<ReleaseApproval>]) -> Self {
        Self {
            release_id: it.id,
            project_id: it.meta.project_id.clone(),
            name: it.name.clone(),
            version: it.version.clone(),
            status: it.status,
            content_digest: it.content_digest.clone(),
            items: it.items.iter().map(Into::into).collect(),
            summary: it.summary.clone(),
            notes: it.notes.iter().map(Into::into).collect(),
            notes_truncated: it.notes_truncated,
            proposed_bump: it.proposed_bump,
            targets: it.targets.iter().map(Into::into).collect(),
            planned_by: it.planned_by.clone(),
            automatic: it.automatic,
            required_approvals: it.required_approvals,
            approvals: approvals.iter().map(|it| it.as_ref().into()).collect(),
            void_cause: it.void_cause.clone(),
            approved_at: it.approved_at,
            closed_by: it.closed_by.clone(),
            closed_reason: it.closed_reason.clone(),
            object_version: it.meta.version,
        }
    }
}
