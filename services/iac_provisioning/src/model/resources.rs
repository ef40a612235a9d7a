//! What exists once a plan was carried out, told by digests.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sluice_infrastructure_engine::{Plan, Properties, SECRET_MARKER};
use sluice_kernel::ContentDigest;

/// Resources that an event tells at most.
const MAX_RESOURCES: usize = 2_000;

/// The resources that the plan leaves in place: URN with the digest of its inputs.
pub(super) fn of(plan: Option<&Plan>) -> BTreeMap<String, String> {
    let steps = plan.into_iter().flat_map(|plan| &plan.steps);
    let left = steps.filter_map(|step| Some((step.urn.clone(), digest(step.new.as_ref()?))));
    left.take(MAX_RESOURCES).collect()
}

fn digest(inputs: &Properties) -> String {
    let inputs: Map<String, Value> = inputs
        .iter()
        .map(|(name, value)| (name.clone(), told(value)))
        .collect();
    ContentDigest::of(Value::Object(inputs).to_string()).to_string()
}

/// The value with sorted keys and without secrets. What stands for a secret in a plan is tied to
/// its stack: equal resources of two environments would not compare equal.
fn told(value: &Value) -> Value {
    match value {
        Value::Object(map) if map.contains_key(SECRET_MARKER) => Value::from("[secret]"),
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            let told = sorted.into_iter().map(|(key, it)| (key.clone(), told(it)));
            Value::Object(told.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(told).collect()),
        plain => plain.clone(),
    }
}
