//! What the infrastructure service refuses or fails with.

use sluice_git_host::GitHostError;
use sluice_infrastructure_engine::EngineError;
use sluice_kernel::{AnyFault, Denied, Fault, Finding};
use sluice_schema::{ErrorClass, fault_of, public_message};
use sluice_store::StoreError;

/// A refusal or failure of the infrastructure service.
#[derive(Debug, thiserror::Error)]
pub enum InfrastructureError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The Git host refused or failed.
    #[error(transparent)]
    Git(#[from] GitHostError),
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Another service refused or failed.
    #[error(transparent)]
    Directory(AnyFault),
    /// The secrets could not be read.
    #[error("the secrets could not be read")]
    Secrets(#[source] std::io::Error),
    /// There is none, or none that the caller may know of.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: &'static str,
        /// The rule.
        rule: String,
    },
    /// No module of the release has an `infra.yaml`.
    #[error("{0} declares no infrastructure: there is no infra.yaml at its commit")]
    NothingDeclared(String),
    /// The release is not in the state that the command asks for.
    #[error("the release is {status}; {rule}")]
    Release {
        /// Its status.
        status: String,
        /// What would be right.
        rule: &'static str,
    },
    /// The environment was taken out of the definition.
    #[error("the environment {0} is retired")]
    Retired(String),
    /// There is nothing to delete.
    #[error("{module} has nothing in {environment}")]
    NothingThere {
        /// The module.
        module: String,
        /// The environment.
        environment: String,
    },
    /// The plan ended and cannot be carried out.
    #[error("the plan is {status}{}; plan again", .reason.as_deref().map(|r| format!(": {r}")).unwrap_or_default())]
    Ended {
        /// Its status.
        status: &'static str,
        /// Why.
        reason: Option<String>,
    },
    /// The stack or the program changed since the plan was made.
    #[error("the plan is stale: {0}; plan again")]
    Stale(String),
    /// A step failed; those before it stand.
    #[error("provisioning failed: {reason}")]
    StepFailed {
        /// Why.
        reason: String,
    },
    /// A value could not be written as JSON.
    #[error("a value could not be written")]
    Json(#[from] serde_json::Error),
    /// A worker of this process ended early.
    #[error("the work was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl InfrastructureError {
    pub(crate) fn invalid(field: &'static str, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            rule: rule.into(),
        }
    }

    pub(crate) fn directory(fault: sluice_kernel::BoxFault) -> Self {
        Self::Directory(AnyFault(fault))
    }

    /// Whether the same may succeed later, unchanged.
    pub(crate) fn is_passing(&self) -> bool {
        self.code().class() == ErrorClass::System
            || matches!(self, Self::Store(_) | Self::Directory(_) | Self::Denied(_))
    }

    /// One line, with the first findings when there are any.
    pub(crate) fn in_words(&self) -> String {
        let findings = self.findings();
        let Some(first) = findings.first() else {
            return public_message(self);
        };
        let line = first
            .line
            .map(|line| format!(":{line}"))
            .unwrap_or_default();
        let more = match findings.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        format!("{}{line}: {}{more}", first.file, first.message)
    }

    fn own_findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}

fault_of! { InfrastructureError:
    wraps [Denied, Store, Git, Engine, Directory],
    Self::Secrets(_) => Unavailable,
    Self::NotFound(_) => NotFound,
    Self::Invalid { field, .. } => InvalidInput at *field,
    Self::NothingDeclared(_) | Self::Release { .. } | Self::Retired(_) => FailedPrecondition,
    Self::NothingThere { .. } | Self::Ended { .. } | Self::StepFailed { .. } => FailedPrecondition,
    Self::Stale(_) => StalePlan,
    Self::Json(_) | Self::Interrupted(_) => Internal,
}
