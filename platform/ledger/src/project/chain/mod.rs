//! The facts of the chain, one row per object, as the read models join them.

mod promotion;
mod release;
mod source;
mod sync;

use serde::Serialize;
use sluice_schema::EventPayload;

use super::Recorded;
use crate::patch::{Patch, Table, tables};

pub(crate) const TABLES: &[&Table] = &[
    &REPOSITORY,
    &PULL_REQUEST,
    &LANDING,
    &RUN,
    &BUILD,
    &RELEASE,
    &RELEASE_ITEM,
    &MANIFEST,
    &INFRASTRUCTURE,
    &PROMOTION,
    &PROMOTION_ITEM,
    &ENVIRONMENT,
    &HOLD,
    &CELL,
];

tables! {
    /// Repositories.
    REPOSITORY = "chain_repository" {
        key id: Text; first project_id: Text; first name: Text; first default_branch: Text;
    }
    /// Pull requests; `state` is OPEN, MERGED or ABANDONED.
    PULL_REQUEST = "chain_pull_request" {
        key id: Text; first project_id: Text; first repository_id: Text; first number: Int;
        latest title: Text; first source_branch: Text; first target_branch: Text;
        first opened_at: Int; first opened_by: Text; latest source_sha: Text;
        latest merged_at: Int; latest merged_by: Text; latest merge_sha: Text;
        latest strategy: Text; latest state: Text;
    }
    /// Commits that merges of pull requests wrote.
    LANDING = "chain_landing" {
        key repository_id: Text; key sha: Text; first pull_request_id: Text; first at: Int;
    }
    /// Runs; `state` is RUNNING or the outcome.
    RUN = "chain_run" {
        key id: Text; first project_id: Text; first pipeline_id: Text; first repository_id: Text;
        first commit_sha: Text; first attempt: Int; first started_at: Int;
        latest finished_at: Int; latest state: Text; latest reason: Text;
    }
    /// Builds.
    BUILD = "chain_build" {
        key id: Text; first project_id: Text; first run_id: Text; first repository_id: Text;
        first branch: Text; first commit_sha: Text; first module: Text; latest state: Text;
        latest reason: Text; first completed_at: Int;
    }
    /// Releases; `state` is PLANNED, READY, APPROVED, REJECTED or CANCELLED.
    RELEASE = "chain_release" {
        key id: Text; first project_id: Text; first name: Text; first version: Text;
        latest content_digest: Text; first planned_at: Int; first planned_by: Text;
        latest ready_at: Int; latest approved_at: Int; latest state: Text;
    }
    /// Modules of releases. `artifacts` is the JSON of the event's list, `configuration` the JSON
    /// of the module's settings by environment.
    RELEASE_ITEM = "chain_release_item" {
        key release_id: Text; key module: Text; first project_id: Text; first build_id: Text;
        first repository_id: Text; first repository_name: Text; first commit_sha: Text;
        latest artifacts: Text; latest configuration: Text;
    }
    /// Manifests; `configuration` is the JSON of the event's map.
    MANIFEST = "chain_manifest" {
        key id: Text; first project_id: Text; first release_id: Text; first environment_id: Text;
        first module: Text; latest content_digest: Text; latest configuration: Text;
        latest rendered_at: Int;
    }
    /// Plans of infrastructure; `state` is PLANNED, PROVISIONED or FAILED; `changes` and
    /// `resources` are JSON of the events.
    INFRASTRUCTURE = "chain_infrastructure" {
        key id: Text; first project_id: Text; first release_id: Text; first environment_id: Text;
        first module: Text; latest program_digest: Text; latest state: Text; latest changes: Text;
        latest resources: Text; latest reason: Text; latest at: Int;
    }
    /// Promotions and rollbacks. `state` is REQUESTED, GATED, VERIFYING, SUCCEEDED, FAILED,
    /// ERRORED, CANCELLED or SUPERSEDED; `blockers` is JSON; `rolled_back_by` is the rollback
    /// that left it.
    PROMOTION = "chain_promotion" {
        key id: Text; first project_id: Text; first release_id: Text; first version: Text;
        first environment_id: Text; first environment: Text; first kind: Text; first attempt: Int;
        first automatic: Int; first requested_at: Int; first requested_by: Text;
        first requested_sequence: Int; latest declared_at: Int; latest declared_sequence: Int;
        latest revision: Text; latest previous_id: Text; latest rollback_of: Text;
        latest restored_id: Text; latest succeeded_at: Int; latest succeeded_sequence: Int;
        latest ended_at: Int; latest state: Text; latest code: Text; latest reason: Text;
        latest blockers: Text; latest rolled_back_by: Text; latest rolled_back_at: Int;
    }
    /// What promotions declare of each module, once they do.
    PROMOTION_ITEM = "chain_promotion_item" {
        key promotion_id: Text; key module: Text; first project_id: Text;
        latest manifest_id: Text; latest manifest_digest: Text; latest path: Text;
    }
    /// Environments; `upstream` is a JSON list of names.
    ENVIRONMENT = "chain_environment" {
        key id: Text; first project_id: Text; latest name: Text; latest upstream: Text;
        latest retired: Int; first defined_sequence: Int;
    }
    /// Holds by environment and module (empty: all modules); `held` is 0 once it has ended.
    HOLD = "chain_hold" {
        key environment_id: Text; key module: Text; first project_id: Text; latest held: Int;
        latest reason: Text; latest held_by: Text; latest at: Int; latest promotion_id: Text;
    }
    /// What an environment declares, runs and was seen to hold of a module. `declared_*`:
    /// DeploymentPromoted; `running_*`: PromotionSucceeded; the others: the synchronisation.
    /// `sync_state` is SYNCED, DRIFTED or FAILED; `drift` counts objects that differ.
    CELL = "board_cell" {
        key project_id: Text; key module: Text; key environment_id: Text;
        latest environment: Text; latest declared_promotion: Text; latest declared_at: Int;
        latest declared_by: Text; latest running_promotion: Text; latest running_at: Int;
        latest running_by: Text; latest sync_id: Text; latest synced_promotion: Text;
        latest sync_revision: Text; latest sync_digest: Text; latest sync_state: Text;
        latest health: Text; latest sync_reason: Text; latest synced_at: Int; latest drift: Int;
        latest drift_at: Int; latest observed_at: Int; latest sequence: Int;
    }
}

/// The patches that an event amounts to.
pub(super) fn patches(recorded: &Recorded<'_>) -> Vec<Patch> {
    source::patches(recorded)
        .or_else(|| release::patches(recorded))
        .or_else(|| promotion::patches(recorded))
        .or_else(|| sync::patches(recorded))
        .unwrap_or_default()
}

/// `make` of the payload when the event is a `P`.
fn when<P: EventPayload>(
    recorded: &Recorded<'_>,
    make: impl FnOnce(&Recorded<'_>, P) -> Vec<Patch>,
) -> Vec<Patch> {
    recorded
        .payload::<P>()
        .map(|payload| make(recorded, payload))
        .unwrap_or_default()
}

/// The row of `table` that has this id, with its project.
fn row(recorded: &Recorded<'_>, table: &'static Table, id: impl ToString) -> Patch {
    Patch::of(table)
        .set("id", id.to_string())
        .set("project_id", recorded.event.project_id.as_str())
}

/// JSON of a list or a map; `null` for what has no JSON, which lists and maps of texts have.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
