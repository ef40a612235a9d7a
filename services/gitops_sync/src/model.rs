//! The GitOpsSyncState aggregate: pure, without store or provider.

mod attempt;
mod drift;
mod events;
#[cfg(test)]
mod tests;
mod transitions;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sluice_kernel::{Meta, text_enum};
use sluice_schema::{EnvironmentId, EventId, PromotionId, ReleaseId, RepositoryId, SyncId};

pub use attempt::{AttemptOutcome, SyncAttempt};
pub use drift::{Classification, DriftChange, DriftItem};
pub(crate) use drift::{Known, classify, counts_as_drift, digest_of, is_edited};
pub(crate) use events::reason_of;
pub(crate) use transitions::{Failure, Noted, Seen, Success, Turn};

text_enum! {
    /// Whether the target holds what Git declares.
    SyncStatus {
        /// It does.
        Synced = "SYNCED",
        /// It does not.
        OutOfSync = "OUT_OF_SYNC",
        /// Git or the target did not answer, or nobody looked yet.
        Unknown = "UNKNOWN",
    }
}

text_enum! {
    /// Whether what the target holds works.
    HealthStatus {
        /// It works.
        Healthy = "HEALTHY",
        /// It is on its way.
        Progressing = "PROGRESSING",
        /// It does not work.
        Degraded = "DEGRADED",
        /// It is held on purpose.
        Suspended = "SUSPENDED",
        /// Objects are not there.
        Missing = "MISSING",
        /// Nobody can tell.
        Unknown = "UNKNOWN",
    }
}

text_enum! {
    /// What the service does with the target at the moment.
    Operation {
        /// Nothing.
        Idle = "IDLE",
        /// An attempt is under way.
        Running = "RUNNING",
        /// The last attempt failed.
        Failed = "FAILED",
    }
}

text_enum! {
    /// Why an attempt is made.
    Cause {
        /// A promotion declared something.
        Promotion = "PROMOTION",
        /// Infrastructure was provisioned.
        Infrastructure = "INFRASTRUCTURE",
        /// Git declares something else, which nobody announced.
        Timer = "TIMER",
        /// The target was changed by hand.
        SelfHeal = "SELF_HEAL",
        /// Somebody asked for it.
        Command = "COMMAND",
    }
}

/// What a promotion declared last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promoted {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// Its release.
    pub release_id: ReleaseId,
    /// The release's version.
    pub version: String,
    /// The commit that declares it.
    pub commit_sha: String,
    /// `sha256:<hex>` of the rendered objects.
    pub manifest_digest: String,
    /// Fingerprint of the folder at that commit.
    pub fingerprint: String,
}

/// A content of the folder in Git.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// A commit that declares it.
    pub revision: String,
    /// Fingerprint of its files: equal for equal files.
    pub fingerprint: String,
    /// `sha256:<hex>`: the promotion's digest when it is the promotion's content, else one of the files.
    pub digest: String,
}

/// Whose work an attempt continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// Why it is made.
    pub cause: Cause,
    /// Trace of what caused it.
    pub trace_id: String,
    /// Workflow of what caused it.
    pub correlation_id: String,
    /// The event that caused it.
    pub event_id: Option<EventId>,
    /// Whether objects that are no longer declared are removed.
    pub prune: bool,
    /// Whether everything may be removed when nothing is declared.
    pub allow_empty: bool,
}

/// An attempt under way: its intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Number of the attempt.
    pub number: u32,
    /// What it is to bring.
    pub content: Content,
    /// Serial of the target before; a target at another one is not touched.
    pub serial: u64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When another process takes it over.
    pub lease_until: DateTime<Utc>,
    /// Whose work it is.
    pub origin: Origin,
}

/// Why nothing is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// Why.
    pub reason: String,
    /// Who paused it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// How one module in one environment is kept in step with Git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitOpsSyncState {
    /// Its id.
    pub id: SyncId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// The module.
    pub module: String,
    /// The repository that declares what environments run.
    pub gitops_repository_id: RepositoryId,
    /// Its name.
    pub gitops_repository: String,
    /// The branch that environments follow.
    pub branch: String,
    /// The folder in it.
    pub path: String,
    /// Whether the target holds what Git declares.
    pub sync: SyncStatus,
    /// Whether what it holds works.
    pub health: HealthStatus,
    /// What the service does with it.
    pub operation: Operation,
    /// What a promotion declared last.
    pub promoted: Promoted,
    /// What Git declares.
    pub desired: Content,
    /// What was applied last without a failure.
    pub applied: Option<Content>,
    /// The commit that was tried last.
    pub attempted_revision: Option<String>,
    /// Attempts so far.
    pub attempts: u32,
    /// Failures in a row.
    pub failures: u32,
    /// Why the last attempt failed, or Git or the target did not answer.
    pub reason: Option<String>,
    /// An attempt that is asked for.
    pub pending: Option<Origin>,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// The situation in which the service gave up; another one is tried again.
    pub given_up: Option<String>,
    /// Files of the objects that the last attempt could not apply.
    pub unapplied: Vec<String>,
    /// The attempt under way.
    pub running: Option<Running>,
    /// What differs from Git, at most 100 objects.
    pub drift: Vec<DriftItem>,
    /// How many objects differ.
    pub drift_total: u32,
    /// Digest of the drift that was announced.
    pub drift_digest: Option<String>,
    /// Why nothing is applied, while it is paused.
    pub paused: Option<Pause>,
    /// When the target last became what Git declares.
    pub last_synced_at: Option<DateTime<Utc>>,
    /// When Git or the target was last seen to change.
    pub observed_at: Option<DateTime<Utc>>,
    /// What was seen then; the same again needs no second look.
    pub seen: Option<String>,
}

impl GitOpsSyncState {
    /// The promotion that declares what Git declares now; none when people committed since.
    pub fn promotion_of(&self, content: &Content) -> Option<PromotionId> {
        (content.fingerprint == self.promoted.fingerprint).then_some(self.promoted.promotion_id)
    }

    /// Whether the target was seen to hold what Git declares, and to work.
    pub fn is_settled(&self) -> bool {
        self.sync == SyncStatus::Synced && self.health == HealthStatus::Healthy
    }

    /// Whether somebody changed what the target answers for.
    pub(crate) fn is_edited(&self) -> bool {
        is_edited(&self.drift)
    }

    /// When the recovery loop must look at it although the timer does not say so.
    pub(crate) fn due_at(&self) -> Option<DateTime<Utc>> {
        if let Some(running) = &self.running {
            return Some(running.lease_until);
        }
        if self.paused.is_some() {
            return None;
        }
        let waits = self.pending.is_some() || self.is_behind();
        let waits = waits.then_some(self.meta.updated_at);
        self.retry_at.or(waits)
    }
}
