//! Namespaces, prefixes and suffixes.

use serde_json::Value;

use super::resource::{Id, Resource};
use super::scope;
use super::walk::{self, FieldSpec};
use crate::error::{RenderError, Result};

const NAMESPACED_FIELDS: [FieldSpec; 2] = [
    FieldSpec::of(
        "apiregistration.k8s.io",
        "",
        "APIService",
        "spec/service/namespace",
        true,
    ),
    FieldSpec::of(
        "apiextensions.k8s.io",
        "",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
        false,
    ),
];

/// Puts every object that can be in a namespace into `namespace`.
pub(super) fn set_namespace(all: &mut [Resource], namespace: &str) -> Result<()> {
    for at in 0..all.len() {
        let resource = &mut all[at];
        resource.remember();
        let gvk = resource.gvk();
        if gvk.is("", "v1", "Namespace") && gvk.group.is_empty() {
            resource.set_meta("name", namespace);
        }
        if !scope::is_cluster_wide(&gvk) {
            resource.set_meta("namespace", namespace);
        }
        if matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
            default_subjects(resource, namespace);
        }
        for spec in &NAMESPACED_FIELDS {
            walk::each(resource, spec, &mut |value| {
                *value = Value::String(namespace.to_owned());
                Ok(())
            })?;
        }
        let id = all[at].id();
        if all
            .iter()
            .enumerate()
            .any(|(other, known)| other != at && known.id() == id)
        {
            return Err(RenderError::Duplicate {
                file: all[at].file.clone(),
                object: all[at].label(),
            });
        }
    }
    Ok(())
}

/// The service account `default` of a binding is that of the namespace.
fn default_subjects(resource: &mut Resource, namespace: &str) {
    let Some(Value::Array(subjects)) = resource.value.get_mut("subjects") else {
        return;
    };
    for subject in subjects {
        if let Value::Object(subject) = subject
            && subject.get("name").and_then(Value::as_str) == Some("default")
        {
            subject.insert("namespace".to_owned(), Value::String(namespace.to_owned()));
        }
    }
}

/// Kinds whose names mean something to Kubernetes and stay.
fn keeps_its_name(id: &Id) -> bool {
    let group = if id.gvk.kind == "APIService" {
        "apiregistration.k8s.io"
    } else {
        ""
    };
    matches!(
        id.gvk.kind.as_str(),
        "CustomResourceDefinition" | "APIService" | "Namespace"
    ) && (group.is_empty() || id.gvk.group == group)
}

/// Puts `prefix` before every name.
pub(super) fn add_prefix(all: &mut [Resource], prefix: &str) {
    for resource in all
        .iter_mut()
        .filter(|resource| !keeps_its_name(&resource.first_id()))
    {
        let name = format!("{prefix}{}", resource.name());
        resource.prefixes.push(prefix.to_owned());
        resource.remember();
        resource.set_meta("name", &name);
    }
}

/// Puts `suffix` after every name.
pub(super) fn add_suffix(all: &mut [Resource], suffix: &str) {
    for resource in all
        .iter_mut()
        .filter(|resource| !keeps_its_name(&resource.first_id()))
    {
        let name = format!("{}{suffix}", resource.name());
        resource.suffixes.push(suffix.to_owned());
        resource.remember();
        resource.set_meta("name", &name);
    }
}
