use std::{sync::Arc, time::Duration};

use sluice_kernel::{Clock, ManualClock, Reconciler};
use sluice_pipeline_execution::{
    CancelPipelineRun, Executor, PipelineRuns, Ports, Recovery, RunOutcome, RunStatus,
};
use sluice_schema::events::PipelineRunCompleted;
use sluice_testkit::{Backend, Databases, eventually};

use crate::{
    fake_runner::{Behaviour, FakeRunner},
    fixture::{QUICK, Running, World, is_alive, local_runner, pid_in},
};

/// A world whose one run is running for the instance `host`, whose process is gone.
async fn abandoned(backend: Backend) -> (World, sluice_schema::RunId) {
    let world = World::with_runner(backend, FakeRunner::new(Behaviour::Stuck)).await;
    let run = world.queue(&world.define(QUICK)).await;
    let running = world.execute();
    world.reached(run, RunStatus::Running).await;
    drop(running);
    (world, run)
}

async fn a_run_of_an_earlier_process_of_the_instance_is_ended_at_once_and_only_once(
    backend: Backend,
) {
    let (world, run) = abandoned(backend).await;
    // The dropped executor leaves the set of active runs a moment later.
    let recovery = Recovery(world.executor());
    eventually("the lost run is ended", || async {
        (recovery.reconcile().await.unwrap() == 1).then_some(())
    })
    .await;
    assert_eq!(recovery.reconcile().await.unwrap(), 0);
    let ended = world.find(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Errored));
    assert_eq!(
        ended.reason.as_deref(),
        Some("the server stopped during the run")
    );
    assert_eq!(ended.lease, None);
    let other = world.queue(&world.define(QUICK)).await;
    let _running = world.execute();
    world.reached(other, RunStatus::Running).await;
    let completed = world.drained::<PipelineRunCompleted>().await;
    assert_eq!(completed.len(), 1);
    assert_eq!(world.find(run).await.meta.version, ended.meta.version);
}

async fn a_lost_run_that_somebody_cancelled_ends_as_cancelled(backend: Backend) {
    let (world, run) = abandoned(backend).await;
    let cancel = CancelPipelineRun {
        run_id: run,
        reason: None,
    };
    world.runs.cancel(&world.ctx, cancel).await.unwrap();
    let _running = world.execute();
    let recovery = Recovery(world.executor());
    eventually("the lost run is ended", || async {
        recovery.reconcile().await.unwrap();
        (world.find(run).await.status == RunStatus::Completed).then_some(())
    })
    .await;
    let ended = world.find(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Cancelled));
    assert_eq!(ended.reason.as_deref(), Some("cancelled by ada"));
}

async fn a_run_of_another_instance_is_left_alone_until_its_lease_runs_out(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let clock = Arc::new(ManualClock::at(sluice_kernel::SystemClock.now()));
    let store = databases
        .open_with("pipeline_execution", clock.clone())
        .await;
    let world = World::over(store, databases.folder().to_owned(), None).await;
    let (pipeline, file) = world.define_sleeping();
    let run = world.queue(&pipeline).await;
    let here = Executor::new(world.runs.clone(), world.config("here"));
    let _running = Running::of(here.clone());
    let pid = pid_in(&file).await;

    // Another machine: the same store, its own disk.
    let ports = Ports {
        runner: local_runner(&world.folder.join("elsewhere")),
        ..world.ports.clone()
    };
    let runs = PipelineRuns::new(world.store.clone(), ports);
    let there = Recovery(Executor::new(runs, world.config("there")));
    assert_eq!(there.reconcile().await.unwrap(), 0);
    // Its process lives and may renew the lease once more.
    eventually("the run is taken for lost", || async {
        clock.advance(chrono::TimeDelta::hours(1));
        (there.reconcile().await.unwrap() == 1).then_some(())
    })
    .await;
    let ended = world.find(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Errored));
    assert_eq!(ended.lease.as_ref().unwrap().holder, "here");

    // The process that slept finds out, and cleans its own disk.
    eventually("the processes are gone", || async {
        (!is_alive(pid)).then_some(())
    })
    .await;
    eventually("the work folder is gone", || async {
        Recovery(here.clone()).reconcile().await.unwrap();
        let lease = world.find(run).await.lease.clone();
        (lease.is_none() && world.work_folders() == 0).then_some(())
    })
    .await;
    assert_eq!(world.drained::<PipelineRunCompleted>().await.len(), 1);
}

async fn a_stop_gives_runs_a_grace_and_leaves_the_rest_to_recovery(backend: Backend) {
    let world = World::new(backend).await;
    let (pipeline, file) = world.define_sleeping();
    let run = world.queue(&pipeline).await;
    let running = world.execute();
    let pid = pid_in(&file).await;
    running.stop().await;
    eventually("the processes are gone", || async {
        (!is_alive(pid)).then_some(())
    })
    .await;
    assert_eq!(world.find(run).await.status, RunStatus::Running);
    // The next start ends it before it takes anything from the queue.
    let _running = world.execute();
    let ended = world.ended(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Errored));
    assert_eq!(world.work_folders(), 0);
}

async fn a_run_that_ends_within_the_grace_ends_as_it_would(backend: Backend) {
    let world = World::new(backend).await;
    let file = world.folder.join("go");
    let yaml = format!(
        "steps:\n- checkout: none\n- bash: until test -e {}; do sleep 0.05; done\n",
        file.display()
    );
    let run = world.queue(&world.define(&yaml)).await;
    let mut config = world.config("host");
    config.shutdown_grace = Duration::from_secs(30);
    let running = Running::of(Executor::new(world.runs.clone(), config));
    world.reached(run, RunStatus::Running).await;
    let stopped = tokio::spawn(running.stop());
    std::fs::write(file, "").unwrap();
    stopped.await.unwrap();
    let ended = world.find(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Succeeded));
}

sluice_testkit::on_both_databases!(
    a_run_of_an_earlier_process_of_the_instance_is_ended_at_once_and_only_once,
    a_lost_run_that_somebody_cancelled_ends_as_cancelled,
    a_run_of_another_instance_is_left_alone_until_its_lease_runs_out,
    a_stop_gives_runs_a_grace_and_leaves_the_rest_to_recovery,
    a_run_that_ends_within_the_grace_ends_as_it_would,
);
