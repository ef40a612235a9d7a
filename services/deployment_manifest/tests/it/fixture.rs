//! An approved release of one module, environments, and the service that renders it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use sluice_deployment_manifest::{
    DeploymentManifest, DeploymentManifests, ManifestError, ManifestFilter, OnReleaseApproved,
    Ports, RENDERED_BRANCH, RenderDeploymentManifest,
};
use sluice_git_host::{CommitInfo, GitHost, Oid, RepoPath};
use sluice_kernel::{
    BoxFault, Ctx, Outcome, ProjectPolicies, Reaction,
    directory::{
        EnvironmentDirectory, EnvironmentView, ProjectDirectory, ReleaseDirectory, ReleaseView,
        RepositoryProvisioner, RepositoryView,
    },
};
use sluice_manifest_renderer::LocalRenderer;
use sluice_schema::{
    Envelope, EnvironmentId, ProjectId, ReleaseId, TypedId,
    events::{
        DeploymentManifestRendered, ModuleDescription, ModuleImage, ReleaseApproved,
        ReleaseArtifact, ReleaseItem,
    },
};
use sluice_store::Store;
use sluice_testkit::{
    Backend, Databases, KnownRepositories, LocalRepository, TrappedGit, User, drain, event, push,
    signature,
};

/// What a test sets, and directories answer.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) releases: Mutex<Vec<ReleaseView>>,
    pub(crate) environments: Mutex<Vec<EnvironmentView>>,
    pub(crate) policies: Mutex<ProjectPolicies>,
}

#[async_trait]
impl ReleaseDirectory for Facts {
    async fn release(&self, ctx: &Ctx, id: ReleaseId) -> Result<Option<ReleaseView>, BoxFault> {
        let releases = self.releases.lock().unwrap();
        let seen = |view: &&ReleaseView| view.id == id && ctx.sees(&view.project_id);
        let found = releases.iter().find(seen).cloned();
        Ok(found.filter(|_| ctx.tenant().as_str() == "acme"))
    }
}

#[async_trait]
impl EnvironmentDirectory for Facts {
    async fn environments(
        &self,
        _: &Ctx,
        project: &ProjectId,
    ) -> Result<Vec<EnvironmentView>, BoxFault> {
        let all = self.environments.lock().unwrap();
        Ok(all
            .iter()
            .filter(|it| it.project_id == *project)
            .cloned()
            .collect())
    }
    async fn environment(
        &self,
        _: &Ctx,
        id: EnvironmentId,
    ) -> Result<Option<EnvironmentView>, BoxFault> {
        let all = self.environments.lock().unwrap();
        Ok(all.iter().find(|it| it.id == id).cloned())
    }
}

#[async_trait]
impl ProjectDirectory for Facts {
    async fn policies(&self, _: &Ctx, _: &ProjectId) -> Result<ProjectPolicies, BoxFault> {
        Ok(self.policies.lock().unwrap().clone())
    }
}

/// Makes repositories at the Git host, once each.
pub(crate) struct Provisioner {
    git: Arc<TrappedGit>,
    made: Mutex<BTreeMap<String, RepositoryView>>,
}

#[async_trait]
impl RepositoryProvisioner for Provisioner {
    async fn ensure_repository(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        name: &str,
        _: &str,
    ) -> Result<RepositoryView, BoxFault> {
        let path = RepoPath::new(ctx.tenant().as_str(), project.as_str(), name)?;
        let main = "main".parse()?;
        self.git
            .provision(&path, &main, &signature("Sluice"))
            .await?;
        let mut made = self.made.lock().unwrap();
        let view = made
            .entry(name.to_owned())
            .or_insert_with(|| RepositoryView {
                id: TypedId::generate(),
                tenant_id: ctx.tenant().clone(),
                project_id: project.clone(),
                module_id: None,
                name: name.to_owned(),
                default_branch: "main".to_owned(),
                is_writable: true,
            });
        Ok(view.clone())
    }
}

pub(crate) struct World {
    _databases: Databases,
    pub(crate) store: Store,
    pub(crate) git: Arc<TrappedGit>,
    pub(crate) facts: Arc<Facts>,
    pub(crate) service: DeploymentManifests,
    pub(crate) module: LocalRepository,
    pub(crate) ctx: Ctx,
}

pub(crate) type Done = Result<Outcome<Arc<DeploymentManifest>>, ManifestError>;

pub(crate) fn digest(c: char) -> String {
    format!("sha256:{}", c.to_string().repeat(64))
}

pub(crate) fn environment(name: &str) -> EnvironmentView {
    EnvironmentView {
        id: EnvironmentId::generate(),
        project_id: "web".parse().unwrap(),
        name: name.to_owned(),
        upstream: Vec::new(),
        auto_promote: name == "dev",
        self_heal: false,
        namespace: None,
        ingress_domain: Some("example.org".to_owned()),
        replicas: 2,
        autoscale: None,
        configuration: BTreeMap::from([("REGION".to_owned(), "eu".to_owned())]),
        target_digest: digest('0'),
        retired: false,
    }
}

fn item(module: &LocalRepository) -> ReleaseItem {
    let own = BTreeMap::from([("LEVEL".to_owned(), "debug".to_owned())]);
    ReleaseItem {
        module: ModuleDescription {
            id: "shop".into(),
            name: "Shop".into(),
            kind: "microservice".into(),
            stack: "node".into(),
            version: "1.4.0".into(),
            image: Some(ModuleImage {
                name: "shop".into(),
                artifact: "image".into(),
                entrypoint: vec!["node".into()],
                port: Some(8080),
                ..ModuleImage::default()
            }),
            health: Some("/healthz".into()),
            configuration: BTreeMap::from([("dev".to_owned(), own)]),
            ..ModuleDescription::default()
        },
        build_id: TypedId::generate(),
        repository_id: module.view.id,
        repository_name: "shop".into(),
        commit_sha: module.root.to_string(),
        artifacts: vec![ReleaseArtifact {
            kind: "IMAGE".into(),
            id: None,
            name: "shop".into(),
            state: "READY".into(),
            reference: Some(format!("registry.example:5000/web/shop@{}", digest('a'))),
            digest: Some(digest('a')),
            reason: None,
        }],
    }
}

fn release(item: ReleaseItem) -> ReleaseView {
    ReleaseView {
        id: ReleaseId::generate(),
        project_id: "web".parse().unwrap(),
        module_id: Some("shop".parse().unwrap()),
        name: "shop".into(),
        version: "1.4.0".into(),
        status: "APPROVED".into(),
        content_digest: digest('1'),
        approvals: Vec::new(),
        required_approvals: 1,
        void_cause: None,
        items: vec![item],
        checks: Vec::new(),
        planned_by: "ada".into(),
    }
}

impl World {
    /// An approved release of `shop`, and the environments dev and prod.
    pub(crate) async fn new(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let store = databases.open("deployment_manifest").await;
        let git = TrappedGit::new(&databases.folder().join("git"));
        let module = LocalRepository::provision(git.real(), "web", "shop").await;
        let known = KnownRepositories::default();
        known.list(&module.view);
        let facts = Arc::new(Facts::default());
        facts.releases.lock().unwrap().push(release(item(&module)));
        let both = ["dev", "prod"].map(environment);
        facts.environments.lock().unwrap().extend(both);
        let provisioner = Provisioner {
            git: git.clone(),
            made: Mutex::default(),
        };
        let ports = Ports {
            git: git.clone(),
            renderer: Arc::new(LocalRenderer::default()),
            releases: facts.clone(),
            environments: facts.clone(),
            projects: facts.clone(),
            repositories: Arc::new(known),
            provisioner: Arc::new(provisioner),
        };
        Self {
            _databases: databases,
            service: DeploymentManifests::new(store.clone(), ports),
            store,
            git,
            facts,
            module,
            ctx: User::of("acme", "ada").ctx(),
        }
    }

    pub(crate) fn release(&self) -> ReleaseView {
        self.facts.releases.lock().unwrap()[0].clone()
    }

    pub(crate) fn change_release(&self, change: impl FnOnce(&mut ReleaseView)) {
        change(&mut self.facts.releases.lock().unwrap()[0]);
    }

    /// The environment at `at`: 0 is dev, 1 is prod.
    pub(crate) fn environment(&self, at: usize) -> EnvironmentView {
        self.facts.environments.lock().unwrap()[at].clone()
    }

    pub(crate) fn change_environment(&self, at: usize, change: impl FnOnce(&mut EnvironmentView)) {
        change(&mut self.facts.environments.lock().unwrap()[at]);
    }

    /// Puts a file on the module's `main`, which the release is of from then on.
    pub(crate) async fn put(&self, path: &str, text: &str) -> Oid {
        let head = push(self.git.real(), &self.module.path, "main", path, text).await;
        self.change_release(|release| release.items[0].commit_sha = head.to_string());
        head
    }

    pub(crate) fn command(&self, environment: &str) -> RenderDeploymentManifest {
        RenderDeploymentManifest {
            release_id: self.release().id,
            environment_id: None,
            environment: Some(environment.to_owned()),
            module: None,
        }
    }

    pub(crate) async fn render(&self, environment: &str) -> Done {
        self.service
            .render(&self.ctx, self.command(environment))
            .await
    }

    pub(crate) async fn refused(&self, environment: &str) -> ManifestError {
        self.render(environment).await.unwrap_err()
    }

    pub(crate) fn gitops(&self) -> RepoPath {
        RepoPath::new("acme", "web", "gitops").unwrap()
    }

    /// The branch of rendered manifests, newest first.
    pub(crate) async fn history(&self) -> Vec<CommitInfo> {
        let branch = RENDERED_BRANCH.parse().unwrap();
        let Ok(Some(head)) = self.git.head(&self.gitops(), &branch).await else {
            return Vec::new();
        };
        self.git
            .log(&self.gitops(), &head, None, 500)
            .await
            .unwrap()
    }

    /// The paths of a commit of the GitOps repository.
    pub(crate) async fn paths(&self, commit: &str) -> Vec<String> {
        let commit = commit.parse().unwrap();
        let files = self
            .git
            .list_files(&self.gitops(), &commit, 1_000)
            .await
            .unwrap();
        files.into_iter().map(|file| file.path).collect()
    }

    pub(crate) async fn read(&self, commit: &str, path: &str) -> String {
        let commit = commit.parse().unwrap();
        let file = self
            .git
            .read_file(&self.gitops(), &commit, path, 1 << 20)
            .await;
        let bytes = file.unwrap().unwrap().bytes;
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    pub(crate) async fn count(&self) -> u64 {
        let filter = ManifestFilter::default();
        self.service.count(&self.ctx, &filter).await.unwrap()
    }

    /// What was announced since the last call.
    pub(crate) async fn announced(&self) -> Vec<DeploymentManifestRendered> {
        let events = drain(&self.store).await;
        let payload = |event: Envelope| event.decode::<DeploymentManifestRendered>().unwrap();
        events.into_iter().filter_map(payload).collect()
    }

    pub(crate) fn approved(&self) -> Envelope {
        let release = self.release();
        let payload = ReleaseApproved {
            release_id: release.id,
            name: release.name,
            version: release.version,
            content_digest: release.content_digest,
            items: release.items,
            approvals: Vec::new(),
        };
        Envelope {
            trace_id: "trace-of-the-approval".into(),
            ..event(&self.ctx, &release.project_id, None, &payload)
        }
    }

    pub(crate) async fn handle(&self, event: &Envelope) -> Result<(), String> {
        let ctx = Ctx::for_event("deployment_manifest", event);
        let reaction = OnReleaseApproved(self.service.clone());
        reaction
            .handle(&ctx, event)
            .await
            .map_err(|error| error.message)
    }
}
