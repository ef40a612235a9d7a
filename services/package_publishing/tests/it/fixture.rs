//! Builds with files, feeds that fail when told to, and events.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use sluice_kernel::{
    BoxFault, Ctx, ManualClock, ProjectPolicies,
    directory::{BuildDirectory, BuildView, ProjectDirectory, RepositoryDirectory, RepositoryView},
};
use sluice_package_feed::{
    Content, FeedName, FileContent, Limits, LocalPackageFeed, PackageEntry, PackageFeed,
    PackageFeedError, PackageFile, PackageId as FeedId, PackageMetadata, PackageSpec,
    PackageVersion, Pushed, Query, SearchPage, pack,
};
use sluice_package_publishing::{PackagePublishing, Ports, PublishPackage};
use sluice_schema::{
    Actor, ActorKind, BuildId, Envelope, EventId, EventPayload, ProjectId, RepositoryId, Subject,
    TenantId, TypedId,
    events::{BlobReference, BuildCompleted, ModuleDescription, ModulePackage, PublishedArtifact},
};
use sluice_store::Store;
use sluice_test_results::blob::{BlobKey, BlobStore, ObjectBlobStore};
use sluice_testkit::{Backend, Databases, User};

/// What a test sets, and directories answer.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) builds: Mutex<HashMap<BuildId, BuildView>>,
    pub(crate) policies: Mutex<ProjectPolicies>,
    repository: Mutex<Option<RepositoryView>>,
}

#[async_trait]
impl BuildDirectory for Facts {
    async fn builds(&self, ctx: &Ctx, ids: &[BuildId]) -> Result<Vec<BuildView>, BoxFault> {
        let builds = self.builds.lock().unwrap();
        let found = ids.iter().filter_map(|id| builds.get(id).cloned());
        Ok(found
            .filter(|view| ctx.tenant().as_str() == "acme" && ctx.sees(&view.project_id))
            .collect())
    }
}

#[async_trait]
impl ProjectDirectory for Facts {
    async fn policies(&self, _: &Ctx, _: &ProjectId) -> Result<ProjectPolicies, BoxFault> {
        Ok(self.policies.lock().unwrap().clone())
    }
}

#[async_trait]
impl RepositoryDirectory for Facts {
    async fn repository(
        &self,
        _: &Ctx,
        id: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        Ok(self
            .repository
            .lock()
            .unwrap()
            .clone()
            .filter(|view| view.id == id))
    }
    async fn repository_by_name(
        &self,
        _: &Ctx,
        _: &ProjectId,
        _: &str,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        Ok(None)
    }
}

/// A feed whose pushes end as a crash would end them: before anything happened, or right after.
pub(crate) struct TrappedFeed {
    pub(crate) inner: LocalPackageFeed,
    pub(crate) fail_before: AtomicBool,
    pub(crate) fail_after: AtomicBool,
}

fn broken() -> PackageFeedError {
    PackageFeedError::Io {
        doing: "crashing",
        source: std::io::Error::other("told to"),
    }
}

#[async_trait]
impl PackageFeed for TrappedFeed {
    async fn feeds(&self, tenant: &TenantId) -> sluice_package_feed::Result<Vec<FeedName>> {
        self.inner.feeds(tenant).await
    }
    async fn push(&self, feed: &FeedName, package: Bytes) -> sluice_package_feed::Result<Pushed> {
        if self.fail_before.load(Ordering::SeqCst) {
            return Err(broken());
        }
        let pushed = self.inner.push(feed, package).await?;
        if self.fail_after.load(Ordering::SeqCst) {
            return Err(broken());
        }
        Ok(pushed)
    }
    async fn versions(
        &self,
        feed: &FeedName,
        id: &FeedId,
    ) -> sluice_package_feed::Result<Vec<PackageVersion>> {
        self.inner.versions(feed, id).await
    }
    async fn entries(
        &self,
        feed: &FeedName,
        id: &FeedId,
    ) -> sluice_package_feed::Result<Vec<PackageEntry>> {
        self.inner.entries(feed, id).await
    }
    async fn find(
        &self,
        feed: &FeedName,
        id: &FeedId,
        version: &PackageVersion,
    ) -> sluice_package_feed::Result<Option<PackageEntry>> {
        self.inner.find(feed, id, version).await
    }
    async fn open(
        &self,
        feed: &FeedName,
        id: &FeedId,
        version: &PackageVersion,
    ) -> sluice_package_feed::Result<Content> {
        self.inner.open(feed, id, version).await
    }
    async fn nuspec(
        &self,
        feed: &FeedName,
        id: &FeedId,
        version: &PackageVersion,
    ) -> sluice_package_feed::Result<Bytes> {
        self.inner.nuspec(feed, id, version).await
    }
    async fn search(
        &self,
        feed: &FeedName,
        query: &Query,
    ) -> sluice_package_feed::Result<SearchPage> {
        self.inner.search(feed, query).await
    }
    async fn set_listed(
        &self,
        feed: &FeedName,
        id: &FeedId,
        version: &PackageVersion,
        listed: bool,
    ) -> sluice_package_feed::Result<bool> {
        self.inner.set_listed(feed, id, version, listed).await
    }
}

pub(crate) struct World {
    pub(crate) service: PackagePublishing,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) facts: Arc<Facts>,
    pub(crate) feed: Arc<TrappedFeed>,
    pub(crate) blobs: Arc<ObjectBlobStore>,
    pub(crate) repository: RepositoryId,
    pub(crate) databases: Databases,
}

pub(crate) fn ada() -> Ctx {
    User::of("acme", "ada").ctx()
}

pub(crate) async fn world(backend: Backend) -> World {
    world_at(backend, "http://sluice.example").await
}

/// A world whose server is reached under `url`.
pub(crate) async fn world_at(backend: Backend, url: &str) -> World {
    let databases = Databases::fresh(backend).await;
    let start: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(start));
    let store = databases
        .open_with("package_publishing", clock.clone())
        .await;
    let blobs = Arc::new(ObjectBlobStore::local(&databases.folder().join("blobs")).unwrap());
    let feed = LocalPackageFeed::open(databases.folder().join("feeds"), Limits::default()).await;
    let feed = Arc::new(TrappedFeed {
        inner: feed.unwrap(),
        fail_before: AtomicBool::new(false),
        fail_after: AtomicBool::new(false),
    });
    let repository = RepositoryId::generate();
    let facts = Arc::new(Facts::default());
    *facts.repository.lock().unwrap() = Some(RepositoryView {
        id: repository,
        tenant_id: "acme".parse().unwrap(),
        project_id: "web".parse().unwrap(),
        module_id: None,
        name: "greeter".to_owned(),
        default_branch: "main".to_owned(),
        is_writable: true,
    });
    let ports = Ports {
        feed: feed.clone(),
        blobs: blobs.clone(),
        builds: facts.clone(),
        repositories: facts.clone(),
        projects: facts.clone(),
    };
    World {
        service: PackagePublishing::new(store.clone(), ports, Limits::default(), url),
        store,
        clock,
        facts,
        feed,
        blobs,
        repository,
        databases,
    }
}

impl World {
    /// A successful build of version `version` that left one file, known to the directory.
    pub(crate) async fn build(&self, version: &str, content: &str) -> BuildView {
        let id = BuildId::generate();
        let key = BlobKey::new(format!("artifacts/acme/{id}/app.tgz")).unwrap();
        let blob = self
            .blobs
            .put_once(&key, Bytes::from(content.to_owned()))
            .await
            .unwrap();
        let artifact = |name: &str| PublishedArtifact {
            name: name.to_owned(),
            path: "app.tgz".to_owned(),
            blob: BlobReference {
                key: blob.key.to_string(),
                digest: blob.sha256.clone(),
                size: blob.size,
            },
        };
        let build = BuildCompleted {
            build_id: id,
            run_id: None,
            pipeline_id: None,
            repository_id: self.repository,
            branch: "main".to_owned(),
            commit_sha: "a".repeat(40),
            status: "SUCCEEDED".to_owned(),
            reason: None,
            tests: None,
            coverage: None,
            artifacts: vec![artifact("package"), artifact("image")],
            module: Some(module(version)),
            logs_uri: None,
        };
        self.know(build)
    }

    /// Tells the directory of a build.
    pub(crate) fn know(&self, build: BuildCompleted) -> BuildView {
        let view = BuildView {
            project_id: "web".parse().unwrap(),
            module_id: Some("greeter".parse().unwrap()),
            build,
        };
        self.facts
            .builds
            .lock()
            .unwrap()
            .insert(view.build.build_id, view.clone());
        view
    }

    /// Takes the events that wait in the outbox.
    pub(crate) async fn events(&self) -> Vec<Envelope> {
        let outbox = self.store.outbox();
        let rows = outbox.claim(1_000, Duration::from_secs(60)).await.unwrap();
        outbox.complete(&rows).await.unwrap();
        rows.into_iter().map(|row| row.envelope).collect()
    }

    pub(crate) async fn event_types(&self) -> Vec<String> {
        self.events()
            .await
            .into_iter()
            .map(|event| event.event_type)
            .collect()
    }
}

pub(crate) fn module(version: &str) -> ModuleDescription {
    ModuleDescription {
        id: "greeter".to_owned(),
        name: "Greeter".to_owned(),
        kind: "library".to_owned(),
        stack: "node".to_owned(),
        version: version.to_owned(),
        package: Some(ModulePackage {
            name: "Acme.Greeter".to_owned(),
            artifact: "package".to_owned(),
        }),
        ..Default::default()
    }
}

pub(crate) fn publish(view: &BuildView, version: Option<&str>) -> PublishPackage {
    PublishPackage {
        build_id: view.build.build_id,
        version: version.map(str::to_owned),
    }
}

pub(crate) fn completed(view: &BuildView) -> Envelope {
    Envelope {
        event_id: EventId::generate(),
        event_type: BuildCompleted::TYPE.to_owned(),
        schema_version: 1,
        tenant_id: "acme".parse().unwrap(),
        project_id: view.project_id.clone(),
        module_id: view.module_id.clone(),
        trace_id: "trace-1".to_owned(),
        correlation_id: "flow-1".to_owned(),
        causation_id: None,
        sequence: None,
        occurred_at: DateTime::UNIX_EPOCH,
        subject: Subject {
            kind: "BuildResult".to_owned(),
            id: view.build.build_id.to_string(),
        },
        actor: Actor {
            kind: ActorKind::System,
            id: "build_result".to_owned(),
        },
        payload: serde_json::to_value(&view.build).unwrap(),
    }
}

/// A package that a client made.
pub(crate) fn nupkg(id: &str, version: &str, content: &str) -> Bytes {
    let mut metadata = PackageMetadata::new(id.parse().unwrap(), version.parse().unwrap());
    metadata.description = "Made by hand.".to_owned();
    metadata.authors = vec!["Ann".to_owned()];
    let files = vec![PackageFile {
        path: "content/a.txt".to_owned(),
        content: FileContent::Bytes(Bytes::from(content.to_owned())),
    }];
    pack(&PackageSpec { metadata, files }, &Limits::default())
        .unwrap()
        .bytes
}
