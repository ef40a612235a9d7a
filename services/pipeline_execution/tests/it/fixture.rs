//! One repository with pipelines, the service and its outside world.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use sluice_git_host::{
    BranchName, CommitSpec, FileChange, GitHost, Limits, LocalGitHost, Oid, RefChange, RepoPath,
    Signature,
};
use sluice_kernel::{
    BoxFault, Ctx, Outcome, Reaction, SystemClock,
    directory::{PipelineDirectory, PipelineView},
};
use sluice_pipeline_execution::{
    Executor, ExecutorConfig, PipelineRun, PipelineRunError, PipelineRuns, Ports, Reactions,
    RunPipeline, RunStatus,
};
use sluice_pipeline_runner::{LocalRunner, LocalRunnerConfig, PipelineRunner};
use sluice_schema::{
    Envelope, EventId, EventPayload, NewEvent, PipelineId, RepositoryId, RunId, TypedId,
    events::{ModuleDescription, PipelineGenerated},
};
use sluice_store::{Store, StoreConfig, StoreError};
use sluice_test_results::blob::ObjectBlobStore;
use sluice_testkit::{Backend, Databases, User, eventually};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

#[derive(Default)]
pub(crate) struct Pipelines {
    pub(crate) views: Mutex<HashMap<PipelineId, PipelineView>>,
    pub(crate) silent: Mutex<Vec<PipelineId>>,
}

#[async_trait]
impl PipelineDirectory for Pipelines {
    async fn pipeline(&self, ctx: &Ctx, id: PipelineId) -> Result<Option<PipelineView>, BoxFault> {
        if self.silent.lock().unwrap().contains(&id) {
            return Err(StoreError::damaged("PipelineDefinition", "no answer").into());
        }
        let found = self.views.lock().unwrap().get(&id).cloned();
        // Tests name the project after its tenant where there are several.
        Ok(found.filter(|view| {
            let foreign = view.project_id.as_str() != "web"
                && view.project_id.as_str() != ctx.tenant().as_str();
            ctx.sees(&view.project_id) && !foreign && tenant_fits(ctx, view)
        }))
    }
}

fn tenant_fits(ctx: &Ctx, view: &PipelineView) -> bool {
    view.project_id.as_str() != "web" || ctx.tenant().as_str() == "acme"
}

pub(crate) struct World {
    pub(crate) folder: PathBuf,
    pub(crate) store: Store,
    pub(crate) git: Arc<LocalGitHost>,
    pub(crate) pipelines: Arc<Pipelines>,
    pub(crate) ports: Ports,
    pub(crate) runs: PipelineRuns,
    pub(crate) repository: RepositoryId,
    pub(crate) path: RepoPath,
    pub(crate) root: Oid,
    pub(crate) ctx: Ctx,
    _databases: Option<Databases>,
}

pub(crate) const SLEEPING: &str = "steps:\n- checkout: none\n- bash: |\n    echo $$ > $PID_FILE\n    echo sleeping\n    sleep 1000\n  displayName: Sleep\n";
pub(crate) const QUICK: &str = "steps:\n- checkout: none\n- bash: echo hello\n";

impl World {
    pub(crate) async fn new(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let store = databases.open("pipeline_execution").await;
        let folder = databases.folder().to_owned();
        let mut world = Self::over(store, folder, None).await;
        world._databases = Some(databases);
        world
    }

    /// The same with a runner of the test's own.
    pub(crate) async fn with_runner(backend: Backend, runner: Arc<dyn PipelineRunner>) -> Self {
        let databases = Databases::fresh(backend).await;
        let store = databases.open("pipeline_execution").await;
        let folder = databases.folder().to_owned();
        let mut world = Self::over(store, folder, Some(runner)).await;
        world._databases = Some(databases);
        world
    }

    /// What another process sees of a world in `folder` on SQLite.
    pub(crate) async fn again(folder: &Path) -> Self {
        let config = StoreConfig::Sqlite {
            dir: folder.join("db"),
            readers: 2,
        };
        let clock = Arc::new(SystemClock);
        let store = Store::open(&config, "pipeline_execution", clock)
            .await
            .unwrap();
        Self::over(store, folder.to_owned(), None).await
    }

    pub(crate) async fn over(
        store: Store,
        folder: PathBuf,
        runner: Option<Arc<dyn PipelineRunner>>,
    ) -> Self {
        let git = LocalGitHost::new(folder.join("git"), Limits::default()).unwrap();
        let git = Arc::new(git);
        let path = RepoPath::new("acme", "web", "shop").unwrap();
        let main: BranchName = "main".parse().unwrap();
        let provisioned = git.provision(&path, &main, &signature()).await.unwrap();
        let pipelines = Arc::new(Pipelines::default());
        let ports = Ports {
            pipelines: pipelines.clone(),
            git: git.clone(),
            runner: runner.unwrap_or_else(|| local_runner(&folder.join("work"))),
            blobs: Arc::new(ObjectBlobStore::local(&folder.join("blobs")).unwrap()),
        };
        Self {
            runs: PipelineRuns::new(store.clone(), ports.clone()),
            repository: RepositoryId::generate(),
            root: provisioned.head,
            ctx: User::of("acme", "ada").ctx(),
            folder,
            store,
            git,
            pipelines,
            ports,
            path,
            _databases: None,
        }
    }

    /// A pipeline of the repository, generated for its first commit.
    pub(crate) fn define(&self, yaml: &str) -> PipelineView {
        self.define_in("web", self.repository, yaml)
    }

    pub(crate) fn define_in(
        &self,
        project: &str,
        repository: RepositoryId,
        yaml: &str,
    ) -> PipelineView {
        let view = PipelineView {
            id: PipelineId::generate(),
            repository_id: repository,
            project_id: project.parse().unwrap(),
            module_id: Some("shop".parse().unwrap()),
            repository_name: "shop".into(),
            branch: "main".into(),
            commit_sha: self.root.to_string(),
            module: module(),
            content_digest: "sha256:0".into(),
            yaml: yaml.into(),
        };
        self.list(&view);
        view
    }

    pub(crate) fn list(&self, view: &PipelineView) {
        let mut views = self.pipelines.views.lock().unwrap();
        views.insert(view.id, view.clone());
    }

    /// The sleeping pipeline; its step writes its process id to the returned file.
    pub(crate) fn define_sleeping(&self) -> (PipelineView, PathBuf) {
        let file = self.folder.join(format!("{}.pid", PipelineId::generate()));
        let yaml = SLEEPING.replace("$PID_FILE", file.to_str().unwrap());
        (self.define(&yaml), file)
    }

    pub(crate) async fn run(
        &self,
        pipeline: &PipelineView,
    ) -> Result<Outcome<Arc<PipelineRun>>, PipelineRunError> {
        self.runs.run_pipeline(&self.ctx, command(pipeline)).await
    }

    pub(crate) async fn queue(&self, pipeline: &PipelineView) -> RunId {
        self.run(pipeline).await.unwrap().value.id
    }

    pub(crate) fn config(&self, instance: &str) -> ExecutorConfig {
        let mut config = ExecutorConfig::new(instance);
        config.poll = Duration::from_millis(100);
        config.flush = Duration::from_millis(50);
        config.shutdown_grace = Duration::from_millis(100);
        config.cancel_slack = Duration::from_millis(500);
        config.limits.kill_grace = Duration::from_millis(300);
        config.limits.cancel_grace = Duration::from_secs(2);
        config
    }

    pub(crate) fn executor(&self) -> Executor {
        Executor::new(self.runs.clone(), self.config("host"))
    }

    pub(crate) fn execute(&self) -> Running {
        Running::of(self.executor())
    }

    pub(crate) async fn find(&self, id: RunId) -> Arc<PipelineRun> {
        self.runs.get(&self.ctx, id).await.unwrap()
    }

    pub(crate) async fn reached(&self, id: RunId, status: RunStatus) -> Arc<PipelineRun> {
        eventually(&format!("{} of {id}", status.as_str()), || async {
            let run = self.find(id).await;
            (run.status == status).then_some(run)
        })
        .await
    }

    pub(crate) async fn ended(&self, id: RunId) -> Arc<PipelineRun> {
        self.reached(id, RunStatus::Completed).await
    }

    /// Takes the events that wait in the outbox.
    pub(crate) async fn drain(&self) -> Vec<Envelope> {
        let outbox = self.store.outbox();
        let rows = outbox.claim(10_000, Duration::from_secs(60)).await.unwrap();
        outbox.complete(&rows).await.unwrap();
        rows.into_iter().map(|row| row.envelope).collect()
    }

    pub(crate) async fn drained<P: EventPayload>(&self) -> Vec<P> {
        let events = self.drain().await;
        let decoded = events.iter().map(|event| event.decode::<P>().unwrap());
        decoded.flatten().collect()
    }

    /// The work folders that are on disk.
    pub(crate) fn work_folders(&self) -> usize {
        std::fs::read_dir(self.folder.join("work")).map_or(0, Iterator::count)
    }

    pub(crate) fn generated(&self, pipeline: &PipelineView, auto_run: bool) -> Envelope {
        let payload = PipelineGenerated {
            pipeline_id: pipeline.id,
            repository_id: pipeline.repository_id,
            repository_name: pipeline.repository_name.clone(),
            branch: pipeline.branch.clone(),
            commit_sha: pipeline.commit_sha.clone(),
            content_digest: pipeline.content_digest.clone(),
            definition_sha: "0".repeat(40),
            yaml_path: "azure-pipelines.yml".into(),
            module: module(),
            auto_run,
            pull_request_id: None,
        };
        let module = pipeline.module_id.as_ref();
        let event = NewEvent::of(&pipeline.project_id, module, &payload).unwrap();
        Envelope {
            event_id: EventId::generate(),
            event_type: event.event_type.to_owned(),
            schema_version: event.schema_version,
            tenant_id: self.ctx.tenant().clone(),
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

    pub(crate) async fn handle(&self, event: &Envelope) {
        let ctx = Ctx::for_event("pipeline_execution", event);
        let reactions = Reactions(self.runs.clone());
        reactions.handle(&ctx, event).await.unwrap();
    }

    /// Writes files on top of a branch, which is made from `main` when it is not there.
    pub(crate) async fn push(&self, branch: &str, files: &[(&str, &str)]) -> Oid {
        let name: BranchName = branch.parse().unwrap();
        let head = self.git.head(&self.path, &name).await.unwrap();
        let base = head.unwrap_or(self.root);
        let changes: Vec<_> = files
            .iter()
            .map(|(path, content)| FileChange::Put {
                path: (*path).into(),
                content: Bytes::from((*content).to_owned()),
                executable: None,
            })
            .collect();
        let staged = self.git.stage(&self.path, &base, &changes).await.unwrap();
        let spec = CommitSpec {
            tree: staged.tree,
            parents: vec![base],
            author: signature(),
            committer: signature(),
            message: "Change".into(),
            trailers: Vec::new(),
        };
        let new = self.git.write_commit(&self.path, &spec).await.unwrap();
        let change = RefChange {
            expected: head,
            new: Some(new),
        };
        self.git
            .update_ref(&self.path, &name, change)
            .await
            .unwrap();
        new
    }
}

pub(crate) fn command(pipeline: &PipelineView) -> RunPipeline {
    RunPipeline {
        pipeline_id: pipeline.id,
        commit_sha: None,
        branch: None,
        variables: None,
    }
}

pub(crate) fn local_runner(root: &Path) -> Arc<dyn PipelineRunner> {
    let mut config = LocalRunnerConfig::new(root);
    config.reap_grace = Duration::from_millis(200);
    Arc::new(LocalRunner::new(config))
}

fn module() -> ModuleDescription {
    ModuleDescription {
        id: "shop".into(),
        name: "Shop".into(),
        kind: "library".into(),
        stack: "generic".into(),
        version: "0.1.0".into(),
        ..Default::default()
    }
}

fn signature() -> Signature {
    Signature {
        name: "Ada".into(),
        email: "ada@example.com".into(),
        time: chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    }
}

/// An executor that runs; dropped, it is gone at once.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn of(executor: Executor) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(executor.run(stop.clone()));
        Self { stop, task }
    }

    /// Stops it gracefully.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        (&mut self.task).await.unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The process id that the sleeping step wrote.
pub(crate) async fn pid_in(file: &Path) -> i32 {
    eventually("the step's process id", || async {
        std::fs::read_to_string(file).ok()?.trim().parse().ok()
    })
    .await
}

/// Whether the process lives; one that nobody waited for is dead.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    !state.is_empty() && !state.starts_with(['Z', 'X'])
}
