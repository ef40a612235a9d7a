//! What is asked and answered.

use chrono::{DateTime, Utc};

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsRequest {
    /// The project.
    pub project_id: String,
    /// One module; all when absent.
    pub module: Option<String>,
    /// The environment, by its id; promotions into it are the deployments.
    pub environment_id: String,
    /// From, inclusive.
    pub since: DateTime<Utc>,
    /// To, exclusive; at most 366 days later.
    pub until: DateTime<Utc>,
}

/// A deployment: one module of a promotion or rollback that Git declared in the environment, by the
/// time at which it succeeded, or at which it ended without success. What is under way is none yet,
/// and what ended while it waited for its gates never was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The promotion.
    pub promotion_id: String,
    /// The module.
    pub module: String,
    /// The release.
    pub release_id: String,
    /// Its version.
    pub version: String,
    /// When it succeeded or ended.
    pub at: DateTime<Utc>,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// Whether it is a rollback.
    pub rollback: bool,
    /// Whether it failed: it ended without success, or a rollback of this module left it, or a
    /// later deployment brought a revert of a change that it brought.
    pub failed: bool,
    /// Whether it is rework: a rollback, or it brought a revert of what had run there before.
    pub rework: bool,
    /// What made it count as failed, in this order: itself, the rollback, or the first deployment
    /// that brought a revert.
    pub failed_by: Option<String>,
}

/// How long one change of a module took, from its first commit until it ran.
///
/// A change is a commit of the default branch's first-parent line. The deployment that brought it
/// is the first that succeeded with it: each change of a module is brought once, also when it is
/// rolled back and deployed again. The first deployment of all brings the commit that it was built
/// from alone, rollbacks bring nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeLeadTime {
    /// The deployment that brought it.
    pub promotion_id: String,
    /// The module.
    pub module: String,
    /// The repository.
    pub repository_id: String,
    /// The commit on the default branch that landed it.
    pub sha: String,
    /// The pull request that landed it.
    pub pull_request_id: Option<String>,
    /// When its first commit was written: of the commits that landed with it, and of those that a
    /// squash stands for. Never after a later boundary of its parts.
    pub started_at: DateTime<Utc>,
    /// When it ran.
    pub running_at: DateTime<Utc>,
    /// Where the time went.
    pub parts: LeadTimeParts,
}

/// Where the time went, in milliseconds; the parts add up to the whole. A boundary that lies after
/// a later one counts as the later one, a missing one as the one before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeadTimeParts {
    /// First commit until the pull request was merged; until the commit was made without one.
    pub review_ms: u64,
    /// Merge until the build that was deployed was complete.
    pub ci_ms: u64,
    /// Build until the release was approved, for the last time.
    pub approval_ms: u64,
    /// Approval until Git declared it: gates, soak times, waiting for a person.
    pub soak_ms: u64,
    /// Declared until it ran synchronised and healthy.
    pub rollout_ms: u64,
}

impl LeadTimeParts {
    /// The whole.
    pub fn total_ms(&self) -> u64 {
        self.review_ms + self.ci_ms + self.approval_ms + self.soak_ms + self.rollout_ms
    }
}

/// The failure of a deployment that is no rollback, and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// The deployment that failed.
    pub failed_promotion_id: String,
    /// The module.
    pub module: String,
    /// When the failure began: when that deployment was declared.
    pub failed_at: DateTime<Utc>,
    /// The deployment that ended it: the one that brought the revert, else the next of the module
    /// that succeeded, not before the rollback began; absent while the failure lasts.
    pub restored_by: Option<String>,
    /// When it ended.
    pub restored_at: Option<DateTime<Utc>>,
}

/// Median, 90th percentile (nearest rank) and mean of durations in milliseconds; all 0 without any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Durations {
    /// How many.
    pub count: u64,
    /// Half are at most this.
    pub p50_ms: u64,
    /// Nine of ten are at most this.
    pub p90_ms: u64,
    /// Their mean, rounded down.
    pub mean_ms: u64,
}

/// The figures of a window, as they are known at a sequence of the ledger. Shares are parts of one,
/// `None` without deployments.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryMetrics {
    /// Deployments that succeeded, rollbacks among them, per day of the window.
    pub deployments_per_day: f64,
    /// The deployments, by time.
    pub deployments: Vec<Deployment>,
    /// Lead times of the changes.
    pub lead_time: Durations,
    /// The changes, by deployment, then by landing.
    pub changes: Vec<ChangeLeadTime>,
    /// Failed deployments, of all deployments, rollbacks not counted on either side.
    pub change_failure_rate: Option<f64>,
    /// Times until failures ended; those that last are left out.
    pub time_to_restore: Durations,
    /// The failures, by time.
    pub restores: Vec<Restore>,
    /// Rework, of all deployments that succeeded.
    pub rework_rate: Option<f64>,
    /// The ledger's sequence that they reflect.
    pub sequence: u64,
}
