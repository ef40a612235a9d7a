//! The commands of the commit service.

use super::{Commit, CreateCommitInput};
use crate::declare::mutations;

mutations! {
    /// Commands of the commit service.
    CommitMutation;

    /// Writes a commit to a branch that is not protected.
    create_commit(CreateCommitInput) -> CreateCommitPayload {
        /// The commit, written now or before.
        commit: Commit
    } = commits.create;
}
