//! One repository with its service, store and Git host.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sluice_git_host::{CommitInfo, FileChange, GitHost, Oid, RepoPath};
use sluice_kernel::{
    BoxFault, Ctx, Outcome, ProjectPolicies, Reaction,
    directory::{ProjectDirectory, RepositoryView},
};
use sluice_pipeline_generator::{
    GeneratePipeline, PIPELINES_BRANCH, PipelineDefinition, PipelineError, PipelineFilter,
    Pipelines, Reactions,
};
use sluice_schema::{
    Envelope, ProjectId, TypedId,
    events::{PipelineGenerated, PullRequestMerged},
};
use sluice_store::Store;
use sluice_testkit::{
    Backend, Databases, KnownRepositories, LocalRepository, TrappedGit, User, drain, event,
    push_change, put_file,
};

/// The policies of every project.
#[derive(Default)]
pub(crate) struct Policies(Mutex<ProjectPolicies>);

#[async_trait]
impl ProjectDirectory for Policies {
    async fn policies(&self, _: &Ctx, _: &ProjectId) -> Result<ProjectPolicies, BoxFault> {
        Ok(self.0.lock().unwrap().clone())
    }
}

pub(crate) struct World {
    _databases: Databases,
    pub(crate) store: Store,
    pub(crate) git: Arc<TrappedGit>,
    pub(crate) directory: Arc<KnownRepositories>,
    pub(crate) policies: Arc<Policies>,
    pub(crate) service: Pipelines,
    pub(crate) repository: RepositoryView,
    pub(crate) path: RepoPath,
    pub(crate) ctx: Ctx,
}

pub(crate) type Done = Result<Outcome<Arc<PipelineDefinition>>, PipelineError>;

/// A module.yaml; `name` makes contents differ.
pub(crate) fn module(name: &str) -> String {
    format!("id: shop\nname: {name}\nkind: microservice\nstack: node\n")
}

impl World {
    /// A provisioned repository `shop`, empty.
    pub(crate) async fn new(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let store = databases.open("pipeline_generator").await;
        let git = TrappedGit::new(&databases.folder().join("git"));
        let directory = Arc::new(KnownRepositories::default());
        let policies = Arc::new(Policies::default());
        let service = Pipelines::new(
            store.clone(),
            git.clone(),
            directory.clone(),
            policies.clone(),
        );
        let shop = LocalRepository::provision(git.real(), "web", "shop").await;
        // The module is known from its description alone.
        let repository = RepositoryView {
            module_id: None,
            ..shop.view
        };
        let world = Self {
            _databases: databases,
            store,
            git,
            directory,
            policies,
            service,
            repository,
            path: shop.path,
            ctx: User::of("acme", "ada").ctx(),
        };
        world.list(&world.repository);
        world
    }

    /// The same with a module on `main`.
    pub(crate) async fn with_module(backend: Backend) -> (Self, Oid) {
        let world = Self::new(backend).await;
        let sha = world.push("main", "module.yaml", &module("Shop")).await;
        (world, sha)
    }

    pub(crate) fn list(&self, repository: &RepositoryView) {
        self.directory.list(repository);
    }

    /// Whether the project lets pipelines run by themselves from now on.
    pub(crate) fn set_auto_run(&self, auto_run: bool) {
        self.policies.0.lock().unwrap().auto_run_pipelines = auto_run;
    }

    pub(crate) fn archive(&self) {
        let mut archived = self.repository.clone();
        archived.is_writable = false;
        self.list(&archived);
    }

    /// Writes a commit on top of a branch, making the branch at `main`'s head if needed.
    pub(crate) async fn push(&self, branch: &str, file: &str, content: &str) -> Oid {
        self.change(branch, put_file(file, content)).await
    }

    pub(crate) async fn change(&self, branch: &str, change: FileChange) -> Oid {
        let commit = ("Change a file".to_owned(), Vec::new());
        push_change(self.git.real(), &self.path, branch, change, commit).await
    }

    pub(crate) async fn head(&self, branch: &str) -> Option<Oid> {
        let name = branch.parse().unwrap();
        self.git.head(&self.path, &name).await.unwrap()
    }

    pub(crate) fn command(&self, branch: Option<&str>, commit: Option<Oid>) -> GeneratePipeline {
        GeneratePipeline {
            repository_id: self.repository.id,
            branch: branch.map(str::to_owned),
            commit_sha: commit.map(|sha| sha.to_string()),
        }
    }

    pub(crate) async fn generate(&self, branch: Option<&str>, commit: Option<Oid>) -> Done {
        let command = self.command(branch, commit);
        self.service.generate(&self.ctx, command).await
    }

    /// What the pipelines branch shows of the module `shop`.
    pub(crate) async fn shown(&self) -> Option<String> {
        let head = self.head(PIPELINES_BRANCH).await?;
        self.yaml_at(&head.to_string()).await
    }

    pub(crate) async fn yaml_at(&self, commit: &str) -> Option<String> {
        let (commit, path) = (
            commit.parse().unwrap(),
            "pipelines/shop/azure-pipelines.yml",
        );
        let file = self.git.read_file(&self.path, &commit, path, 1 << 20).await;
        let file = file.unwrap()?;
        Some(String::from_utf8(file.bytes.to_vec()).unwrap())
    }

    /// The pipelines branch, newest first.
    pub(crate) async fn history(&self) -> Vec<CommitInfo> {
        match self.head(PIPELINES_BRANCH).await {
            Some(head) => {
                let log = self.git.log(&self.path, &head, None, 100).await;
                log.unwrap()
            }
            None => Vec::new(),
        }
    }

    pub(crate) async fn count(&self) -> u64 {
        let filter = PipelineFilter::default();
        self.service.count(&self.ctx, &filter).await.unwrap()
    }

    /// Takes the events that wait in the outbox.
    pub(crate) async fn drain(&self) -> Vec<Envelope> {
        drain(&self.store).await
    }

    /// The commits that were announced since the last call.
    pub(crate) async fn announced(&self) -> Vec<String> {
        let events = self.drain().await;
        let payload = |event: Envelope| event.decode::<PipelineGenerated>().unwrap().unwrap();
        events
            .into_iter()
            .map(|event| payload(event).commit_sha)
            .collect()
    }

    pub(crate) async fn handle(&self, event: &Envelope) -> Result<(), String> {
        let ctx = Ctx::for_event("pipeline_generator", event);
        let reactions = Reactions(self.service.clone());
        let handled = reactions.handle(&ctx, event).await;
        handled.map_err(|error| error.message)
    }

    pub(crate) fn merged(&self, target: &str, sha: Oid) -> Envelope {
        let sha = sha.to_string();
        let payload = PullRequestMerged {
            pull_request_id: TypedId::generate(),
            repository_id: self.repository.id,
            repository_name: "shop".into(),
            number: 1,
            title: "x".into(),
            source_branch: "x".into(),
            target_branch: target.into(),
            source_sha: sha.clone(),
            merge_commit_sha: sha.clone(),
            tree_hash: sha.clone(),
            parent_shas: Vec::new(),
            created_shas: vec![sha],
            strategy: "MERGE".into(),
            merged_by: "ada".into(),
            delete_source_branch: false,
        };
        Envelope {
            trace_id: "trace-of-the-merge".into(),
            ..event(&self.ctx, &self.repository.project_id, None, &payload)
        }
    }
}
