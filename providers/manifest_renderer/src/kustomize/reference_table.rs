//! Which fields of which kinds hold names of other objects.

use super::walk::FieldSpec;

/// A field that refers to objects of a kind.
pub(super) struct Referral {
    /// What is referred to; group and version may be empty for any.
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    /// The field that refers.
    pub(super) field: FieldSpec,
}

/// Where the kinds with pods have their pod's `spec`.
const PODS: [(&str, &str, PodPaths); 9] = [
    ("v1", "Pod", PodPaths::Pod),
    ("", "PodTemplate", PodPaths::PodTemplate),
    ("", "Deployment", PodPaths::Template),
    ("", "ReplicaSet", PodPaths::Template),
    ("", "DaemonSet", PodPaths::Template),
    ("", "StatefulSet", PodPaths::Template),
    ("", "Job", PodPaths::Template),
    ("", "ReplicationController", PodPaths::Template),
    ("", "CronJob", PodPaths::JobTemplate),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum PodPaths {
    Pod,
    PodTemplate,
    Template,
    JobTemplate,
}

macro_rules! pod_field {
    ($shape:expr, $field:literal) => {
        match $shape {
            PodPaths::Pod => concat!("spec/", $field),
            PodPaths::PodTemplate => concat!("template/spec/", $field),
            PodPaths::Template => concat!("spec/template/spec/", $field),
            PodPaths::JobTemplate => concat!("spec/jobTemplate/spec/template/spec/", $field),
        }
    };
}

fn config_map(shape: PodPaths) -> [&'static str; 6] {
    [
        pod_field!(shape, "volumes/configMap/name"),
        pod_field!(shape, "containers/env/valueFrom/configMapKeyRef/name"),
        pod_field!(shape, "initContainers/env/valueFrom/configMapKeyRef/name"),
        pod_field!(shape, "containers/envFrom/configMapRef/name"),
        pod_field!(shape, "initContainers/envFrom/configMapRef/name"),
        pod_field!(shape, "volumes/projected/sources/configMap/name"),
    ]
}

fn secret(shape: PodPaths) -> [&'static str; 7] {
    [
        pod_field!(shape, "volumes/secret/secretName"),
        pod_field!(shape, "containers/env/valueFrom/secretKeyRef/name"),
        pod_field!(shape, "initContainers/env/valueFrom/secretKeyRef/name"),
        pod_field!(shape, "containers/envFrom/secretRef/name"),
        pod_field!(shape, "initContainers/envFrom/secretRef/name"),
        pod_field!(shape, "imagePullSecrets/name"),
        pod_field!(shape, "volumes/projected/sources/secret/name"),
    ]
}

type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// Referred kind with its group and version, then kind and field of the referrer.
const PLAIN: [Row; 39] = [
    (
        "",
        "",
        "Deployment",
        "HorizontalPodAutoscaler",
        "spec/scaleTargetRef/name",
    ),
    (
        "",
        "",
        "ReplicationController",
        "HorizontalPodAutoscaler",
        "spec/scaleTargetRef/name",
    ),
    (
        "",
        "",
        "ReplicaSet",
        "HorizontalPodAutoscaler",
        "spec/scaleTargetRef/name",
    ),
    (
        "",
        "",
        "StatefulSet",
        "HorizontalPodAutoscaler",
        "spec/scaleTargetRef/name",
    ),
    ("", "v1", "ConfigMap", "Node", "spec/configSource/configMap"),
    ("", "v1", "ConfigMap", "Role", "rules/resourceNames"),
    ("", "v1", "ConfigMap", "ClusterRole", "rules/resourceNames"),
    (
        "",
        "v1",
        "ConfigMap",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap",
    ),
    ("", "v1", "Secret", "Ingress", "spec/tls/secretName"),
    (
        "",
        "v1",
        "Secret",
        "Ingress",
        "metadata/annotations/ingress.kubernetes.io\\/auth-secret",
    ),
    (
        "",
        "v1",
        "Secret",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret",
    ),
    (
        "",
        "v1",
        "Secret",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret",
    ),
    (
        "",
        "v1",
        "Secret",
        "ServiceAccount",
        "imagePullSecrets/name",
    ),
    ("", "v1", "Secret", "StorageClass", "parameters/secretName"),
    (
        "",
        "v1",
        "Secret",
        "StorageClass",
        "parameters/adminSecretName",
    ),
    (
        "",
        "v1",
        "Secret",
        "StorageClass",
        "parameters/userSecretName",
    ),
    ("", "v1", "Secret", "StorageClass", "parameters/secretRef"),
    ("", "v1", "Secret", "Role", "rules/resourceNames"),
    ("", "v1", "Secret", "ClusterRole", "rules/resourceNames"),
    (
        "",
        "v1",
        "Secret",
        "PersistentVolume",
        "spec/azureFile/secretName",
    ),
    ("", "v1", "Service", "StatefulSet", "spec/serviceName"),
    (
        "",
        "v1",
        "Service",
        "Ingress",
        "spec/rules/http/paths/backend/serviceName",
    ),
    ("", "v1", "Service", "Ingress", "spec/backend/serviceName"),
    (
        "",
        "v1",
        "Service",
        "Ingress",
        "spec/rules/http/paths/backend/service/name",
    ),
    (
        "",
        "v1",
        "Service",
        "Ingress",
        "spec/defaultBackend/service/name",
    ),
    ("", "v1", "Service", "APIService", "spec/service/name"),
    (
        "",
        "v1",
        "Service",
        "ValidatingWebhookConfiguration",
        "webhooks/clientConfig/service",
    ),
    (
        "",
        "v1",
        "Service",
        "MutatingWebhookConfiguration",
        "webhooks/clientConfig/service",
    ),
    (
        "rbac.authorization.k8s.io",
        "",
        "Role",
        "RoleBinding",
        "roleRef/name",
    ),
    (
        "rbac.authorization.k8s.io",
        "",
        "ClusterRole",
        "RoleBinding",
        "roleRef/name",
    ),
    (
        "rbac.authorization.k8s.io",
        "",
        "ClusterRole",
        "ClusterRoleBinding",
        "roleRef/name",
    ),
    ("", "v1", "ServiceAccount", "RoleBinding", "subjects"),
    ("", "v1", "ServiceAccount", "ClusterRoleBinding", "subjects"),
    (
        "",
        "v1",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "spec/volumeName",
    ),
    (
        "",
        "v1",
        "PersistentVolume",
        "ClusterRole",
        "rules/resourceNames",
    ),
    (
        "storage.k8s.io",
        "v1",
        "StorageClass",
        "PersistentVolume",
        "spec/storageClassName",
    ),
    (
        "storage.k8s.io",
        "v1",
        "StorageClass",
        "PersistentVolumeClaim",
        "spec/storageClassName",
    ),
    (
        "storage.k8s.io",
        "v1",
        "StorageClass",
        "StatefulSet",
        "spec/volumeClaimTemplates/spec/storageClassName",
    ),
    (
        "admissionregistration.k8s.io",
        "",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "spec/policyName",
    ),
];

fn referral(target: (&'static str, &'static str, &'static str), field: FieldSpec) -> Referral {
    let (group, version, kind) = target;
    Referral {
        group,
        version,
        kind,
        field,
    }
}

/// All of them.
pub(super) fn table() -> Vec<Referral> {
    let mut all: Vec<Referral> = PLAIN
        .iter()
        .map(|(group, version, kind, referrer, path)| {
            referral(
                (group, version, kind),
                FieldSpec::of("", "", referrer, path, false),
            )
        })
        .collect();
    for (version, kind, shape) in PODS {
        let field = |path| FieldSpec::of("", version, kind, path, false);
        let controller = kind == "ReplicationController";
        if !controller {
            all.extend(
                config_map(shape).map(|path| referral(("", "v1", "ConfigMap"), field(path))),
            );
            all.extend(secret(shape).map(|path| referral(("", "v1", "Secret"), field(path))));
        }
        if matches!(kind, "PodTemplate" | "ReplicaSet") {
            continue;
        }
        // These references are the same for a Pod of any version.
        let field = |path| FieldSpec::of("", "", kind, path, false);
        let account = pod_field!(shape, "serviceAccountName");
        let claim = pod_field!(shape, "volumes/persistentVolumeClaim/claimName");
        let priority = pod_field!(shape, "priorityClassName");
        all.push(referral(("", "v1", "ServiceAccount"), field(account)));
        all.push(referral(("", "v1", "PersistentVolumeClaim"), field(claim)));
        all.push(referral(
            ("scheduling.k8s.io", "v1", "PriorityClass"),
            field(priority),
        ));
    }
    all
}
