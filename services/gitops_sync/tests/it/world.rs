use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use serde_json::Value;
use sluice_deployment_target::{
    Applied, ApplyOptions, DeclaredObject, DeploymentTarget, DirectoryTarget, Limits, Observed,
    TargetPath,
};
use sluice_git_host::{
    BranchName, CommitSpec, FileChange, GitHost, LocalGitHost, RefChange, RepoPath, Signature,
};
use sluice_gitops_sync::{
    GitOpsSettings, GitOpsSyncState, GitOpsSyncs, Reactions, Recovery, SyncAttempt,
};
use sluice_kernel::{
    BoxFault, Clock, Ctx, Direction, ManualClock, PageRequest, Reaction, Reconciler,
    directory::{EnvironmentDirectory, EnvironmentView},
};
use sluice_schema::{
    Envelope, EnvironmentId, EventId, EventPayload, InfrastructureId, ManifestId, NewEvent,
    ProjectId, PromotionId, ReleaseId, RepositoryId, TypedId,
    events::{DeploymentPromoted, InfrastructureProvisioned, PromotedItem, ResourceChanges},
};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, User};
use tokio::sync::Notify;

pub(crate) const FOLDER: &str = "environments/prod/web";

/// An environment that heals when told so.
pub(crate) struct Environments {
    id: EnvironmentId,
    pub(crate) heals: AtomicBool,
}

#[async_trait]
impl EnvironmentDirectory for Environments {
    async fn environments(
        &self,
        ctx: &Ctx,
        _: &ProjectId,
    ) -> Result<Vec<EnvironmentView>, BoxFault> {
        Ok(self.environment(ctx, self.id).await?.into_iter().collect())
    }

    async fn environment(
        &self,
        _: &Ctx,
        id: EnvironmentId,
    ) -> Result<Option<EnvironmentView>, BoxFault> {
        Ok((id == self.id).then(|| EnvironmentView {
            id,
            project_id: "shop".parse().unwrap(),
            name: "prod".to_owned(),
            upstream: Vec::new(),
            auto_promote: false,
            self_heal: self.heals.load(Ordering::SeqCst),
            namespace: None,
            ingress_domain: None,
            replicas: 1,
            autoscale: None,
            configuration: Default::default(),
            target_digest: String::new(),
            retired: false,
        }))
    }
}

/// Folders, with calls that do not return until they are told to.
pub(crate) struct Target {
    real: DirectoryTarget,
    pub(crate) hang_before: AtomicBool,
    pub(crate) hang_after: AtomicBool,
    pub(crate) hang_look: AtomicBool,
    pub(crate) hanging: AtomicBool,
    /// Lets what hangs go on.
    pub(crate) resume: Notify,
    pub(crate) applies: AtomicUsize,
}

impl Target {
    async fn hang(&self, trap: &AtomicBool) {
        if trap.swap(false, Ordering::SeqCst) {
            self.hanging.store(true, Ordering::SeqCst);
            self.resume.notified().await;
        }
    }
}

#[async_trait]
impl DeploymentTarget for Target {
    async fn observe(&self, at: &TargetPath) -> sluice_deployment_target::Result<Observed> {
        self.hang(&self.hang_look).await;
        self.real.observe(at).await
    }

    async fn apply(
        &self,
        at: &TargetPath,
        declared: &[DeclaredObject],
        revision: &str,
        options: ApplyOptions,
    ) -> sluice_deployment_target::Result<Applied> {
        self.hang(&self.hang_before).await;
        self.applies.fetch_add(1, Ordering::SeqCst);
        let applied = self.real.apply(at, declared, revision, options).await;
        self.hang(&self.hang_after).await;
        applied
    }

    async fn recover(&self, at: &TargetPath) -> sluice_deployment_target::Result<Option<Applied>> {
        self.real.recover(at).await
    }
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) service: GitOpsSyncs,
    pub(crate) environments: Arc<Environments>,
    pub(crate) target: Arc<Target>,
    /// The folder of the target.
    pub(crate) folder: PathBuf,
    git: Arc<LocalGitHost>,
    repo: RepoPath,
    repository: RepositoryId,
    recovery: Recovery,
    _databases: Databases,
}

pub(crate) async fn world(backend: Backend) -> World {
    let databases = Databases::fresh(backend).await;
    let clock = Arc::new(ManualClock::at(
        Utc::now() - TimeDelta::nanoseconds(Utc::now().timestamp_subsec_nanos().into()),
    ));
    let store = databases.open_with("gitops_sync", clock.clone()).await;
    let root = databases.folder();
    let git = LocalGitHost::new(root.join("git"), sluice_git_host::Limits::default()).unwrap();
    let git = Arc::new(git);
    let repo = RepoPath::new("acme", "shop", "gitops").unwrap();
    git.provision(&repo, &main_branch(), &signature())
        .await
        .unwrap();
    let environments = Arc::new(Environments {
        id: EnvironmentId::generate(),
        heals: AtomicBool::new(false),
    });
    let targets = root.join("targets");
    let target = Arc::new(Target {
        real: DirectoryTarget::new(&targets, Limits::default()),
        hang_before: AtomicBool::new(false),
        hang_after: AtomicBool::new(false),
        hang_look: AtomicBool::new(false),
        hanging: AtomicBool::new(false),
        resume: Notify::new(),
        applies: AtomicUsize::new(0),
    });
    let settings = GitOpsSettings {
        check_interval: Duration::ZERO,
        ..GitOpsSettings::default()
    };
    let service = GitOpsSyncs::new(
        store.clone(),
        git.clone(),
        target.clone(),
        environments.clone(),
        settings,
    );
    World {
        store,
        clock,
        recovery: Recovery::new(service.clone()),
        service,
        environments,
        target,
        folder: targets.join("acme/shop/prod/web"),
        git,
        repo,
        repository: RepositoryId::generate(),
        _databases: databases,
    }
}

fn main_branch() -> BranchName {
    "main".parse().unwrap()
}

fn signature() -> Signature {
    Signature {
        name: "Sluice".to_owned(),
        email: "sluice@localhost".to_owned(),
        time: Utc::now(),
    }
}

pub(crate) fn ada() -> Ctx {
    User::of("acme", "ada").ctx()
}

pub(crate) fn config(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\ndata:\n  value: \"{value}\"\n"
    )
}

impl World {
    /// Makes the folder in Git hold exactly these config maps; answers the commit.
    pub(crate) async fn declare(&self, objects: &[(&str, &str)]) -> String {
        let files: Vec<(String, String)> = objects
            .iter()
            .map(|(name, value)| (format!("{name}.yaml"), config(name, value)))
            .collect();
        self.declare_files(&files).await
    }

    pub(crate) async fn declare_files(&self, files: &[(String, String)]) -> String {
        let head = self
            .git
            .head(&self.repo, &main_branch())
            .await
            .unwrap()
            .unwrap();
        let prefix = format!("{FOLDER}/");
        let there = self
            .git
            .list_files(&self.repo, &head, 10_000)
            .await
            .unwrap();
        let put = files.iter().map(|(name, text)| FileChange::Put {
            path: format!("{prefix}{name}"),
            content: text.clone().into(),
            executable: None,
        });
        let gone = there.into_iter().map(|file| file.path).filter(|path| {
            let name = path.strip_prefix(&prefix);
            name.is_some_and(|name| files.iter().all(|(wanted, _)| wanted != name))
        });
        let changes: Vec<FileChange> = put
            .chain(gone.map(|path| FileChange::Delete { path }))
            .collect();
        let staged = self.git.stage(&self.repo, &head, &changes).await.unwrap();
        let spec = CommitSpec {
            tree: staged.tree,
            parents: vec![head],
            author: signature(),
            committer: signature(),
            message: format!("declare {}", EventId::generate()),
            trailers: Vec::new(),
        };
        let commit = self.git.write_commit(&self.repo, &spec).await.unwrap();
        let change = RefChange {
            expected: Some(head),
            new: Some(commit),
        };
        self.git
            .update_ref(&self.repo, &main_branch(), change)
            .await
            .unwrap();
        commit.to_string()
    }

    /// The event of a promotion that declared what the commit holds.
    pub(crate) fn promotion(&self, commit: &str, digest: &str) -> Envelope {
        envelope(&DeploymentPromoted {
            promotion_id: PromotionId::generate(),
            release_id: ReleaseId::generate(),
            version: "1.0.0".to_owned(),
            environment_id: self.environments.id,
            environment: "prod".to_owned(),
            attempt: 1,
            kind: "PROMOTION".to_owned(),
            items: vec![PromotedItem {
                module: "web".to_owned(),
                manifest_id: ManifestId::generate(),
                manifest_digest: digest.to_owned(),
                path: FOLDER.to_owned(),
            }],
            gitops_repository_id: self.repository,
            gitops_repository: "gitops".to_owned(),
            branch: "main".to_owned(),
            commit_sha: commit.to_owned(),
            previous: None,
            rollback_of: None,
        })
    }

    pub(crate) fn provisioned(&self) -> Envelope {
        envelope(&InfrastructureProvisioned {
            infrastructure_id: InfrastructureId::generate(),
            release_id: ReleaseId::generate(),
            environment_id: self.environments.id,
            environment: "prod".to_owned(),
            module: "web".to_owned(),
            repository_id: RepositoryId::generate(),
            commit_sha: "0".repeat(40),
            program_digest: "sha256:0".to_owned(),
            state_serial: 1,
            changes: ResourceChanges::default(),
            resources: Default::default(),
        })
    }

    pub(crate) async fn handle(&self, event: &Envelope) {
        let ctx = Ctx::for_event("gitops_sync", event);
        let reactions = Reactions(self.service.clone());
        reactions.handle(&ctx, event).await.unwrap();
    }

    /// Declares the objects by a promotion and handles its event.
    pub(crate) async fn promote(&self, objects: &[(&str, &str)]) -> (String, Envelope) {
        let commit = self.declare(objects).await;
        let event = self.promotion(&commit, &format!("sha256:{commit}"));
        self.handle(&event).await;
        (commit, event)
    }

    pub(crate) async fn reconcile(&self) -> usize {
        self.recovery.reconcile().await.unwrap()
    }

    pub(crate) async fn state(&self) -> Arc<GitOpsSyncState> {
        let found = self
            .service
            .find_by_environments(&ada(), &[self.environments.id])
            .await;
        let mut found = found.unwrap().remove(&self.environments.id).unwrap();
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    /// The attempts, oldest first.
    pub(crate) async fn attempts(&self) -> Vec<Arc<SyncAttempt>> {
        let id = self.state().await.id;
        let request = PageRequest::first(200);
        let page = self
            .service
            .attempts(&ada(), id, Direction::Ascending, &request)
            .await;
        page.unwrap().items
    }

    /// Events so far, with their types.
    pub(crate) async fn events(&self) -> Vec<Envelope> {
        let rows = self
            .store
            .outbox()
            .claim(1_000, Duration::ZERO)
            .await
            .unwrap();
        rows.into_iter().map(|row| row.envelope).collect()
    }

    pub(crate) async fn event_types(&self) -> Vec<String> {
        let events = self.events().await;
        events.into_iter().map(|event| event.event_type).collect()
    }

    /// The payload of the last event of the type.
    pub(crate) async fn last_of(&self, kind: &str) -> Value {
        let events = self.events().await.into_iter();
        let mut found = events.filter(|event| event.event_type == kind);
        found.next_back().unwrap().payload
    }

    pub(crate) async fn last_event(&self) -> (String, Value) {
        let event = self.events().await.pop().unwrap();
        (event.event_type, event.payload)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok()
    }
}

fn envelope<P: EventPayload>(payload: &P) -> Envelope {
    let event = NewEvent::of(
        &"shop".parse().unwrap(),
        Some(&"web".parse().unwrap()),
        payload,
    );
    let event = event.unwrap();
    Envelope {
        event_id: EventId::generate(),
        event_type: event.event_type.to_owned(),
        schema_version: 1,
        tenant_id: "acme".parse().unwrap(),
        project_id: event.project_id,
        module_id: event.module_id,
        trace_id: uuid::Uuid::new_v4().simple().to_string(),
        correlation_id: uuid::Uuid::new_v4().simple().to_string(),
        causation_id: None,
        sequence: None,
        occurred_at: ManualClock::at(Utc::now()).now(),
        subject: event.subject,
        actor: ada().actor().clone(),
        payload: event.payload,
    }
}
