//! What the commit service refuses or fails with.

use sluice_git_host::GitHostError;
use sluice_kernel::{AnyFault, Denied, Finding};
use sluice_schema::fault_of;
use sluice_store::StoreError;

/// A refusal or failure of the commit service.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The Git host refused or failed.
    #[error(transparent)]
    Git(#[from] GitHostError),
    /// Another service refused or failed.
    #[error(transparent)]
    Directory(#[from] AnyFault),
    /// There is none, or none that the caller may know of.
    #[error("no such commit")]
    NotFound,
    /// There is no such repository, or none that the caller may know of.
    #[error("no such repository")]
    RepositoryNotFound,
    /// The repository has no such branch.
    #[error("the repository has no branch '{branch}'")]
    BranchNotFound {
        /// The branch.
        branch: String,
    },
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field, as `a.b[0]`.
        field: String,
        /// The rule.
        rule: String,
    },
    /// The content holds secrets; nothing was written.
    #[error("the content holds {}; nothing was written", places(findings.len()))]
    Secrets {
        /// Path, line and rule of each; never the secret.
        findings: Vec<Finding>,
    },
    /// The branch changes only through pull requests.
    #[error("the branch '{branch}' is protected; it changes only through pull requests")]
    Protected {
        /// The branch.
        branch: String,
    },
    /// The repository is archived, or not provisioned yet.
    #[error("the repository takes no changes")]
    NotWritable,
    /// The branch has a commit of this artifact with another content.
    #[error("the branch has a commit of the artifact '{artifact_id}' with another content")]
    ArtifactTaken {
        /// The artifact.
        artifact_id: String,
    },
    /// The branch is not where the caller expects it.
    #[error("the branch stands at {actual}, not at the expected head")]
    HeadMoved {
        /// Where it stands.
        actual: String,
    },
    /// The branch has this content already, and no recorded commit brought it.
    #[error("nothing changes: the branch has this content already")]
    NothingChanges,
    /// The branch moved, and what came meanwhile conflicts with the change.
    #[error("the branch moved meanwhile, and the change conflicts with what came")]
    Conflicts {
        /// The paths in conflict.
        paths: Vec<String>,
    },
    /// The branch was deleted before the commit stood on it.
    #[error("the branch was deleted meanwhile")]
    BranchGone,
    /// The commit was given up; the branch never had it.
    #[error("the commit was not made: {reason}")]
    Failed {
        /// Why.
        reason: String,
    },
    /// The branch does not have the commit, so that there is nothing to read.
    #[error("the branch does not have the commit")]
    NotCreated,
    /// The scan for secrets was cut off.
    #[error("the scan of the content was cut off")]
    Interrupted(#[from] tokio::task::JoinError),
    /// The branch kept moving while the command was carried out.
    #[error("the branch kept moving meanwhile; try again")]
    Contended,
    /// The default branch's history is long; the recovery loop goes on with it.
    #[error("the history of the default branch is still being told; try again")]
    HistoryBehind,
    /// The event could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

fn places(count: usize) -> String {
    match count {
        1 => "a line that looks like a secret".to_owned(),
        more => format!("{more} lines that look like secrets"),
    }
}

impl CommitError {
    pub(crate) fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            rule: rule.into(),
        }
    }

    fn own_findings(&self) -> Vec<Finding> {
        match self {
            Self::Secrets { findings } => findings.clone(),
            Self::Conflicts { paths } => paths.iter().map(|path| conflict(path)).collect(),
            _ => Vec::new(),
        }
    }
}

fn conflict(path: &str) -> Finding {
    Finding {
        file: path.to_owned(),
        line: None,
        rule: "merge-conflict".to_owned(),
        message: "changed here and on the branch".to_owned(),
    }
}

fault_of! { CommitError:
    wraps [Denied, Store, Git, Directory],
    Self::NotFound => NotFound,
    Self::RepositoryNotFound => NotFound at "repositoryId",
    Self::BranchNotFound { .. } => NotFound at "branch",
    Self::Invalid { field, .. } => InvalidInput at field.clone(),
    Self::Secrets { .. } => SecretDetected at "changes",
    Self::Protected { .. } => BranchProtected at "branch",
    Self::NotWritable | Self::BranchGone | Self::NotCreated | Self::Failed { .. } => FailedPrecondition,
    Self::ArtifactTaken { .. } => Conflict at "artifactId",
    Self::HeadMoved { .. } => VersionConflict at "expectedHead",
    Self::NothingChanges => InvalidInput at "changes",
    Self::Conflicts { .. } => MergeConflict,
    Self::Contended => VersionConflict,
    Self::HistoryBehind => Unavailable,
    Self::Event(_) | Self::Interrupted(_) => Internal,
}
