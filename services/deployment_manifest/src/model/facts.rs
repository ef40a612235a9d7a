//! What a release and an environment say of a module, as the renderer takes it.

use std::collections::BTreeMap;

use sluice_manifest_renderer::{
    Autoscale, ImageReference, IngressFacts, ModuleFacts, PackageFacts, WorkloadKind,
};
use sluice_schema::events::{ReleaseArtifact, ReleaseItem};

use super::Subject;
use crate::ManifestError;

/// The facts of a module of a release for an environment.
///
/// # Errors
/// [`ManifestError::ArtifactNotReady`] when the release does not have an artifact that the module makes.
pub(crate) fn facts(subject: Subject<'_>) -> Result<ModuleFacts, ManifestError> {
    let (item, environment) = (subject.item, subject.environment);
    let module = &item.module;
    let kind = match module.kind.as_str() {
        "library" => WorkloadKind::Library,
        "worker" => WorkloadKind::Worker,
        _ => WorkloadKind::Service,
    };
    let mut facts = ModuleFacts::new(&module.id, kind, &module.version);
    facts.image = image(item)?;
    facts.package = package(item)?;
    facts.ports = ports(item);
    facts.health = module.health.clone().filter(|_| !facts.ports.is_empty());
    facts.replicas = environment.replicas;
    if kind == WorkloadKind::Service {
        facts.autoscale = environment.autoscale.as_ref().map(|auto| Autoscale {
            min: auto.min_replicas,
            max: auto.max_replicas,
            cpu_percent: auto.target_cpu_percent,
        });
        facts.ingress = ingress(subject, &facts.ports);
    }
    facts.config = configuration(subject);
    let runs = facts.image.is_some() && kind != WorkloadKind::Library;
    if !runs && facts.package.is_none() {
        // So that an environment can tell which version it holds of what leaves no artifact.
        facts.config.insert("MODULE".to_owned(), module.id.clone());
        facts
            .config
            .insert("MODULE_VERSION".to_owned(), module.version.clone());
    }
    facts.namespace = Some(namespace(subject));
    let project = subject.release.project_id.as_str();
    facts.labels = labels(project, &environment.name);
    let commit = ("sluice.dev/commit".to_owned(), item.commit_sha.clone());
    facts.annotations = BTreeMap::from([commit]);
    Ok(facts)
}

/// The namespace of an environment's objects.
fn namespace(subject: Subject<'_>) -> String {
    let environment = subject.environment;
    environment
        .namespace
        .clone()
        .unwrap_or_else(|| format!("{}-{}", environment.project_id, environment.name))
}

fn labels(project: &str, environment: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("app.kubernetes.io/part-of".to_owned(), project.to_owned()),
        ("sluice.dev/environment".to_owned(), environment.to_owned()),
    ])
}

/// The environment's settings, and over them the module's own for it.
fn configuration(subject: Subject<'_>) -> BTreeMap<String, String> {
    let mut settings = subject.environment.configuration.clone();
    let own = subject
        .item
        .module
        .configuration
        .get(&subject.environment.name);
    settings.extend(own.cloned().unwrap_or_default());
    settings
}

fn ports(item: &ReleaseItem) -> Vec<u16> {
    if !item.module.ports.is_empty() {
        return item.module.ports.clone();
    }
    let image = item.module.image.as_ref();
    image.and_then(|image| image.port).into_iter().collect()
}

fn ingress(subject: Subject<'_>, ports: &[u16]) -> Option<IngressFacts> {
    let domain = subject.environment.ingress_domain.as_ref()?;
    (!ports.is_empty()).then(|| IngressFacts {
        host: format!("{}.{domain}", subject.item.module.id),
        path: "/".to_owned(),
        class: None,
        tls_secret: None,
    })
}

/// The artifact of a kind, with its reference and digest.
fn ready<'i>(
    item: &'i ReleaseItem,
    kind: &str,
    name: &str,
) -> Result<(&'i ReleaseArtifact, &'i str, &'i str), ManifestError> {
    let found = item.artifacts.iter().find(|artifact| artifact.kind == kind);
    let state = found.map_or("PENDING", |artifact| artifact.state.as_str());
    if let Some(artifact) = found
        && state == "READY"
        && let (Some(reference), Some(digest)) = (&artifact.reference, &artifact.digest)
    {
        return Ok((artifact, reference, digest));
    }
    Err(ManifestError::ArtifactNotReady {
        kind: kind.to_owned(),
        name: found.map_or(name, |artifact| &artifact.name).to_owned(),
        state: state.to_owned(),
    })
}

fn image(item: &ReleaseItem) -> Result<Option<ImageReference>, ManifestError> {
    let Some(image) = &item.module.image else {
        return Ok(None);
    };
    let (_, reference, digest) = ready(item, "IMAGE", &image.name)?;
    let name = reference
        .split_once('@')
        .map_or(reference, |(name, _)| name);
    Ok(Some(ImageReference {
        repository: without_tag(name).to_owned(),
        digest: digest.to_owned(),
    }))
}

/// A colon after the last slash begins a tag; one before it, a port.
fn without_tag(name: &str) -> &str {
    let from = name.rfind('/').map_or(0, |at| at + 1);
    match name[from..].find(':') {
        Some(at) => &name[..from + at],
        None => name,
    }
}

fn package(item: &ReleaseItem) -> Result<Option<PackageFacts>, ManifestError> {
    let Some(package) = &item.module.package else {
        return Ok(None);
    };
    let (artifact, version, digest) = ready(item, "PACKAGE", &package.name)?;
    Ok(Some(PackageFacts {
        name: artifact.name.clone(),
        version: version.to_owned(),
        digest: digest.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::without_tag;

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(without_tag("host:5000/team/web:1.0"), "host:5000/team/web");
        assert_eq!(without_tag("host:5000/team/web"), "host:5000/team/web");
        assert_eq!(without_tag("web:1"), "web");
    }
}
