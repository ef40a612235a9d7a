//! What the pipeline execution service refuses or fails with.

use sluice_git_host::GitHostError;
use sluice_kernel::{AnyFault, BoxFault, Denied, Finding};
use sluice_pipeline_runner::PlanError;
use sluice_schema::fault_of;
use sluice_store::StoreError;
use sluice_test_results::{blob::InvalidKey, logs::LogError};

/// A refusal or failure of the pipeline execution service.
#[derive(Debug, thiserror::Error)]
pub enum PipelineRunError {
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
    Directory(AnyFault),
    /// There is none, or none that the caller may know of.
    #[error("no such pipeline run")]
    NotFound,
    /// There is none, or none that the caller may know of.
    #[error("no such pipeline")]
    PipelineNotFound,
    /// The run has no such step.
    #[error("the run has no step '{0}'")]
    StepNotFound(String),
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: String,
        /// The rule.
        rule: String,
    },
    /// The first attempt of this pipeline and commit has other variables.
    #[error("the commit was run with other variables; retry that run or leave them out")]
    OtherVariables,
    /// The definition cannot run.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The run has ended.
    #[error("the run has ended")]
    Ended,
    /// The run has not ended.
    #[error("the run has not ended")]
    NotEnded,
    /// A run that succeeded is not repeated.
    #[error("the run succeeded")]
    Succeeded,
    /// The commit was tried too often.
    #[error("a commit has at most {0} attempts")]
    TooManyAttempts(u32),
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[source] LogError),
    /// The name of the log is not a key of the blob store.
    #[error("the log has no key")]
    LogKey(#[from] InvalidKey),
    /// The event could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

impl PipelineRunError {
    pub(crate) fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            rule: rule.into(),
        }
    }

    pub(crate) fn directory(fault: BoxFault) -> Self {
        Self::Directory(AnyFault(fault))
    }

    fn own_findings(&self) -> Vec<Finding> {
        match self {
            Self::Plan(error) => plan_findings(error),
            _ => Vec::new(),
        }
    }
}

/// What is wrong with a definition, as findings in its file.
pub(crate) fn plan_findings(error: &PlanError) -> Vec<Finding> {
    let finding = |finding: &sluice_pipeline_runner::Finding| Finding {
        file: "azure-pipelines.yml".to_owned(),
        line: Some(finding.line),
        rule: serde_json::to_value(finding.rule)
            .ok()
            .and_then(|rule| rule.as_str().map(str::to_owned))
            .unwrap_or_default(),
        message: match finding.path.as_str() {
            "" => finding.message.clone(),
            path => format!("{path}: {}", finding.message),
        },
    };
    error.findings.iter().map(finding).collect()
}

fault_of! { PipelineRunError:
    wraps [Denied, Store, Git, Directory],
    Self::NotFound | Self::PipelineNotFound => NotFound,
    Self::StepNotFound(_) => NotFound at "stepId",
    Self::Invalid { field, .. } => InvalidInput at field.as_str(),
    Self::OtherVariables => Conflict at "variables",
    Self::Plan(_) => InvalidPipeline,
    Self::Ended | Self::NotEnded | Self::Succeeded | Self::TooManyAttempts(_) => FailedPrecondition,
    Self::Log(LogError::Blob(_)) => Unavailable,
    Self::Log(_) | Self::LogKey(_) | Self::Event(_) => Internal,
}
