//! What a plan shows of its steps.

use std::collections::BTreeSet;

use serde_json::Value;
use sluice_infrastructure_engine::{DiffKind, Op, Properties, SECRET_MARKER, Step};

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStep {
    /// URN of the resource.
    pub urn: String,
    /// Its name in `infra.yaml`.
    pub name: String,
    /// Its type, such as `sluice:local:File`.
    pub resource_type: String,
    /// What is done.
    pub op: Op,
    /// The properties that differ, by name; all of them when it is created or deleted.
    pub diffs: Vec<PropertyChange>,
    /// Whether the step is refused because the resource is protected.
    pub protected: bool,
}

/// How one property differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyChange {
    /// Name of the property.
    pub path: String,
    /// In which way.
    pub kind: DiffKind,
    /// The value before, as text; `[secret]` for secrets.
    pub old: Option<String>,
    /// The value afterwards, as text; `[secret]` for secrets.
    pub new: Option<String>,
}

impl PlanStep {
    pub(super) fn of(step: &Step) -> Self {
        let mut parts = step.urn.rsplit("::");
        let name = parts.next().unwrap_or_default().to_owned();
        let resource_type = parts.next().unwrap_or_default().to_owned();
        Self {
            urn: step.urn.clone(),
            name,
            resource_type,
            op: step.op,
            diffs: changes(step),
            protected: step.protected,
        }
    }
}

fn changes(step: &Step) -> Vec<PropertyChange> {
    let names: BTreeSet<&String> = match step.op {
        Op::Same => BTreeSet::new(),
        Op::Create | Op::Delete => {
            let both = step.old.iter().chain(&step.new);
            both.flat_map(Properties::keys).collect()
        }
        Op::Update | Op::Replace => step.diffs.keys().collect(),
    };
    let change = |path: &String| PropertyChange {
        kind: match (step.op, step.diffs.get(path)) {
            (Op::Delete, _) => DiffKind::Delete,
            (_, Some(diff)) => diff.kind,
            (_, None) => DiffKind::Add,
        },
        old: value(step.old.as_ref(), path),
        new: value(step.new.as_ref(), path),
        path: path.clone(),
    };
    names.into_iter().map(change).collect()
}

fn value(properties: Option<&Properties>, path: &str) -> Option<String> {
    match properties?.get(path)? {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) if map.contains_key(SECRET_MARKER) => Some("[secret]".to_owned()),
        other => Some(other.to_string()),
    }
}
