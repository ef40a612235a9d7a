use sluice_pipeline_execution::{PipelineRunFilter, RunOutcome};
use sluice_schema::events::{PipelineRunCompleted, PipelineRunStarted};
use sluice_testkit::Backend;

use crate::fixture::{QUICK, World};

async fn count(world: &World) -> u64 {
    let all = PipelineRunFilter::default();
    world.runs.count(&world.ctx, &all).await.unwrap()
}

async fn a_generated_pipeline_is_run_once_however_often_it_is_told(backend: Backend) {
    let world = World::new(backend).await;
    let pipeline = world.define(QUICK);
    let event = world.generated(&pipeline, true);
    world.handle(&event).await;
    world.handle(&event).await;
    world.handle(&world.generated(&pipeline, true)).await;
    assert_eq!(count(&world).await, 1);
    let replay = world.run(&pipeline).await.unwrap();
    assert!(replay.replayed);
    assert_eq!(replay.value.meta.trace_id, "trace");
    assert_eq!(replay.value.caused_by, Some(event.event_id));
    let _running = world.execute();
    let ended = world.ended(replay.value.id).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Succeeded));
    let events = world.drain().await;
    let caused = |e: &sluice_schema::Envelope| e.causation_id == Some(event.event_id);
    assert!(events.iter().all(caused));
}

async fn deliveries_at_the_same_time_queue_one_run(backend: Backend) {
    let world = World::new(backend).await;
    let pipeline = world.define(QUICK);
    let event = world.generated(&pipeline, true);
    futures::future::join_all((0..10).map(|_| world.handle(&event))).await;
    assert_eq!(count(&world).await, 1);
}

async fn a_pipeline_that_asks_for_no_run_or_was_run_gets_none(backend: Backend) {
    let world = World::new(backend).await;
    let quiet = world.define(QUICK);
    world.handle(&world.generated(&quiet, false)).await;
    assert_eq!(count(&world).await, 0);
    let run = world.define(QUICK);
    world.queue(&run).await;
    world.handle(&world.generated(&run, true)).await;
    assert_eq!(count(&world).await, 1);
}

async fn a_pipeline_that_cannot_run_fails_with_its_findings_and_never_starts(backend: Backend) {
    let world = World::new(backend).await;
    let pipeline = world.define("steps:\n- task: Docker@2\n");
    world.handle(&world.generated(&pipeline, true)).await;
    let _running = world.execute();
    let all = PipelineRunFilter::default();
    let order = (Default::default(), sluice_kernel::Direction::Ascending);
    let request = sluice_kernel::PageRequest::first(1);
    let page = world.runs.page(&world.ctx, &all, order, &request).await;
    let ended = world.ended(page.unwrap().items[0].id).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Failed));
    assert_eq!(ended.started_at, None);
    assert_eq!(ended.findings[0].line, Some(2));
    let events = world.drain().await;
    let has = |kind: &str| events.iter().filter(|e| e.event_type == kind).count();
    assert_eq!(
        (has("PipelineRunStarted"), has("PipelineRunCompleted")),
        (0, 1)
    );
}

async fn a_run_started_by_an_event_and_by_a_command_at_once_is_one(backend: Backend) {
    let world = World::new(backend).await;
    let pipeline = world.define(QUICK);
    let event = world.generated(&pipeline, true);
    let (_, outcome) = tokio::join!(world.handle(&event), world.run(&pipeline));
    let _running = world.execute();
    world.ended(outcome.unwrap().value.id).await;
    assert_eq!(count(&world).await, 1);
    let started = world.drained::<PipelineRunStarted>().await;
    assert_eq!(started.len(), 1);
    assert!(world.drained::<PipelineRunCompleted>().await.is_empty());
}

sluice_testkit::on_both_databases!(
    a_generated_pipeline_is_run_once_however_often_it_is_told,
    deliveries_at_the_same_time_queue_one_run,
    a_pipeline_that_asks_for_no_run_or_was_run_gets_none,
    a_pipeline_that_cannot_run_fails_with_its_findings_and_never_starts,
    a_run_started_by_an_event_and_by_a_command_at_once_is_one,
);
