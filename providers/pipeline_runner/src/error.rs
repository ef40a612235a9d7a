//! Everything that can go wrong, as types.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The rule that a [`Finding`] breaks. Serialised in kebab-case, for example `unknown-key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The text is not well-formed YAML.
    YamlSyntax,
    /// The text is larger, deeper or has more nodes than allowed.
    YamlLimit,
    /// A YAML feature that Azure Pipelines does not read: anchors, aliases, complex keys.
    YamlFeature,
    /// A `${{ }}` expression, which needs template expansion.
    TemplateExpression,
    /// A construct of Azure Pipelines that this runner does not run.
    Unsupported,
    /// A key that does not belong here.
    UnknownKey,
    /// A key that must be present is not.
    MissingKey,
    /// A value of the wrong shape, such as a list where text belongs.
    InvalidType,
    /// A value of the right shape that is out of range or not one of the choices.
    InvalidValue,
    /// An identifier with other characters than letters, digits and `_`.
    InvalidName,
    /// Two things of one kind and scope share a name.
    DuplicateName,
    /// `dependsOn` names nothing in scope.
    UnknownDependency,
    /// `dependsOn` leads back to itself.
    DependencyCycle,
    /// A condition or `$[ ]` expression that cannot be parsed.
    InvalidExpression,
    /// More stages, jobs, steps or variables than allowed.
    TooMany,
}

/// One reason why a pipeline cannot run, with the place in the YAML text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Line in the text, from 1.
    pub line: u32,
    /// Column in the line in characters, from 1.
    pub column: u32,
    /// Where in the structure, for example `stages[0].jobs[1].steps[2]`; empty for the root.
    pub path: String,
    /// The rule that is broken.
    pub rule: Rule,
    /// What is wrong, in one sentence.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// The pipeline was refused before anything ran.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the pipeline cannot run: {} finding(s), first {}", findings.len(), first(findings))]
pub struct PlanError {
    /// Everything that is wrong, ordered by place; never empty.
    pub findings: Vec<Finding>,
}

fn first(findings: &[Finding]) -> String {
    findings
        .first()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// The sources could not be placed in the work folder.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CheckoutError {
    /// What failed, fit to be shown in the log of the step.
    pub message: String,
}

/// The observer no longer wants this run, for example because its lease was taken over.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the observer of the run is gone: {reason}")]
pub struct ObserverGone {
    /// Why, for the operator's log.
    pub reason: String,
}

/// The runner could not do its work; says nothing about the pipeline's own outcome.
#[derive(Debug, Error)]
pub enum RunnerError {
    /// A field of the request breaks its rule.
    #[error("{field}: {rule}")]
    InvalidRequest {
        /// Name of the field of [`crate::RunRequest`].
        field: &'static str,
        /// The rule in words.
        rule: String,
    },
    /// The work folder of this run id exists already: reap it first.
    #[error("the run {run_id} already has a work folder")]
    AlreadyExists {
        /// The run.
        run_id: String,
    },
    /// The run is in progress in this process, so it cannot be reaped.
    #[error("the run {run_id} is still in progress")]
    StillRunning {
        /// The run.
        run_id: String,
    },
    /// The observer gave up the run; its processes are gone.
    #[error(transparent)]
    ObserverGone(#[from] ObserverGone),
    /// The disk refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried, for example `create the work folder`.
        action: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl RunnerError {
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}
