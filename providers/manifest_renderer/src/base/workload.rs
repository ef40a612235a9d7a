//! What runs: the Deployment and its autoscaler.

use serde_json::{Map, Value, json};

use super::{NAME_LABEL, config_name, port_name};
use crate::facts::{Autoscale, EnvValue, ModuleFacts};

/// The Deployment. Its image is the module's name, which the kustomization replaces by the digest.
pub(super) fn deployment(facts: &ModuleFacts) -> Value {
    let user = facts.run_as_user;
    let mut spec = json!({
        "revisionHistoryLimit": 5,
        "selector": {"matchLabels": {NAME_LABEL: facts.name}},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
        },
        "template": {
            "metadata": {"labels": {NAME_LABEL: facts.name}},
            "spec": {
                "automountServiceAccountToken": false,
                "securityContext": {
                    "runAsNonRoot": true,
                    "runAsUser": user,
                    "runAsGroup": user,
                    "fsGroup": user,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [container(facts)],
                "terminationGracePeriodSeconds": 30,
                "volumes": [{"name": "tmp", "emptyDir": {}}],
            },
        },
    });
    if facts.autoscale.is_none() {
        spec["replicas"] = json!(facts.replicas);
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": facts.name},
        "spec": spec,
    })
}

fn container(facts: &ModuleFacts) -> Value {
    let resources = &facts.resources;
    let mut container = json!({
        "name": facts.name,
        "image": facts.name,
        "imagePullPolicy": "IfNotPresent",
        "resources": {
            "requests": {"cpu": resources.cpu, "memory": resources.memory},
            "limits": {"memory": resources.memory_limit},
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    });
    if !facts.env.is_empty() {
        container["env"] = facts
            .env
            .iter()
            .map(|(name, value)| variable(name, value))
            .collect();
    }
    if !facts.config.is_empty() {
        container["envFrom"] = json!([{"configMapRef": {"name": config_name(facts)}}]);
    }
    if !facts.ports.is_empty() {
        let ports = facts.ports.iter().enumerate().map(|(at, port)| {
            json!({"name": port_name(at, *port), "containerPort": port, "protocol": "TCP"})
        });
        container["ports"] = ports.collect();
        probes(facts, &mut container);
    }
    container
}

fn variable(name: &str, value: &EnvValue) -> Value {
    match value {
        EnvValue::Text(text) => json!({"name": name, "value": text}),
        EnvValue::Secret { name: secret, key } => {
            json!({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}})
        }
    }
}

/// With a health path: started, alive and ready by HTTP; without one, ready once the port is open.
fn probes(facts: &ModuleFacts, container: &mut Value) {
    let Some(path) = &facts.health else {
        container["readinessProbe"] = json!({"tcpSocket": {"port": "http"}, "periodSeconds": 5});
        return;
    };
    let probe = |extra: &[(&str, u32)]| {
        let mut probe = Map::new();
        probe.insert("httpGet".to_owned(), json!({"path": path, "port": "http"}));
        for (key, value) in extra {
            probe.insert((*key).to_owned(), json!(value));
        }
        Value::Object(probe)
    };
    container["startupProbe"] = probe(&[("periodSeconds", 2), ("failureThreshold", 60)]);
    container["livenessProbe"] = probe(&[
        ("periodSeconds", 10),
        ("timeoutSeconds", 2),
        ("failureThreshold", 3),
    ]);
    container["readinessProbe"] = probe(&[
        ("periodSeconds", 5),
        ("timeoutSeconds", 2),
        ("failureThreshold", 2),
    ]);
}

/// The autoscaler of the Deployment.
pub(super) fn autoscaler(facts: &ModuleFacts, autoscale: &Autoscale) -> Value {
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": facts.name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": facts.name},
            "minReplicas": autoscale.min,
            "maxReplicas": autoscale.max,
            "metrics": [{
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": autoscale.cpu_percent},
                },
            }],
        },
    })
}
