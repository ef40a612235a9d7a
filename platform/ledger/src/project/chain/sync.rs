//! What targets were seen to hold.

use sluice_schema::events::{DriftDetected, GitOpsSyncFailed, GitOpsSynced};

use super::{promotion::cell, when};
use crate::{patch::Patch, project::Recorded};

/// The patches, when the event is of this part of the chain.
pub(super) fn patches(recorded: &Recorded<'_>) -> Option<Vec<Patch>> {
    Some(match recorded.event.event_type.as_str() {
        "GitOpsSynced" => when(recorded, synced),
        "DriftDetected" => when(recorded, drifted),
        "GitOpsSyncFailed" => when(recorded, failed),
        _ => return None,
    })
}

fn synced(recorded: &Recorded<'_>, it: GitOpsSynced) -> Vec<Patch> {
    // People may commit to the GitOps repository themselves: then no promotion declared it.
    let promotion = it.promotion_id.map(|id| id.to_string());
    vec![
        cell(recorded, &it.module, (it.environment_id, &it.environment))
            .set("sync_id", it.sync_id.to_string())
            .set("synced_promotion", promotion.unwrap_or_default())
            .set("sync_revision", it.revision)
            .set("sync_digest", it.manifest_digest)
            .set("sync_state", "SYNCED")
            .set("health", it.health)
            .set("sync_reason", "")
            .set("synced_at", recorded.at())
            .set("drift", 0_i64)
            .set("observed_at", recorded.at()),
    ]
}

fn drifted(recorded: &Recorded<'_>, it: DriftDetected) -> Vec<Patch> {
    vec![
        cell(recorded, &it.module, (it.environment_id, &it.environment))
            .set("sync_id", it.sync_id.to_string())
            .set("sync_state", "DRIFTED")
            .set("sync_reason", "")
            .set("drift", it.total)
            .set("drift_at", recorded.at())
            .set("observed_at", recorded.at()),
    ]
}

fn failed(recorded: &Recorded<'_>, it: GitOpsSyncFailed) -> Vec<Patch> {
    vec![
        cell(recorded, &it.module, (it.environment_id, &it.environment))
            .set("sync_id", it.sync_id.to_string())
            .set("sync_state", "FAILED")
            .set("sync_reason", it.reason)
            .set("observed_at", recorded.at()),
    ]
}
