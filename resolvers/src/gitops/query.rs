//! Where synchronisations are found.

use super::{GitOpsSyncState, SyncById};
use crate::declare::queries;

queries! {
    /// Synchronisations.
    GitOpsQuery;
    /// The synchronisation with this id; null when there is none that the caller may see.
    one git_ops_sync: GitOpsSyncState by SyncById;
    /// The synchronisations that the caller may see, one per environment and module.
    list git_ops_syncs;
    also {}
}
