//! Branches.

mod input;
mod mutation;
mod object;
mod query;

pub use input::{
    BranchFilter, BranchPolicyInput, CreateBranchInput, DeleteBranchInput, SetBranchPolicyInput,
};
pub use mutation::{
    BranchMutation, CreateBranchPayload, DeleteBranchPayload, SetBranchPolicyPayload,
};
pub use object::{
    Branch, BranchById, BranchByName, BranchOrder, BranchOrderField, BranchPolicy, BranchStatus,
    BranchesAtCommit, BranchesOfRepository,
};
pub use query::BranchQuery;
