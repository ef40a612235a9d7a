use futures::future::join_all;
use sluice_kernel::Fault;
use sluice_pipeline_execution::{RetryPipelineRun, RunOutcome, RunStatus};
use sluice_pipeline_runner::RecordState;
use sluice_schema::{ErrorCode, events::PipelineRunCompleted};
use sluice_testkit::Backend;

use crate::fixture::{QUICK, World};

async fn a_failed_run_is_tried_again_and_stays_as_it_is(backend: Backend) {
    let world = World::new(backend).await;
    let marker = world.folder.join("fixed");
    let yaml = format!(
        "steps:\n- checkout: none\n- bash: test -e {}\n",
        marker.display()
    );
    let first = world.queue(&world.define(&yaml)).await;
    let running = world.execute();
    let failed = world.ended(first).await;
    assert_eq!(failed.outcome, Some(RunOutcome::Failed));
    running.stop().await;

    std::fs::write(marker, "").unwrap();
    let again = RetryPipelineRun { run_id: first };
    let all = join_all((0..20).map(|_| world.runs.retry(&world.ctx, again.clone()))).await;
    let outcomes: Vec<_> = all.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|o| !o.replayed).count(), 1);
    let second = outcomes[0].value.id;
    assert!(outcomes.iter().all(|outcome| outcome.value.id == second));
    let waiting = world.find(second).await;
    assert_eq!((waiting.attempt, waiting.number), (2, 2));
    assert_eq!(waiting.retried_from, Some(first));
    let step = &waiting.timeline.stages[0].jobs[0].steps[0];
    assert_eq!(step.status.state, RecordState::Pending);

    let _running = world.execute();
    let ended = world.ended(second).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Succeeded));
    assert_eq!(*world.find(first).await, *failed);
    let completed = world.drained::<PipelineRunCompleted>().await;
    let attempts: Vec<_> = completed.iter().map(|event| event.attempt).collect();
    assert_eq!(attempts, [1, 2]);
    let again = RetryPipelineRun { run_id: second };
    let refused = world.runs.retry(&world.ctx, again).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
}

async fn a_run_that_has_not_ended_is_not_retried(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.queue(&world.define(QUICK)).await;
    let again = RetryPipelineRun { run_id: run };
    let refused = world.runs.retry(&world.ctx, again).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    assert_eq!(world.find(run).await.status, RunStatus::Queued);
}

sluice_testkit::on_both_databases!(
    a_failed_run_is_tried_again_and_stays_as_it_is,
    a_run_that_has_not_ended_is_not_retried,
);
