//! A project with its environments, releases, GitOps repository and targets.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sluice_environment_promotion::{
    DefineEnvironment, Environment, EnvironmentPromotion, Environments, Gates, Neighbours,
    PromoteRelease, PromotionError, Promotions, Reactions, Recovery, RollbackEnvironment,
    WhenBlocked,
};
use sluice_git_host::{GitHost, Oid};
use sluice_kernel::{
    Clock, ContentDigest, Ctx, ManualClock, Outcome, Reaction, Reconciler,
    directory::{ManifestView, ReleaseView, SyncView},
};
use sluice_schema::{
    BlockerCode, Envelope, Fault, ManifestId, ProjectId, PromotionId, ReleaseId, RepositoryId,
    SyncId, TypedId,
    events::{ApprovalSummary, DeploymentManifestRendered, ModuleDescription, ReleaseItem},
};
use sluice_store::Store;
use sluice_testkit::{
    Backend, Databases, KnownRepositories, LocalRepository, TrappedGit, User, drain, event, push,
};

use crate::facts::Facts;

pub(crate) struct World {
    _databases: Databases,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) git: Arc<TrappedGit>,
    pub(crate) facts: Arc<Facts>,
    pub(crate) repositories: Arc<KnownRepositories>,
    pub(crate) gitops: LocalRepository,
    pub(crate) environments: Environments,
    pub(crate) promotions: Promotions,
    pub(crate) recovery: Recovery,
    pub(crate) ctx: Ctx,
}

pub(crate) fn start() -> DateTime<Utc> {
    "2026-06-10T12:00:00Z".parse().unwrap()
}

pub(crate) fn web() -> ProjectId {
    "web".parse().unwrap()
}

/// `name` of the tenant `acme`, with every right.
pub(crate) fn user(name: &str) -> Ctx {
    User::of("acme", name).ctx()
}

pub(crate) fn codes(error: &PromotionError) -> Vec<BlockerCode> {
    error.blockers().iter().map(|it| it.code).collect()
}

impl World {
    /// A project `web` with the default environments, nothing of which is announced any more.
    pub(crate) async fn new(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let clock = Arc::new(ManualClock::at(start()));
        let store = databases
            .open_with("environment_promotion", clock.clone())
            .await;
        let git = TrappedGit::new(&databases.folder().join("git"));
        let gitops = LocalRepository::provision(git.real(), "web", "gitops").await;
        let repositories = Arc::new(KnownRepositories::default());
        repositories.list(&gitops.view);
        let facts = Arc::new(Facts::default());
        let environments = Environments::new(store.clone());
        let neighbours = Neighbours {
            releases: facts.clone(),
            manifests: facts.clone(),
            infrastructure: facts.clone(),
            syncs: facts.clone(),
            repositories: repositories.clone(),
        };
        let promotions = Promotions::new(environments.clone(), git.clone(), neighbours);
        let recovery = Recovery::new(promotions.clone());
        let world = Self {
            _databases: databases,
            store,
            clock,
            git,
            facts,
            repositories,
            gitops,
            environments,
            promotions,
            recovery,
            ctx: user("ada"),
        };
        world
            .environments
            .of_project(&world.ctx, &web())
            .await
            .unwrap();
        world.drain().await;
        world
    }

    pub(crate) async fn environment(&self, name: &str) -> Arc<Environment> {
        let all = self
            .environments
            .of_project(&self.ctx, &web())
            .await
            .unwrap();
        all.into_iter().find(|it| it.name == name).unwrap()
    }

    /// Changes the definition of an environment, quietly.
    pub(crate) async fn redefine(&self, name: &str, change: impl FnOnce(&mut DefineEnvironment)) {
        let spec = self.environment(name).await.spec.clone();
        let mut command = define(name);
        command.upstream = spec.upstream;
        command.order = Some(spec.order);
        command.auto_promote = spec.auto_promote;
        command.gates = spec.gates;
        change(&mut command);
        self.environments.define(&self.ctx, command).await.unwrap();
        self.drain().await;
    }

    pub(crate) async fn gates(&self, name: &str, change: impl FnOnce(&mut Gates)) {
        self.redefine(name, |it| change(&mut it.gates)).await;
    }

    /// An approved release of these modules.
    pub(crate) fn release(&self, version: &str, modules: &[&str]) -> ReleaseView {
        let view = ReleaseView {
            id: ReleaseId::generate(),
            project_id: web(),
            module_id: None,
            name: modules.join("+"),
            version: version.into(),
            status: "APPROVED".into(),
            content_digest: ContentDigest::of(version).to_string(),
            approvals: vec![ApprovalSummary {
                approval_id: TypedId::generate(),
                approver: "bob".into(),
                reason: "fine".into(),
                approved_at: self.clock.now(),
                expires_at: None,
            }],
            required_approvals: 1,
            void_cause: None,
            items: modules.iter().map(|module| item(module, version)).collect(),
            checks: Vec::new(),
            planned_by: "ada".into(),
        };
        self.put_release(&view);
        view
    }

    pub(crate) fn put_release(&self, view: &ReleaseView) {
        self.facts
            .releases
            .lock()
            .unwrap()
            .insert(view.id, view.clone());
    }

    /// Renders a module of the release for an environment, as the manifest service does.
    pub(crate) async fn render(
        &self,
        release: &ReleaseView,
        environment: &str,
        module: &str,
        content: &str,
    ) -> ManifestView {
        let path = format!("environments/{environment}/{module}");
        let (git, gitops) = (self.git.real(), &self.gitops.path);
        let file = format!("{path}/01-deployment-{module}.yaml");
        let commit = push(git, gitops, "sluice/rendered", &file, content).await;
        let view = ManifestView {
            id: ManifestId::generate(),
            release_id: release.id,
            environment_id: self.environment(environment).await.id,
            module: module.into(),
            content_digest: ContentDigest::of(content).to_string(),
            gitops_repository_id: self.gitops.view.id,
            gitops_repository: "gitops".into(),
            commit_sha: commit.to_string(),
            path,
        };
        let mut all = self.facts.manifests.lock().unwrap();
        all.retain(|it| {
            (it.release_id, it.environment_id, &it.module)
                != (view.release_id, view.environment_id, &view.module)
        });
        all.push(view.clone());
        view
    }

    /// A release of `shop` that is rendered for dev and prod.
    pub(crate) async fn shop(&self, version: &str) -> ReleaseView {
        let release = self.release(version, &["shop"]);
        self.render(&release, "dev", "shop", &format!("dev {version}"))
            .await;
        self.render(&release, "test", "shop", &format!("test {version}"))
            .await;
        release
    }

    pub(crate) fn rendered(&self, manifest: &ManifestView, version: &str) -> Envelope {
        let environment = manifest.path.split('/').nth(1).unwrap();
        let payload = DeploymentManifestRendered {
            manifest_id: manifest.id,
            release_id: manifest.release_id,
            version: version.into(),
            environment_id: manifest.environment_id,
            environment: environment.into(),
            module: manifest.module.clone(),
            content_digest: manifest.content_digest.clone(),
            gitops_repository_id: manifest.gitops_repository_id,
            gitops_repository: "gitops".into(),
            commit_sha: manifest.commit_sha.clone(),
            path: manifest.path.clone(),
            objects: 1,
            configuration: Default::default(),
        };
        event(&self.ctx, &web(), None, &payload)
    }

    pub(crate) async fn promote(
        &self,
        release: &ReleaseView,
        environment: &str,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>, PromotionError> {
        self.promotions
            .promote(&self.ctx, to_promote(release, environment))
            .await
    }

    /// Promotes, whether the gates are open or not.
    pub(crate) async fn promote_waiting(
        &self,
        release: &ReleaseView,
        environment: &str,
    ) -> Arc<EnvironmentPromotion> {
        let mut command = to_promote(release, environment);
        command.when_blocked = Some(WhenBlocked::Wait);
        self.promotions
            .promote(&self.ctx, command)
            .await
            .unwrap()
            .value
    }

    /// Promotes, and the targets follow.
    pub(crate) async fn succeed(
        &self,
        release: &ReleaseView,
        environment: &str,
    ) -> Arc<EnvironmentPromotion> {
        let promoted = self.promote(release, environment).await.unwrap().value;
        self.follow(&promoted);
        self.recover().await;
        self.drain().await;
        self.get(promoted.id).await
    }

    /// The targets of the promotion hold what it declares.
    pub(crate) fn follow(&self, promotion: &EnvironmentPromotion) {
        for item in &promotion.items {
            let digest = Some(item.manifest_digest.as_str());
            self.hold_in_target(promotion, &item.module, (digest, None), "HEALTHY");
        }
    }

    pub(crate) fn hold_in_target(
        &self,
        promotion: &EnvironmentPromotion,
        module: &str,
        (digest, revision): (Option<&str>, Option<&str>),
        health: &str,
    ) {
        let mut syncs = self.facts.syncs.lock().unwrap();
        syncs.retain(|it| {
            (it.environment_id, it.module.as_str()) != (promotion.environment_id, module)
        });
        syncs.push(SyncView {
            id: SyncId::generate(),
            environment_id: promotion.environment_id,
            module: module.into(),
            sync: "SYNCED".into(),
            health: health.into(),
            revision: revision.map(ToOwned::to_owned),
            manifest_digest: digest.map(ToOwned::to_owned),
            reason: None,
        });
    }

    pub(crate) async fn rollback(
        &self,
        environment: &str,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>, PromotionError> {
        self.promotions
            .rollback(&self.ctx, to_roll_back(environment))
            .await
    }

    pub(crate) async fn get(&self, id: PromotionId) -> Arc<EnvironmentPromotion> {
        self.promotions.get(&self.ctx, id).await.unwrap()
    }

    /// Time passes and the recovery loop runs.
    pub(crate) async fn recover(&self) -> usize {
        self.clock.advance(TimeDelta::seconds(6));
        self.recovery.reconcile().await.unwrap()
    }

    pub(crate) async fn handle(&self, event: &Envelope) {
        let ctx = Ctx::for_event("environment_promotion", event);
        let reactions = Reactions(self.promotions.clone());
        reactions.handle(&ctx, event).await.unwrap();
    }

    pub(crate) async fn drain(&self) -> Vec<Envelope> {
        drain(&self.store).await
    }

    pub(crate) async fn drained_types(&self) -> Vec<String> {
        self.drain()
            .await
            .into_iter()
            .map(|it| it.event_type)
            .collect()
    }

    pub(crate) async fn head(&self) -> Oid {
        let main = "main".parse().unwrap();
        self.git
            .head(&self.gitops.path, &main)
            .await
            .unwrap()
            .unwrap()
    }

    /// The files of `main`: path and content.
    pub(crate) async fn declared(&self) -> Vec<(String, String)> {
        let (path, head) = (&self.gitops.path, self.head().await);
        let mut found = Vec::new();
        for file in self.git.list_files(path, &head, 1_000).await.unwrap() {
            let content = self
                .git
                .read_file(path, &head, &file.path, 1_000)
                .await
                .unwrap();
            let content = String::from_utf8(content.unwrap().bytes.to_vec()).unwrap();
            found.push((file.path, content));
        }
        found
    }

    /// What `main` declares of `shop` in the environment.
    pub(crate) async fn shop_in(&self, environment: &str) -> Option<String> {
        let path = format!("environments/{environment}/shop/01-deployment-shop.yaml");
        let declared = self.declared().await;
        declared
            .into_iter()
            .find(|(it, _)| *it == path)
            .map(|(_, content)| content)
    }
}

fn item(module: &str, version: &str) -> ReleaseItem {
    ReleaseItem {
        module: ModuleDescription {
            id: module.into(),
            name: module.into(),
            version: version.into(),
            ..ModuleDescription::default()
        },
        build_id: TypedId::generate(),
        repository_id: RepositoryId::generate(),
        repository_name: module.into(),
        commit_sha: "0".repeat(40),
        artifacts: Vec::new(),
    }
}

pub(crate) fn define(name: &str) -> DefineEnvironment {
    DefineEnvironment {
        project_id: web(),
        name: name.into(),
        upstream: Vec::new(),
        order: None,
        auto_promote: false,
        self_heal: false,
        namespace: None,
        ingress_domain: None,
        replicas: None,
        autoscale: None,
        configuration: Default::default(),
        gates: Gates::default(),
        retired: false,
    }
}

pub(crate) fn to_promote(release: &ReleaseView, environment: &str) -> PromoteRelease {
    PromoteRelease {
        release_id: release.id,
        environment_id: None,
        environment: Some(environment.into()),
        when_blocked: None,
        overrides: Vec::new(),
        override_reason: None,
    }
}

pub(crate) fn to_roll_back(environment: &str) -> RollbackEnvironment {
    RollbackEnvironment {
        environment_id: None,
        project_id: Some(web()),
        environment: Some(environment.into()),
        module: None,
        to: None,
        reason: "it is broken".into(),
        overrides: Vec::new(),
        override_reason: None,
    }
}
