//! The use cases.

mod announce;
mod fetch;
mod finish;
mod make;
mod read;
mod tags;

use std::{path::PathBuf, sync::Arc};

use sluice_git_host::GitHost;
use sluice_image_registry::{ImageRegistry, Limits};
use sluice_kernel::{
    AnyFault, Ctx, Outcome,
    directory::{BuildDirectory, BuildView, ProjectDirectory, RepositoryDirectory},
};
use sluice_schema::{BuildId, EventId, ImageId, Scope};
use sluice_store::Store;
use sluice_test_results::blob::BlobStore;
use tokio::sync::{Mutex, Semaphore};

use crate::{
    BuildContainerImage, ContainerImage, ContainerImageError, LOCAL, SERVICE,
    content::buildable,
    model::Asked,
    store::{self, ImageList},
    turns::Turns,
};

type Result<T> = std::result::Result<T, ContainerImageError>;

pub(crate) const COMMAND: &str = "buildContainerImage";
/// Images that are built at the same time.
const AT_ONCE: usize = 2;

/// A registry of the network that images are pushed to.
#[derive(Clone)]
pub struct RemoteTarget {
    /// Host, with a port or without: its name in images and commands.
    pub host: String,
    /// The registry.
    pub registry: Arc<dyn ImageRegistry>,
}

/// What the service stands on.
#[derive(Clone)]
pub struct Ports {
    /// Where every image goes first: image layouts on this server's disk.
    pub local: Arc<dyn ImageRegistry>,
    /// Where images go then, when one is configured: the default registry of images.
    pub remote: Option<RemoteTarget>,
    /// Where builds left their files.
    pub blobs: Arc<dyn BlobStore>,
    /// Where commits are.
    pub git: Arc<dyn GitHost>,
    /// What builds there are.
    pub builds: Arc<dyn BuildDirectory>,
    /// What repositories there are.
    pub repositories: Arc<dyn RepositoryDirectory>,
    /// What projects let run by themselves.
    pub projects: Arc<dyn ProjectDirectory>,
}

/// What the service is told about its place.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where clients reach the server, without a slash at its end.
    pub public_url: String,
    /// A folder for files while an image is made of them.
    pub work_folder: PathBuf,
    /// The version of this program, for bills of materials and provenance.
    pub version: String,
    /// How large images may be.
    pub limits: Limits,
}

struct Inner {
    store: Store,
    ports: Ports,
    settings: Settings,
    turns: Turns,
    room: Semaphore,
    newest: Mutex<()>,
}

/// The container image service; cheap to clone.
#[derive(Clone)]
pub struct ContainerImages(Arc<Inner>);

impl ContainerImages {
    /// A service on `store` and `ports`. Working folders that a crash left a day ago are removed.
    pub fn new(store: Store, ports: Ports, settings: Settings) -> Self {
        fetch::sweep(&settings.work_folder);
        Self(Arc::new(Inner {
            store,
            ports,
            settings,
            turns: Turns::default(),
            room: Semaphore::new(AT_ONCE),
            newest: Mutex::new(()),
        }))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.0.ports
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.0.turns
    }

    /// Builds the image of a build, builds it otherwise, or tries again what failed.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `CONFLICT` when a tag names another image,
    /// `FAILED_PRECONDITION` for a build that makes no image, whose files are gone, or whose base
    /// cannot be used, `UNAVAILABLE` while the registry does not answer.
    pub async fn build(
        &self,
        ctx: &Ctx,
        command: BuildContainerImage,
    ) -> Result<Outcome<Arc<ContainerImage>>> {
        ctx.require(Scope::ImagesBuild)?;
        let asked = command.asked()?;
        let registry = self.registry_named(command.registry.as_deref())?;
        if let Some(id) = self.store().recall(ctx, COMMAND).await? {
            let id: ImageId = id
                .parse()
                .map_err(|_| ContainerImageError::NotFound("image"))?;
            return self.recalled(ctx, id).await;
        }
        let view = self.build_view(ctx, command.build_id).await?;
        let view = view.ok_or(ContainerImageError::NotFound("build"))?;
        let what = buildable(&view.build)?;
        self.refuse_taken(ctx, &view, what.image, &registry, &asked)
            .await?;
        let (image, began) = self.announce(ctx, &view, &registry, &asked).await?;
        self.answer(ctx, (image.id, &asked), Some(&view), !began)
            .await
    }

    /// Finishes an image for whoever asked for it; one that fails is an error to them.
    async fn answer(
        &self,
        ctx: &Ctx,
        (id, asked): (ImageId, &Asked),
        view: Option<&BuildView>,
        replayed: bool,
    ) -> Result<Outcome<Arc<ContainerImage>>> {
        let turn = self.turns().take(id).await;
        let value = self.finish(ctx, &turn, view).await?;
        if value.satisfies(asked) {
            return Ok(Outcome { value, replayed });
        }
        // Somebody else had it built otherwise since.
        Err(value
            .failure()
            .map_or(ContainerImageError::Contended, Into::into))
    }

    /// What the caller's idempotency key stands for, whatever became of it since.
    async fn recalled(&self, ctx: &Ctx, id: ImageId) -> Result<Outcome<Arc<ContainerImage>>> {
        let turn = self.turns().take(id).await;
        let value = self.finish(ctx, &turn, None).await?;
        match value.failure() {
            Some(why) => Err(why.into()),
            None => Ok(Outcome::replayed(value)),
        }
    }

    /// Announces the image of a build that succeeded, when the project lets that run by itself.
    pub(crate) async fn on_build(&self, ctx: &Ctx, event: EventId, view: &BuildView) -> Result<()> {
        let build = &view.build;
        let policies = self.ports().projects.policies(ctx, &view.project_id).await;
        let policies = policies
            .map_err(AnyFault)
            .map_err(ContainerImageError::Directory)?;
        if !policies.auto_build_images || buildable(build).is_err() {
            return self.note_delivery(ctx, event).await;
        }
        let registry = self.registry_named(None)?;
        self.announce_once(ctx, view, &registry, event).await
    }

    /// The registry of that name, or the one that images go to by default.
    fn registry_named(&self, name: Option<&str>) -> Result<String> {
        let remote = self
            .ports()
            .remote
            .as_ref()
            .map(|remote| remote.host.as_str());
        match name {
            None => Ok(remote.unwrap_or(LOCAL).to_owned()),
            Some(name) if name == LOCAL || remote == Some(name) => Ok(name.to_owned()),
            Some(_) => {
                let known = remote.map_or(String::new(), |remote| format!(" or {remote}"));
                let rule = format!("registry must be {LOCAL}{known}");
                Err(ContainerImageError::invalid("registry", rule))
            }
        }
    }

    async fn build_view(&self, ctx: &Ctx, id: BuildId) -> Result<Option<BuildView>> {
        let found = self.ports().builds.builds(ctx, &[id]).await;
        let found = found
            .map_err(AnyFault)
            .map_err(ContainerImageError::Directory)?;
        Ok(found.into_iter().find(|view| view.build.build_id == id))
    }

    async fn note_delivery(&self, ctx: &Ctx, event: EventId) -> Result<()> {
        let tx = self.store().begin(ctx).await?;
        tx.first_delivery(SERVICE, event).await?;
        tx.commit([]).await?;
        Ok(())
    }

    async fn load(&self, ctx: &Ctx, id: ImageId) -> Result<ContainerImage> {
        let found = self.store().list::<ImageList>(ctx).by_id(id).await?;
        found.ok_or(ContainerImageError::NotFound("image"))
    }

    /// Saves an image; `false` when it changed since it was read.
    async fn save(&self, ctx: &Ctx, image: &mut ContainerImage) -> Result<bool> {
        image.meta.touch(ctx, self.store().clock().now());
        let tx = self.store().begin(ctx).await?;
        match store::update(&tx, image).await {
            Ok(()) => {
                tx.commit([]).await?;
                Ok(true)
            }
            Err(error) if error.is_race() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
