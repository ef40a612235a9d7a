//! The use cases.

mod announce;
mod feeds;
mod finish;
mod push;

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sluice_kernel::{
    AnyFault, BoxFault, Ctx, Outcome,
    directory::{
        ArtifactDirectory, BuildDirectory, BuildView, ProjectDirectory, RepositoryDirectory,
    },
};
use sluice_package_feed::{Limits, PackageFeed};
use sluice_schema::{
    BuildId, EventId, PackageId, RepositoryId, Scope,
    events::{BuildCompleted, ReleaseArtifact},
};
use sluice_store::{Store, finds, reads};
use sluice_test_results::blob::BlobStore;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    PackageError, PackageFilter, PackageOrder, PackagePublication, PackageStatus, PublishPackage,
    SetListed,
    content::publishable,
    entity::Column,
    store::{self, PackageList},
};

pub(crate) use feeds::only_project;

type Result<T> = std::result::Result<T, PackageError>;

pub(crate) const CONSUMER: &str = "package_publishing";

/// Packages that are packed, and that are uploaded, at the same time: each is held in memory.
const AT_ONCE: usize = 4;

/// What the service stands on.
#[derive(Clone)]
pub struct Ports {
    /// Where packages go.
    pub feed: Arc<dyn PackageFeed>,
    /// Where builds left their files.
    pub blobs: Arc<dyn BlobStore>,
    /// What builds there are.
    pub builds: Arc<dyn BuildDirectory>,
    /// What repositories there are.
    pub repositories: Arc<dyn RepositoryDirectory>,
    /// What projects let run by themselves.
    pub projects: Arc<dyn ProjectDirectory>,
}

/// The package publishing service; cheap to clone.
#[derive(Clone)]
pub struct PackagePublishing {
    store: Store,
    ports: Ports,
    limits: Limits,
    public_url: Arc<str>,
    packing: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
}

impl PackagePublishing {
    /// A service on `store` and `ports`. Clients reach the server under `public_url`, without a
    /// slash at its end. `limits` bound what is packed and what is uploaded.
    pub fn new(store: Store, ports: Ports, limits: Limits, public_url: &str) -> Self {
        Self {
            store,
            ports,
            limits,
            public_url: public_url.into(),
            packing: Arc::new(Semaphore::new(AT_ONCE)),
            uploads: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Where NuGet clients find the project's feed: what they take as a source.
    pub fn source_url(&self, project: &str) -> String {
        format!("{}/nuget/{project}/v3/index.json", self.public_url)
    }

    /// Waits until there is memory for one more upload.
    pub(crate) async fn upload_room(&self) -> Result<SemaphorePermit<'_>> {
        let room = self.uploads.acquire().await;
        room.map_err(|_| PackageError::Interrupted)
    }

    /// Publishes the package of a build, or tries again what failed.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `CONFLICT` when the version belongs to something
    /// else, `FAILED_PRECONDITION` for a build that makes no package or whose files are gone.
    pub async fn publish(
        &self,
        ctx: &Ctx,
        command: PublishPackage,
    ) -> Result<Outcome<Arc<PackagePublication>>> {
        ctx.require(Scope::PackagesPublish)?;
        let wanted = command.version()?;
        if let Some(id) = self.store.recall(ctx, "publishPackage").await? {
            let id: PackageId = id.parse().map_err(|_| PackageError::NotFound("package"))?;
            let publication = self.load(ctx, id).await?;
            return self.answer(ctx, publication, None, true).await;
        }
        let build = self.build(ctx, command.build_id).await?;
        let build = build.ok_or(PackageError::NotFound("build"))?;
        publishable(&build.build)?;
        let (publication, announced) = self.announce(ctx, &build, wanted.as_ref(), None).await?;
        self.answer(ctx, publication, Some(&build), !announced)
            .await
    }

    /// Publishes the package of a build that succeeded, when the project lets that run by itself.
    pub(crate) async fn publish_build(
        &self,
        ctx: &Ctx,
        event: EventId,
        view: BuildView,
    ) -> Result<()> {
        let build = &view.build;
        if let Some(known) = store::find_by_build(&self.store, ctx, build.build_id).await? {
            // A delivery that ended half way, or a command that was faster.
            self.finish(ctx, known, Some(&view)).await?;
            return self.note_delivery(ctx, event).await;
        }
        let policies = self.ports.projects.policies(ctx, &view.project_id).await;
        let policies = policies
            .map_err(AnyFault)
            .map_err(PackageError::Directory)?;
        if !policies.auto_publish_packages || !makes_package(build) {
            return self.note_delivery(ctx, event).await;
        }
        let (publication, announced) = self.announce(ctx, &view, None, Some(event)).await?;
        self.finish(ctx, publication, Some(&view)).await?;
        if announced {
            return Ok(());
        }
        self.note_delivery(ctx, event).await
    }

    /// Finishes a publication for whoever asked for it; one that fails is an error to them.
    async fn answer(
        &self,
        ctx: &Ctx,
        publication: PackagePublication,
        build: Option<&BuildView>,
        replayed: bool,
    ) -> Result<Outcome<Arc<PackagePublication>>> {
        let value = self.finish(ctx, publication, build).await?;
        match value.failure() {
            Some(why) => Err(why.into()),
            None => Ok(Outcome { value, replayed }),
        }
    }

    /// Lists a version of a package, or takes it from the lists of its feed.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn set_listed(&self, ctx: &Ctx, command: SetListed) -> Result<bool> {
        ctx.require(Scope::PackagesPublish)?;
        ctx.require_project(&command.project_id)?;
        let feed = feeds::feed_of(ctx, &command.project_id);
        let (name, version) = (&command.name, &command.version);
        let changed = self
            .ports
            .feed
            .set_listed(&feed, name, version, command.listed)
            .await?;
        let project = &command.project_id;
        let recorded = store::find_version(&self.store, ctx, project, name, version).await?;
        if let Some(mut publication) = recorded.filter(|p| p.listed != command.listed) {
            publication.listed = command.listed;
            publication.meta.touch(ctx, self.store.clock().now());
            let tx = self.store.begin(ctx).await?;
            store::update(&tx, &mut publication).await?;
            tx.commit([]).await?;
        }
        Ok(changed)
    }

    /// The publication of each build that has one.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn find_by_builds(
        &self,
        ctx: &Ctx,
        builds: &[BuildId],
    ) -> Result<HashMap<BuildId, Arc<PackagePublication>>> {
        ctx.require(Scope::Read)?;
        let found = store::find_by_builds(&self.store, ctx, builds).await?;
        let keyed = found.into_iter().filter_map(|p| Some((p.build_id?, p)));
        Ok(keyed.collect())
    }

    async fn build(&self, ctx: &Ctx, id: BuildId) -> Result<Option<BuildView>> {
        let found = self.ports.builds.builds(ctx, &[id]).await;
        let found = found.map_err(AnyFault).map_err(PackageError::Directory)?;
        Ok(found.into_iter().find(|view| view.build.build_id == id))
    }

    async fn note_delivery(&self, ctx: &Ctx, event: EventId) -> Result<()> {
        let tx = self.store.begin(ctx).await?;
        tx.first_delivery(CONSUMER, event).await?;
        tx.commit([]).await?;
        Ok(())
    }

    async fn load(&self, ctx: &Ctx, id: PackageId) -> Result<PackagePublication> {
        let found = self.store.list::<PackageList>(ctx).by_id(id).await?;
        found.ok_or(PackageError::NotFound("package"))
    }
}

fn makes_package(build: &BuildCompleted) -> bool {
    publishable(build).is_ok()
}

reads! {
    PackagePublishing: PackageList(PackageFilter, PackageOrder) of PackagePublication by PackageId or PackageError, else PackageError::NotFound("package");
    pages_by_repository, counts_by_repository: RepositoryId in Column::RepositoryId, key |id| id.to_string(), of |row| row.repository_id.clone().unwrap_or_default();
}

/// A commit of a repository.
type CommitKey = (RepositoryId, String);

finds! {
    PackagePublishing: PackageList of PackagePublication or PackageError;
    /// The packages of each commit's builds.
    find_by_commits: CommitKey in Column::CommitSha, key |(_, sha)| sha.clone(),
        of |it| Some((it.repository_id?, it.commit_sha.clone()?));
}

#[async_trait]
impl ArtifactDirectory for PackagePublishing {
    async fn artifacts(
        &self,
        ctx: &Ctx,
        builds: &[BuildId],
    ) -> std::result::Result<Vec<(BuildId, ReleaseArtifact)>, BoxFault> {
        let found = store::find_by_builds(&self.store, ctx, builds).await?;
        let named = found
            .iter()
            .filter_map(|p| Some((p.build_id?, p.artifact())));
        Ok(named.collect())
    }
}

/// Whether there is nothing left to do.
fn settled(publication: &PackagePublication) -> bool {
    publication.status != PackageStatus::Pending
}
