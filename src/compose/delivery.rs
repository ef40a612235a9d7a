//! The services from a build result to what runs, and who asks whom.

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::Router;
use sluice_container_image::{ContainerImages, RemoteTarget};
use sluice_deployment_manifest::DeploymentManifests;
use sluice_deployment_target::DeploymentTarget;
use sluice_environment_promotion::{Environments, Neighbours, Promotions};
use sluice_git_host::GitHost;
use sluice_gitops_sync::{GitOpsSettings, GitOpsSyncs};
use sluice_iac_provisioning::{Infrastructures, SecretSource};
use sluice_image_registry::ImageRegistry;
use sluice_infrastructure_engine::InfrastructureEngine;
use sluice_kernel::{
    Reaction, Reconciler,
    directory::{
        ArtifactDirectory, BuildDirectory, EnvironmentDirectory, ProjectDirectory,
        PullRequestDirectory, ReleaseDirectory, RepositoryDirectory, RepositoryProvisioner,
    },
};
use sluice_manifest_renderer::ManifestRenderer;
use sluice_package_feed::PackageFeed;
use sluice_package_publishing::PackagePublishing;
use sluice_release::Releases;
use sluice_rest::Operation;
use sluice_test_results::blob::BlobStore;

use super::{StartError, Stores};

/// The outside world of the delivery half.
pub(super) struct Outside {
    pub(super) feed: Arc<dyn PackageFeed>,
    pub(super) images: Arc<dyn ImageRegistry>,
    pub(super) remote_images: Option<RemoteTarget>,
    pub(super) image_work: PathBuf,
    pub(super) engine: Arc<dyn InfrastructureEngine>,
    pub(super) secrets: Arc<dyn SecretSource>,
    pub(super) renderer: Arc<dyn ManifestRenderer>,
    pub(super) target: Arc<dyn DeploymentTarget>,
    pub(super) check_interval: Duration,
}

/// What the delivery half asks of the source half.
pub(super) struct SourceSide {
    pub(super) projects: Arc<dyn ProjectDirectory>,
    pub(super) repositories: Arc<dyn RepositoryDirectory>,
    pub(super) provisioner: Arc<dyn RepositoryProvisioner>,
    pub(super) pull_requests: Arc<dyn PullRequestDirectory>,
    pub(super) builds: Arc<dyn BuildDirectory>,
    pub(super) git: Arc<dyn GitHost>,
    pub(super) blobs: Arc<dyn BlobStore>,
}

/// The services.
pub(super) struct Delivery {
    pub(super) packages: PackagePublishing,
    pub(super) images: ContainerImages,
    pub(super) releases: Releases,
    pub(super) environments: Environments,
    pub(super) promotions: Promotions,
    pub(super) infrastructure: Infrastructures,
    pub(super) manifests: DeploymentManifests,
    pub(super) syncs: GitOpsSyncs,
}

impl Delivery {
    /// Wires the services over `stores`; addresses of feeds begin with `public_url`.
    pub(super) fn new(
        stores: &Stores,
        outside: Outside,
        source: &SourceSide,
        public_url: &str,
    ) -> Result<Self, StartError> {
        let packages = packages(stores, &outside, source, public_url)?;
        let images = images(stores, &outside, source, public_url)?;
        let environments = Environments::new(stores.get("environment_promotion")?);
        let known: Arc<dyn EnvironmentDirectory> = Arc::new(environments.clone());
        let artifacts: Vec<Arc<dyn ArtifactDirectory>> =
            vec![Arc::new(packages.clone()), Arc::new(images.clone())];
        let ports = sluice_release::Ports {
            builds: source.builds.clone(),
            artifacts,
            environments: known.clone(),
            projects: source.projects.clone(),
            repositories: source.repositories.clone(),
            pull_requests: source.pull_requests.clone(),
            git: source.git.clone(),
        };
        let releases = Releases::new(stores.get("release")?, ports);
        let approved: Arc<dyn ReleaseDirectory> = Arc::new(releases.clone());
        let ports = sluice_iac_provisioning::Ports {
            engine: outside.engine,
            git: source.git.clone(),
            releases: approved.clone(),
            environments: known.clone(),
            projects: source.projects.clone(),
            secrets: outside.secrets,
        };
        let infrastructure = Infrastructures::new(stores.get("iac_provisioning")?, ports);
        let ports = sluice_deployment_manifest::Ports {
            renderer: outside.renderer,
            git: source.git.clone(),
            releases: approved.clone(),
            environments: known.clone(),
            projects: source.projects.clone(),
            repositories: source.repositories.clone(),
            provisioner: source.provisioner.clone(),
        };
        let manifests = DeploymentManifests::new(stores.get("deployment_manifest")?, ports);
        let settings = GitOpsSettings {
            check_interval: outside.check_interval,
            ..GitOpsSettings::default()
        };
        let store = stores.get("gitops_sync")?;
        let syncs = GitOpsSyncs::new(store, source.git.clone(), outside.target, known, settings);
        let neighbours = Neighbours {
            releases: approved,
            manifests: Arc::new(manifests.clone()),
            infrastructure: Arc::new(infrastructure.clone()),
            syncs: Arc::new(syncs.clone()),
            repositories: source.repositories.clone(),
        };
        let promotions = Promotions::new(environments.clone(), source.git.clone(), neighbours);
        Ok(Self {
            packages,
            images,
            releases,
            environments,
            promotions,
            infrastructure,
            manifests,
            syncs,
        })
    }

    pub(super) fn reactions(&self) -> Vec<Arc<dyn Reaction>> {
        vec![
            Arc::new(sluice_package_publishing::OnBuildCompleted(
                self.packages.clone(),
            )),
            Arc::new(sluice_container_image::OnBuildCompleted(
                self.images.clone(),
            )),
            Arc::new(sluice_release::Reactions(self.releases.clone())),
            Arc::new(sluice_iac_provisioning::OnReleaseApproved(
                self.infrastructure.clone(),
            )),
            Arc::new(sluice_deployment_manifest::OnReleaseApproved(
                self.manifests.clone(),
            )),
            Arc::new(sluice_environment_promotion::Reactions(
                self.promotions.clone(),
            )),
            Arc::new(sluice_gitops_sync::Reactions(self.syncs.clone())),
        ]
    }

    pub(super) fn reconcilers(&self) -> Vec<Arc<dyn Reconciler>> {
        let holds = sluice_environment_promotion::HoldExpiry(self.environments.clone());
        vec![
            Arc::new(sluice_package_publishing::Recovery(self.packages.clone())),
            Arc::new(sluice_container_image::Worker(self.images.clone())),
            Arc::new(sluice_release::Recovery::new(self.releases.clone())),
            Arc::new(sluice_iac_provisioning::Recovery(
                self.infrastructure.clone(),
            )),
            Arc::new(sluice_deployment_manifest::Recovery(self.manifests.clone())),
            Arc::new(sluice_environment_promotion::Recovery::new(
                self.promotions.clone(),
            )),
            Arc::new(holds),
            Arc::new(sluice_gitops_sync::Recovery::new(self.syncs.clone())),
        ]
    }

    /// REST endpoints.
    pub(super) fn rest(&self) -> Router {
        let (environments, promotions) = (self.environments.clone(), self.promotions.clone());
        Router::new()
            .merge(sluice_package_publishing::router(self.packages.clone()))
            .merge(sluice_container_image::router(self.images.clone()))
            .merge(sluice_release::router(self.releases.clone()))
            .merge(sluice_iac_provisioning::router(self.infrastructure.clone()))
            .merge(sluice_deployment_manifest::router(self.manifests.clone()))
            .merge(sluice_environment_promotion::router(
                environments,
                promotions,
            ))
            .merge(sluice_gitops_sync::router(self.syncs.clone()))
    }

    /// The package feeds, as NuGet clients speak to them.
    pub(super) fn nuget(&self) -> Router {
        sluice_package_publishing::nuget_router(self.packages.clone())
    }
}

fn packages(
    stores: &Stores,
    outside: &Outside,
    source: &SourceSide,
    public_url: &str,
) -> Result<PackagePublishing, StartError> {
    let ports = sluice_package_publishing::Ports {
        feed: outside.feed.clone(),
        blobs: source.blobs.clone(),
        builds: source.builds.clone(),
        repositories: source.repositories.clone(),
        projects: source.projects.clone(),
    };
    let limits = sluice_package_feed::Limits::default();
    let store = stores.get("package_publishing")?;
    Ok(PackagePublishing::new(store, ports, limits, public_url))
}

fn images(
    stores: &Stores,
    outside: &Outside,
    source: &SourceSide,
    public_url: &str,
) -> Result<ContainerImages, StartError> {
    let ports = sluice_container_image::Ports {
        local: outside.images.clone(),
        remote: outside.remote_images.clone(),
        blobs: source.blobs.clone(),
        git: source.git.clone(),
        builds: source.builds.clone(),
        repositories: source.repositories.clone(),
        projects: source.projects.clone(),
    };
    let settings = sluice_container_image::Settings {
        public_url: public_url.to_owned(),
        work_folder: outside.image_work.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        limits: sluice_image_registry::Limits::default(),
    };
    Ok(ContainerImages::new(
        stores.get("container_image")?,
        ports,
        settings,
    ))
}

/// Descriptions of the REST endpoints.
pub(super) fn operations() -> Vec<Vec<Operation>> {
    vec![
        sluice_package_publishing::operations(),
        sluice_container_image::operations(),
        sluice_release::operations(),
        sluice_iac_provisioning::operations(),
        sluice_deployment_manifest::operations(),
        sluice_environment_promotion::operations(),
        sluice_gitops_sync::operations(),
    ]
}
