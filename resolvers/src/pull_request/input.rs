//! What callers say about pull requests.

use async_graphql::{ID, InputObject};
use sluice_pull_request as service;

use super::{MergeStrategy, PullRequestStatus, ReviewDecision};
use crate::fault::{InputFault, id, optional_id, optional_name};

/// Which pull requests a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct PullRequestFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this repository.
    pub repository_id: Option<ID>,
    /// Of this status.
    pub status: Option<PullRequestStatus>,
    /// From the branch of this name.
    pub source_branch: Option<String>,
    /// To the branch of this name.
    pub target_branch: Option<String>,
    /// Opened by this actor.
    pub author: Option<String>,
}

impl TryFrom<PullRequestFilter> for service::PullRequestFilter {
    type Error = InputFault;
    fn try_from(filter: PullRequestFilter) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            repository_id: optional_id("filter.repositoryId", filter.repository_id.as_ref())?,
            status: filter.status.map(Into::into),
            source_branch: filter.source_branch,
            target_branch: filter.target_branch,
            author: filter.author,
        })
    }
}

/// Asks for a source branch to be merged into a target branch. The repository and both branches
/// are the natural key while the pull request is open.
#[derive(InputObject, Debug, Clone)]
pub struct OpenPullRequestInput {
    /// The repository of both branches.
    pub repository_id: ID,
    /// One line of 1 to 256 characters.
    pub title: String,
    /// Why, up to 20,000 characters.
    pub description: Option<String>,
    /// Name of the branch with the changes.
    pub source_branch: String,
    /// Name of the branch that shall receive them; the default branch when absent.
    pub target_branch: Option<String>,
}

impl TryFrom<OpenPullRequestInput> for service::OpenPullRequest {
    type Error = InputFault;
    fn try_from(input: OpenPullRequestInput) -> Result<Self, InputFault> {
        Ok(Self {
            repository_id: id("repositoryId", &input.repository_id)?,
            title: input.title,
            description: input.description,
            source_branch: input.source_branch,
            target_branch: input.target_branch,
        })
    }
}

/// Says what the caller thinks of a pull request's current head; never its author.
#[derive(InputObject, Debug, Clone)]
pub struct ReviewPullRequestInput {
    /// The pull request.
    pub pull_request_id: ID,
    /// What the reviewer decides; it replaces an earlier decision.
    pub decision: ReviewDecision,
    /// In the reviewer's words, up to 4,000 characters.
    pub body: Option<String>,
    /// Refuse when the source has another head than this.
    pub expected_source_sha: Option<String>,
}

impl TryFrom<ReviewPullRequestInput> for service::ReviewPullRequest {
    type Error = InputFault;
    fn try_from(input: ReviewPullRequestInput) -> Result<Self, InputFault> {
        Ok(Self {
            pull_request_id: id("pullRequestId", &input.pull_request_id)?,
            decision: input.decision.into(),
            body: input.body,
            expected_source_sha: input.expected_source_sha,
        })
    }
}

/// Brings a pull request's changes into its target, when the target's policy is satisfied.
#[derive(InputObject, Debug, Clone)]
pub struct MergePullRequestInput {
    /// The pull request.
    pub pull_request_id: ID,
    /// How; by a merge commit when absent.
    pub strategy: Option<MergeStrategy>,
    /// Refuse when the source has another head than this.
    pub expected_source_sha: Option<String>,
    /// Whether the source branch shall be deleted afterwards; it stays when absent.
    pub delete_source_branch: Option<bool>,
    /// Message of the merge or squash commit, up to 20,000 characters; made from number, title
    /// and description when absent. Not for a rebase, which keeps the messages that it finds.
    pub message: Option<String>,
}

impl TryFrom<MergePullRequestInput> for service::MergePullRequest {
    type Error = InputFault;
    fn try_from(input: MergePullRequestInput) -> Result<Self, InputFault> {
        Ok(Self {
            pull_request_id: id("pullRequestId", &input.pull_request_id)?,
            strategy: input.strategy.map(Into::into),
            expected_source_sha: input.expected_source_sha,
            delete_source_branch: input.delete_source_branch,
            message: input.message,
        })
    }
}

/// Closes a pull request without a merge.
#[derive(InputObject, Debug, Clone)]
pub struct AbandonPullRequestInput {
    /// The pull request.
    pub pull_request_id: ID,
    /// Why, up to 1,000 characters.
    pub reason: Option<String>,
}

impl TryFrom<AbandonPullRequestInput> for service::AbandonPullRequest {
    type Error = InputFault;
    fn try_from(input: AbandonPullRequestInput) -> Result<Self, InputFault> {
        Ok(Self {
            pull_request_id: id("pullRequestId", &input.pull_request_id)?,
            reason: input.reason,
        })
    }
}
