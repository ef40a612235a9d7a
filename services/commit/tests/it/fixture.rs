//! One repository with a feature branch, its service, store and Git host.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use chrono::DateTime;
use sluice_commit::{Change, ChangeKind, Commit, CommitError, Commits, CreateCommit};
use sluice_git_host::{CommitInfo, GitHost, Oid, RefChange, RepoPath};
use sluice_kernel::{
    BoxFault, Ctx, ManualClock, Outcome,
    directory::{BranchDirectory, BranchView, RepositoryView},
};
use sluice_schema::{Envelope, RepositoryId, events::BranchPolicy};
use sluice_store::Store;
use sluice_testkit::{
    Backend, Databases, KnownRepositories, LocalRepository, TrappedGit, User, drain, push_change,
    put_file,
};

/// What the service that owns branches would answer.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) protected: Mutex<HashMap<String, bool>>,
}

#[async_trait]
impl BranchDirectory for Facts {
    async fn branch(
        &self,
        _: &Ctx,
        repository_id: RepositoryId,
        name: &str,
    ) -> Result<Option<BranchView>, BoxFault> {
        let found = self.protected.lock().unwrap().get(name).copied();
        Ok(found.map(|is_protected| BranchView {
            repository_id,
            name: name.to_owned(),
            policy: BranchPolicy {
                is_protected,
                required_approvals: 0,
                required_checks: Vec::new(),
            },
        }))
    }
}

pub(crate) struct World {
    _databases: Databases,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) git: Arc<TrappedGit>,
    pub(crate) facts: Arc<Facts>,
    repositories: Arc<KnownRepositories>,
    pub(crate) service: Commits,
    pub(crate) repository: RepositoryView,
    pub(crate) path: RepoPath,
    pub(crate) root: Oid,
    pub(crate) ctx: Ctx,
}

pub(crate) fn change(kind: ChangeKind, path: &str) -> Change {
    Change {
        path: path.into(),
        kind,
        from_path: None,
        content: None,
        content_base64: None,
        executable: None,
    }
}

pub(crate) fn put(path: &str, content: &str) -> Change {
    Change {
        content: Some(content.into()),
        ..change(ChangeKind::Put, path)
    }
}

impl World {
    /// A repository `shop` with an empty branch `x`.
    pub(crate) async fn new(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let start = DateTime::from_timestamp(1_750_000_000, 0).unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let store = databases.open_with("commit", clock.clone()).await;
        let git = TrappedGit::new(&databases.folder().join("git"));
        let shop = LocalRepository::provision(git.real(), "web", "shop").await;
        let repositories = Arc::new(KnownRepositories::default());
        let facts = Arc::new(Facts::default());
        let service = Commits::new(
            store.clone(),
            git.clone(),
            repositories.clone(),
            facts.clone(),
        );
        let world = Self {
            _databases: databases,
            store,
            clock,
            git,
            facts,
            service,
            repositories,
            repository: shop.view,
            path: shop.path,
            root: shop.root,
            ctx: User::of("acme", "ada").ctx(),
        };
        world.list(&world.repository);
        world.branch("x").await;
        world
    }

    pub(crate) fn list(&self, repository: &RepositoryView) {
        self.repositories.list(repository);
    }

    /// Makes a branch at the first commit.
    pub(crate) async fn branch(&self, name: &str) {
        let change = RefChange {
            expected: None,
            new: Some(self.root),
        };
        let branch = name.parse().unwrap();
        let git = self.git.real();
        git.update_ref(&self.path, &branch, change).await.unwrap();
        let mut protected = self.facts.protected.lock().unwrap();
        protected.insert(name.to_owned(), false);
    }

    pub(crate) fn command(&self, changes: Vec<Change>) -> CreateCommit {
        CreateCommit {
            repository_id: self.repository.id,
            branch: "x".into(),
            message: "Change things".into(),
            changes,
            author: None,
            artifact_id: None,
            artifact_content_hash: None,
            trailers: None,
            expected_head: None,
        }
    }

    pub(crate) fn artifact(&self, id: &str, changes: Vec<Change>) -> CreateCommit {
        CreateCommit {
            artifact_id: Some(id.into()),
            ..self.command(changes)
        }
    }

    pub(crate) async fn run(
        &self,
        command: CreateCommit,
    ) -> Result<Outcome<Arc<Commit>>, CommitError> {
        self.service.create(&self.ctx, command).await
    }

    pub(crate) async fn commit(&self, changes: Vec<Change>) -> Arc<Commit> {
        let outcome = self.run(self.command(changes)).await.unwrap();
        assert!(!outcome.replayed);
        outcome.value
    }

    pub(crate) async fn head(&self) -> Oid {
        let name = "x".parse().unwrap();
        self.git.head(&self.path, &name).await.unwrap().unwrap()
    }

    pub(crate) async fn info(&self, sha: &str) -> CommitInfo {
        let id = sha.parse().unwrap();
        self.git.commit(&self.path, &id).await.unwrap().unwrap()
    }

    /// How many commits stand on the branch above the first.
    pub(crate) async fn length(&self) -> usize {
        let head = self.head().await;
        let log = self.git.log(&self.path, &head, Some(&self.root), 1_000);
        log.await.unwrap().len()
    }

    pub(crate) async fn text(&self, path: &str) -> Option<String> {
        let head = self.head().await;
        let file = self.git.read_file(&self.path, &head, path, 1 << 20);
        let file = file.await.unwrap()?;
        Some(String::from_utf8(file.bytes.to_vec()).unwrap())
    }

    /// Takes the events that wait in the outbox.
    pub(crate) async fn drain(&self) -> Vec<Envelope> {
        drain(&self.store).await
    }

    pub(crate) async fn events(&self) -> usize {
        let events = self.drain().await;
        assert!(events.iter().all(|e| e.event_type == "CommitCreated"));
        events.len()
    }

    /// Writes a commit on the branch `x` past the service.
    pub(crate) async fn push(&self, path: &str, content: &str) -> Oid {
        push(self.git.real(), &self.path, "x", path, content).await
    }
}

/// Writes a commit that says more of itself than the service would.
pub(crate) async fn push(
    git: &dyn GitHost,
    repo: &RepoPath,
    branch: &str,
    path: &str,
    content: &str,
) -> Oid {
    let message = format!("Add {path}\n\nWhy not.");
    let trailers = vec![("Artifact-Id".into(), "pushed".into())];
    let change = put_file(path, content);
    push_change(git, repo, branch, change, (message, trailers)).await
}
