//! The board.

use chrono::{DateTime, Utc};
use sluice_kernel::text_enum;

/// The board of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// The project.
    pub project_id: String,
    /// The ledger's sequence that it reflects.
    pub sequence: u64,
    /// The environments, upstream before downstream.
    pub environments: Vec<BoardEnvironment>,
    /// The modules, by name.
    pub modules: Vec<String>,
    /// What is known of a module in an environment; combinations that never had a promotion are
    /// left out. By module, then in the order of the environments.
    pub cells: Vec<BoardCell>,
}

/// An environment of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardEnvironment {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Names of environments before it.
    pub upstream: Vec<String>,
    /// The hold on all its modules.
    pub hold: Option<BoardHold>,
}

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardHold {
    /// Why.
    pub reason: String,
    /// Who holds.
    pub held_by: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The rollback that placed it.
    pub promotion_id: Option<String>,
}

/// A version of a module in an environment, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// The release's version.
    pub version: String,
    /// The release.
    pub release_id: String,
    /// The promotion.
    pub promotion_id: String,
    /// The promotion's state; `ROLLED_BACK` once it was left and is not declared any more.
    pub promotion_state: String,
    /// The build.
    pub build_id: Option<String>,
    /// The run.
    pub run_id: Option<String>,
    /// The repository.
    pub repository_id: Option<String>,
    /// The commit.
    pub commit_sha: Option<String>,
    /// The pull request that landed the commit.
    pub pull_request_id: Option<String>,
    /// Its number.
    pub pull_request_number: Option<u64>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Who asked for the promotion.
    pub by: String,
}

text_enum! {
    /// What the last look at the target saw.
    DriftState {
        /// It held what Git declares.
        Synced = "SYNCED",
        /// Objects differed from what Git declares.
        Drifted = "DRIFTED",
        /// It could not be brought to what Git declares.
        Failed = "FAILED",
        /// It was not looked at yet.
        Unknown = "UNKNOWN",
    }
}

/// The last look at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncView {
    /// The synchronisation state.
    pub sync_id: String,
    /// What it saw.
    pub state: DriftState,
    /// `HEALTHY`, `PROGRESSING`, `DEGRADED`, `SUSPENDED`, `MISSING` or `UNKNOWN`.
    pub health: String,
    /// Objects that differ from what Git declares.
    pub drift: u64,
    /// Why it failed.
    pub reason: Option<String>,
    /// When it was last told.
    pub observed_at: DateTime<Utc>,
}

/// A module in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardCell {
    /// The module.
    pub module: String,
    /// The environment.
    pub environment_id: String,
    /// What Git declares.
    pub desired: Option<Deployed>,
    /// What last ran there synchronised and healthy.
    pub deployed: Option<Deployed>,
    /// What the target was last synchronised to; absent when no promotion declared it.
    pub observed: Option<Deployed>,
    /// How the target was last seen; absent while it never was.
    pub sync: Option<SyncView>,
    /// Landings on the default branch that what is declared does not hold; absent when the
    /// history is not known.
    pub changes_waiting: Option<u64>,
    /// The hold on this module, or on all modules of the environment.
    pub hold: Option<BoardHold>,
    /// A promotion under way.
    pub promotion_id: Option<String>,
}
