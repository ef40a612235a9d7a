//! Events of the GitOps synchronisation service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::{EnvironmentId, PromotionId, SyncId};

/// An object that differs from what Git declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftedObject {
    /// `<kind>/<namespace>/<name>`.
    pub object: String,
    /// `PENDING_PROMOTION`, `MANUAL_EDIT` or `FAILED_SYNC`.
    pub classification: String,
    /// `MODIFIED`, `MISSING` or `EXTRA`.
    pub change: String,
}

/// The target holds what Git declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitOpsSynced {
    /// The synchronisation state.
    pub sync_id: SyncId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// The module.
    pub module: String,
    /// The commit that is applied.
    pub revision: String,
    /// `sha256:<hex>` of the applied objects.
    pub manifest_digest: String,
    /// The promotion that declared them.
    pub promotion_id: Option<PromotionId>,
    /// `HEALTHY`, `PROGRESSING`, `DEGRADED`, `SUSPENDED`, `MISSING` or `UNKNOWN`.
    pub health: String,
    /// `PROMOTION`, `INFRASTRUCTURE`, `TIMER`, `SELF_HEAL` or `COMMAND`.
    pub cause: String,
    /// Attempt of this state, from 1.
    pub attempt: u32,
    /// Objects that were written.
    pub applied: u32,
    /// Objects that were removed.
    pub pruned: u32,
}
payload!(GitOpsSynced on "GitOpsSyncState" by sync_id);

/// The target differs from what Git declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftDetected {
    /// The synchronisation state.
    pub sync_id: SyncId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// The module.
    pub module: String,
    /// The commit that is declared.
    pub revision: String,
    /// What differs, at most 100 objects.
    pub objects: Vec<DriftedObject>,
    /// How many objects differ.
    pub total: u32,
}
payload!(DriftDetected on "GitOpsSyncState" by sync_id);

/// The target could not be brought to what Git declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitOpsSyncFailed {
    /// The synchronisation state.
    pub sync_id: SyncId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// The module.
    pub module: String,
    /// The commit that was to be applied.
    pub revision: String,
    /// The promotion that declared it.
    pub promotion_id: Option<PromotionId>,
    /// Attempt of this state, from 1.
    pub attempt: u32,
    /// The error code.
    pub code: String,
    /// One line that says why.
    pub reason: String,
    /// Whether it is tried again without a command.
    pub retrying: bool,
}
payload!(GitOpsSyncFailed on "GitOpsSyncState" by sync_id);
