//! Commits.

mod input;
mod mutation;
mod object;
mod query;

pub use input::{
    CommitAuthorInput, CommitChangeInput, CommitChangeKind, CommitFilter, CommitTrailerInput,
    CreateCommitInput,
};
pub use mutation::{CommitMutation, CreateCommitPayload};
pub use object::{
    Commit, CommitById, CommitBySha, CommitOrder, CommitOrderField, CommitOrigin, CommitStatus,
    CommitTrailer, CommitsOfBranch, CommitsOfPullRequest, CommitsOfRepository,
};
pub use query::CommitQuery;
