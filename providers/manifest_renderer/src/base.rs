//! The base of a module: plain Kubernetes objects and the kustomization that holds them together.

mod rules;
mod workload;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::error::{RenderError, Result};
use crate::facts::{ImageReference, IngressFacts, ModuleFacts, WorkloadKind};
use crate::port::Files;
use crate::yaml;

/// The label that a module's pods are chosen by.
const NAME_LABEL: &str = "app.kubernetes.io/name";

/// The files of the base, `kustomization.yaml` among them.
pub(crate) fn files(facts: &ModuleFacts) -> Result<Files> {
    rules::check(facts)?;
    let mut objects: Vec<(&str, Value)> = Vec::new();
    match runs(facts) {
        true => {
            objects.push(("deployment.yaml", workload::deployment(facts)));
            network(facts, &mut objects);
            if let Some(autoscale) = &facts.autoscale {
                objects.push(("autoscaler.yaml", workload::autoscaler(facts, autoscale)));
            }
        }
        false if settings(facts).is_empty() => {
            return Err(RenderError::NothingToDeploy {
                module: facts.name.clone(),
                reason: "it has neither an image that runs, nor a package, nor configuration",
            });
        }
        false => {}
    }
    let names: Vec<&str> = objects.iter().map(|(name, _)| *name).collect();
    let kustomization = kustomization(facts, &names);
    let mut files: Files = objects
        .into_iter()
        .map(|(name, object)| (name.to_owned(), yaml::write(&object)))
        .collect();
    files.insert("kustomization.yaml".to_owned(), yaml::write(&kustomization));
    Ok(files)
}

fn network(facts: &ModuleFacts, objects: &mut Vec<(&str, Value)>) {
    if facts.ports.is_empty() {
        return;
    }
    objects.push(("service.yaml", service(facts)));
    if let Some(ingress_facts) = &facts.ingress {
        objects.push(("ingress.yaml", ingress(facts, ingress_facts)));
    }
}

/// The name of a port: the first is the one for HTTP.
fn port_name(at: usize, port: u16) -> String {
    if at == 0 {
        "http".to_owned()
    } else {
        format!("port-{port}")
    }
}

/// Whether the module has something that runs.
fn runs(facts: &ModuleFacts) -> bool {
    facts.image.is_some() && facts.kind != WorkloadKind::Library
}

/// The ConfigMap's name: what does not run has its package in it.
fn config_name(facts: &ModuleFacts) -> String {
    let part = if runs(facts) { "config" } else { "package" };
    format!("{}-{part}", facts.name)
}

/// What the ConfigMap holds.
fn settings(facts: &ModuleFacts) -> BTreeMap<&str, &str> {
    let config = facts
        .config
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()));
    let mut settings: BTreeMap<&str, &str> = config.collect();
    if let Some(package) = facts.package.as_ref().filter(|_| !runs(facts)) {
        settings.insert("package.name", &package.name);
        settings.insert("package.version", &package.version);
        settings.insert("package.digest", &package.digest);
    }
    settings
}

fn service(facts: &ModuleFacts) -> Value {
    let ports: Vec<Value> = facts
        .ports
        .iter()
        .enumerate()
        .map(|(at, port)| {
            let name = port_name(at, *port);
            json!({"name": name, "port": port, "protocol": "TCP", "targetPort": name})
        })
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": facts.name},
        "spec": {
            "type": "ClusterIP",
            "selector": {NAME_LABEL: facts.name},
            "ports": ports,
        },
    })
}

fn ingress(facts: &ModuleFacts, ingress: &IngressFacts) -> Value {
    let backend = json!({"service": {"name": facts.name, "port": {"name": "http"}}});
    let path = json!({"path": ingress.path, "pathType": "Prefix", "backend": backend});
    let mut spec = json!({"rules": [{"host": ingress.host, "http": {"paths": [path]}}]});
    if let Some(class) = &ingress.class {
        spec["ingressClassName"] = json!(class);
    }
    if let Some(secret) = &ingress.tls_secret {
        spec["tls"] = json!([{"hosts": [ingress.host], "secretName": secret}]);
    }
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": facts.name},
        "spec": spec,
    })
}

fn kustomization(facts: &ModuleFacts, resources: &[&str]) -> Value {
    let mut labels: Map<String, Value> = Map::new();
    for (key, value) in &facts.labels {
        labels.insert(key.clone(), json!(value));
    }
    labels.insert(NAME_LABEL.to_owned(), json!(facts.name));
    labels.insert(
        "app.kubernetes.io/version".to_owned(),
        json!(rules::label_text(&facts.version)),
    );
    labels.insert("app.kubernetes.io/managed-by".to_owned(), json!("sluice"));
    let mut value = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "labels": [{"pairs": labels, "includeTemplates": true}],
    });
    if !resources.is_empty() {
        value["resources"] = json!(resources);
    }
    if let Some(namespace) = &facts.namespace {
        value["namespace"] = json!(namespace);
    }
    if !facts.annotations.is_empty() {
        value["commonAnnotations"] = json!(facts.annotations);
    }
    let settings = settings(facts);
    if !settings.is_empty() {
        let literals: Vec<String> = settings.iter().map(|(k, v)| literal(k, v)).collect();
        value["configMapGenerator"] = json!([{"name": config_name(facts), "literals": literals}]);
    }
    if let Some(image) = facts.image.as_ref().filter(|_| !resources.is_empty()) {
        value["images"] = json!([image_rule(facts, image)]);
    }
    value
}

fn image_rule(facts: &ModuleFacts, image: &ImageReference) -> Value {
    json!({"name": facts.name, "newName": image.repository, "digest": image.digest})
}

/// `key=value`; one pair of quotes around a value is taken off when it is read, so one that has a pair gets
/// another.
fn literal(key: &str, value: &str) -> String {
    let quoted =
        |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    if quoted('"') || quoted('\'') {
        format!("{key}=\"{value}\"")
    } else {
        format!("{key}={value}")
    }
}
