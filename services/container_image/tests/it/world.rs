//! A project with a repository, builds of it, and registries.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use sluice_container_image::{
    BuildContainerImage, ContainerImage, ContainerImages, OnBuildCompleted, Ports, RemoteTarget,
    Settings, Worker,
};
use sluice_git_host::{GitHost, LocalGitHost, RepoPath, Signature};
use sluice_image_registry::{
    DEFAULT_AUTHORITY, ImageRegistry, ImageRepository, LayoutRegistry, Limits,
};
use sluice_kernel::{
    BoxFault, Ctx, ManualClock, ProjectPolicies, Reaction, Reconciler,
    directory::{BuildDirectory, BuildView, ProjectDirectory, RepositoryDirectory, RepositoryView},
};
use sluice_schema::{
    Actor, ActorKind, BuildId, Envelope, EventId, EventPayload, ProjectId, RepositoryId, Subject,
    TypedId,
    events::{BlobReference, BuildCompleted, ModuleDescription, ModuleImage, PublishedArtifact},
};
use sluice_store::Store;
use sluice_test_results::blob::{BlobKey, BlobStore, ObjectBlobStore};
use sluice_testkit::{Backend, Databases, User};

use crate::trap::Trapped;

/// The directories of other services.
pub(crate) struct Others {
    repository: RepositoryView,
    pub(crate) policies: Mutex<ProjectPolicies>,
    pub(crate) builds: Mutex<HashMap<BuildId, BuildView>>,
}

#[async_trait]
impl RepositoryDirectory for Others {
    async fn repository(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        let known = id == self.repository.id && ctx.tenant() == &self.repository.tenant_id;
        Ok(known.then(|| self.repository.clone()))
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

#[async_trait]
impl BuildDirectory for Others {
    async fn builds(&self, ctx: &Ctx, ids: &[BuildId]) -> Result<Vec<BuildView>, BoxFault> {
        let builds = self.builds.lock().unwrap();
        let seen = |view: &&BuildView| {
            ctx.tenant() == &self.repository.tenant_id && ctx.sees(&view.project_id)
        };
        let found = ids.iter().filter_map(|id| builds.get(id)).filter(seen);
        Ok(found.cloned().collect())
    }
}

#[async_trait]
impl ProjectDirectory for Others {
    async fn policies(&self, _: &Ctx, _: &ProjectId) -> Result<ProjectPolicies, BoxFault> {
        Ok(self.policies.lock().unwrap().clone())
    }
}

pub(crate) struct World {
    pub(crate) service: ContainerImages,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) others: Arc<Others>,
    pub(crate) local: Arc<Trapped>,
    pub(crate) remote: Option<Arc<LayoutRegistry>>,
    pub(crate) blobs: Arc<ObjectBlobStore>,
    pub(crate) commit: String,
    ports: Ports,
    settings: Settings,
    databases: Databases,
}

pub(crate) const REMOTE: &str = "registry.example:5000";

pub(crate) async fn world(backend: Backend) -> World {
    make(backend, false).await
}

pub(crate) async fn world_with_remote(backend: Backend) -> World {
    make(backend, true).await
}

pub(crate) fn committed() -> DateTime<Utc> {
    "2025-01-02T03:04:05Z".parse().unwrap()
}

async fn make(backend: Backend, with_remote: bool) -> World {
    let databases = Databases::fresh(backend).await;
    let folder = databases.folder().to_owned();
    let clock = Arc::new(ManualClock::at("2025-02-01T00:00:00Z".parse().unwrap()));
    let store = databases.open_with("container_image", clock.clone()).await;
    let git = LocalGitHost::new(folder.join("git"), sluice_git_host::Limits::default()).unwrap();
    let path = RepoPath::new("acme", "shop", "web").unwrap();
    let signature = Signature {
        name: "Ada".into(),
        email: "ada@example.com".into(),
        time: committed(),
    };
    let made = git
        .provision(&path, &"main".parse().unwrap(), &signature)
        .await;
    let commit = made.unwrap().head.to_string();
    let layout = |name: &str, authority: &str| {
        LayoutRegistry::open(folder.join(name), authority, Limits::default()).unwrap()
    };
    let local = Arc::new(Trapped::new(layout("images", DEFAULT_AUTHORITY)));
    let remote = with_remote.then(|| Arc::new(layout("remote", REMOTE)));
    let blobs = Arc::new(ObjectBlobStore::local(&folder.join("blobs")).unwrap());
    let others = Arc::new(Others {
        repository: RepositoryView {
            id: RepositoryId::generate(),
            tenant_id: "acme".parse().unwrap(),
            project_id: "shop".parse().unwrap(),
            module_id: None,
            name: "web".to_owned(),
            default_branch: "main".to_owned(),
            is_writable: true,
        },
        policies: Mutex::default(),
        builds: Mutex::default(),
    });
    let ports = Ports {
        local: local.clone(),
        remote: remote.clone().map(|registry| RemoteTarget {
            host: REMOTE.to_owned(),
            registry,
        }),
        blobs: blobs.clone(),
        git: Arc::new(git),
        builds: others.clone(),
        repositories: others.clone(),
        projects: others.clone(),
    };
    let settings = Settings {
        public_url: "https://sluice.example".to_owned(),
        work_folder: folder.join("work"),
        version: "0.1.0".to_owned(),
        limits: Limits::default(),
    };
    let service = ContainerImages::new(store.clone(), ports.clone(), settings.clone());
    World {
        service,
        store,
        clock,
        others,
        local,
        remote,
        blobs,
        commit,
        ports,
        settings,
        databases,
    }
}

pub(crate) fn ada() -> Ctx {
    User::of("acme", "ada").ctx()
}

impl World {
    /// The service as another process has it.
    pub(crate) fn restarted(&self) -> ContainerImages {
        let (ports, settings) = (self.ports.clone(), self.settings.clone());
        ContainerImages::new(self.store.clone(), ports, settings)
    }

    pub(crate) fn work_left(&self) -> usize {
        let folder = self.databases.folder().join("work");
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }

    async fn artifact(&self, path: &str, text: &str) -> PublishedArtifact {
        let digest = sluice_kernel::ContentDigest::of(text).hex();
        let key = BlobKey::new(format!("artifacts/{digest}")).unwrap();
        let content = Bytes::from(text.to_owned());
        let blob = self.blobs.put_once(&key, content).await.unwrap();
        PublishedArtifact {
            name: "image".to_owned(),
            path: path.to_owned(),
            blob: BlobReference {
                key: blob.key.to_string(),
                digest: blob.sha256,
                size: blob.size,
            },
        }
    }

    /// A successful build with these files in its artifact `image`.
    pub(crate) async fn built(&self, files: &[(&str, &str)]) -> BuildCompleted {
        let mut artifacts = Vec::new();
        for (path, text) in files {
            artifacts.push(self.artifact(path, text).await);
        }
        let build = BuildCompleted {
            build_id: BuildId::generate(),
            run_id: None,
            pipeline_id: None,
            repository_id: self.others.repository.id,
            branch: "main".to_owned(),
            commit_sha: self.commit.clone(),
            status: "SUCCEEDED".to_owned(),
            reason: None,
            tests: None,
            coverage: None,
            artifacts,
            module: Some(ModuleDescription {
                id: "web".to_owned(),
                name: "Web".to_owned(),
                kind: "microservice".to_owned(),
                stack: "node".to_owned(),
                version: "1.0.0".to_owned(),
                image: Some(ModuleImage {
                    name: "web".to_owned(),
                    artifact: "image".to_owned(),
                    entrypoint: vec!["./bin/run".to_owned()],
                    port: Some(8080),
                    base: None,
                    environment: [("MODE".to_owned(), "prod".to_owned())].into(),
                }),
                ..Default::default()
            }),
            logs_uri: None,
        };
        self.know(&build);
        build
    }

    pub(crate) fn know(&self, build: &BuildCompleted) {
        let view = BuildView {
            project_id: "shop".parse().unwrap(),
            module_id: Some("web".parse().unwrap()),
            build: build.clone(),
        };
        let mut builds = self.others.builds.lock().unwrap();
        builds.insert(build.build_id, view);
    }

    pub(crate) fn event(&self, build: &BuildCompleted) -> Envelope {
        Envelope {
            event_id: EventId::generate(),
            event_type: BuildCompleted::TYPE.to_owned(),
            schema_version: 1,
            tenant_id: "acme".parse().unwrap(),
            project_id: "shop".parse().unwrap(),
            module_id: Some("web".parse().unwrap()),
            trace_id: "trace".to_owned(),
            correlation_id: "correlation".to_owned(),
            causation_id: None,
            sequence: None,
            occurred_at: DateTime::UNIX_EPOCH,
            subject: Subject {
                kind: "BuildResult".to_owned(),
                id: build.build_id.to_string(),
            },
            actor: Actor {
                kind: ActorKind::System,
                id: "build_result".to_owned(),
            },
            payload: serde_json::to_value(build).unwrap(),
        }
    }

    pub(crate) async fn tell(&self, event: &Envelope) {
        let reaction = OnBuildCompleted(self.service.clone());
        let ctx = Ctx::for_event("container_image", event);
        reaction.handle(&ctx, event).await.unwrap();
    }

    pub(crate) async fn work(&self) -> usize {
        Worker(self.service.clone()).reconcile().await.unwrap()
    }

    pub(crate) async fn image_of(&self, build: &BuildCompleted) -> Arc<ContainerImage> {
        let found = self.service.find_by_builds(&ada(), &[build.build_id]).await;
        found.unwrap()[&build.build_id].clone()
    }

    /// Every event since the last call.
    pub(crate) async fn events(&self) -> Vec<Envelope> {
        let outbox = self.store.outbox();
        let claimed = outbox.claim(100, Duration::from_secs(3_600)).await.unwrap();
        outbox.complete(&claimed).await.unwrap();
        claimed.into_iter().map(|one| one.envelope).collect()
    }

    pub(crate) fn repository(&self) -> ImageRepository {
        ImageRepository {
            tenant: "acme".parse().unwrap(),
            project: "shop".parse().unwrap(),
            name: "web".parse().unwrap(),
        }
    }

    /// The digest that a tag names in the registry on disk.
    pub(crate) async fn tagged(&self, tag: &str) -> String {
        let reference = tag.parse().unwrap();
        let digest = self
            .local
            .real
            .resolve(&self.repository(), &reference)
            .await;
        digest.unwrap().to_string()
    }
}

pub(crate) fn command(build: &BuildCompleted) -> BuildContainerImage {
    BuildContainerImage {
        build_id: build.build_id,
        base: None,
        tags: Vec::new(),
        registry: None,
    }
}

pub(crate) const FILES: &[(&str, &str)] = &[
    ("bin/run", "#!/bin/sh\necho hello\n"),
    ("src/main.mjs", "import 'http';\n"),
    (
        "package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"node_modules/left-pad":{"version":"1.3.0"}}}"#,
    ),
];
