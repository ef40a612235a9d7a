//! After an interruption: what is known, what can be found out, and the rest.

use crate::error::Result;
use crate::kinds::{self, Target, World};
use crate::plan::{Half, Op, acts, kind_of};
use crate::port::StepFailure;
use crate::state::{State, StateResource, name_of};

use super::fold::{conclude, fold};
use super::journal::{self, Journal};
use super::{Session, files};

/// The state, with an operation that was interrupted brought to its end as it stands: what was done
/// is on record, what was not is not, and its plan counts as failed.
pub(super) fn settle(session: &Session<'_>) -> Result<State> {
    let limits = &session.inner.limits;
    let base = files::read_state(&session.folder, limits.max_state_bytes)?;
    let Some(mut journal) = Journal::read(&session.folder, limits.max_state_bytes)? else {
        return Ok(base);
    };
    if base.deployment.metadata.journal.as_ref() == Some(&journal.header.id) {
        journal::remove(&session.folder)?;
        return Ok(base);
    }
    look(&session.world, &base, &mut journal);
    let acts = acts(&journal.header.plan, &base);
    if journal.done.len() < acts.len() && journal.failure.is_none() {
        let next = (0..acts.len()).find(|index| !journal.done.contains_key(index));
        let step = next.map(|index| &journal.header.plan.steps[acts[index].step]);
        journal.failure = step.map(|step| StepFailure {
            urn: step.urn.clone(),
            message: "the operation was interrupted before this step was done".to_owned(),
            retryable: true,
        });
    }
    let mut state = fold(&base, &journal);
    conclude(&mut state, &journal, &acts);
    files::write_state(&session.folder, &state, limits.max_state_bytes)?;
    journal::remove(&session.folder)?;
    Ok(state)
}

/// Finds out whether the act that was begun last was done. Where it cannot be told, it stays open.
fn look(world: &World, base: &State, journal: &mut Journal) {
    let Some((index, Some(resource))) = journal.open.clone() else {
        return;
    };
    let plan = &journal.header.plan;
    let acts = acts(plan, base);
    let Some(act) = acts.get(index) else { return };
    let step = &plan.steps[act.step];
    let Some(kind) = kind_of(&step.urn) else {
        return;
    };
    let target = Target::new(&plan.stack, kind, name_of(&step.urn));
    let recorded = match act.half {
        Half::Delete => step.old.as_ref(),
        Half::Make => Some(&resource.inputs),
    };
    let Some(seen) = recorded.and_then(|recorded| kinds::observe(world, &target, recorded).ok())
    else {
        return;
    };
    match (act.half, seen) {
        (Half::Delete, None) => finish(journal, index, None),
        (Half::Delete, Some(_)) => journal.open = None,
        (Half::Make, Some(inputs)) if inputs == resource.inputs => {
            finish(journal, index, Some(resource));
        }
        (Half::Make, seen) if step.op == Op::Update => {
            // Not, or in part: what is there is what the next plan must start from.
            let inputs = seen.unwrap_or_default();
            let old = base.find(&step.urn).cloned();
            journal.open = None;
            if let Some(old) = old.filter(|old| !inputs.is_empty() && old.inputs != inputs) {
                journal.partial = Some(StateResource { inputs, ..old });
            }
        }
        // Something is there that is not what was to be made, or nothing: the next attempt finds out.
        (Half::Make, _) => {}
    }
}

fn finish(journal: &mut Journal, index: usize, resource: Option<StateResource>) {
    journal.open = None;
    journal.done.insert(index, resource);
}
