//! The order of rendered objects: what others need comes first.

use super::resource::{Id, Resource};

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Sorts by kind, then by group, version, kind, namespace and name.
pub(super) fn sort(all: &mut [Resource]) {
    all.sort_by_cached_key(|resource| {
        let id = resource.id();
        (rank(&id), kind_key(&id), name_key(resource, &id))
    });
}

fn rank(id: &Id) -> usize {
    let kind = id.gvk.kind.as_str();
    let first = FIRST.iter().position(|known| *known == kind);
    let last = || LAST.iter().position(|known| *known == kind);
    first
        .or_else(|| last().map(|at| FIRST.len() + 1 + at))
        .unwrap_or(FIRST.len())
}

fn or<'t>(text: &'t str, absent: &'t str) -> &'t str {
    if text.is_empty() { absent } else { text }
}

fn kind_key(id: &Id) -> String {
    format!(
        "{}_{}_{}",
        or(&id.gvk.group, "~G"),
        or(&id.gvk.version, "~V"),
        id.gvk.kind
    )
}

fn name_key(resource: &Resource, id: &Id) -> String {
    format!("{}|{}", or(resource.namespace(), "~X"), id.name)
}
