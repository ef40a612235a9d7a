//! One repository with its service, store and Git host.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use sluice_branch::{Branch, BranchError, Branches, CreateBranch, Reactions};
use sluice_git_host::{
    BranchName, CommitSpec, FileChange, GitHost, Oid, RefChange, RepoPath, Signature,
};
use sluice_kernel::{
    BoxFault, Ctx, Outcome, Reaction,
    directory::{RepositoryDirectory, RepositoryView},
};
use sluice_schema::{
    Envelope, EventId, EventPayload, NewEvent, ProjectId, RepositoryId, TypedId,
    events::{
        CommitCreated, CommitOrigin, DeploymentManifestRendered, DeploymentPromoted,
        PullRequestMerged, RepositoryProvisioned,
    },
};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, TrappedGit, User};

#[derive(Default)]
pub(crate) struct Directory(pub(crate) Mutex<HashMap<RepositoryId, RepositoryView>>);

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
    pub(crate) service: Branches,
    pub(crate) repository: RepositoryView,
    pub(crate) path: RepoPath,
    pub(crate) root: Oid,
    pub(crate) ctx: Ctx,
}

pub(crate) fn signature() -> Signature {
    Signature {
        name: "Ada".into(),
        email: "ada@example.com".into(),
        time: chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    }
}

impl World {
    /// A provisioned repository `shop` whose default branch is not recorded yet.
    pub(crate) async fn bare(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let store = databases.open("branch").await;
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
        let directory = Arc::new(Directory::default());
        let service = Branches::new(store.clone(), git.clone(), directory.clone());
        let world = Self {
            _databases: databases,
            store,
            git,
            directory,
            service,
            repository,
            path,
            root: provisioned.head,
            ctx: User::of("acme", "ada").ctx(),
        };
        world.list(&world.repository);
        world
    }

    /// The same with its default branch recorded and the outbox empty.
    pub(crate) async fn new(backend: Backend) -> Self {
        let world = Self::bare(backend).await;
        world.handle(&world.provisioned()).await;
        world.drain().await;
        world
    }

    pub(crate) fn list(&self, repository: &RepositoryView) {
        let mut all = self.directory.0.lock().unwrap();
        all.insert(repository.id, repository.clone());
    }

    pub(crate) fn archive(&self) {
        let mut archived = self.repository.clone();
        archived.is_writable = false;
        self.list(&archived);
    }

    pub(crate) async fn create(
        &self,
        name: &str,
        from: Option<&str>,
    ) -> Result<Outcome<Arc<Branch>>, BranchError> {
        let command = CreateBranch {
            repository_id: self.repository.id,
            name: name.into(),
            from: from.map(ToOwned::to_owned),
        };
        self.service.create(&self.ctx, command).await
    }

    pub(crate) async fn named(&self, name: &str) -> Option<Arc<Branch>> {
        let key = (self.repository.id, name.to_owned());
        let found = self
            .service
            .find_by_names(&self.ctx, std::slice::from_ref(&key))
            .await;
        found.unwrap().remove(&key)
    }

    pub(crate) async fn head(&self, name: &str) -> Option<Oid> {
        let name = name.parse().unwrap();
        self.git.head(&self.path, &name).await.unwrap()
    }

    /// Writes a commit on top of a branch, as other services do.
    pub(crate) async fn push(&self, branch: &str, file: &str) -> Oid {
        push(&self.git, &self.path, branch, file).await
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
        let ctx = Ctx::for_event("branch", event);
        let reactions = Reactions(self.service.clone());
        reactions.handle(&ctx, event).await.unwrap();
    }

    pub(crate) fn event<P: EventPayload>(&self, payload: &P) -> Envelope {
        let module = self.repository.module_id.as_ref();
        let event = NewEvent::of(&self.repository.project_id, module, payload).unwrap();
        Envelope {
            event_id: EventId::generate(),
            event_type: event.event_type.to_owned(),
            schema_version: event.schema_version,
            tenant_id: self.repository.tenant_id.clone(),
            project_id: event.project_id,
            module_id: event.module_id,
            trace_id: "trace".into(),
            correlation_id: "correlation".into(),
            causation_id: None,
            sequence: None,
            occurred_at: self.store.clock().now(),
            subject: event.subject,
            actor: self.ctx.actor().clone(),
            payload: event.payload,
        }
    }

    pub(crate) fn provisioned(&self) -> Envelope {
        self.event(&RepositoryProvisioned {
            repository_id: self.repository.id,
            name: "shop".into(),
            provider: "LOCAL".into(),
            remote_url: "http://localhost/git/acme/web/shop.git".into(),
            default_branch: "main".into(),
            head_sha: self.root.to_string(),
            visibility: "PRIVATE".into(),
        })
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

    pub(crate) fn merged(&self, source: &str, sha: Oid, delete_source_branch: bool) -> Envelope {
        self.event(&PullRequestMerged {
            pull_request_id: TypedId::generate(),
            repository_id: self.repository.id,
            repository_name: "shop".into(),
            number: 1,
            title: "x".into(),
            source_branch: source.into(),
            target_branch: "main".into(),
            source_sha: sha.to_string(),
            merge_commit_sha: sha.to_string(),
            tree_hash: sha.to_string(),
            parent_shas: Vec::new(),
            created_shas: vec![sha.to_string()],
            strategy: "MERGE".into(),
            merged_by: "ada".into(),
            delete_source_branch,
        })
    }

    pub(crate) fn promoted(&self, sha: Oid) -> Envelope {
        self.event(&DeploymentPromoted {
            promotion_id: TypedId::generate(),
            release_id: TypedId::generate(),
            version: "1.0.0".into(),
            environment_id: TypedId::generate(),
            environment: "dev".into(),
            attempt: 1,
            kind: "PROMOTION".into(),
            items: Vec::new(),
            gitops_repository_id: self.repository.id,
            gitops_repository: "shop".into(),
            branch: "main".into(),
            commit_sha: sha.to_string(),
            previous: None,
            rollback_of: None,
        })
    }

    pub(crate) fn rendered(&self, sha: Oid) -> Envelope {
        self.event(&DeploymentManifestRendered {
            manifest_id: TypedId::generate(),
            release_id: TypedId::generate(),
            version: "1.0.0".into(),
            environment_id: TypedId::generate(),
            environment: "dev".into(),
            module: "shop".into(),
            content_digest: format!("sha256:{}", "0".repeat(64)),
            gitops_repository_id: self.repository.id,
            gitops_repository: "shop".into(),
            commit_sha: sha.to_string(),
            path: "environments/dev/shop".into(),
            objects: 1,
        })
    }
}

pub(crate) async fn push(git: &TrappedGit, path: &RepoPath, branch: &str, file: &str) -> Oid {
    let git = git.real();
    let name: BranchName = branch.parse().unwrap();
    let base = git.head(path, &name).await.unwrap().unwrap();
    let change = FileChange::Put {
        path: file.into(),
        content: Bytes::from_static(b"x"),
        executable: None,
    };
    let staged = git.stage(path, &base, &[change]).await.unwrap();
    let spec = CommitSpec {
        tree: staged.tree,
        parents: vec![base],
        author: signature(),
        committer: signature(),
        message: format!("Add {file}"),
        trailers: Vec::new(),
    };
    let new = git.write_commit(path, &spec).await.unwrap();
    let change = RefChange {
        expected: Some(base),
        new: Some(new),
    };
    git.update_ref(path, &name, change).await.unwrap();
    new
}
