//! Checks rendered objects against the rules of Kubernetes: names for every kind, and the structure of the
//! kinds that most modules have.

pub(crate) mod names;
mod pod;
mod shape;
mod shapes;

use serde_json::{Map, Value};
use sluice_schema::Finding;

use crate::object::Object;
use shape::Report;

/// Findings at which checking ends.
const MAX_FINDINGS: usize = 200;

/// Everything that is wrong with the objects, in their order; empty when nothing is.
///
/// A finding's `file` is the object (`Deployment shop/greeter`), its message starts with the field.
#[must_use]
pub fn check(objects: &[Object]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for object in objects {
        let mut report = Report::new(object.label());
        identity(object, &mut report);
        if object.kind() == "Secret" && object.api_version() == "v1" {
            secret(object, &mut report);
        }
        if let Some(shape) = shapes::of(object.api_version(), object.kind()) {
            shape::object(object.value(), shape, &mut report);
        }
        if object.api_version() == "apps/v1" && object.kind() == "Deployment" {
            selector(object, &mut report);
        }
        findings.extend(report.findings);
        if findings.len() >= MAX_FINDINGS {
            findings.truncate(MAX_FINDINGS);
            break;
        }
    }
    findings
}

fn identity(object: &Object, report: &mut Report) {
    if !names::is_api_version(object.api_version()) {
        report.add("apiVersion", "must be `version` or `group/version`");
    }
    if !names::is_kind(object.kind()) {
        report.add("kind", "must be a name in CamelCase");
    }
    let strict = matches!(object.kind(), "Service" | "Namespace");
    // Names of roles may hold more than DNS knows, `system:` for example.
    let rbac = object
        .api_version()
        .starts_with("rbac.authorization.k8s.io/");
    let name = object.name();
    if strict && !names::is_label(name) {
        report.add(
            "metadata.name",
            "must be a DNS label of at most 63 characters",
        );
    } else if !rbac && !names::is_subdomain(name) {
        report.add(
            "metadata.name",
            "must be a DNS name in lower case of at most 253 characters",
        );
    }
    if let Some(namespace) = object.namespace()
        && !names::is_label(namespace)
    {
        report.add(
            "metadata.namespace",
            "must be a DNS label of at most 63 characters",
        );
    }
    let metadata = object.value().get("metadata");
    if let Some(Value::Object(labels)) = metadata.and_then(|metadata| metadata.get("labels")) {
        for (key, value) in labels {
            if !names::is_qualified(key) || !value.as_str().is_some_and(names::is_label_value) {
                let rule = "must be a label: text of at most 63 letters, digits, `-`, `_` and `.`";
                report.add(&format!("metadata.labels.{key}"), rule);
            }
        }
    }
    if let Some(Value::Object(annotations)) =
        metadata.and_then(|metadata| metadata.get("annotations"))
    {
        for (key, value) in annotations {
            if !names::is_qualified(key) || !value.is_string() {
                let rule = "must be text under a qualified name; put it in quotes";
                report.add(&format!("metadata.annotations.{key}"), rule);
            }
        }
    }
}

/// Secrets are references: their content must not stand in a repository.
fn secret(object: &Object, report: &mut Report) {
    for field in ["data", "stringData"] {
        let content = object.value().get(field).and_then(Value::as_object);
        if content.is_some_and(|content| !content.is_empty()) {
            let rule =
                "secrets are references; the environment holds their content, not the repository";
            report.add(field, rule);
        }
    }
}

/// A Deployment must choose the pods that it makes.
fn selector(object: &Object, report: &mut Report) {
    let spec = object.value().get("spec");
    let map = |path: [&str; 2]| -> Option<&Map<String, Value>> {
        spec?.get(path[0])?.get(path[1])?.as_object()
    };
    let labels = spec.and_then(|spec| {
        spec.get("template")?
            .get("metadata")?
            .get("labels")?
            .as_object()
    });
    let Some(wanted) = map(["selector", "matchLabels"]) else {
        return;
    };
    for (key, value) in wanted {
        if labels.and_then(|labels| labels.get(key)) != Some(value) {
            let field = format!("spec.selector.matchLabels.{key}");
            report.add(
                &field,
                "must be a label of spec.template.metadata.labels too",
            );
        }
    }
}
