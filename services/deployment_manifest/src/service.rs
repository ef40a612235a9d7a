//! The use cases.

mod publish;
mod queries;
mod render;
mod sources;

use std::sync::Arc;

use sluice_git_host::GitHost;
use sluice_kernel::{
    AnyFault, Ctx,
    directory::{
        EnvironmentDirectory, EnvironmentView, ProjectDirectory, ReleaseDirectory, ReleaseView,
        RepositoryDirectory, RepositoryProvisioner,
    },
};
use sluice_manifest_renderer::ManifestRenderer;
use sluice_schema::{EnvironmentId, EventId, ManifestId, ReleaseId, events::ReleaseItem};
use sluice_store::{Store, StoreError};

use crate::{
    DeploymentManifest, ManifestError, RenderDeploymentManifest, commands::Named,
    store::ManifestList,
};

type Result<T> = std::result::Result<T, ManifestError>;

pub(crate) const CONSUMER: &str = "deployment_manifest";

/// The branch of a GitOps repository that holds what was rendered.
pub const RENDERED_BRANCH: &str = "sluice/rendered";

/// How often the service decides again after others changed the same things meanwhile.
const ATTEMPTS: usize = 30;
/// The status of a release that may be rendered and promoted.
const APPROVED: &str = "APPROVED";

/// What the service stands on.
#[derive(Clone)]
pub struct Ports {
    /// Where repositories are.
    pub git: Arc<dyn GitHost>,
    /// What makes manifests.
    pub renderer: Arc<dyn ManifestRenderer>,
    /// What releases there are.
    pub releases: Arc<dyn ReleaseDirectory>,
    /// What environments there are.
    pub environments: Arc<dyn EnvironmentDirectory>,
    /// What projects let run by themselves, and which GitOps repository they have.
    pub projects: Arc<dyn ProjectDirectory>,
    /// What repositories there are.
    pub repositories: Arc<dyn RepositoryDirectory>,
    /// Makes the GitOps repository when there is none.
    pub provisioner: Arc<dyn RepositoryProvisioner>,
}

/// The deployment manifest service; cheap to clone.
#[derive(Clone)]
pub struct DeploymentManifests {
    store: Store,
    ports: Ports,
}

/// A release with one of its modules and an environment of its project, found for a command.
struct Found {
    release: ReleaseView,
    item: ReleaseItem,
    environment: EnvironmentView,
}

impl DeploymentManifests {
    /// A service on `store` and `ports`.
    pub fn new(store: Store, ports: Ports) -> Self {
        Self { store, ports }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    async fn load(&self, ctx: &Ctx, id: ManifestId) -> Result<DeploymentManifest> {
        let found = self.store.list::<ManifestList>(ctx).by_id(id).await?;
        found.ok_or(ManifestError::NotFound)
    }

    async fn release(&self, ctx: &Ctx, id: ReleaseId) -> Result<Option<ReleaseView>> {
        let found = self.ports.releases.release(ctx, id).await;
        Ok(found.map_err(AnyFault)?)
    }

    async fn found(&self, ctx: &Ctx, command: &RenderDeploymentManifest) -> Result<Found> {
        let named = command.named()?;
        let release = self.release(ctx, command.release_id).await?;
        let release = release.ok_or(ManifestError::ReleaseNotFound)?;
        let environment = match named {
            Named::Id(id) => self.environment_by_id(ctx, id, &release).await?,
            Named::Name(name) => self.environment_by_name(ctx, name, &release).await?,
        };
        let item = item_of(&release, command.module.as_deref())?.clone();
        Ok(Found {
            release,
            item,
            environment,
        })
    }

    async fn environment_by_id(
        &self,
        ctx: &Ctx,
        id: EnvironmentId,
        release: &ReleaseView,
    ) -> Result<EnvironmentView> {
        let found = self.ports.environments.environment(ctx, id).await;
        let found = found.map_err(AnyFault)?;
        // An environment of another project is as good as none for this release.
        found
            .filter(|environment| environment.project_id == release.project_id)
            .ok_or(ManifestError::EnvironmentNotFound {
                field: "environmentId",
            })
    }

    async fn environment_by_name(
        &self,
        ctx: &Ctx,
        name: &str,
        release: &ReleaseView,
    ) -> Result<EnvironmentView> {
        let found = self.environments(ctx, release).await?;
        found
            .into_iter()
            .find(|environment| environment.name == name)
            .ok_or(ManifestError::EnvironmentNotFound {
                field: "environment",
            })
    }

    async fn environments(&self, ctx: &Ctx, release: &ReleaseView) -> Result<Vec<EnvironmentView>> {
        let found = self
            .ports
            .environments
            .environments(ctx, &release.project_id)
            .await;
        Ok(found.map_err(AnyFault)?)
    }

    /// Notes the delivery of an event: what it led to is keyed by content, so the note alone says that nothing
    /// is left to do.
    async fn note_delivery(&self, ctx: &Ctx, event: EventId) -> Result<()> {
        let tx = self.store.begin(ctx).await?;
        tx.first_delivery(CONSUMER, event).await?;
        tx.commit([]).await?;
        Ok(())
    }
}

/// The module that a command means.
fn item_of<'r>(release: &'r ReleaseView, module: Option<&str>) -> Result<&'r ReleaseItem> {
    let ids = || {
        release
            .items
            .iter()
            .map(|item| item.module.id.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (module, release.items.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => {
            let rule = format!("module must be one of the release's: {}", ids());
            Err(ManifestError::invalid("module", rule))
        }
        (Some(id), items) => items
            .iter()
            .find(|item| item.module.id == id)
            .ok_or_else(|| {
                let rule = format!("module must be one of the release's: {}", ids());
                ManifestError::invalid("module", rule)
            }),
    }
}

/// `false` when somebody else changed the same things first, so that nothing took effect.
fn unless_race(done: std::result::Result<(), StoreError>) -> Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.is_race() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
