//! What the pipeline generator refuses or fails with.

use sluice_git_host::GitHostError;
use sluice_kernel::{AnyFault, Denied};
use sluice_schema::fault_of;
use sluice_store::StoreError;

use crate::module_yaml::Finding;

/// A refusal or failure of the pipeline generator.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
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
    #[error("no such pipeline definition")]
    NotFound,
    /// There is no such repository, or none that the caller may know of.
    #[error("no such repository")]
    RepositoryNotFound,
    /// The repository has no such branch.
    #[error("the repository has no branch '{0}'")]
    BranchNotFound(String),
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: &'static str,
        /// The rule.
        rule: String,
    },
    /// The repository is archived, or not provisioned yet.
    #[error("the repository takes no changes")]
    NotWritable,
    /// `module.yaml` is missing or wrong at the commit.
    #[error("module.yaml does not describe a module at this commit")]
    InvalidPipeline {
        /// Everything that is wrong; not empty.
        findings: Vec<Finding>,
    },
    /// The repository kept changing while the command was carried out.
    #[error("the repository kept changing meanwhile; try again")]
    Contended,
    /// The event could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

impl PipelineError {
    pub(crate) fn invalid(field: &'static str, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            rule: rule.into(),
        }
    }

    fn own_findings(&self) -> Vec<sluice_kernel::Finding> {
        match self {
            Self::InvalidPipeline { findings } => findings.iter().map(Into::into).collect(),
            _ => Vec::new(),
        }
    }
}

impl From<&Finding> for sluice_kernel::Finding {
    fn from(found: &Finding) -> Self {
        Self {
            file: found.file.clone(),
            line: Some(found.line),
            rule: found.rule.clone(),
            message: found.message.clone(),
        }
    }
}

fault_of! { PipelineError:
    wraps [Denied, Store, Git, Directory],
    Self::NotFound => NotFound,
    Self::RepositoryNotFound => NotFound at "repositoryId",
    Self::BranchNotFound(_) => NotFound at "branch",
    Self::Invalid { field, .. } => InvalidInput at *field,
    Self::NotWritable => FailedPrecondition,
    Self::InvalidPipeline { .. } => InvalidPipeline,
    Self::Contended => VersionConflict,
    Self::Event(_) => Internal,
}
