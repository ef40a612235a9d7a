//! What happens while an operation runs, in the shape of Pulumi's engine events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::plan::{DiffKind, PropertyDiff};
use crate::spec::Properties;

/// One event. As JSON it is `{sequence, timestamp, <name>Event: {…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngineEvent {
    /// Grows by one with every event of an operation, from 1; goes on after an interruption.
    pub sequence: u64,
    /// When, in seconds since 1970.
    pub timestamp: i64,
    /// What.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EventBody {
    /// The operation begins: `{config}`.
    PreludeEvent(Value),
    /// A step begins: `{metadata, planning}`.
    ResourcePreEvent(StepEvent),
    /// A step is done: `{metadata, planning}`.
    ResOutputsEvent(StepEvent),
    /// A step failed: `{metadata, status, steps}`.
    ResOpFailedEvent(FailedEvent),
    /// A message for people: `{urn, prefix, message, color, severity}`.
    DiagnosticEvent(Diagnostic),
    /// The operation ended: `{maybeCorrupt, durationSeconds, resourceChanges, isPreview}`.
    SummaryEvent(Summary),
}

/// A step in an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEvent {
    /// The step.
    pub metadata: StepMetadata,
    /// Whether it is only planned.
    pub planning: bool,
}

/// A failed step in an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedEvent {
    /// The step.
    pub metadata: StepMetadata,
    /// 0; kept for the shape.
    pub status: i32,
    /// Number of steps taken so far.
    pub steps: usize,
}

/// A message for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The resource that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urn: Option<String>,
    /// The message.
    pub message: String,
    /// `never`: there is no colour in the message.
    pub color: String,
    /// `info`, `warning` or `error`.
    pub severity: String,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Whether operations are pending of which it is not known whether they happened.
    pub maybe_corrupt: bool,
    /// Whole seconds.
    pub duration_seconds: u64,
    /// Number of resources by what was done to them.
    pub resource_changes: BTreeMap<String, usize>,
    /// Always false here.
    pub is_preview: bool,
}

/// A step as events show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepMetadata {
    /// `same`, `create`, `update`, `delete`, `create-replacement`, `delete-replaced` or `refresh`.
    pub op: String,
    /// URN of the resource.
    pub urn: String,
    /// Its type token.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its properties before.
    pub old: Option<Value>,
    /// Its properties afterwards.
    pub new: Option<Value>,
    /// Names of the properties that differ.
    #[serde(default)]
    pub diffs: Vec<String>,
    /// How they differ.
    #[serde(default)]
    pub detailed_diff: BTreeMap<String, EventDiff>,
}

/// How one property differs, under the name that events use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventDiff {
    /// In which way.
    pub diff_kind: DiffKind,
    /// Whether what is declared differs.
    pub input_diff: bool,
}

impl StepMetadata {
    pub(crate) fn new(
        op: &str,
        urn: &str,
        old: Option<&Properties>,
        new: Option<&Properties>,
        diffs: &BTreeMap<String, PropertyDiff>,
    ) -> Self {
        let shown = |inputs: &Properties| json!({ "inputs": inputs });
        let detail = |diff: &PropertyDiff| EventDiff {
            diff_kind: diff.kind,
            input_diff: diff.input_diff,
        };
        Self {
            op: op.to_owned(),
            urn: urn.to_owned(),
            kind: urn.split("::").nth(2).unwrap_or_default().to_owned(),
            old: old.map(shown),
            new: new.map(shown),
            diffs: diffs.keys().cloned().collect(),
            detailed_diff: diffs
                .iter()
                .map(|(key, diff)| (key.clone(), detail(diff)))
                .collect(),
        }
    }
}

/// Where events go while an operation runs. Called in order from one thread; must not block long.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn event(&self, event: &EngineEvent);
}

/// Takes events and forgets them; they stand in the stack's history all the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSink;

impl EventSink for NoSink {
    fn event(&self, _: &EngineEvent) {}
}
