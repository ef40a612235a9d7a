//! One repository with a feature branch, its service, store and Git host.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use sluice_commit::{Change, ChangeKind, Commit, CommitError, Commits, CreateCommit};
use sluice_git_host::{
    BranchName, CommitInfo, CommitSpec, FileChange, GitHost, Oid, RefChange, RepoPath, Signature,
};
use sluice_kernel::{
    BoxFault, Ctx, ManualClock, Outcome,
    directory::{BranchDirectory, BranchView, RepositoryDirectory, RepositoryView},
};
use sluice_schema::{Envelope, ProjectId, RepositoryId, TypedId, events::BranchPolicy};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, TrappedGit, User};

/// What the services that own repositories and branches would answer.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) repositories: Mutex<HashMap<RepositoryId, RepositoryView>>,
    pub(crate) protected: Mutex<HashMap<String, bool>>,
}

#[async_trait]
impl RepositoryDirectory for Facts {
    async fn repository(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        let found = self.repositories.lock().unwrap().get(&id).cloned();
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
    pub(crate) service: Commits,
    pub(crate) repository: RepositoryView,
    pub(crate) path: RepoPath,
    pub(crate) root: Oid,
    pub(crate) ctx: Ctx,
}

pub(crate) fn signature() -> Signature {
    Signature {
        name: "Bob".into(),
        email: "bob@example.com".into(),
        time: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    }
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
        let path = RepoPath::new("acme", "web", "shop").unwrap();
        let main: BranchName = "main".parse().unwrap();
        let provisioned = git.provision(&path, &main, &signature()).await.unwrap();
        let repository = RepositoryView {
            id: RepositoryId::generate(),
            tenant_id: "acme".parse().unwrap(),
            project_id: "web".parse().unwrap(),
            module_id: Some("shop".parse().unwrap()),
            name: "shop".into(),
            default_branch: "main".into(),
            is_writable: true,
        };
        let facts = Arc::new(Facts::default());
        let service = Commits::new(store.clone(), git.clone(), facts.clone(), facts.clone());
        let world = Self {
            _databases: databases,
            store,
            clock,
            git,
            facts,
            service,
            repository,
            path,
            root: provisioned.head,
            ctx: User::of("acme", "ada").ctx(),
        };
        world.list(&world.repository);
        world.branch("x").await;
        world
    }

    pub(crate) fn list(&self, repository: &RepositoryView) {
        let mut all = self.facts.repositories.lock().unwrap();
        all.insert(repository.id, repository.clone());
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
        let outbox = self.store.outbox();
        let rows = outbox.claim(1_000, Duration::from_secs(60)).await.unwrap();
        outbox.complete(&rows).await.unwrap();
        rows.into_iter().map(|row| row.envelope).collect()
    }

    pub(crate) async fn events(&self) -> usize {
        let events = self.drain().await;
        assert!(events.iter().all(|e| e.event_type == "CommitCreated"));
        events.len()
    }

    /// Writes a commit on the branch `x` past the service.
    pub(crate) async fn push(&self, path: &str, content: &str) -> Oid {
        push(&self.git, &self.path, "x", path, content).await
    }
}

pub(crate) async fn push(
    git: &TrappedGit,
    repo: &RepoPath,
    branch: &str,
    path: &str,
    content: &str,
) -> Oid {
    let git = git.real();
    let name: BranchName = branch.parse().unwrap();
    let base = git.head(repo, &name).await.unwrap().unwrap();
    let change = FileChange::Put {
        path: path.into(),
        content: Bytes::from(content.to_owned()),
        executable: None,
    };
    let staged = git.stage(repo, &base, &[change]).await.unwrap();
    let spec = CommitSpec {
        tree: staged.tree,
        parents: vec![base],
        author: signature(),
        committer: signature(),
        message: format!("Add {path}\n\nWhy not."),
        trailers: vec![("Artifact-Id".into(), "pushed".into())],
    };
    let new = git.write_commit(repo, &spec).await.unwrap();
    let change = RefChange {
        expected: Some(base),
        new: Some(new),
    };
    git.update_ref(repo, &name, change).await.unwrap();
    new
}
