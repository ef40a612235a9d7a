//! A server that is killed as by `kill -9` during a run.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use sluice_kernel::{Reconciler, directory::PipelineView};
use sluice_pipeline_execution::{Recovery, RunOutcome, RunStatus};
use sluice_pipeline_runner::RecordState;
use sluice_schema::events::{PipelineRunCompleted, PipelineRunStarted};
use sluice_testkit::Backend;

use crate::fixture::{QUICK, Running, World, is_alive, pid_in};

const FOLDER: &str = "SLUICE_TEST_CRASH_FOLDER";
const PIPELINE: &str = "pipeline.json";

/// The server that is killed: this test's own program, started as another process.
struct Server(Child);

impl Server {
    fn start(folder: &Path) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::serves_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Not a test by itself: does nothing unless it is started by the one below.
#[tokio::test]
async fn serves_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let world = World::again(&folder).await;
    let pipeline = std::fs::read(folder.join(PIPELINE)).unwrap();
    let pipeline: PipelineView = serde_json::from_slice(&pipeline).unwrap();
    world.list(&pipeline);
    let _running = world.execute();
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_a_killed_server_ends_once_and_leaves_no_process() {
    let world = World::new(Backend::Sqlite).await;
    let (pipeline, file) = world.define_sleeping();
    let json = serde_json::to_vec(&pipeline).unwrap();
    std::fs::write(world.folder.join(PIPELINE), json).unwrap();
    let run = world.queue(&pipeline).await;
    let server = Server::start(&world.folder);
    let pid = pid_in(&file).await;
    assert_eq!(world.find(run).await.status, RunStatus::Running);
    server.kill();
    assert!(is_alive(pid), "the run outlives its server");
    assert_eq!(world.find(run).await.status, RunStatus::Running);

    let executor = world.executor();
    let recovery = Recovery(executor.clone());
    assert_eq!(recovery.reconcile().await.unwrap(), 1);
    assert!(!is_alive(pid), "a process of the run survived");
    assert_eq!(world.work_folders(), 0);
    assert_eq!(recovery.reconcile().await.unwrap(), 0);

    // The server comes back: it runs what waits and nothing twice.
    let _running = Running::of(executor);
    let next = world.queue(&world.define(QUICK)).await;
    world.ended(next).await;
    let ended = world.find(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Errored));
    assert_eq!(
        ended.reason.as_deref(),
        Some("the server stopped during the run")
    );
    let open = |state| state != RecordState::Completed;
    assert!(!ended.timeline.stages.iter().any(|s| open(s.status.state)));
    let events = world.drain().await;
    let of_run = events.iter().filter(|e| e.subject.id == run.to_string());
    let of_run: Vec<_> = of_run.collect();
    let started =
        |e: &&&sluice_schema::Envelope| e.decode::<PipelineRunStarted>().unwrap().is_some();
    assert_eq!(of_run.iter().filter(started).count(), 1);
    let completed: Vec<_> = of_run
        .iter()
        .filter_map(|e| e.decode::<PipelineRunCompleted>().unwrap())
        .collect();
    assert_eq!(completed.len(), 1);
    assert_eq!(completed[0].outcome, "ERRORED");
}
