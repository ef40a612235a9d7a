use sluice_kernel::Fault;
use sluice_pipeline_execution::{CancelPipelineRun, RunOutcome, RunStatus};
use sluice_schema::{
    ErrorCode, RunId,
    events::{PipelineRunCompleted, PipelineRunStarted},
};
use sluice_testkit::Backend;

use crate::{
    fake_runner::{Behaviour, FakeRunner},
    fixture::{QUICK, World, is_alive, pid_in},
};

fn cancel(run_id: RunId) -> CancelPipelineRun {
    CancelPipelineRun {
        run_id,
        reason: Some("wrong commit".into()),
    }
}

async fn a_waiting_run_is_cancelled_at_once_and_never_starts(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.queue(&world.define(QUICK)).await;
    let first = world.runs.cancel(&world.ctx, cancel(run)).await.unwrap();
    let second = world.runs.cancel(&world.ctx, cancel(run)).await.unwrap();
    assert!(!first.replayed && second.replayed);
    assert_eq!(second.value.outcome, Some(RunOutcome::Cancelled));
    let other = world.queue(&world.define(QUICK)).await;
    let _running = world.execute();
    world.ended(other).await;
    let events = world.drain().await;
    let of_run = events.iter().filter(|e| e.subject.id == run.to_string());
    let types: Vec<_> = of_run.map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["PipelineRunCompleted"]);
}

async fn cancelling_a_running_run_ends_its_processes(backend: Backend) {
    let world = World::new(backend).await;
    let (pipeline, file) = world.define_sleeping();
    let run = world.queue(&pipeline).await;
    let _running = world.execute();
    let pid = pid_in(&file).await;
    assert!(is_alive(pid));
    let asked = world.runs.cancel(&world.ctx, cancel(run)).await.unwrap();
    assert!(!asked.replayed);
    assert!(
        world
            .runs
            .cancel(&world.ctx, cancel(run))
            .await
            .unwrap()
            .replayed
    );
    let ended = world.ended(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Cancelled));
    assert_eq!(
        ended.reason.as_deref(),
        Some("cancelled by ada: wrong commit")
    );
    assert!(!is_alive(pid));
    assert_eq!(world.work_folders(), 0);
    let completed = world.drained::<PipelineRunCompleted>().await;
    assert_eq!(completed.len(), 1);
    assert_eq!(completed[0].outcome, "CANCELLED");
}

async fn a_run_whose_runner_heeds_nothing_is_cancelled_within_the_bound(backend: Backend) {
    let world = World::with_runner(backend, FakeRunner::new(Behaviour::Stuck)).await;
    let run = world.queue(&world.define(QUICK)).await;
    let _running = world.execute();
    world.reached(run, RunStatus::Running).await;
    world.runs.cancel(&world.ctx, cancel(run)).await.unwrap();
    let ended = world.ended(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Cancelled));
    let took = ended.finished_at.unwrap() - ended.cancel.as_ref().unwrap().at;
    let bound = world.config("host").cancel_bound() * 3;
    assert!(took.to_std().unwrap() < bound, "{took}");
}

async fn a_run_that_ended_otherwise_is_not_cancelled(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.queue(&world.define(QUICK)).await;
    let _running = world.execute();
    world.ended(run).await;
    let refused = world.runs.cancel(&world.ctx, cancel(run)).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::FailedPrecondition);
    let long = CancelPipelineRun {
        run_id: run,
        reason: Some("x".repeat(501)),
    };
    let refused = world.runs.cancel(&world.ctx, long).await.unwrap_err();
    assert_eq!(refused.field().as_deref(), Some("reason"));
    assert_eq!(world.drained::<PipelineRunStarted>().await.len(), 1);
}

sluice_testkit::on_both_databases!(
    a_waiting_run_is_cancelled_at_once_and_never_starts,
    cancelling_a_running_run_ends_its_processes,
    a_run_whose_runner_heeds_nothing_is_cancelled_within_the_bound,
    a_run_that_ended_otherwise_is_not_cancelled,
);
