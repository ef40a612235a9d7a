//! One repository with its service, store and Git host.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use sluice_git_host::{
    BranchName, CommitInfo, CommitSpec, FileChange, GitHost, Oid, RefChange, RepoPath, Signature,
};
use sluice_kernel::{
    BoxFault, Ctx, Outcome, ProjectPolicies, Reaction,
    directory::{ProjectDirectory, RepositoryDirectory, RepositoryView},
};
use sluice_pipeline_generator::{
    GeneratePipeline, PIPELINES_BRANCH, PipelineDefinition, PipelineError, PipelineFilter,
    Pipelines, Reactions,
};
use sluice_schema::{
    Envelope, EventId, NewEvent, ProjectId, RepositoryId, TypedId,
    events::{PipelineGenerated, PullRequestMerged},
};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, TrappedGit, User};

#[derive(Default)]
pub(crate) struct Directory(
    Mutex<HashMap<RepositoryId, RepositoryView>>,
    pub(crate) Mutex<ProjectPolicies>,
);

#[async_trait]
impl ProjectDirectory for Directory {
    async fn policies(&self, _: &Ctx, _: &ProjectId) -> Result<ProjectPolicies, BoxFault> {
        Ok(self.1.lock().unwrap().clone())
    }
}

#[async_trait]
impl RepositoryDirectory for Directory {
    async fn repository(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        let found = self.0.lock().unwrap().get(&id).cloned();
        Ok(found.filter(|view| view.tenant_id == *ctx.tenant() && ctx.sees(&view.project_id)))
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

pub(crate) struct World {
    _databases: Databases,
    pub(crate) store: Store,
    pub(crate) git: Arc<TrappedGit>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) service: Pipelines,
    pub(crate) repository: RepositoryView,
    pub(crate) path: RepoPath,
    pub(crate) ctx: Ctx,
}

pub(crate) type Done = Result<Outcome<Arc<PipelineDefinition>>, PipelineError>;

fn signature() -> Signature {
    Signature {
        name: "Ada".into(),
        email: "ada@example.com".into(),
        time: chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    }
}

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
        let directory = Arc::new(Directory::default());
        let service = Pipelines::new(
            store.clone(),
            git.clone(),
            directory.clone(),
            directory.clone(),
        );
        let path = RepoPath::new("acme", "web", "shop").unwrap();
        let repository = RepositoryView {
            id: RepositoryId::generate(),
            tenant_id: "acme".parse().unwrap(),
            project_id: "web".parse().unwrap(),
            module_id: None,
            name: "shop".into(),
            default_branch: "main".into(),
            is_writable: true,
        };
        let main: BranchName = "main".parse().unwrap();
        git.provision(&path, &main, &signature()).await.unwrap();
        let world = Self {
            _databases: databases,
            store,
            git,
            directory,
            service,
            repository,
            path,
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
        let mut all = self.directory.0.lock().unwrap();
        all.insert(repository.id, repository.clone());
    }

    /// Whether the project lets pipelines run by themselves from now on.
    pub(crate) fn set_auto_run(&self, auto_run: bool) {
        self.directory.1.lock().unwrap().auto_run_pipelines = auto_run;
    }

    pub(crate) fn archive(&self) {
        let mut archived = self.repository.clone();
        archived.is_writable = false;
        self.list(&archived);
    }

    /// Writes a commit on top of a branch, making the branch at `main`'s head if needed.
    pub(crate) async fn push(&self, branch: &str, file: &str, content: &str) -> Oid {
        let put = FileChange::Put {
            path: file.into(),
            content: content.as_bytes().to_vec().into(),
            executable: None,
        };
        self.change(branch, put).await
    }

    pub(crate) async fn change(&self, branch: &str, change: FileChange) -> Oid {
        let git = self.git.real();
        let name: BranchName = branch.parse().unwrap();
        let head = git.head(&self.path, &name).await.unwrap();
        let base = match head {
            Some(head) => head,
            None => self.head("main").await.unwrap(),
        };
        let staged = git.stage(&self.path, &base, &[change]).await.unwrap();
        let spec = CommitSpec {
            tree: staged.tree,
            parents: vec![base],
            author: signature(),
            committer: signature(),
            message: "Change a file".into(),
            trailers: Vec::new(),
        };
        let new = git.write_commit(&self.path, &spec).await.unwrap();
        let change = RefChange {
            expected: head,
            new: Some(new),
        };
        git.update_ref(&self.path, &name, change).await.unwrap();
        new
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
        let outbox = self.store.outbox();
        let rows = outbox.claim(1_000, Duration::from_secs(60)).await.unwrap();
        outbox.complete(&rows).await.unwrap();
        rows.into_iter().map(|row| row.envelope).collect()
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
        let event = NewEvent::of(&self.repository.project_id, None, &payload).unwrap();
        Envelope {
            event_id: EventId::generate(),
            event_type: event.event_type.to_owned(),
            schema_version: event.schema_version,
            tenant_id: self.repository.tenant_id.clone(),
            project_id: event.project_id,
            module_id: event.module_id,
            trace_id: "trace-of-the-merge".into(),
            correlation_id: "correlation".into(),
            causation_id: None,
            sequence: None,
            occurred_at: self.store.clock().now(),
            subject: event.subject,
            actor: self.ctx.actor().clone(),
            payload: event.payload,
        }
    }
}
