//! Validated inputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_git_host::BranchName;
use sluice_kernel::directory::RepositoryView;
use sluice_schema::{PullRequestId, RepositoryId};

use crate::{MergeStrategy, PullRequest, PullRequestError, PullRequestStatus, ReviewDecision};

/// Asks for a source branch to be merged into a target branch.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenPullRequest {
    /// The repository of both branches.
    pub repository_id: RepositoryId,
    /// One line of 1 to 256 characters.
    pub title: String,
    /// Why, up to 20,000 characters.
    pub description: Option<String>,
    /// Branch with the changes.
    pub source_branch: String,
    /// Branch that shall receive them; the repository's default branch when absent.
    pub target_branch: Option<String>,
}

/// Says what somebody thinks of a pull request's current head.
#[derive(Debug, Clone)]
pub struct ReviewPullRequest {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// What the reviewer decides.
    pub decision: ReviewDecision,
    /// In the reviewer's words, up to 4,000 characters.
    pub body: Option<String>,
    /// Refuse when the source has another head than this.
    pub expected_source_sha: Option<String>,
}

/// Brings a pull request's changes into its target.
#[derive(Debug, Clone)]
pub struct MergePullRequest {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// How; by a merge commit when absent.
    pub strategy: Option<MergeStrategy>,
    /// Refuse when the source has another head than this.
    pub expected_source_sha: Option<String>,
    /// Whether the source branch shall be deleted afterwards; it stays when absent.
    pub delete_source_branch: Option<bool>,
    /// Message of the merge or squash commit, up to 20,000 characters; made from number, title
    /// and description when absent. A rebase keeps the messages that it finds.
    pub message: Option<String>,
}

/// Closes a pull request without a merge.
#[derive(Debug, Clone)]
pub struct AbandonPullRequest {
    /// The pull request.
    pub pull_request_id: PullRequestId,
    /// Why, up to 1,000 characters.
    pub reason: Option<String>,
}

const MAX_TITLE: usize = 256;
const MAX_DESCRIPTION: usize = 20_000;
const MAX_BODY: usize = 4_000;
const MAX_REASON: usize = 1_000;

impl OpenPullRequest {
    /// Checks the texts.
    pub(crate) fn validate(&self) -> Result<(), PullRequestError> {
        let length = self.title.chars().count();
        if !(1..=MAX_TITLE).contains(&length) || self.title.trim().is_empty() {
            let rule = format!("title must have 1 to {MAX_TITLE} characters, not only blanks");
            return Err(PullRequestError::invalid("title", rule));
        }
        if self.title.chars().any(char::is_control) {
            let rule = "title must be one line without control characters";
            return Err(PullRequestError::invalid("title", rule));
        }
        check_text("description", self.description.as_deref(), MAX_DESCRIPTION)
    }

    /// Source and target, which differ.
    pub(crate) fn branches(
        &self,
        repository: &RepositoryView,
    ) -> Result<(BranchName, BranchName), PullRequestError> {
        let target = self.target_branch.as_deref();
        let source = branch_name("sourceBranch", &self.source_branch)?;
        let target = branch_name("targetBranch", target.unwrap_or(&repository.default_branch))?;
        if source == target {
            let rule = "sourceBranch and targetBranch must differ";
            return Err(PullRequestError::invalid("sourceBranch", rule));
        }
        Ok((source, target))
    }
}

impl ReviewPullRequest {
    pub(crate) fn validate(&self) -> Result<(), PullRequestError> {
        check_sha(self.expected_source_sha.as_deref())?;
        check_text("body", self.body.as_deref(), MAX_BODY)
    }
}

impl MergePullRequest {
    pub(crate) fn strategy(&self) -> MergeStrategy {
        self.strategy.unwrap_or(MergeStrategy::Merge)
    }

    pub(crate) fn validate(&self) -> Result<(), PullRequestError> {
        check_sha(self.expected_source_sha.as_deref())?;
        check_text("message", self.message.as_deref(), MAX_DESCRIPTION)?;
        match &self.message {
            Some(_) if self.strategy() == MergeStrategy::Rebase => {
                let rule = "message must be absent: a rebase keeps the messages that it finds";
                Err(PullRequestError::invalid("message", rule))
            }
            Some(message) if message.trim().is_empty() => {
                let rule = "message must not be blank";
                Err(PullRequestError::invalid("message", rule))
            }
            _ => Ok(()),
        }
    }

    /// Whether the merge that happened, or is happening, is the one that this command asks for.
    pub(crate) fn ensure_same(&self, merged: &PullRequest) -> Result<(), PullRequestError> {
        debug_assert_ne!(merged.status, PullRequestStatus::Open);
        if let (Some(wanted), Some(actual)) = (self.strategy, merged.strategy)
            && wanted != actual
        {
            return Err(PullRequestError::OtherStrategy { actual });
        }
        merged.ensure_source(self.expected_source_sha.as_deref())
    }
}

impl AbandonPullRequest {
    pub(crate) fn validate(&self) -> Result<(), PullRequestError> {
        check_text("reason", self.reason.as_deref(), MAX_REASON)
    }
}

fn branch_name(field: &'static str, name: &str) -> Result<BranchName, PullRequestError> {
    BranchName::new(name).map_err(|error| PullRequestError::invalid(field, error.to_string()))
}

fn check_text(field: &'static str, text: Option<&str>, max: usize) -> Result<(), PullRequestError> {
    let Some(text) = text else { return Ok(()) };
    if text.chars().count() > max {
        let rule = format!("{field} must have at most {max} characters");
        return Err(PullRequestError::invalid(field, rule));
    }
    // Neither PostgreSQL nor a commit message can hold it.
    if text.contains('\0') {
        let rule = format!("{field} must not hold a NUL character");
        return Err(PullRequestError::invalid(field, rule));
    }
    Ok(())
}

fn check_sha(sha: Option<&str>) -> Result<(), PullRequestError> {
    let is_sha = |text: &str| {
        text.len() == 40
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    match sha {
        Some(text) if !is_sha(text) => {
            let rule = "expectedSourceSha must be 40 lower-case hexadecimal digits";
            Err(PullRequestError::invalid("expectedSourceSha", rule))
        }
        _ => Ok(()),
    }
}
