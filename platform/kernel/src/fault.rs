//! What an error says about itself, whichever service it comes from.

use serde::{Deserialize, Serialize};
use sluice_schema::ErrorCode;

/// One place in the input or in the content that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// File that it stands in.
    pub file: String,
    /// Line, from 1, when known.
    pub line: Option<u32>,
    /// Stable kebab-case name of the rule.
    pub rule: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// An error that the edge can answer with: every service's error type implements it.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// The code in the answer.
    fn code(&self) -> ErrorCode;

    /// The input field that breaks a rule, as `a.b[0].c`, when one does.
    fn field(&self) -> Option<String> {
        None
    }

    /// Places that break rules, when there are several.
    fn findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}

/// Any service's error, at the edge.
pub type BoxFault = Box<dyn Fault>;

impl<F: Fault> From<F> for BoxFault {
    fn from(fault: F) -> Self {
        Box::new(fault)
    }
}

/// The text for the caller: an error of the system shows no detail.
pub fn public_message(fault: &dyn Fault) -> String {
    match fault.code() {
        ErrorCode::Internal => {
            "an unexpected fault; the log holds it under the trace id".to_owned()
        }
        ErrorCode::Unavailable => "a store or provider does not answer at the moment".to_owned(),
        _ => fault.to_string(),
    }
}
