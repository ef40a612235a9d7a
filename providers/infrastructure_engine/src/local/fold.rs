//! State and journal together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Utc;

use crate::plan::{Act, Half, Op, Operation, Step, acts, goes_with};
use crate::port::Outcome;
use crate::program::topological;
use crate::state::{LastApplied, PendingOperation, State, StateResource};

use super::journal::Journal;

/// The state as it is after what the journal says was done. The same journal gives the same state.
pub(super) fn fold(base: &State, journal: &Journal) -> State {
    let plan = &journal.header.plan;
    let acts = acts(plan, base);
    let mut there: Vec<StateResource> = base.resources().cloned().collect();
    for (act, record) in &journal.done {
        if let Some(act) = acts.get(*act) {
            note(&mut there, *act, record.as_ref(), journal);
        }
    }
    if let Some(found) = &journal.partial {
        let live = |one: &&mut StateResource| one.urn == found.urn && !one.delete;
        if let Some(old) = there.iter_mut().find(live) {
            *old = found.clone();
        }
    }
    let complete = journal.failure.is_none() && journal.done.len() == acts.len();
    let mut state = base.clone();
    let outputs = match (complete, plan.operation) {
        (true, Operation::Update) => journal.header.outputs.clone(),
        (true, _) => BTreeMap::new(),
        (false, _) => base.outputs(),
    };
    state.set_resources(&plan.stack, ordered(there, journal), outputs);
    state.deployment.pending_operations = pending(base, &acts, journal);
    let unchanged = state.same_resources(base)
        && state.deployment.pending_operations == base.deployment.pending_operations;
    let metadata = &mut state.deployment.metadata;
    metadata.journal = Some(journal.header.id.clone());
    // A failure makes the plan stale too: what led to it may be gone when it is planned again.
    if !unchanged || journal.failure.is_some() {
        metadata.serial += 1;
    }
    if complete {
        metadata.program_digest = plan.program_digest.clone();
    }
    state
}

/// Takes one act over.
fn note(
    there: &mut Vec<StateResource>,
    act: Act,
    record: Option<&StateResource>,
    journal: &Journal,
) {
    let step = &journal.header.plan.steps[act.step];
    match (act.half, record) {
        (Half::Delete, _) => there.retain(|one| !goes_with(one, step)),
        (Half::Make, Some(record)) => {
            let live = |one: &&mut StateResource| one.urn == record.urn && !one.delete;
            match there.iter_mut().find(live) {
                Some(old) if old.id != record.id => {
                    old.delete = true;
                    there.push(record.clone());
                }
                Some(old) => *old = record.clone(),
                None => there.push(record.clone()),
            }
        }
        (Half::Make, None) => {}
    }
}

/// As declared, and what only waits for its deletion after that; each after its dependencies even
/// when only a part of the plan was done.
fn ordered(mut there: Vec<StateResource>, journal: &Journal) -> Vec<StateResource> {
    let steps = &journal.header.plan.steps;
    there.sort_by_key(|one| {
        let declared = |step: &Step| step.urn == one.urn && step.op != Op::Delete;
        let place = steps.iter().position(declared);
        place.filter(|_| !one.delete).unwrap_or(usize::MAX)
    });
    let edges: Vec<BTreeSet<usize>> = there
        .iter()
        .map(|one| {
            let needed = |other: &StateResource| one.dependencies.contains(&other.urn);
            (0..there.len()).filter(|at| needed(&there[*at])).collect()
        })
        .collect();
    // Old and new dependencies together may make a circle; then there is no better order.
    let Ok(order) = topological(&edges) else {
        return there;
    };
    let mut slots: Vec<Option<StateResource>> = there.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|at| slots[at].take())
        .collect()
}

/// The act of which no end is known, and those of earlier operations that were not made up for.
fn pending(base: &State, acts: &[Act], journal: &Journal) -> Vec<PendingOperation> {
    let steps = &journal.header.plan.steps;
    let settled = |urn: &str| {
        let done = journal.done.keys().filter_map(|index| acts.get(*index));
        done.into_iter().any(|act| steps[act.step].urn == urn)
    };
    let mut pending = base.deployment.pending_operations.clone();
    pending.retain(|one| !settled(&one.resource.urn));
    let open = journal.open.as_ref();
    let Some((index, Some(resource))) = open else {
        return pending;
    };
    let Some(act) = acts.get(*index) else {
        return pending;
    };
    pending.retain(|one| one.resource.urn != resource.urn);
    let op = journal.header.plan.steps[act.step].op;
    let kind = match (act.half, op) {
        (Half::Delete, _) => "deleting",
        (Half::Make, Op::Update) => "updating",
        (Half::Make, _) => "creating",
    };
    let kind = kind.to_owned();
    let resource = resource.clone();
    pending.push(PendingOperation { resource, kind });
    pending
}

/// Puts down how the operation ended.
pub(super) fn conclude(state: &mut State, journal: &Journal, acts: &[Act]) -> Outcome {
    let plan = &journal.header.plan;
    let mut changes = BTreeMap::new();
    for index in journal.done.keys() {
        let Some(act) = acts.get(*index) else {
            continue;
        };
        let op = plan.steps[act.step].op;
        // A replacement has two acts and counts once.
        if op != Op::Replace || act.half == Half::Make {
            *changes.entry(op).or_default() += 1;
        }
    }
    let outcome = Outcome {
        failure: journal.failure.clone(),
        changes,
        serial: state.serial(),
        started_at: journal.header.started_at,
        finished_at: Utc::now(),
    };
    state.deployment.metadata.last_applied = Some(LastApplied {
        plan_digest: plan.digest.clone(),
        operation: plan.operation,
        outcome: outcome.clone(),
    });
    state.deployment.manifest.time = outcome.finished_at;
    outcome
}
