//! What other services would tell.

use sluice_kernel::{Clock, directory::EnvironmentView};
use sluice_schema::{
    Envelope, EventId, EventPayload, ImageId, ManifestId, NewEvent, PackageId, ReleaseId,
    RepositoryId, TypedId,
    events::{
        BuildCompleted, ContainerImageBuilt, ContainerImageFailed, DeploymentManifestRendered,
        EnvironmentDefined, PackagePublished,
    },
};

use crate::fixture::World;

impl World {
    pub(crate) fn event<P: EventPayload>(&self, payload: &P) -> Envelope {
        let event = NewEvent::of(&"web".parse().unwrap(), None, payload).unwrap();
        Envelope {
            event_id: EventId::generate(),
            event_type: event.event_type.to_owned(),
            schema_version: event.schema_version,
            tenant_id: "acme".parse().unwrap(),
            project_id: event.project_id,
            module_id: None,
            trace_id: "trace".into(),
            correlation_id: "correlation".into(),
            causation_id: None,
            sequence: None,
            occurred_at: self.clock.now(),
            subject: event.subject,
            actor: self.ctx.actor().clone(),
            payload: event.payload,
        }
    }

    pub(crate) fn imaged(&self, build: &BuildCompleted, image: ImageId, digest: &str) -> Envelope {
        self.event(&ContainerImageBuilt {
            image_id: image,
            registry: "local".into(),
            name: "shop".into(),
            build_id: build.build_id,
            repository_id: build.repository_id,
            commit_sha: build.commit_sha.clone(),
            digest: digest.into(),
            reference: format!("shop@{digest}"),
            tags: Vec::new(),
            size: 1,
            sbom_digest: None,
            provenance_digest: None,
        })
    }

    pub(crate) fn image_failed(&self, build: &BuildCompleted, image: ImageId) -> Envelope {
        self.event(&ContainerImageFailed {
            image_id: image,
            registry: "local".into(),
            name: "shop".into(),
            build_id: build.build_id,
            repository_id: build.repository_id,
            commit_sha: build.commit_sha.clone(),
            code: "UNAVAILABLE".into(),
            reason: "the disk is full".into(),
        })
    }

    pub(crate) fn packaged(&self, build: &BuildCompleted) -> Envelope {
        self.event(&PackagePublished {
            package_id: PackageId::generate(),
            feed: "web".into(),
            name: "Shop".into(),
            version: "1.0.0".into(),
            build_id: Some(build.build_id),
            repository_id: Some(build.repository_id),
            commit_sha: Some(build.commit_sha.clone()),
            digest: "sha256:package".into(),
            sha512: "x".into(),
            size: 1,
        })
    }

    /// Changes an environment's target, as its service would, and tells of it.
    pub(crate) fn redefine(
        &self,
        name: &str,
        change: impl FnOnce(&mut EnvironmentView),
    ) -> Envelope {
        let mut facts = self.directory.facts();
        let mut environments = facts.environments.iter_mut();
        let view = environments.find(|view| view.name == name).unwrap();
        change(view);
        let event = EnvironmentDefined {
            environment_id: view.id,
            environment: view.name.clone(),
            upstream: Vec::new(),
            target_digest: view.target_digest.clone(),
            retired: view.retired,
        };
        self.event(&event)
    }

    pub(crate) fn rendered(&self, release: ReleaseId, name: &str, digest: &str) -> Envelope {
        let environment = {
            let facts = self.directory.facts();
            let mut views = facts.environments.iter();
            views.find(|view| view.name == name).unwrap().id
        };
        self.event(&DeploymentManifestRendered {
            manifest_id: ManifestId::generate(),
            release_id: release,
            version: "1.0.0".into(),
            environment_id: environment,
            environment: name.into(),
            module: "shop".into(),
            content_digest: digest.into(),
            gitops_repository_id: RepositoryId::generate(),
            gitops_repository: "gitops".into(),
            commit_sha: "a".repeat(40),
            path: format!("environments/{name}/shop"),
            objects: 2,
            configuration: Default::default(),
        })
    }
}
