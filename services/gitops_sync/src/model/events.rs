//! What the aggregate announces.

use sluice_schema::events::{DriftDetected, DriftedObject, GitOpsSyncFailed, GitOpsSynced};
use sluice_schema::{Fault, bounded_message, public_message};

use super::{Cause, Content, GitOpsSyncState};
use crate::GitOpsSyncError;

/// Drifted objects of one event at most.
const MAX_OBJECTS: usize = 100;

impl GitOpsSyncState {
    pub(crate) fn synced(
        &self,
        content: &Content,
        cause: Cause,
        (applied, pruned): (u32, u32),
    ) -> GitOpsSynced {
        GitOpsSynced {
            sync_id: self.id,
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            module: self.module.clone(),
            revision: content.revision.clone(),
            manifest_digest: content.digest.clone(),
            promotion_id: self.promotion_of(content),
            health: self.health.as_str().to_owned(),
            cause: cause.as_str().to_owned(),
            attempt: self.attempts,
            applied,
            pruned,
        }
    }

    pub(crate) fn drifted(&self) -> DriftDetected {
        let objects = self.drift.iter().take(MAX_OBJECTS);
        DriftDetected {
            sync_id: self.id,
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            module: self.module.clone(),
            revision: self.desired.revision.clone(),
            objects: objects
                .map(|item| DriftedObject {
                    object: item.object.clone(),
                    classification: item.classification.as_str().to_owned(),
                    change: item.change.as_str().to_owned(),
                })
                .collect(),
            total: self.drift_total,
        }
    }

    pub(crate) fn failed(
        &self,
        content: &Content,
        error: &GitOpsSyncError,
        retrying: bool,
    ) -> GitOpsSyncFailed {
        GitOpsSyncFailed {
            sync_id: self.id,
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            module: self.module.clone(),
            revision: content.revision.clone(),
            promotion_id: self.promotion_of(content),
            attempt: self.attempts,
            code: error.code().as_str().to_owned(),
            reason: reason_of(error),
            retrying,
        }
    }
}

/// Why, for people: what could not be applied is told although the code is the system's.
pub(crate) fn reason_of(error: &GitOpsSyncError) -> String {
    match error {
        GitOpsSyncError::Incomplete { .. } => bounded_message(error.to_string()),
        other => public_message(other),
    }
}
