//! Doing what a plan says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;

use crate::error::{EngineError, Result, StaleCause, StepError};
use crate::event::{
    Diagnostic, EventBody, EventSink, FailedEvent, StepEvent, StepMetadata, Summary,
};
use crate::kinds::{self, Target, Wanted};
use crate::plan::{self, Act, Half, Op, Operation, Plan, Step, acts, kind_of};
use crate::port::{Applied, Outcome, StepFailure};
use crate::program::Program;
use crate::spec::{Resource, outputs};
use crate::state::{State, StateResource, name_of};

use super::fold::{conclude, fold};
use super::history::{self, Recorder};
use super::journal::{self, Header, Journal, Line, Writer};
use super::settle::settle;
use super::{Inner, Session, files};

pub(super) fn apply(
    inner: &Inner,
    plan: &Plan,
    program: Option<&Program>,
    sink: Arc<dyn EventSink>,
) -> Result<Applied> {
    check(plan, program)?;
    let session = inner.session(&plan.stack)?;
    let most = inner.limits.max_state_bytes;
    let open = Journal::read(&session.folder, most)?;
    let base = files::read_state(&session.folder, most)?;
    let unfolded =
        |journal: &Journal| base.deployment.metadata.journal.as_ref() != Some(&journal.header.id);
    let ours = |journal: &Journal| journal.header.plan.digest == plan.digest;
    let (base, journal) = match open.filter(unfolded).filter(ours) {
        Some(journal) if values_hold(inner, plan, program) => (base, Some(journal)),
        _ => (settle(&session)?, None),
    };
    if journal.is_none() {
        if let Some(applied) = replayed(&base, plan) {
            return Ok(applied);
        }
        fresh(inner, plan, program, &base)?;
    }
    Run::open(&session, plan, program, base, journal, sink)?.finish()
}

/// What can be said without looking at the stack.
fn check(plan: &Plan, program: Option<&Program>) -> Result<()> {
    let stale = |cause| Err(EngineError::Stale { cause });
    if plan.digest != plan.compute_digest() {
        return Err(EngineError::InvalidInput {
            field: "plan",
            rule: "does not have the digest that it gives: it was altered",
        });
    }
    match (plan.operation, program) {
        (Operation::Update, Some(program)) if program.stack != plan.stack => {
            stale(StaleCause::Stack)
        }
        (Operation::Update, Some(program)) => {
            match plan.program_digest.as_ref() == Some(&program.digest) {
                true => Ok(()),
                false => stale(StaleCause::Program),
            }
        }
        (Operation::Destroy, _) => Ok(()),
        _ => Err(EngineError::InvalidInput {
            field: "program",
            rule: "must be the one that the update was planned from",
        }),
    }
}

fn replayed(base: &State, plan: &Plan) -> Option<Applied> {
    let last = base.deployment.metadata.last_applied.as_ref()?;
    (last.plan_digest == plan.digest).then(|| Applied {
        outcome: last.outcome.clone(),
        outputs: base.outputs(),
        replayed: true,
    })
}

/// Whether the plan may be begun.
fn fresh(inner: &Inner, plan: &Plan, program: Option<&Program>, base: &State) -> Result<()> {
    if plan.state_serial != base.serial() {
        let (planned, actual) = (plan.state_serial, base.serial());
        let cause = StaleCause::State { planned, actual };
        return Err(EngineError::Stale { cause });
    }
    let again = match program {
        Some(program) if plan.operation == Operation::Update => inner.compare(program, base),
        _ => plan::destroy(&plan.stack, base),
    };
    if again.digest != plan.digest {
        let cause = StaleCause::Values;
        return Err(EngineError::Stale { cause });
    }
    match plan.protected() {
        urns if urns.is_empty() => Ok(()),
        urns => Err(EngineError::Protected { urns }),
    }
}

/// Whether the program still gives what the interrupted plan holds: secrets may have changed.
fn values_hold(inner: &Inner, plan: &Plan, program: Option<&Program>) -> bool {
    let Some(program) = program else { return true };
    program.resources.iter().all(|one| {
        let urn = plan.stack.urn(one.kind, &one.name);
        let inputs = one.inputs(&inner.seal, &plan::mark(&plan.stack, one.kind, &one.name));
        let step = plan
            .steps
            .iter()
            .find(|step| step.urn == urn && step.op != Op::Delete);
        step.is_some_and(|step| step.new.as_ref() == Some(&inputs))
    })
}

/// A plan being applied.
struct Run<'r> {
    session: &'r Session<'r>,
    plan: &'r Plan,
    resources: BTreeMap<String, &'r Resource>,
    base: State,
    acts: Vec<Act>,
    journal: Journal,
    writer: Writer,
    recorder: Recorder,
    began: Instant,
}

impl<'r> Run<'r> {
    fn open(
        session: &'r Session<'r>,
        plan: &'r Plan,
        program: Option<&'r Program>,
        base: State,
        journal: Option<Journal>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Self> {
        let resuming = journal.is_some();
        let journal = journal.unwrap_or_else(|| {
            Journal::new(Header {
                id: session.inner.new_id(),
                plan: plan.clone(),
                outputs: program
                    .map(|program| program.outputs.clone())
                    .unwrap_or_default(),
                started_at: Utc::now(),
            })
        });
        let id = &journal.header.id;
        let serial = plan.state_serial;
        let mut recorder = Recorder::open(&session.folder, plan.operation, serial, id, sink)?;
        let writer = if resuming {
            Writer::resume(&session.folder, session.inner.limits.max_state_bytes)?
        } else {
            let writer = Writer::start(&session.folder, &journal.header)?;
            recorder.record(EventBody::PreludeEvent(serde_json::json!({ "config": {} })))?;
            writer
        };
        session.inner.point()?;
        let resources = program.map(|program| {
            let named = program.resources.iter();
            named
                .map(|one| (plan.stack.urn(one.kind, &one.name), one))
                .collect()
        });
        Ok(Self {
            session,
            plan,
            resources: resources.unwrap_or_default(),
            acts: acts(plan, &base),
            base,
            journal,
            writer,
            recorder,
            began: Instant::now(),
        })
    }

    fn finish(mut self) -> Result<Applied> {
        for index in 0..self.acts.len() {
            if self.journal.failure.is_some() {
                break;
            }
            if !self.journal.done.contains_key(&index) {
                self.act(index)?;
            }
        }
        let mut state = fold(&self.base, &self.journal);
        let outcome = conclude(&mut state, &self.journal, &self.acts);
        self.summarise(&outcome, &state)?;
        let session = self.session;
        files::write_state(
            &session.folder,
            &state,
            session.inner.limits.max_state_bytes,
        )?;
        session.inner.point()?;
        journal::remove(&session.folder)?;
        history::prune(&session.folder, session.inner.limits.max_history)?;
        Ok(Applied {
            outputs: state.outputs(),
            outcome,
            replayed: false,
        })
    }

    /// Intent, act, outcome.
    fn act(&mut self, index: usize) -> Result<()> {
        let plan = self.plan;
        let act = self.acts[index];
        let step = &plan.steps[act.step];
        let record = match act.half {
            Half::Make => self.record(step),
            Half::Delete => None,
        };
        let event = StepEvent {
            metadata: metadata(step, act.half),
            planning: false,
        };
        self.recorder
            .record(EventBody::ResourcePreEvent(event.clone()))?;
        let old = self.base.resources().find(|one| plan::goes_with(one, step));
        let resource = record.as_ref().or(old).cloned().map(Box::new);
        let resuming = self.journal.begun.contains(&index) || self.is_pending(&step.urn);
        if step.op != Op::Same {
            self.write(Line::Begin {
                act: index,
                resource,
            })?;
        }
        let done = self.perform(step, act.half, resuming);
        self.session.inner.point()?;
        match done {
            Ok(()) => {
                let resource = record.map(Box::new);
                self.write(Line::End {
                    act: index,
                    resource,
                })?;
                self.recorder.record(EventBody::ResOutputsEvent(event))
            }
            Err(error) => self.failed(index, step, event.metadata, &error),
        }
    }

    fn write(&mut self, line: Line) -> Result<()> {
        self.writer.write(&line)?;
        self.journal.take(line);
        self.session.inner.point()
    }

    fn is_pending(&self, urn: &str) -> bool {
        let pending = &self.base.deployment.pending_operations;
        pending.iter().any(|one| one.resource.urn == urn)
    }

    fn perform(&self, step: &Step, half: Half, resuming: bool) -> Result<(), StepError> {
        let Some(kind) = kind_of(&step.urn) else {
            // Plans are checked by digest, so this was made by another version.
            return Err(StepError::UnknownKind);
        };
        let target = Target::new(&self.plan.stack, kind, name_of(&step.urn));
        let world = &self.session.world;
        match (half, &step.old, &step.new) {
            (Half::Delete, Some(old), _) => kinds::delete(world, &target, old),
            (Half::Make, _, Some(properties)) if step.op != Op::Same => {
                let resource = self.resources.get(&step.urn);
                let wanted = Wanted {
                    properties,
                    content: resource.and_then(|one| one.content.as_ref()),
                    update: step.op == Op::Update,
                    resuming,
                };
                kinds::make(world, &target, wanted)
            }
            _ => Ok(()),
        }
    }

    /// What will be on record of a resource that is made.
    fn record(&self, step: &Step) -> Option<StateResource> {
        let resource = self.resources.get(&step.urn)?;
        let stack = &self.plan.stack;
        let inputs = step.new.clone()?;
        let old = self.base.find(&step.urn);
        let stays = old.filter(|_| matches!(step.op, Op::Same | Op::Update));
        let now = Utc::now();
        let modified = match (step.op, old) {
            (Op::Same, Some(old)) => old.modified,
            _ => Some(now),
        };
        let urn_of = |name: &String| {
            let found = self.resources.iter().find(|(_, one)| one.name == *name);
            found.map(|(urn, _)| urn.clone())
        };
        let mut outs = outputs(resource.kind, &inputs, stack);
        outs.extend(resource.outputs(stack));
        Some(StateResource {
            urn: step.urn.clone(),
            custom: true,
            id: Some(resource.location().to_owned()),
            kind: resource.kind.type_token().to_owned(),
            inputs,
            outputs: outs,
            parent: Some(stack.root_urn()),
            protect: resource.protect,
            delete: false,
            dependencies: resource.depends_on.iter().filter_map(urn_of).collect(),
            created: stays.and_then(|old| old.created).or(Some(now)),
            modified,
        })
    }

    fn failed(
        &mut self,
        act: usize,
        step: &Step,
        metadata: StepMetadata,
        error: &StepError,
    ) -> Result<()> {
        tracing::warn!(stack = %self.plan.stack, urn = %step.urn, error = ?error, "a step failed");
        let message = error.to_string();
        let failure = StepFailure {
            urn: step.urn.clone(),
            message: message.clone(),
            retryable: error.retryable(),
        };
        self.write(Line::Failed { act, failure })?;
        let steps = self.journal.done.len();
        self.recorder
            .record(EventBody::DiagnosticEvent(Diagnostic {
                urn: Some(step.urn.clone()),
                message,
                color: "never".to_owned(),
                severity: "error".to_owned(),
            }))?;
        let status = 0;
        self.recorder
            .record(EventBody::ResOpFailedEvent(FailedEvent {
                metadata,
                status,
                steps,
            }))
    }

    fn summarise(&mut self, outcome: &Outcome, state: &State) -> Result<()> {
        let changes = outcome.changes.iter();
        self.recorder.record(EventBody::SummaryEvent(Summary {
            maybe_corrupt: !state.deployment.pending_operations.is_empty(),
            duration_seconds: self.began.elapsed().as_secs(),
            resource_changes: changes
                .map(|(op, count)| (op.as_str().to_owned(), *count))
                .collect(),
            is_preview: false,
        }))
    }
}

fn metadata(step: &Step, half: Half) -> StepMetadata {
    let op = match (half, step.op) {
        (Half::Delete, Op::Replace) => "delete-replaced",
        (Half::Make, Op::Replace) => "create-replacement",
        (_, op) => op.as_str(),
    };
    let new = step.new.as_ref().filter(|_| half == Half::Make);
    StepMetadata::new(op, &step.urn, step.old.as_ref(), new, &step.diffs)
}
