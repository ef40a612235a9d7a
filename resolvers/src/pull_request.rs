//! Pull requests.

mod diff;
mod input;
mod mutation;
mod object;
mod parts;
mod query;

pub use diff::{ChangeKind, FileDiff, PullRequestDiff};
pub use input::{
    AbandonPullRequestInput, MergePullRequestInput, OpenPullRequestInput, PullRequestFilter,
    ReviewPullRequestInput,
};
pub use mutation::{
    AbandonPullRequestPayload, MergePullRequestPayload, OpenPullRequestPayload,
    PullRequestMutation, ReviewPullRequestPayload,
};
pub use object::{
    PullRequest, PullRequestById, PullRequestOfCommit, PullRequestOrder, PullRequestOrderField,
    PullRequestsFromBranch, PullRequestsOfCommit, PullRequestsOfRepository,
};
pub use parts::{
    CheckState, MergeStrategy, Mergeability, PullRequestCheck, PullRequestReview,
    PullRequestStatus, ReviewDecision,
};
pub use query::PullRequestQuery;
