//! What would have to be done: pure comparison of a program with a state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::program::within;
use crate::seal::Seal;
use crate::spec::{Kind, Properties, Resource, location, plain_digest};
use crate::stack::StackId;
use crate::state::{State, StateResource};

/// What an operation does to a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// Brings the stack to what a program declares.
    Update,
    /// Compares the state with what is there.
    Refresh,
    /// Deletes everything.
    Destroy,
}

/// What is done to one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Op {
    /// Nothing.
    Same,
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is deleted and made anew elsewhere.
    Replace,
    /// It is deleted.
    Delete,
}

impl Op {
    /// The word in plans and events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }
}

/// How one property differs; the words are Pulumi's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiffKind {
    /// It is new.
    Add,
    /// It is new, and the resource is replaced for it.
    AddReplace,
    /// It goes.
    Delete,
    /// It goes, and the resource is replaced for it.
    DeleteReplace,
    /// It has another value.
    Update,
    /// It has another value, and the resource is replaced for it.
    UpdateReplace,
}

/// How one property differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PropertyDiff {
    /// In which way.
    pub kind: DiffKind,
    /// Whether what is declared differs; always so here, because outputs follow from inputs.
    pub input_diff: bool,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// URN of the resource.
    pub urn: String,
    /// What is done.
    pub op: Op,
    /// The properties now; None when it is created.
    pub old: Option<Properties>,
    /// The properties afterwards; None when it is deleted.
    pub new: Option<Properties>,
    /// The properties that differ, by name; `protect` among them. Empty for create and delete.
    pub diffs: BTreeMap<String, PropertyDiff>,
    /// Whether the step is refused because the resource is protected.
    pub protected: bool,
}

/// What would be done to a stack. Holds no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// `sha256:` and the hex digest of all that follows.
    pub digest: String,
    /// The stack.
    pub stack: StackId,
    /// What it amounts to.
    pub operation: Operation,
    /// Digest of the program; None for a destroy.
    pub program_digest: Option<String>,
    /// Serial of the state that it was made against.
    pub state_serial: u64,
    /// One step per resource: of the program in its order, then what is deleted, dependents first.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.op == Op::Same)
    }

    /// Number of steps by what they do.
    #[must_use]
    pub fn summary(&self) -> BTreeMap<Op, usize> {
        let mut summary = BTreeMap::new();
        for step in &self.steps {
            *summary.entry(step.op).or_default() += 1;
        }
        summary
    }

    /// URNs of the protected resources that stand in its way.
    #[must_use]
    pub fn protected(&self) -> Vec<String> {
        let refused = self.steps.iter().filter(|step| step.protected);
        refused.map(|step| step.urn.clone()).collect()
    }

    fn sealed(mut self) -> Self {
        self.digest = self.compute_digest();
        self
    }

    /// The digest that its content gives; another one than `digest` means that it was altered.
    pub(crate) fn compute_digest(&self) -> String {
        let whole = json!({
            "stack": self.stack,
            "operation": self.operation,
            "programDigest": self.program_digest,
            "stateSerial": self.state_serial,
            "steps": self.steps,
        });
        plain_digest(whole.to_string().as_bytes())
    }
}

/// The mark that ties things outside to one resource of one stack.
pub(crate) fn mark(stack: &StackId, kind: Kind, name: &str) -> String {
    format!("sluice:{stack}:{}:{name}", kind.as_str())
}

/// Compares a program with a state.
pub(crate) fn update(
    stack: &StackId,
    program_digest: &str,
    resources: &[Resource],
    state: &State,
    seal: &Seal,
) -> Plan {
    let mut steps: Vec<Step> = resources
        .iter()
        .map(|one| {
            let urn = stack.urn(one.kind, &one.name);
            let inputs = one.inputs(seal, &mark(stack, one.kind, &one.name));
            compare(urn, one, inputs, state)
        })
        .collect();
    let declared: BTreeSet<String> = steps.iter().map(|step| step.urn.clone()).collect();
    let gone = state.resources().rev();
    steps.extend(
        gone.filter(|one| one.delete || !declared.contains(&one.urn))
            .map(deletion),
    );
    Plan {
        digest: String::new(),
        stack: stack.clone(),
        operation: Operation::Update,
        program_digest: Some(program_digest.to_owned()),
        state_serial: state.serial(),
        steps,
    }
    .sealed()
}

/// Deletes everything.
pub(crate) fn destroy(stack: &StackId, state: &State) -> Plan {
    Plan {
        digest: String::new(),
        stack: stack.clone(),
        operation: Operation::Destroy,
        program_digest: None,
        state_serial: state.serial(),
        steps: state.resources().rev().map(deletion).collect(),
    }
    .sealed()
}

fn deletion(one: &StateResource) -> Step {
    Step {
        urn: one.urn.clone(),
        op: Op::Delete,
        old: Some(one.inputs.clone()),
        new: None,
        diffs: BTreeMap::new(),
        protected: one.protect,
    }
}

fn compare(urn: String, one: &Resource, inputs: Properties, state: &State) -> Step {
    let Some(old) = state.find(&urn) else {
        return Step {
            urn,
            op: Op::Create,
            old: None,
            new: Some(inputs),
            diffs: BTreeMap::new(),
            protected: false,
        };
    };
    let mut diffs = diff(one.kind, &old.inputs, &inputs);
    let replace = diffs.values().any(|diff| diff.kind.replaces());
    if old.protect != one.protect {
        let kind = DiffKind::Update;
        diffs.insert(
            "protect".to_owned(),
            PropertyDiff {
                kind,
                input_diff: true,
            },
        );
    }
    let op = match (diffs.is_empty(), replace) {
        (true, _) => Op::Same,
        (_, true) => Op::Replace,
        (_, false) => Op::Update,
    };
    Step {
        urn,
        op,
        old: Some(old.inputs.clone()),
        new: Some(inputs),
        diffs,
        protected: op == Op::Replace && old.protect,
    }
}

impl DiffKind {
    fn replaces(self) -> bool {
        matches!(
            self,
            Self::AddReplace | Self::DeleteReplace | Self::UpdateReplace
        )
    }
}

/// The properties that differ.
pub(crate) fn diff(
    kind: Kind,
    old: &Properties,
    new: &Properties,
) -> BTreeMap<String, PropertyDiff> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let one = |key: &String| {
        let replaces = kind.replaces(key);
        let kind = match (old.get(key), new.get(key)) {
            (None, Some(_)) if replaces => DiffKind::AddReplace,
            (None, Some(_)) => DiffKind::Add,
            (Some(_), None) if replaces => DiffKind::DeleteReplace,
            (Some(_), None) => DiffKind::Delete,
            (old, new) if old == new => return None,
            _ if replaces => DiffKind::UpdateReplace,
            _ => DiffKind::Update,
        };
        Some((
            key.clone(),
            PropertyDiff {
                kind,
                input_diff: true,
            },
        ))
    };
    keys.into_iter().filter_map(one).collect()
}

/// One thing to do, in the order in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Act {
    /// Index of the step.
    pub(crate) step: usize,
    /// Which half of the step.
    pub(crate) half: Half,
}

/// A replacement has two halves, everything else one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Half {
    /// What is there goes.
    Delete,
    /// What is declared is made, or brought in line.
    Make,
}

/// The acts of a plan. What is declared is made before anything is deleted, dependents first, so
/// that a failure leaves the old in place; except where the new needs the place of the old.
pub(crate) fn acts(plan: &Plan, state: &State) -> Vec<Act> {
    let position = |step: &Step| state.resources().position(|one| goes_with(one, step));
    let goes = |step: &Step| matches!(step.op, Op::Delete | Op::Replace);
    let mut going: Vec<usize> = (0..plan.steps.len())
        .filter(|at| goes(&plan.steps[*at]))
        .collect();
    going.sort_by_key(|at| std::cmp::Reverse(position(&plan.steps[*at])));
    let first = in_the_way(plan, state, &going);
    let delete = |step: usize| Act {
        step,
        half: Half::Delete,
    };
    let mut acts: Vec<Act> = going
        .iter()
        .filter(|at| first.contains(at))
        .map(|at| delete(*at))
        .collect();
    let made = (0..plan.steps.len()).filter(|at| plan.steps[*at].op != Op::Delete);
    acts.extend(made.map(|step| Act {
        step,
        half: Half::Make,
    }));
    acts.extend(
        going
            .iter()
            .filter(|at| !first.contains(at))
            .map(|at| delete(*at)),
    );
    acts
}

/// Of the steps that delete, those that must come before anything is made: what is in the place of
/// something new, and what depends on such a thing.
fn in_the_way(plan: &Plan, state: &State, going: &[usize]) -> BTreeSet<usize> {
    let new: Vec<(Kind, &str)> = plan
        .steps
        .iter()
        .filter(|step| matches!(step.op, Op::Create | Op::Replace))
        .filter_map(|step| Some((kind_of(&step.urn)?, step.new.as_ref()?)))
        .map(|(kind, new)| (kind, location(kind, new)))
        .collect();
    let overlaps = |kind: Kind, old: &str| {
        new.iter().any(|(other, place)| {
            kind.locator() == other.locator()
                && (old == *place || within(old, place) || within(place, old))
        })
    };
    let mut first = BTreeSet::new();
    // What is depended on stands later in `going`, so its dependents are settled from the end.
    for (index, at) in going.iter().enumerate().rev() {
        let step = &plan.steps[*at];
        let own = kind_of(&step.urn)
            .zip(step.old.as_ref())
            .is_some_and(|(kind, old)| overlaps(kind, location(kind, old)));
        let depends = state
            .resources()
            .find(|one| goes_with(one, step))
            .is_some_and(|one| {
                going[index + 1..].iter().any(|other| {
                    first.contains(other) && one.dependencies.contains(&plan.steps[*other].urn)
                })
            });
        if own || depends {
            first.insert(*at);
        }
    }
    first
}

/// Whether `one` is what the step deletes: something replaced has the URN of its successor.
pub(crate) fn goes_with(one: &StateResource, step: &Step) -> bool {
    let place = kind_of(&step.urn)
        .zip(step.old.as_ref())
        .map(|(kind, old)| location(kind, old));
    one.urn == step.urn && one.id.as_deref() == place
}

/// The kind that a URN names.
pub(crate) fn kind_of(urn: &str) -> Option<Kind> {
    Kind::of_type(urn.split("::").nth(2)?)
}
