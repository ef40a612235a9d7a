//! The commands of GitOps synchronisation.

use super::{GitOpsSyncState, PauseGitOpsInput, ResumeGitOpsInput, SyncGitOpsInput};
use crate::declare::mutations;

mutations! {
    /// Commands of GitOps synchronisation.
    GitOpsMutation;

    /// Brings a target to what Git declares, now.
    sync_git_ops(SyncGitOpsInput) -> SyncGitOpsPayload {
        /// The synchronisation after it.
        git_ops_sync: GitOpsSyncState
    } = syncs.sync;

    /// Stops automatic synchronisation and healing; what differs is still reported.
    pause_git_ops(PauseGitOpsInput) -> PauseGitOpsPayload {
        /// The synchronisation, paused.
        git_ops_sync: GitOpsSyncState
    } = syncs.pause;

    /// Starts automatic synchronisation and healing again, at once.
    resume_git_ops(ResumeGitOpsInput) -> ResumeGitOpsPayload {
        /// The synchronisation after it.
        git_ops_sync: GitOpsSyncState
    } = syncs.resume;
}
