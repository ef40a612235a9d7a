//! Labels and annotations for all objects, with the selectors that go with them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::file::LabelRule;
use super::resource::Resource;
use super::walk::{self, FieldSpec};
use crate::error::{RenderError, Result};

const LABELS: FieldSpec = FieldSpec::any("metadata/labels", true);

const TEMPLATE_LABELS: [FieldSpec; 8] = [
    FieldSpec::of(
        "",
        "v1",
        "ReplicationController",
        "spec/template/metadata/labels",
        true,
    ),
    FieldSpec::of("", "", "Deployment", "spec/template/metadata/labels", true),
    FieldSpec::of("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    FieldSpec::of("", "", "DaemonSet", "spec/template/metadata/labels", true),
    FieldSpec::of(
        "apps",
        "",
        "StatefulSet",
        "spec/template/metadata/labels",
        true,
    ),
    FieldSpec::of("batch", "", "Job", "spec/template/metadata/labels", true),
    FieldSpec::of(
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/metadata/labels",
        true,
    ),
    FieldSpec::of(
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/metadata/labels",
        true,
    ),
];

const CLAIM_LABELS: FieldSpec = FieldSpec::of(
    "apps",
    "",
    "StatefulSet",
    "spec/volumeClaimTemplates[]/metadata/labels",
    true,
);

const SELECTORS: [FieldSpec; 12] = [
    FieldSpec::of("", "v1", "Service", "spec/selector", true),
    FieldSpec::of("", "v1", "ReplicationController", "spec/selector", true),
    FieldSpec::of("", "", "Deployment", "spec/selector/matchLabels", true),
    FieldSpec::of("", "", "ReplicaSet", "spec/selector/matchLabels", true),
    FieldSpec::of("", "", "DaemonSet", "spec/selector/matchLabels", true),
    FieldSpec::of("apps", "", "StatefulSet", "spec/selector/matchLabels", true),
    FieldSpec::of("batch", "", "Job", "spec/selector/matchLabels", false),
    FieldSpec::of(
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/spec/selector/matchLabels",
        false,
    ),
    FieldSpec::of(
        "policy",
        "",
        "PodDisruptionBudget",
        "spec/selector/matchLabels",
        false,
    ),
    FieldSpec::of(
        "networking.k8s.io",
        "",
        "NetworkPolicy",
        "spec/podSelector/matchLabels",
        false,
    ),
    FieldSpec::of(
        "networking.k8s.io",
        "",
        "NetworkPolicy",
        "spec/ingress/from/podSelector/matchLabels",
        false,
    ),
    FieldSpec::of(
        "networking.k8s.io",
        "",
        "NetworkPolicy",
        "spec/egress/to/podSelector/matchLabels",
        false,
    ),
];

/// Selectors in the pods of Deployments and StatefulSets, which choose pods by label too.
const POD_SELECTORS: [&str; 5] = [
    "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
];

const ANNOTATIONS: [FieldSpec; 9] = [
    FieldSpec::any("metadata/annotations", true),
    FieldSpec::of(
        "",
        "v1",
        "ReplicationController",
        "spec/template/metadata/annotations",
        true,
    ),
    FieldSpec::of(
        "",
        "",
        "Deployment",
        "spec/template/metadata/annotations",
        true,
    ),
    FieldSpec::of(
        "",
        "",
        "ReplicaSet",
        "spec/template/metadata/annotations",
        true,
    ),
    FieldSpec::of(
        "",
        "",
        "DaemonSet",
        "spec/template/metadata/annotations",
        true,
    ),
    FieldSpec::of(
        "",
        "",
        "StatefulSet",
        "spec/template/metadata/annotations",
        true,
    ),
    FieldSpec::of(
        "batch",
        "",
        "Job",
        "spec/template/metadata/annotations",
        true,
    ),
    FieldSpec::of(
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/metadata/annotations",
        true,
    ),
    FieldSpec::of(
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/metadata/annotations",
        true,
    ),
];

/// Sets the labels of one rule on all objects.
pub(super) fn set(all: &mut [Resource], rule: &LabelRule) -> Result<()> {
    let mut specs = vec![LABELS];
    if rule.selectors || rule.templates {
        specs.extend(TEMPLATE_LABELS);
        specs.push(CLAIM_LABELS);
    }
    if rule.selectors {
        specs.extend(SELECTORS);
        for kind in ["Deployment", "StatefulSet"] {
            specs.extend(POD_SELECTORS.map(|path| FieldSpec::of("apps", "", kind, path, false)));
        }
    }
    put(all, &specs, &rule.pairs)
}

/// Sets annotations on all objects and their pods.
pub(super) fn annotate(all: &mut [Resource], annotations: &BTreeMap<String, String>) -> Result<()> {
    put(all, &ANNOTATIONS, annotations)
}

fn put(all: &mut [Resource], specs: &[FieldSpec], pairs: &BTreeMap<String, String>) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    for resource in all {
        let (file, label) = (resource.file.clone(), resource.label());
        for spec in specs {
            walk::each(resource, spec, &mut |value| match value {
                Value::Null => {
                    *value = Value::Object(entries(pairs));
                    Ok(())
                }
                Value::Object(map) => {
                    map.extend(entries(pairs));
                    Ok(())
                }
                _ => {
                    let field = format!("{label}: {}", spec.path);
                    Err(RenderError::field(&file, field, "must be a mapping"))
                }
            })?;
        }
    }
    Ok(())
}

fn entries(pairs: &BTreeMap<String, String>) -> Map<String, Value> {
    pairs
        .iter()
        .map(|(key, value)| (key.clone(), Value::String(value.clone())))
        .collect()
}
