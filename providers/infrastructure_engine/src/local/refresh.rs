//! Comparing the state with what is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Utc;

use crate::error::Result;
use crate::event::{EventBody, EventSink, StepEvent, StepMetadata, Summary};
use crate::kinds::{self, Target};
use crate::plan::{Operation, diff};
use crate::port::{Drift, DriftChange, Refreshed};
use crate::spec::outputs;
use crate::stack::StackId;
use crate::state::StateResource;

use super::history::{self, Recorder};
use super::settle::settle;
use super::{Inner, Session, files};

pub(super) fn refresh(
    inner: &Inner,
    stack: &StackId,
    sink: Arc<dyn EventSink>,
) -> Result<Refreshed> {
    let session = inner.session(stack)?;
    let mut state = settle(&session)?;
    let began = Utc::now();
    let (operation, id) = (Operation::Refresh, inner.new_id());
    let mut recorder = Recorder::open(&session.folder, operation, state.serial(), &id, sink)?;
    recorder.record(EventBody::PreludeEvent(serde_json::json!({ "config": {} })))?;
    let mut drifts = Vec::new();
    let mut kept = Vec::new();
    let mut changes: BTreeMap<String, usize> = BTreeMap::new();
    for mut one in state.resources().cloned() {
        let drift = look(&session, stack, &mut one);
        let gone = matches!(&drift, Some(drift) if drift.change == DriftChange::Missing);
        let op = match (&drift, gone) {
            (_, true) => "delete",
            (Some(_), _) => "update",
            (None, _) => "same",
        };
        *changes.entry(op.to_owned()).or_default() += 1;
        let diffs = drift
            .as_ref()
            .map(|drift| drift.diffs.clone())
            .unwrap_or_default();
        let old = state
            .resources()
            .find(|known| known.urn == one.urn && known.id == one.id);
        let new = (!gone).then_some(&one.inputs);
        let metadata =
            StepMetadata::new("refresh", &one.urn, old.map(|old| &old.inputs), new, &diffs);
        let planning = false;
        recorder.record(EventBody::ResOutputsEvent(StepEvent { metadata, planning }))?;
        drifts.extend(drift);
        kept.extend((!gone).then_some(one));
    }
    let before = state.clone();
    let outputs = state.outputs();
    state.set_resources(stack, kept, outputs);
    if !state.same_resources(&before) {
        state.deployment.metadata.serial += 1;
        state.deployment.manifest.time = Utc::now();
        files::write_state(&session.folder, &state, inner.limits.max_state_bytes)?;
    }
    let seconds = (Utc::now() - began).num_seconds();
    recorder.record(EventBody::SummaryEvent(Summary {
        maybe_corrupt: !state.deployment.pending_operations.is_empty(),
        duration_seconds: seconds.try_into().unwrap_or_default(),
        resource_changes: changes,
        is_preview: false,
    }))?;
    history::prune(&session.folder, inner.limits.max_history)?;
    Ok(Refreshed {
        drifts,
        serial: state.serial(),
    })
}

/// Looks at one resource and takes over what is there.
fn look(session: &Session<'_>, stack: &StackId, one: &mut StateResource) -> Option<Drift> {
    let drift = |change, diffs| {
        let urn = one.urn.clone();
        Some(Drift { urn, change, diffs })
    };
    let kind = one.known_kind()?;
    let target = Target::new(stack, kind, one.name());
    match kinds::observe(&session.world, &target, &one.inputs) {
        Ok(None) => drift(DriftChange::Missing, BTreeMap::new()),
        Ok(Some(seen)) => {
            let diffs = diff(kind, &one.inputs, &seen);
            if diffs.is_empty() {
                return None;
            }
            let drift = drift(DriftChange::Modified, diffs);
            one.outputs = outputs(kind, &seen, stack);
            if let Some(digest) = seen.get("contentDigest").and_then(|digest| digest.as_str()) {
                one.outputs.insert("digest".to_owned(), digest.to_owned());
            }
            one.inputs = seen;
            one.modified = Some(Utc::now());
            drift
        }
        Err(error) => {
            tracing::warn!(%stack, urn = %one.urn, error = ?error, "a resource could not be looked at");
            let message = error.to_string();
            drift(DriftChange::Unreadable { message }, BTreeMap::new())
        }
    }
}
