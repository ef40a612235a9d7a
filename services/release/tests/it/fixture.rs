//! A project with repositories, builds, environments, and the release service.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use sluice_git_host::{
    BranchName, CommitSpec, FileChange, GitHost, Oid, RefChange, RepoPath, Signature,
};
use sluice_kernel::{
    Ctx, ManualClock, Outcome, Reaction, Reconciler,
    directory::{BuildView, EnvironmentView, RepositoryView},
};
use sluice_release::{
    ApproveRelease, PlanRelease, Ports, Reactions, Recovery, ReleaseError, ReleasePlan, Releases,
};
use sluice_schema::{
    BuildId, Envelope, EnvironmentId, ReleaseId, RepositoryId, TypedId,
    events::{
        BuildCompleted, CoverageCounts, ModuleDescription, ModuleImage, ModulePackage, TestCounts,
    },
};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, TrappedGit, User};

use crate::directory::Directory;

pub(crate) struct World {
    _databases: Databases,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) git: Arc<TrappedGit>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) service: Releases,
    pub(crate) recovery: Recovery,
    pub(crate) ctx: Ctx,
}

/// `name` of the tenant `acme`, with every right.
pub(crate) fn user(name: &str) -> Ctx {
    User::of("acme", name).ctx()
}

fn signature(author: &str) -> Signature {
    Signature {
        name: author.to_owned(),
        email: format!("{author}@localhost"),
        time: chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    }
}

pub(crate) fn environment(name: &str) -> EnvironmentView {
    EnvironmentView {
        id: EnvironmentId::generate(),
        project_id: "web".parse().unwrap(),
        name: name.to_owned(),
        upstream: Vec::new(),
        auto_promote: false,
        self_heal: false,
        namespace: None,
        ingress_domain: None,
        replicas: 1,
        autoscale: None,
        configuration: Default::default(),
        target_digest: format!("sha256:{name}"),
        retired: false,
    }
}

pub(crate) fn to_plan(builds: &[BuildId], version: Option<&str>) -> PlanRelease {
    PlanRelease {
        build_ids: builds.to_vec(),
        version: version.map(ToOwned::to_owned),
        notes: None,
    }
}

impl World {
    /// The environments dev and prod, and a repository `shop` with `main`.
    pub(crate) async fn new(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let start = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let store = databases.open_with("release", clock.clone()).await;
        let git = TrappedGit::new(&databases.folder().join("git"));
        let directory = Arc::new(Directory::default());
        directory.facts().environments = vec![environment("dev"), environment("prod")];
        let ports = Ports {
            builds: directory.clone(),
            artifacts: vec![directory.clone()],
            environments: directory.clone(),
            projects: directory.clone(),
            repositories: directory.clone(),
            pull_requests: directory.clone(),
            git: git.clone(),
        };
        let service = Releases::new(store.clone(), ports);
        let world = Self {
            _databases: databases,
            store,
            clock,
            git,
            directory,
            recovery: Recovery::new(service.clone()),
            service,
            ctx: user("ada"),
        };
        world.repository("shop").await;
        world
    }

    pub(crate) async fn repository(&self, name: &str) -> RepositoryId {
        let main: BranchName = "main".parse().unwrap();
        let path = self.path(name);
        let by = signature("setup");
        self.git.provision(&path, &main, &by).await.unwrap();
        let view = RepositoryView {
            id: RepositoryId::generate(),
            tenant_id: "acme".parse().unwrap(),
            project_id: "web".parse().unwrap(),
            module_id: Some(name.parse().unwrap()),
            name: name.to_owned(),
            default_branch: "main".to_owned(),
            is_writable: true,
        };
        let id = view.id;
        self.directory.facts().repositories.insert(id, view);
        id
    }

    pub(crate) fn path(&self, name: &str) -> RepoPath {
        RepoPath::new("acme", "web", name).unwrap()
    }

    /// A commit on `main` of the repository.
    pub(crate) async fn commit(&self, repository: &str, author: &str, message: &str) -> String {
        let (git, path) = (self.git.real(), self.path(repository));
        let main: BranchName = "main".parse().unwrap();
        let base = git.head(&path, &main).await.unwrap().unwrap();
        let change = FileChange::Put {
            path: "file.txt".into(),
            content: Bytes::from(format!("{message} {base}")),
            executable: None,
        };
        let staged = git.stage(&path, &base, &[change]).await.unwrap();
        let spec = CommitSpec {
            tree: staged.tree,
            parents: vec![base],
            author: signature(author),
            committer: signature("Sluice"),
            message: message.to_owned(),
            trailers: Vec::new(),
        };
        let new: Oid = git.write_commit(&path, &spec).await.unwrap();
        let change = RefChange {
            expected: Some(base),
            new: Some(new),
        };
        git.update_ref(&path, &main, change).await.unwrap();
        new.to_string()
    }

    /// A successful build of a commit, known to the build directory.
    pub(crate) fn built(&self, module: &str, sha: &str) -> BuildCompleted {
        let repository = {
            let facts = self.directory.facts();
            let mut views = facts.repositories.values();
            views.find(|view| view.name == module).unwrap().id
        };
        let build = BuildCompleted {
            build_id: BuildId::generate(),
            run_id: None,
            pipeline_id: None,
            repository_id: repository,
            branch: "main".to_owned(),
            commit_sha: sha.to_owned(),
            status: "SUCCEEDED".to_owned(),
            reason: None,
            tests: Some(TestCounts {
                total: 4,
                passed: 4,
                ..Default::default()
            }),
            coverage: Some(CoverageCounts {
                lines_covered: 6,
                lines_valid: 10,
            }),
            artifacts: Vec::new(),
            module: Some(ModuleDescription {
                id: module.to_owned(),
                name: module.to_owned(),
                version: "1.0.0".to_owned(),
                ..Default::default()
            }),
            logs_uri: None,
        };
        self.know(&build);
        build
    }

    pub(crate) fn know(&self, build: &BuildCompleted) {
        let view = BuildView {
            project_id: "web".parse().unwrap(),
            module_id: None,
            build: build.clone(),
        };
        self.directory.facts().builds.insert(build.build_id, view);
    }

    /// A build of a new commit in `shop` that makes no artifacts.
    pub(crate) async fn plain(&self, message: &str) -> BuildCompleted {
        let sha = self.commit("shop", "bob", message).await;
        self.built("shop", &sha)
    }

    /// The same with an image and a package.
    pub(crate) async fn with_artifacts(&self, message: &str) -> BuildCompleted {
        let mut build = self.plain(message).await;
        let module = build.module.as_mut().unwrap();
        module.image = Some(ModuleImage {
            name: "shop".into(),
            artifact: "image".into(),
            ..Default::default()
        });
        module.package = Some(ModulePackage {
            name: "Shop".into(),
            artifact: "package".into(),
        });
        self.know(&build);
        build
    }

    pub(crate) async fn plan(
        &self,
        builds: &[BuildId],
        version: Option<&str>,
    ) -> Result<Outcome<Arc<ReleasePlan>>, ReleaseError> {
        let command = to_plan(builds, version);
        self.service.plan(&self.ctx, command).await
    }

    pub(crate) async fn planned(&self, build: &BuildCompleted) -> Arc<ReleasePlan> {
        self.plan(&[build.build_id], None).await.unwrap().value
    }

    pub(crate) async fn approve(
        &self,
        id: ReleaseId,
        who: &str,
    ) -> Result<Outcome<Arc<ReleasePlan>>, ReleaseError> {
        self.approve_seen(id, who, None).await
    }

    pub(crate) async fn approve_seen(
        &self,
        id: ReleaseId,
        who: &str,
        digest: Option<&str>,
    ) -> Result<Outcome<Arc<ReleasePlan>>, ReleaseError> {
        let command = ApproveRelease {
            release_id: id,
            reason: "it works".to_owned(),
            content_digest: digest.map(ToOwned::to_owned),
        };
        self.service.approve(&user(who), command).await
    }

    pub(crate) async fn get(&self, id: ReleaseId) -> Arc<ReleasePlan> {
        self.service.get(&self.ctx, id).await.unwrap()
    }

    /// The one release that there is, when there is one.
    pub(crate) async fn of_build(&self, build: &BuildCompleted) -> Option<Arc<ReleasePlan>> {
        let ids = [build.build_id];
        let found = self.service.find_by_builds(&self.ctx, &ids);
        let mut found: HashMap<_, _> = found.await.unwrap();
        let mut releases = found.remove(&build.build_id)?;
        assert_eq!(releases.len(), 1);
        releases.pop()
    }

    pub(crate) async fn reconcile(&self) -> usize {
        self.recovery.reconcile().await.unwrap()
    }

    /// Takes the events that wait in the outbox.
    pub(crate) async fn drain(&self) -> Vec<Envelope> {
        let outbox = self.store.outbox();
        let rows = outbox.claim(1_000, Duration::from_secs(60)).await.unwrap();
        outbox.complete(&rows).await.unwrap();
        rows.into_iter().map(|row| row.envelope).collect()
    }

    pub(crate) async fn drained_types(&self) -> Vec<String> {
        let events = self.drain().await;
        events.into_iter().map(|event| event.event_type).collect()
    }

    pub(crate) async fn handle(&self, event: &Envelope) {
        let ctx = Ctx::for_event("release", event);
        let reactions = Reactions(self.service.clone());
        reactions.handle(&ctx, event).await.unwrap();
    }

    /// Handles an event twice at once and once more.
    pub(crate) async fn handle_often(&self, event: &Envelope) {
        tokio::join!(self.handle(event), self.handle(event));
        self.handle(event).await;
    }
}
