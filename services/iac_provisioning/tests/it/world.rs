//! One project with a release, two environments and a module that declares resources.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sluice_git_host::GitHost;
use sluice_iac_provisioning::{
    FolderSecrets, Infrastructures, PlanInfrastructure, Ports, ProvisionInfrastructure,
    RefreshInfrastructure,
};
use sluice_infrastructure_engine::{
    Applied, EngineError, EventSink, HistoryEntry, InfrastructureEngine, LocalEngine,
    LocalEngineConfig, Plan, Program, Refreshed, StackId, State,
};
use sluice_kernel::{
    BoxFault, Ctx, ProjectPolicies,
    directory::{
        EnvironmentDirectory, EnvironmentView, InfrastructureDirectory, InfrastructureView,
        ProjectDirectory, ReleaseDirectory, ReleaseView,
    },
};
use sluice_schema::{
    EnvironmentId, ProjectId, ReleaseId, TypedId,
    events::{ModuleDescription, ReleaseApproved, ReleaseItem},
};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, LocalRepository, TrappedGit, User, push};

pub(crate) const PROGRAM: &str = "
resources:
  data: {kind: directory, path: data}
  conf:
    kind: file
    path: data/app.conf
    content: 'level=${config.LOG_LEVEL} in ${environment}'
outputs: {conf: '${conf.path}'}
";

/// What the other services would say.
pub(crate) struct Facts {
    pub(crate) release: Mutex<ReleaseView>,
    pub(crate) environments: Mutex<Vec<EnvironmentView>>,
    pub(crate) policies: Mutex<ProjectPolicies>,
}

#[async_trait]
impl ReleaseDirectory for Facts {
    async fn release(&self, ctx: &Ctx, id: ReleaseId) -> Result<Option<ReleaseView>, BoxFault> {
        let release = self.release.lock().unwrap().clone();
        let seen =
            release.id == id && ctx.tenant().as_str() == "acme" && ctx.sees(&release.project_id);
        Ok(seen.then_some(release))
    }
}

#[async_trait]
impl EnvironmentDirectory for Facts {
    async fn environments(&self, _: &Ctx, _: &ProjectId) -> Result<Vec<EnvironmentView>, BoxFault> {
        Ok(self.environments.lock().unwrap().clone())
    }

    async fn environment(
        &self,
        _: &Ctx,
        id: EnvironmentId,
    ) -> Result<Option<EnvironmentView>, BoxFault> {
        let all = self.environments.lock().unwrap();
        Ok(all.iter().find(|one| one.id == id).cloned())
    }
}

#[async_trait]
impl ProjectDirectory for Facts {
    async fn policies(&self, _: &Ctx, _: &ProjectId) -> Result<ProjectPolicies, BoxFault> {
        Ok(self.policies.lock().unwrap().clone())
    }
}

/// Where an engine fails, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Trap {
    Plan,
    BeforeApply,
    AfterApply,
}

/// A real engine that fails where a test says.
pub(crate) struct TrappedEngine {
    real: LocalEngine,
    traps: Mutex<HashMap<Trap, ()>>,
}

impl TrappedEngine {
    pub(crate) fn fail(&self, trap: Trap) {
        self.traps.lock().unwrap().insert(trap, ());
    }

    fn spring(&self, trap: Trap) -> Result<(), EngineError> {
        match self.traps.lock().unwrap().remove(&trap) {
            Some(()) => Err(EngineError::Interrupted),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl InfrastructureEngine for TrappedEngine {
    async fn plan(&self, program: &Program) -> Result<Plan, EngineError> {
        self.spring(Trap::Plan)?;
        self.real.plan(program).await
    }
    async fn plan_destroy(&self, stack: &StackId) -> Result<Plan, EngineError> {
        self.real.plan_destroy(stack).await
    }
    async fn apply(
        &self,
        plan: &Plan,
        program: Option<&Program>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Applied, EngineError> {
        self.spring(Trap::BeforeApply)?;
        let applied = self.real.apply(plan, program, sink).await?;
        self.spring(Trap::AfterApply)?;
        Ok(applied)
    }
    async fn refresh(
        &self,
        stack: &StackId,
        sink: Arc<dyn EventSink>,
    ) -> Result<Refreshed, EngineError> {
        self.real.refresh(stack, sink).await
    }
    async fn state(&self, stack: &StackId) -> Result<State, EngineError> {
        self.real.state(stack).await
    }
    async fn history(
        &self,
        stack: &StackId,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, EngineError> {
        self.real.history(stack, limit).await
    }
}

pub(crate) struct World {
    pub(crate) service: Infrastructures,
    pub(crate) store: Store,
    pub(crate) facts: Arc<Facts>,
    pub(crate) engine: Arc<TrappedEngine>,
    pub(crate) git: Arc<TrappedGit>,
    pub(crate) repository: LocalRepository,
    pub(crate) databases: Databases,
}

pub(crate) async fn world(backend: Backend, program: &str) -> World {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("iac_provisioning").await;
    let folder = databases.folder();
    let git = TrappedGit::new(&folder.join("git"));
    let repository = LocalRepository::provision(git.as_ref(), "web", "shop").await;
    let config = LocalEngineConfig::new(folder.join("engine"));
    let engine = Arc::new(TrappedEngine {
        real: LocalEngine::open(config).unwrap(),
        traps: Mutex::default(),
    });
    let commit = push(
        git.as_ref(),
        &repository.path,
        "main",
        "infra.yaml",
        program,
    )
    .await;
    let facts = Arc::new(Facts {
        release: Mutex::new(release(vec![item(
            &repository,
            "shop",
            &commit.to_string(),
        )])),
        environments: Mutex::new(vec![environment("dev"), environment("prod")]),
        policies: Mutex::default(),
    });
    let ports = Ports {
        engine: engine.clone(),
        git: git.clone() as Arc<dyn GitHost>,
        releases: facts.clone(),
        environments: facts.clone(),
        projects: facts.clone(),
        secrets: Arc::new(FolderSecrets::new(folder.join("secrets"))),
    };
    World {
        service: Infrastructures::new(store.clone(), ports),
        store,
        facts,
        engine,
        git,
        repository,
        databases,
    }
}

pub(crate) fn item(repository: &LocalRepository, module: &str, commit: &str) -> ReleaseItem {
    let own = BTreeMap::from([("LOG_LEVEL".to_owned(), "warn".to_owned())]);
    ReleaseItem {
        module: ModuleDescription {
            id: module.to_owned(),
            name: module.to_owned(),
            kind: "microservice".to_owned(),
            stack: "node".to_owned(),
            version: "1.0.0".to_owned(),
            package: None,
            image: None,
            ports: Vec::new(),
            health: None,
            configuration: [("prod".to_owned(), own)].into(),
        },
        build_id: TypedId::generate(),
        repository_id: repository.view.id,
        repository_name: repository.view.name.clone(),
        commit_sha: commit.to_owned(),
        artifacts: Vec::new(),
    }
}

pub(crate) fn release(items: Vec<ReleaseItem>) -> ReleaseView {
    ReleaseView {
        id: TypedId::generate(),
        project_id: "web".parse().unwrap(),
        module_id: None,
        name: "shop".to_owned(),
        version: "1.0.0".to_owned(),
        status: "APPROVED".to_owned(),
        content_digest: "sha256:00".to_owned(),
        approvals: Vec::new(),
        required_approvals: 1,
        void_cause: None,
        items,
        checks: Vec::new(),
        planned_by: "ada".to_owned(),
    }
}

fn environment(name: &str) -> EnvironmentView {
    EnvironmentView {
        id: TypedId::generate(),
        project_id: "web".parse().unwrap(),
        name: name.to_owned(),
        upstream: Vec::new(),
        auto_promote: false,
        self_heal: false,
        namespace: None,
        ingress_domain: None,
        replicas: 1,
        autoscale: None,
        configuration: [("LOG_LEVEL".to_owned(), "debug".to_owned())].into(),
        target_digest: "sha256:00".to_owned(),
        retired: false,
    }
}

pub(crate) fn ada() -> Ctx {
    User::of("acme", "ada").ctx()
}

impl World {
    pub(crate) fn release_id(&self) -> ReleaseId {
        self.facts.release.lock().unwrap().id
    }

    pub(crate) fn environment_id(&self, name: &str) -> EnvironmentId {
        let all = self.facts.environments.lock().unwrap();
        all.iter().find(|one| one.name == name).unwrap().id
    }

    pub(crate) fn plan_command(&self, environment: &str) -> PlanInfrastructure {
        PlanInfrastructure {
            release_id: self.release_id(),
            environment_id: None,
            environment: Some(environment.to_owned()),
            module: None,
        }
    }

    pub(crate) fn provision_command(&self, environment: &str) -> ProvisionInfrastructure {
        ProvisionInfrastructure {
            plan_id: None,
            release_id: Some(self.release_id()),
            environment_id: None,
            environment: Some(environment.to_owned()),
            module: None,
        }
    }

    pub(crate) fn refresh_command(environment: &str) -> RefreshInfrastructure {
        RefreshInfrastructure {
            project_id: "web".parse().unwrap(),
            environment: environment.to_owned(),
            module: "shop".to_owned(),
        }
    }

    /// What a promotion asks for.
    pub(crate) async fn provision_for(&self, environment: &str) -> Vec<InfrastructureView> {
        let (release, environment) = (self.release_id(), self.environment_id(environment));
        let directory: &dyn InfrastructureDirectory = &self.service;
        directory
            .provision(&ada(), release, environment)
            .await
            .unwrap()
    }

    /// A new release, of another program.
    pub(crate) async fn release_program(&self, program: &str) {
        let git = self.git.as_ref();
        let commit = push(git, &self.repository.path, "main", "infra.yaml", program).await;
        let next = release(vec![item(&self.repository, "shop", &commit.to_string())]);
        *self.facts.release.lock().unwrap() = next;
    }

    pub(crate) fn approved(&self) -> ReleaseApproved {
        let release = self.facts.release.lock().unwrap().clone();
        ReleaseApproved {
            release_id: release.id,
            name: release.name,
            version: release.version,
            content_digest: release.content_digest,
            items: release.items,
            approvals: Vec::new(),
        }
    }

    /// A path below the resources of the module in an environment.
    pub(crate) fn resource(&self, environment: &str, path: &str) -> PathBuf {
        let folder = self.databases.folder().join("engine/acme/web/shop");
        folder.join(environment).join("resources").join(path)
    }
}
