//! In which order objects are applied: what others need comes first.

use crate::ObjectKey;

const ORDER: [&str; 33] = [
    "Namespace",
    "PriorityClass",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "Gateway",
    "HTTPRoute",
    "APIService",
    "ValidatingWebhookConfiguration",
];

/// Where the kind stands; kinds that are not listed come last.
fn rank(kind: &str) -> usize {
    ORDER
        .iter()
        .position(|known| *known == kind)
        .unwrap_or(ORDER.len())
}

/// A sort key: applied in this order, pruned in the reverse.
pub(crate) fn place(key: &ObjectKey) -> (usize, &ObjectKey) {
    (rank(&key.kind), key)
}
