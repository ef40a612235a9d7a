//! One repository with its service, store, branches and Git host.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use sluice_git_host::{GitHost, Oid, RefChange, RepoPath};
use sluice_kernel::{
    BoxFault, Ctx, Outcome, Reaction, Reconciler,
    directory::{BranchDirectory, BranchView, RepositoryDirectory, RepositoryView},
};
use sluice_pull_request::{
    MergePullRequest, MergeStrategy, OpenPullRequest, PullRequest, PullRequestError, PullRequests,
    Reactions, Recovery, ReviewDecision, ReviewPullRequest,
};
use sluice_schema::{
    Envelope, EventPayload, ProjectId, PullRequestId, RepositoryId, TypedId,
    events::{BranchPolicy, BuildCompleted, CommitCreated, CommitOrigin},
};
use sluice_store::Store;
use sluice_testkit::{
    Backend, Databases, KnownRepositories, LocalRepository, TrappedGit, User, drain, drained_types,
    event, push,
};

/// What the repository and the branch service would answer.
#[derive(Default)]
pub(crate) struct Directory {
    repositories: KnownRepositories,
    pub(crate) policies: Mutex<HashMap<String, BranchPolicy>>,
    /// What others do before the next question after a repository is answered.
    pub(crate) meanwhile: Mutex<Option<Meanwhile>>,
}

type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

#[async_trait]
impl RepositoryDirectory for Directory {
    async fn repository(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(others) = meanwhile {
            others.await;
        }
        self.repositories.repository(ctx, id).await
    }

    async fn repository_by_name(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        name: &str,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        self.repositories
            .repository_by_name(ctx, project, name)
            .await
    }
}

#[async_trait]
impl BranchDirectory for Directory {
    async fn branch(
        &self,
        _: &Ctx,
        repository: RepositoryId,
        name: &str,
    ) -> Result<Option<BranchView>, BoxFault> {
        let policy = self.policies.lock().unwrap().get(name).cloned();
        Ok(policy.map(|policy| BranchView {
            repository_id: repository,
            name: name.to_owned(),
            policy,
        }))
    }
}

pub(crate) struct World {
    _databases: Databases,
    pub(crate) store: Store,
    pub(crate) git: Arc<TrappedGit>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) service: PullRequests,
    pub(crate) repository: RepositoryView,
    pub(crate) path: RepoPath,
    pub(crate) ctx: Ctx,
}

/// `name` of the tenant `acme`, with every right.
pub(crate) fn user(name: &str) -> Ctx {
    User::of("acme", name).ctx()
}

impl World {
    /// A repository `shop` with `main`, and `feature` one commit ahead of it.
    pub(crate) async fn new(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let store = databases.open("pull_request").await;
        let git = TrappedGit::new(&databases.folder().join("git"));
        let shop = LocalRepository::provision(git.real(), "web", "shop").await;
        let directory = Arc::new(Directory::default());
        let service = PullRequests::new(
            store.clone(),
            git.clone(),
            directory.clone(),
            directory.clone(),
        );
        let world = Self {
            _databases: databases,
            store,
            git,
            directory,
            service,
            repository: shop.view,
            path: shop.path,
            ctx: user("ada"),
        };
        world.set_writable(true);
        world.branch("feature").await;
        world.push("feature", "feature.txt", "new").await;
        world
    }

    pub(crate) fn set_writable(&self, is_writable: bool) {
        let mut view = self.repository.clone();
        view.is_writable = is_writable;
        self.directory.repositories.list(&view);
    }

    pub(crate) fn demand(&self, approvals: u32, checks: &[&str]) {
        let policy = BranchPolicy {
            is_protected: true,
            required_approvals: approvals,
            required_checks: checks.iter().map(ToString::to_string).collect(),
        };
        self.directory
            .policies
            .lock()
            .unwrap()
            .insert("main".into(), policy);
    }

    pub(crate) async fn head(&self, name: &str) -> Option<Oid> {
        self.git
            .head(&self.path, &name.parse().unwrap())
            .await
            .unwrap()
    }

    /// Makes a branch where `main` stands.
    pub(crate) async fn branch(&self, name: &str) {
        let main = self.head("main").await;
        self.set_head(name, None, main).await;
    }

    pub(crate) async fn set_head(&self, name: &str, expected: Option<Oid>, new: Option<Oid>) {
        let change = RefChange { expected, new };
        let git = self.git.real();
        git.update_ref(&self.path, &name.parse().unwrap(), change)
            .await
            .unwrap();
    }

    /// Writes a commit on top of a branch, as other services do.
    pub(crate) async fn push(&self, branch: &str, file: &str, content: &str) -> Oid {
        push(self.git.real(), &self.path, branch, file, content).await
    }

    pub(crate) fn to_open(&self, source: &str) -> OpenPullRequest {
        OpenPullRequest {
            repository_id: self.repository.id,
            title: "Add a feature".into(),
            description: Some("It is needed.".into()),
            source_branch: source.into(),
            target_branch: None,
        }
    }

    /// Opens `feature` into `main` and empties the outbox.
    pub(crate) async fn opened(&self) -> Arc<PullRequest> {
        let opened = self.service.open(&self.ctx, self.to_open("feature")).await;
        self.drain().await;
        opened.unwrap().value
    }

    pub(crate) async fn merge(
        &self,
        id: PullRequestId,
        strategy: Option<MergeStrategy>,
    ) -> Result<Outcome<Arc<PullRequest>>, PullRequestError> {
        let command = to_merge(id, strategy);
        self.service.merge(&self.ctx, command).await
    }

    pub(crate) async fn review(
        &self,
        id: PullRequestId,
        reviewer: &str,
        decision: ReviewDecision,
    ) -> Result<Outcome<Arc<PullRequest>>, PullRequestError> {
        let command = ReviewPullRequest {
            pull_request_id: id,
            decision,
            body: None,
            expected_source_sha: None,
        };
        self.service.review(&user(reviewer), command).await
    }

    pub(crate) async fn get(&self, id: PullRequestId) -> Arc<PullRequest> {
        self.service.get(&self.ctx, id).await.unwrap()
    }

    pub(crate) async fn recover(&self) -> Result<usize, BoxFault> {
        Recovery(self.service.clone()).reconcile().await
    }

    /// Takes the events that wait in the outbox.
    pub(crate) async fn drain(&self) -> Vec<Envelope> {
        drain(&self.store).await
    }

    pub(crate) async fn drained_types(&self) -> Vec<String> {
        drained_types(&self.store).await
    }

    pub(crate) async fn handle(&self, event: &Envelope) {
        let ctx = Ctx::for_event("pull_request", event);
        let reactions = Reactions(self.service.clone());
        reactions.handle(&ctx, event).await.unwrap();
    }

    pub(crate) fn event<P: EventPayload>(&self, payload: &P) -> Envelope {
        let (project, module) = (&self.repository.project_id, &self.repository.module_id);
        event(&self.ctx, project, module.as_ref(), payload)
    }

    pub(crate) fn committed(&self, branch: &str, sha: Oid) -> Envelope {
        self.event(&CommitCreated {
            commit_id: TypedId::generate(),
            repository_id: self.repository.id,
            branch: branch.into(),
            sha: sha.to_string(),
            tree_hash: sha.to_string(),
            parent_shas: Vec::new(),
            artifact_id: None,
            subject_line: "x".into(),
            author: "ada".into(),
            origin: CommitOrigin::Authored,
            pull_request_id: None,
            changed_paths: 1,
        })
    }

    pub(crate) fn built(&self, sha: Oid, status: &str) -> Envelope {
        self.event(&BuildCompleted {
            build_id: TypedId::generate(),
            run_id: None,
            pipeline_id: None,
            repository_id: self.repository.id,
            branch: "feature".into(),
            commit_sha: sha.to_string(),
            status: status.into(),
            reason: (status != "SUCCEEDED").then(|| "2 tests failed".into()),
            tests: None,
            coverage: None,
            artifacts: Vec::new(),
            module: None,
            logs_uri: None,
        })
    }
}

pub(crate) fn to_merge(id: PullRequestId, strategy: Option<MergeStrategy>) -> MergePullRequest {
    MergePullRequest {
        pull_request_id: id,
        strategy,
        expected_source_sha: None,
        delete_source_branch: None,
        message: None,
    }
}
