//! The commands of the pull request service.

use super::{
    AbandonPullRequestInput, MergePullRequestInput, OpenPullRequestInput, PullRequest,
    ReviewPullRequestInput,
};
use crate::declare::mutations;

mutations! {
    /// Commands of the pull request service.
    PullRequestMutation;

    /// Asks for a source branch to be merged into a target branch.
    open_pull_request(OpenPullRequestInput) -> OpenPullRequestPayload {
        /// The pull request, opened now or before.
        pull_request: PullRequest
    } = pull_requests.open;

    /// Says what the caller thinks of a pull request's current head.
    review_pull_request(ReviewPullRequestInput) -> ReviewPullRequestPayload {
        /// The pull request with the review.
        pull_request: PullRequest
    } = pull_requests.review;

    /// Brings a pull request's changes into its target.
    merge_pull_request(MergePullRequestInput) -> MergePullRequestPayload {
        /// The pull request, merged now or before.
        pull_request: PullRequest
    } = pull_requests.merge;

    /// Closes a pull request without a merge.
    abandon_pull_request(AbandonPullRequestInput) -> AbandonPullRequestPayload {
        /// The pull request, abandoned.
        pull_request: PullRequest
    } = pull_requests.abandon;
}
