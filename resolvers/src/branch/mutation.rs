//! The commands of the branch service.

use super::{Branch, CreateBranchInput, DeleteBranchInput, SetBranchPolicyInput};
use crate::declare::mutations;

mutations! {
    /// Commands of the branch service.
    BranchMutation;

    /// Makes a branch.
    create_branch(CreateBranchInput) -> CreateBranchPayload {
        /// The branch, made now or before.
        branch: Branch
    } = branches.create;

    /// Changes what a branch demands of changes.
    set_branch_policy(SetBranchPolicyInput) -> SetBranchPolicyPayload {
        /// The branch after the change.
        branch: Branch
    } = branches.set_policy;

    /// Removes a branch; its commits stay.
    delete_branch(DeleteBranchInput) -> DeleteBranchPayload {
        /// The branch, deleted.
        branch: Branch
    } = branches.delete;
}
