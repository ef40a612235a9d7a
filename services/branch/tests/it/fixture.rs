//! One repository with its service, store and Git host.

use std::sync::Arc;

use sluice_branch::{Branch, BranchError, Branches, CreateBranch, Reactions};
use sluice_git_host::{GitHost, Oid, RepoPath};
use sluice_kernel::{Ctx, Outcome, Reaction, directory::RepositoryView};
use sluice_schema::{
    Envelope, EventPayload, TypedId,
    events::{
        CommitCreated, CommitOrigin, DeploymentManifestRendered, DeploymentPromoted,
        PullRequestMerged, RepositoryProvisioned,
    },
};
use sluice_store::Store;
use sluice_testkit::{
    Backend, Databases, KnownRepositories, LocalRepository, TrappedGit, User, drain, drained_types,
    event, push,
};

pub(crate) struct World {
    _databases: Databases,
    pub(crate) store: Store,
    pub(crate) git: Arc<TrappedGit>,
    pub(crate) directory: Arc<KnownRepositories>,
    pub(crate) service: Branches,
    pub(crate) repository: RepositoryView,
    pub(crate) path: RepoPath,
    pub(crate) root: Oid,
    pub(crate) ctx: Ctx,
}

impl World {
    /// A provisioned repository `shop` whose default branch is not recorded yet.
    pub(crate) async fn bare(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let store = databases.open("branch").await;
        let git = TrappedGit::new(&databases.folder().join("git"));
        let shop = LocalRepository::provision(git.real(), "web", "shop").await;
        let directory = Arc::new(KnownRepositories::default());
        let service = Branches::new(store.clone(), git.clone(), directory.clone());
        let world = Self {
            _databases: databases,
            store,
            git,
            directory,
            service,
            repository: shop.view,
            path: shop.path,
            root: shop.root,
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
        self.directory.list(repository);
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
        push(self.git.real(), &self.path, branch, file, "x").await
    }

    /// Takes the events that wait in the outbox.
    pub(crate) async fn drain(&self) -> Vec<Envelope> {
        drain(&self.store).await
    }

    pub(crate) async fn drained_types(&self) -> Vec<String> {
        drained_types(&self.store).await
    }

    pub(crate) async fn handle(&self, event: &Envelope) {
        let ctx = Ctx::for_event("branch", event);
        let reactions = Reactions(self.service.clone());
        reactions.handle(&ctx, event).await.unwrap();
    }

    pub(crate) fn event<P: EventPayload>(&self, payload: &P) -> Envelope {
        let (project, module) = (&self.repository.project_id, &self.repository.module_id);
        event(&self.ctx, project, module.as_ref(), payload)
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
            configuration: Default::default(),
        })
    }
}
