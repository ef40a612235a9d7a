//! What a pull request is made of.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sluice_git_host::MergeStrategy as GitStrategy;
use sluice_kernel::{Meta, text_enum};
use sluice_schema::{BuildId, RepositoryId};

/// Name of the check that every pull request has: whether it merges.
pub(crate) const MERGEABLE: &str = "mergeable";

text_enum! {
    /// Where a pull request is in its life.
    PullRequestStatus {
        /// It takes reviews and checks and may be merged.
        Open = "OPEN",
        /// The merge is decided and under way; it ends merged, or open again with a reason.
        Merging = "MERGING",
        /// Its changes stand on the target.
        Merged = "MERGED",
        /// It was closed without a merge.
        Abandoned = "ABANDONED",
    }
}

text_enum! {
    /// What a reviewer decides.
    ReviewDecision {
        /// It may be merged as it is.
        Approved = "APPROVED",
        /// It may not be merged until this reviewer says otherwise.
        ChangesRequested = "CHANGES_REQUESTED",
    }
}

text_enum! {
    /// What a check came to.
    CheckState {
        /// Not known yet.
        Pending = "PENDING",
        /// Passed.
        Succeeded = "SUCCEEDED",
        /// Not passed.
        Failed = "FAILED",
    }
}

text_enum! {
    /// Whether a pull request would merge.
    Mergeability {
        /// It merges without conflict.
        Clean = "CLEAN",
        /// Source and target changed the same things.
        Conflicting = "CONFLICTING",
        /// The source holds nothing that the target lacks.
        UpToDate = "UP_TO_DATE",
        /// It cannot be told: a branch is missing.
        Unknown = "UNKNOWN",
    }
}

text_enum! {
    /// How a source is brought into a target.
    MergeStrategy {
        /// One commit with two parents, the target first.
        Merge = "MERGE",
        /// One commit with the target as its only parent.
        Squash = "SQUASH",
        /// Each commit of the source again, on top of the target.
        Rebase = "REBASE",
    }
}

impl MergeStrategy {
    pub(crate) fn at_git(self) -> GitStrategy {
        match self {
            Self::Merge => GitStrategy::Merge,
            Self::Squash => GitStrategy::Squash,
            Self::Rebase => GitStrategy::Rebase,
        }
    }
}

impl Mergeability {
    /// What the check `mergeable` says of it.
    pub(crate) fn verdict(self, conflicts: usize) -> (CheckState, Option<String>) {
        let failed = |detail: String| (CheckState::Failed, Some(detail));
        match self {
            Self::Clean => (CheckState::Succeeded, None),
            Self::Conflicting => failed(format!("conflicts in {conflicts} paths")),
            Self::UpToDate => failed("the target holds every change of the source".to_owned()),
            Self::Unknown => (
                CheckState::Pending,
                Some("source or target does not exist".to_owned()),
            ),
        }
    }
}

/// One reviewer's latest word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// Who reviewed.
    pub reviewer: String,
    /// What was decided.
    pub decision: ReviewDecision,
    /// The head that was reviewed; an approval of an earlier head does not count.
    pub source_sha: String,
    /// In the reviewer's words.
    pub body: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Review {
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.decision == other.decision
            && self.source_sha == other.source_sha
            && self.body == other.body
    }
}

/// What is known of a commit that heads a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Stable name: policies demand checks by it.
    pub name: String,
    /// What it came to.
    pub state: CheckState,
    /// The commit that was checked.
    pub sha: String,
    /// One line that says more.
    pub detail: Option<String>,
    /// The build that it came from.
    pub build_id: Option<BuildId>,
    /// When it came to this.
    pub at: DateTime<Utc>,
}

impl Check {
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.sha == other.sha && self.state == other.state && self.detail == other.detail
    }

    /// Whether this one replaces `other`; builds of one commit may be announced in any order.
    pub(crate) fn supersedes(&self, other: &Self) -> bool {
        (self.at, self.build_id) > (other.at, other.build_id)
    }
}

/// A check, kept beside the pull requests as its commit may become a head later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeadCheck {
    pub(crate) meta: Meta,
    pub(crate) repository_id: RepositoryId,
    pub(crate) check: Check,
}

impl HeadCheck {
    pub(crate) fn id(repository: RepositoryId, sha: &str, name: &str) -> String {
        format!("{repository}/{sha}/{name}")
    }
}

/// A merge that was decided: with the pull request, all that the commit is made from, so that
/// whoever finishes it makes the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MergeIntent {
    /// Who decided it.
    pub actor: String,
    /// When; the commit carries this time.
    pub at: DateTime<Utc>,
    /// Message of the merge or squash commit, without trailers.
    pub message: String,
    /// Trace of the request.
    pub trace_id: String,
    /// Workflow of the request.
    pub correlation_id: String,
}

/// What was found at the Git host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) source_sha: String,
    pub(crate) target_sha: String,
    pub(crate) mergeability: Mergeability,
    pub(crate) conflict_paths: Vec<String>,
    pub(crate) checks: Vec<Check>,
}

/// At most `max` characters of a text from another service.
pub(crate) fn cut(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}
