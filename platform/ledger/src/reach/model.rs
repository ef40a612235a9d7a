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
        NotStarted = "NOT_STARTED",
        InFlight = "IN_FLIGHT",
        Landed = "LANDED",
        LandedAs = "LANDED_AS",
        Reverted = "REVERTED",
    }
}

text_enum! {
    /// The stage that a change in flight has got to.
    ReachStage {
        PullRequest = "PULL_REQUEST",
        Merged = "MERGED",
        Run = "RUN",
        Build = "BUILD",
        ReleasePlanned = "RELEASE_PLANNED",
        ReleaseReady = "RELEASE_READY",
        ReleaseApproved = "RELEASE_APPROVED",
        Promotion = "PROMOTION",
    }
}

text_enum! {
    /// How a change came to be another commit.
    LandingHow {
        Squash = "SQUASH",
        Rebase = "REBASE",
        CherryPick = "CHERRY_PICK",
    }
}

/// The commit that carries a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    /// Git object id.
    pub sha: String,
    /// How the change came to be this commit; absent when it is the commit that was asked for.
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
    /// Since when.
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
    /// The promotion that brought what runs there, when the change has landed or was taken back.
    pub promotion_id: Option<String>,
}
