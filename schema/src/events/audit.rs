//! What was refused: for audit, never with the content of the request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A command was refused by the domain or for want of rights.
///
/// It holds no values of the input: names of fields and ids alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandRefused {
    /// What it was about: the id that the command named, else the project that it was recorded
    /// under.
    pub subject_id: String,
    /// The command, as the mutation is named: `mergePullRequest`.
    pub command: String,
    /// The error code.
    pub code: String,
    /// The input field that the refusal names.
    pub field: Option<String>,
    /// Codes of the blockers that stood in the way.
    pub blockers: Vec<String>,
    /// How many refusals of the same actor before this one were left out, because there were too
    /// many within a minute.
    #[serde(default)]
    pub omitted: u64,
}

impl crate::EventPayload for CommandRefused {
    const TYPE: &'static str = "CommandRefused";
    const SUBJECT: &'static str = "Command";
    fn subject_id(&self) -> String {
        self.subject_id.clone()
    }
}
