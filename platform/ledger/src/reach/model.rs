//! What is asked and answered.

use chrono::{DateTime, Utc};
use sluice_kernel::text_enum;
use sluice_schema::Blocker;

/// A commit: by the id of its record, or by repository and Git object id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CommitKey {
    /// Global id of a recorded commit.
    Id(String),
    /// Global id of the repository and the Git object id, whole or at least 7 digits of it.
    Sha(String, String),
}

text_enum! {
    /// Where a change stands with respect to an environment.
    ReachState {
        /// Nothing has been done with it yet, as far as is known.
        NotStarted = "NOT_STARTED",
        /// It is on its way.
        InFlight = "IN_FLIGHT",
        /// What runs there has it.
        Landed = "LANDED",
        /// What runs there has it, as another commit.
        LandedAs = "LANDED_AS",
        /// It was there, or on its way, and another commit took it back.
        Reverted = "REVERTED",
    }
}

text_enum! {
    /// The stage that a change in flight has got to.
    ReachStage {
        /// An open pull request has it.
        PullRequest = "PULL_REQUEST",
        /// The default branch has it, or a pull request with it was merged.
        Merged = "MERGED",
        /// A pipeline runs, or ran, what has it.
        Run = "RUN",
        /// A build has it.
        Build = "BUILD",
        /// A planned release has it, not all of whose artifacts are ready.
        ReleasePlanned = "RELEASE_PLANNED",
        /// A release that may be approved has it.
        ReleaseReady = "RELEASE_READY",
        /// An approved release has it.
        ReleaseApproved = "RELEASE_APPROVED",
        /// A promotion into the environment brings it.
        Promotion = "PROMOTION",
    }
}

text_enum! {
    /// How a change came to be another commit.
    LandingHow {
        /// A branch that had it was squashed.
        Squash = "SQUASH",
        /// Its branch was rebased.
        Rebase = "REBASE",
        /// It was picked, or written again with the same patch.
        CherryPick = "CHERRY_PICK",
    }
}

/// The commit that carries a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    /// Git object id.
    pub sha: String,
    /// How the change came to be this commit; absent when it is the commit that was asked for, and
    /// when it took back a revert.
    pub how: Option<LandingHow>,
}

/// Where a change stands in one environment, for one module of its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentReach {
    /// The environment.
    pub environment_id: String,
    /// Its name.
    pub environment: String,
    /// The module; absent when the repository is in no release yet.
    pub module: Option<String>,
    /// Where it stands.
    pub state: ReachState,
    /// Since when: with `LANDED`, `LANDED_AS` and `REVERTED` when the first promotion succeeded
    /// that brought this state, as far as the newest 200 promotions tell; with `IN_FLIGHT` since
    /// when it is in that stage.
    pub since: Option<DateTime<Utc>>,
    /// With `IN_FLIGHT`: the stage.
    pub stage: Option<ReachStage>,
    /// With `IN_FLIGHT`: the object of that stage (a pull request, run, build, release, promotion).
    pub stage_object_id: Option<String>,
    /// With `IN_FLIGHT`: why it does not go on, as last judged.
    pub blockers: Vec<Blocker>,
    /// With `LANDED`, `LANDED_AS` and `REVERTED`: the commit that carries the change.
    pub landing: Option<Landing>,
    /// With `REVERTED`: the commit that took it back.
    pub reverted_by: Option<String>,
    /// That first promotion. Absent with `REVERTED` when the change was taken back before it got
    /// to the environment.
    pub promotion_id: Option<String>,
}
