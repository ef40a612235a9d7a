//! The port.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::event::EventSink;
use crate::plan::{Op, Operation, Plan, PropertyDiff};
use crate::program::Program;
use crate::stack::StackId;
use crate::state::State;

/// Brings stacks to what programs declare.
///
/// One operation works on a stack at a time, across processes. Every operation may be called again
/// after an interruption; its effect is the same as if it had run once. Dropping a call does not
/// stop it: what was begun is brought to an end.
#[async_trait]
pub trait InfrastructureEngine: Send + Sync {
    /// Compares a program with the state of its stack. Changes nothing but what an interrupted
    /// operation left open. Resources that were changed by others are seen after a
    /// [`refresh`](Self::refresh).
    ///
    /// # Errors
    /// `NotConfigured`, `Locked`, `Corrupt`, `Io`.
    async fn plan(&self, program: &Program) -> Result<Plan>;

    /// What deleting everything would do.
    ///
    /// # Errors
    /// `Locked`, `Corrupt`, `Io`.
    async fn plan_destroy(&self, stack: &StackId) -> Result<Plan>;

    /// Does what a plan says. `program` is the one that an update was planned from, which brings
    /// contents and secrets; a destroy needs none. A step that fails ends the operation, which is an
    /// outcome and no error. A plan that was applied already is answered with what came of it, and
    /// one that was interrupted is continued.
    ///
    /// # Errors
    /// `Stale`, `Protected` (nothing was done), `Locked`, `Corrupt`, `Io`, `Interrupted`.
    async fn apply(
        &self,
        plan: &Plan,
        program: Option<&Program>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Applied>;

    /// Compares the state with what is there, takes the differences over into the state, and tells
    /// them. The next plan then brings back what is declared.
    ///
    /// # Errors
    /// `Locked`, `Corrupt`, `Io`.
    async fn refresh(&self, stack: &StackId, sink: Arc<dyn EventSink>) -> Result<Refreshed>;

    /// Plans to delete everything and does it.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    async fn destroy(&self, stack: &StackId, sink: Arc<dyn EventSink>) -> Result<Applied> {
        let plan = self.plan_destroy(stack).await?;
        self.apply(&plan, None, sink).await
    }

    /// The state, steps of a running or interrupted operation included, which may be pending. It is
    /// the document that Pulumi calls an export.
    ///
    /// # Errors
    /// `Corrupt`, `Io`.
    async fn state(&self, stack: &StackId) -> Result<State>;

    /// The operations of a stack, newest first, at most `limit`.
    ///
    /// # Errors
    /// `Io`.
    async fn history(&self, stack: &StackId, limit: usize) -> Result<Vec<HistoryEntry>>;
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The step that failed; None when all went well.
    pub failure: Option<StepFailure>,
    /// Number of resources by what was done to them, the failed one left out.
    pub changes: BTreeMap<Op, usize>,
    /// Serial of the state afterwards.
    pub serial: u64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

impl Outcome {
    /// Whether all went well.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.failure.is_none()
    }
}

/// The step that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepFailure {
    /// URN of the resource.
    pub urn: String,
    /// Why, for people; names no absolute path and shows no secret.
    pub message: String,
    /// Whether the same may succeed later: a server or the storage failed.
    pub retryable: bool,
}

/// What came of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// How it ended.
    pub outcome: Outcome,
    /// The outputs of the stack.
    pub outputs: BTreeMap<String, String>,
    /// Whether the plan had been applied before, so that nothing was done.
    pub replayed: bool,
}

/// What a refresh found.
#[derive(Debug, Clone, PartialEq)]
pub struct Refreshed {
    /// The resources that differ from the state, in its order.
    pub drifts: Vec<Drift>,
    /// Serial of the state afterwards.
    pub serial: u64,
}

/// A resource that someone else changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Its URN.
    pub urn: String,
    /// What was found.
    pub change: DriftChange,
    /// The properties that differ; empty for one that is gone or could not be read.
    pub diffs: BTreeMap<String, PropertyDiff>,
}

/// What was found of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DriftChange {
    /// It is gone, or something else is in its place.
    Missing,
    /// It has other properties.
    Modified,
    /// It could not be looked at; the state keeps it as it was.
    Unreadable {
        /// Why, for people.
        message: String,
    },
}

/// One operation in the history of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// Names the events: `<serial before>-<operation>-<id>`.
    pub id: String,
    /// What it did.
    pub operation: Operation,
    /// Serial of the state before it.
    pub serial: u64,
}
