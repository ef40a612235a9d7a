//! What the pull request service refuses or fails with.

use sluice_git_host::GitHostError;
use sluice_kernel::{AnyFault, Denied, Finding, StaleVersion};
use sluice_schema::fault_of;
use sluice_store::StoreError;

use crate::MergeStrategy;

/// A refusal or failure of the pull request service.
#[derive(Debug, thiserror::Error)]
pub enum PullRequestError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The caller read an older version.
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    /// The Git host refused or failed.
    #[error(transparent)]
    Git(#[from] GitHostError),
    /// Another service refused or failed.
    #[error(transparent)]
    Directory(#[from] AnyFault),
    /// There is none, or none that the caller may know of.
    #[error("no such pull request")]
    NotFound,
    /// There is no such repository, or none that the caller may know of.
    #[error("no such repository")]
    NoRepository,
    /// An archived repository takes no changes, nor one that is being provisioned.
    #[error("the repository takes no changes: it is archived or not provisioned yet")]
    NotWritable,
    /// A branch does not exist.
    #[error("the repository has no branch '{name}'")]
    NoBranch {
        /// The input field that names it.
        field: &'static str,
        /// Its name.
        name: String,
    },
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: &'static str,
        /// The rule.
        rule: String,
    },
    /// The branches have an open pull request with another title.
    #[error("pull request {number} for these branches is open with another title")]
    Taken {
        /// The number of the open one.
        number: u64,
    },
    /// The source holds nothing that the target lacks.
    #[error("'{source_branch}' holds no changes that '{target_branch}' lacks")]
    UpToDate {
        /// The source.
        source_branch: String,
        /// The target.
        target_branch: String,
    },
    /// The repository has as many open pull requests as it may.
    #[error("the repository has {limit} open pull requests; close some first")]
    TooManyOpen {
        /// The limit.
        limit: u64,
    },
    /// The pull request has as many reviewers as it may.
    #[error("the pull request has {limit} reviewers already")]
    TooManyReviewers {
        /// The limit.
        limit: usize,
    },
    /// The author may not review the own pull request.
    #[error("the author of a pull request may not review it")]
    OwnReview,
    /// The pull request ended without a merge.
    #[error("the pull request is abandoned")]
    Abandoned,
    /// The pull request has been merged.
    #[error("the pull request is merged")]
    Merged,
    /// The merge of the pull request is under way.
    #[error("the pull request is being merged")]
    BeingMerged,
    /// The source has another head than the caller saw.
    #[error("the source is at {actual}, not {expected}; read it again")]
    SourceMoved {
        /// What the caller saw.
        expected: String,
        /// What it is.
        actual: String,
    },
    /// The pull request is merged, or being merged, by another strategy.
    #[error("the pull request is merged by the strategy {}", .actual.as_str())]
    OtherStrategy {
        /// That strategy.
        actual: MergeStrategy,
    },
    /// Reviews or checks that the target's policy demands are missing.
    #[error("the policy of '{target_branch}' is not satisfied")]
    PolicyNotSatisfied {
        /// The target.
        target_branch: String,
        /// One for each thing that is missing.
        missing: Vec<Finding>,
    },
    /// Source and target changed the same things.
    #[error("the pull request conflicts with '{target_branch}'")]
    MergeConflict {
        /// The target.
        target_branch: String,
        /// The paths in conflict.
        paths: Vec<String>,
    },
    /// The merge began and could not land; the pull request is open again.
    #[error("the merge did not take place: {reason}")]
    NotMerged {
        /// Why.
        reason: String,
    },
    /// Others change the same object all the time.
    #[error("too many writers at once; try again")]
    Contended,
    /// A diff covers too many commits.
    #[error("the pull request has more than {limit} commits")]
    TooManyCommits {
        /// The limit.
        limit: usize,
    },
    /// The event or a column could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

impl PullRequestError {
    pub(crate) fn invalid(field: &'static str, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            rule: rule.into(),
        }
    }

    fn own_findings(&self) -> Vec<Finding> {
        match self {
            Self::PolicyNotSatisfied { missing, .. } => missing.clone(),
            Self::MergeConflict { paths, .. } => paths.iter().map(|path| conflict(path)).collect(),
            _ => Vec::new(),
        }
    }
}

fn conflict(path: &str) -> Finding {
    Finding {
        file: path.to_owned(),
        line: None,
        rule: "merge-conflict".to_owned(),
        message: "source and target both changed this path; merge the target into the source"
            .to_owned(),
    }
}

fault_of! { PullRequestError:
    wraps [Denied, Store, Stale, Git, Directory],
    Self::NotFound => NotFound,
    Self::NoRepository => NotFound at "repositoryId",
    Self::NoBranch { field, .. } => NotFound at *field,
    Self::Invalid { field, .. } => InvalidInput at *field,
    Self::Taken { .. } => Conflict at "title",
    Self::UpToDate { .. } => FailedPrecondition at "sourceBranch",
    Self::TooManyOpen { .. } | Self::TooManyReviewers { .. } | Self::TooManyCommits { .. } => LimitExceeded,
    Self::NotWritable | Self::OwnReview | Self::Abandoned | Self::Merged | Self::BeingMerged
        | Self::NotMerged { .. } => FailedPrecondition,
    Self::SourceMoved { .. } => VersionConflict at "expectedSourceSha",
    Self::OtherStrategy { .. } => Conflict at "strategy",
    Self::PolicyNotSatisfied { .. } => PolicyNotSatisfied,
    Self::MergeConflict { .. } => MergeConflict,
    Self::Contended => Unavailable,
    Self::Event(_) => Internal,
}
