//! By which keys the items of a list are told apart, from the OpenAPI schema of Kubernetes 1.37
//! (`x-kubernetes-patch-strategy: merge` with its key or `x-kubernetes-list-map-keys`).

use super::resource::Gvk;

/// The keys of a list's items; one empty key for plain text; None for a list that is replaced whole.
pub(super) fn of(gvk: &Gvk, path: &str) -> Option<&'static [&'static str]> {
    let kind = gvk.kind.as_str();
    let known = match gvk.group.as_str() {
        "" | "apps" | "batch" | "autoscaling" | "policy" => true,
        group => group.ends_with(".k8s.io"),
    };
    if !known {
        return None;
    }
    if let Some(keys) = metadata(path) {
        return Some(keys);
    }
    match (kind, path) {
        ("Service", "spec/ports") => return Some(&["port", "protocol"]),
        ("ServiceAccount", "secrets")
        | ("ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration", "webhooks") => {
            return Some(&["name"]);
        }
        ("Namespace" | "PersistentVolumeClaim", "status/conditions") => return Some(&["type"]),
        _ => {}
    }
    pod(path.strip_prefix(pod_path(gvk)?)?.strip_prefix('/')?)
}

/// Where a kind has its pod.
fn pod_path(gvk: &Gvk) -> Option<&'static str> {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => Some("spec"),
        ("", "PodTemplate") => Some("template/spec"),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("", "ReplicationController")
        | ("batch", "Job") => Some("spec/template/spec"),
        ("batch", "CronJob") => Some("spec/jobTemplate/spec/template/spec"),
        _ => None,
    }
}

fn metadata(path: &str) -> Option<&'static [&'static str]> {
    let (parent, name) = path.rsplit_once('/')?;
    let in_metadata = parent == "metadata" || parent.ends_with("/metadata");
    match name {
        "finalizers" if in_metadata => Some(&[""]),
        "ownerReferences" if in_metadata => Some(&["uid"]),
        _ => None,
    }
}

fn pod(path: &str) -> Option<&'static [&'static str]> {
    match path {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "imagePullSecrets"
        | "schedulingGates"
        | "resourceClaims" => Some(&["name"]),
        "hostAliases" => Some(&["ip"]),
        "topologySpreadConstraints" => Some(&["topologyKey", "whenUnsatisfiable"]),
        _ => {
            let (list, field) = path.split_once('/')?;
            if !matches!(
                list,
                "containers" | "initContainers" | "ephemeralContainers"
            ) {
                return None;
            }
            match field {
                "ports" => Some(&["containerPort", "protocol"]),
                "env" => Some(&["name"]),
                "volumeMounts" => Some(&["mountPath"]),
                "volumeDevices" => Some(&["devicePath"]),
                _ => None,
            }
        }
    }
}
