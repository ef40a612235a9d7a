//! Packages, images and releases on fresh stores, and builds for them to be made of.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use sluice_build_result::{BuildResults, OnRunCompleted};
use sluice_container_image::{ContainerImages, Settings};
use sluice_environment_promotion::Environments;
use sluice_git_host::GitHost;
use sluice_image_registry::{DEFAULT_AUTHORITY, LayoutRegistry};
use sluice_kernel::{Ctx, Reaction};
use sluice_package_feed::LocalPackageFeed;
use sluice_package_publishing::PackagePublishing;
use sluice_project::Projects;
use sluice_pull_request::PullRequests;
use sluice_release::Releases;
use sluice_repository::Repositories;
use sluice_schema::{
    PipelineId, RunId, TypedId,
    events::{
        BlobReference, ModuleDescription, ModuleImage, ModulePackage, PipelineRunCompleted,
        PublishedArtifact,
    },
};
use sluice_test_results::blob::{BlobKey, BlobStore};
use sluice_testkit::Databases;

use crate::world::{World, id};

const PUBLIC_URL: &str = "http://localhost";

/// What the release side stands on.
pub(crate) struct Source {
    pub(crate) git: Arc<dyn GitHost>,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) repositories: Arc<Repositories>,
    pub(crate) pull_requests: PullRequests,
    pub(crate) builds: BuildResults,
    pub(crate) projects: Projects,
    pub(crate) environments: Environments,
}

/// Packages, images and releases.
pub(crate) struct ReleaseSide {
    pub(crate) packages: PackagePublishing,
    pub(crate) images: ContainerImages,
    pub(crate) releases: Releases,
}

pub(crate) async fn release_side(databases: &Databases, of: &Source) -> ReleaseSide {
    let packages = packages(databases, of).await;
    let images = images(databases, of).await;
    let ports = sluice_release::Ports {
        builds: Arc::new(of.builds.clone()),
        artifacts: vec![Arc::new(packages.clone()), Arc::new(images.clone())],
        environments: Arc::new(of.environments.clone()),
        projects: Arc::new(of.projects.clone()),
        repositories: of.repositories.clone(),
        pull_requests: Arc::new(of.pull_requests.clone()),
        git: of.git.clone(),
    };
    ReleaseSide {
        packages,
        images,
        releases: Releases::new(databases.open("release").await, ports),
    }
}

async fn packages(databases: &Databases, of: &Source) -> PackagePublishing {
    let limits = sluice_package_feed::Limits::default();
    let feed = LocalPackageFeed::open(databases.folder().join("feeds"), limits).await;
    let ports = sluice_package_publishing::Ports {
        feed: Arc::new(feed.unwrap()),
        blobs: of.blobs.clone(),
        builds: Arc::new(of.builds.clone()),
        repositories: of.repositories.clone(),
        projects: Arc::new(of.projects.clone()),
    };
    let store = databases.open("package_publishing").await;
    PackagePublishing::new(store, ports, limits, PUBLIC_URL)
}

async fn images(databases: &Databases, of: &Source) -> ContainerImages {
    let limits = sluice_image_registry::Limits::default();
    let folder = databases.folder();
    let local = LayoutRegistry::open(folder.join("images"), DEFAULT_AUTHORITY, limits.clone());
    let ports = sluice_container_image::Ports {
        local: Arc::new(local.unwrap()),
        remote: None,
        blobs: of.blobs.clone(),
        git: of.git.clone(),
        builds: Arc::new(of.builds.clone()),
        repositories: of.repositories.clone(),
        projects: Arc::new(of.projects.clone()),
    };
    let settings = Settings {
        public_url: PUBLIC_URL.to_owned(),
        work_folder: folder.join("image-work"),
        version: "0.0.0".to_owned(),
        limits,
    };
    let store = databases.open("container_image").await;
    ContainerImages::new(store, ports, settings)
}

fn module(name: &str) -> ModuleDescription {
    ModuleDescription {
        id: name.to_owned(),
        name: name.to_owned(),
        kind: "microservice".to_owned(),
        stack: "node".to_owned(),
        version: "1.0.0".to_owned(),
        package: Some(ModulePackage {
            name: name.to_owned(),
            artifact: "app".to_owned(),
        }),
        image: Some(ModuleImage {
            name: name.to_owned(),
            artifact: "app".to_owned(),
            entrypoint: vec!["/app/server".to_owned()],
            port: Some(8080),
            ..ModuleImage::default()
        }),
        ports: vec![8080],
        health: Some("/healthz".to_owned()),
        configuration: [(
            "prod".to_owned(),
            [("LOG".to_owned(), "warn".to_owned())].into(),
        )]
        .into(),
    }
}

impl World {
    /// A successful run of the repository's head, whose module `name` makes a package and an
    /// image; the build's id.
    pub(crate) async fn module_build(&self, repository: &str, name: &str) -> String {
        let run = (RunId::generate(), PipelineId::generate());
        self.module_build_of(repository, name, run).await
    }

    /// The same of a run that there is.
    pub(crate) async fn module_build_of(
        &self,
        repository: &str,
        name: &str,
        (run_id, pipeline_id): (RunId, PipelineId),
    ) -> String {
        let query = "query($id: ID!) { repositoryTree(repositoryId: $id, rev: \"main\") {
            commitSha } }";
        let answer = self.send(query, json!({ "id": repository })).await;
        let head = answer.data()["repositoryTree"]["commitSha"].clone();
        let key = BlobKey::new(format!("artifacts/acme/{run_id}/server")).unwrap();
        let content = Bytes::from(format!("run {run_id}"));
        let blob = self.blobs.put_once(&key, content).await.unwrap();
        let run = PipelineRunCompleted {
            run_id,
            pipeline_id,
            repository_id: repository.parse().unwrap(),
            branch: "main".to_owned(),
            commit_sha: head.as_str().unwrap().to_owned(),
            attempt: 1,
            outcome: "SUCCEEDED".to_owned(),
            reason: None,
            started_at: None,
            finished_at: chrono::DateTime::UNIX_EPOCH,
            module: module(name),
            logs_prefix: String::new(),
            test_results: Vec::new(),
            coverage: Vec::new(),
            artifacts: vec![PublishedArtifact {
                name: "app".to_owned(),
                path: "server".to_owned(),
                blob: BlobReference {
                    key: blob.key.to_string(),
                    digest: blob.sha256.clone(),
                    size: blob.size,
                },
            }],
        };
        let (project, module) = ("web".parse().unwrap(), name.parse().unwrap());
        let event = sluice_testkit::event(&self.user.ctx(), &project, Some(&module), &run);
        self.record_sources().await;
        self.ledger
            .append(std::slice::from_ref(&event))
            .await
            .unwrap();
        let ctx = Ctx::for_event("build_result", &event);
        let reaction = OnRunCompleted(self.builds.clone());
        reaction.handle(&ctx, &event).await.unwrap();
        let ids = [run_id];
        let found = self.builds.find_by_runs(&self.user.ctx(), &ids).await;
        found.unwrap()[&run_id].id.to_string()
    }

    /// The package, image and release of a build, which waits for approval.
    pub(crate) async fn release(&self, build: &str) -> String {
        let of_build = json!({ "buildId": build });
        let package = self.command("publishPackage", "packagePublication", of_build.clone());
        id(&package.await);
        let image = self.command("buildContainerImage", "containerImage", of_build);
        id(&image.await);
        let release = id(&self.plan(build, Value::Null).await);
        self.settle().await;
        release
    }

    pub(crate) async fn plan(&self, build: &str, version: Value) -> Value {
        let input = json!({ "buildIds": [build], "version": version });
        self.command("planRelease", "release", input).await
    }
}
