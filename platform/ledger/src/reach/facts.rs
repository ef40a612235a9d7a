//! What an answer is made from.

use chrono::{DateTime, Utc};
use sluice_schema::Blocker;

use super::{
    contained::{Built, Walks},
    web::Operation,
};

/// A module in an environment.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub(super) environment_id: String,
    pub(super) environment: String,
    pub(super) module: Option<String>,
    /// The promotion that brought what runs.
    pub(super) running: Option<String>,
}

/// A promotion of a release that has a module, into an environment.
#[derive(Debug, Clone, Default)]
pub(super) struct Promotion {
    pub(super) id: String,
    pub(super) environment_id: String,
    pub(super) module: String,
    pub(super) release_id: String,
    pub(super) state: String,
    pub(super) requested_at: Option<DateTime<Utc>>,
    pub(super) succeeded_at: Option<DateTime<Utc>>,
    pub(super) reason: Option<String>,
    pub(super) blockers: Vec<Blocker>,
    pub(super) rolled_back_by: Option<String>,
    /// What the module was built from.
    pub(super) built: Built,
}

/// A module in a release.
#[derive(Debug, Clone, Default)]
pub(super) struct Release {
    pub(super) id: String,
    pub(super) module: String,
    pub(super) state: String,
    pub(super) planned_at: Option<DateTime<Utc>>,
    pub(super) ready_at: Option<DateTime<Utc>>,
    pub(super) approved_at: Option<DateTime<Utc>>,
    pub(super) built: Built,
}

/// A run or a build.
#[derive(Debug, Clone, Default)]
pub(super) struct Work {
    pub(super) id: String,
    pub(super) is_build: bool,
    pub(super) module: Option<String>,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) built: Built,
}

/// A pull request that has the change.
#[derive(Debug, Clone, Default)]
pub(super) struct PullRequest {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) opened_at: Option<DateTime<Utc>>,
    pub(super) merged_at: Option<DateTime<Utc>>,
}

/// All that an answer is made from.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) operations: Vec<Operation>,
    pub(super) walks: Walks,
    pub(super) cells: Vec<Cell>,
    /// Of each cell, the newest first.
    pub(super) promotions: Vec<Promotion>,
    /// The newest first.
    pub(super) releases: Vec<Release>,
    /// The newest first.
    pub(super) works: Vec<Work>,
    /// The newest first.
    pub(super) pull_requests: Vec<PullRequest>,
}
