use std::sync::atomic::Ordering;

use sluice_kernel::Direction;
use sluice_pipeline_execution::{
    Executor, PipelineRunFilter, PipelineRunOrder, RunOutcome, RunStatus,
};
use sluice_schema::{RepositoryId, TypedId};
use sluice_testkit::{Backend, User, eventually};

use crate::{
    fake_runner::{Behaviour, FakeRunner},
    fixture::{QUICK, Running, World, command},
};

async fn no_more_runs_at_once_than_allowed(backend: Backend) {
    let fake = FakeRunner::new(Behaviour::Waits);
    let world = World::with_runner(backend, fake.clone()).await;
    let mut runs = Vec::new();
    for _ in 0..5 {
        runs.push(world.queue(&world.define(QUICK)).await);
    }
    let _running = world.execute();
    eventually("two runs", || async {
        (fake.now.load(Ordering::SeqCst) == 2).then_some(())
    })
    .await;
    let waiting = PipelineRunFilter {
        status: Some(RunStatus::Queued),
        ..Default::default()
    };
    assert_eq!(world.runs.count(&world.ctx, &waiting).await.unwrap(), 3);
    fake.permits.add_permits(5);
    for run in runs {
        world.ended(run).await;
    }
    assert_eq!(fake.most.load(Ordering::SeqCst), 2);
}

async fn tenants_take_turns_whatever_the_length_of_their_queues(backend: Backend) {
    let world = World::with_runner(backend, FakeRunner::new(Behaviour::Panics)).await;
    for (tenant, count) in [("one", 6), ("two", 2), ("three", 1)] {
        let ctx = User::of(tenant, "ada").ctx();
        for _ in 0..count {
            let pipeline = world.define_in(tenant, RepositoryId::generate(), QUICK);
            let queued = world.runs.run_pipeline(&ctx, command(&pipeline)).await;
            queued.unwrap();
        }
    }
    let mut config = world.config("host");
    config.parallel_runs = 1;
    let _running = Running::of(Executor::new(world.runs.clone(), config));
    let order = eventually("nine runs", || async {
        let outbox = world.store.outbox();
        let rows = outbox.claim(100, std::time::Duration::ZERO).await.unwrap();
        let events = rows.into_iter().map(|row| row.envelope);
        let started = events.filter(|event| event.event_type == "PipelineRunStarted");
        let order: Vec<_> = started.map(|event| event.tenant_id.to_string()).collect();
        (order.len() == 9).then_some(order)
    })
    .await;
    assert_eq!(
        order[..5],
        ["one", "two", "three", "one", "two"],
        "{order:?}"
    );
}

async fn a_pipeline_that_does_not_answer_blocks_no_other_and_keeps_its_place(backend: Backend) {
    let world = World::new(backend).await;
    let silent = world.define_in("acme", RepositoryId::generate(), QUICK);
    let first = world.queue(&silent).await;
    world.pipelines.silent.lock().unwrap().push(silent.id);
    let second = world.queue(&world.define(QUICK)).await;
    let _running = world.execute();
    world.ended(second).await;
    assert_eq!(world.find(first).await.status, RunStatus::Queued);
    world.pipelines.silent.lock().unwrap().clear();
    // Its checkout is none, so that the repository need not exist.
    let ended = world.ended(first).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Succeeded));
}

async fn a_pipeline_that_is_gone_ends_the_run_as_errored(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.queue(&world.define(QUICK)).await;
    world.pipelines.views.lock().unwrap().clear();
    let _running = world.execute();
    let ended = world.ended(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Errored));
    assert_eq!(ended.started_at, None);
}

async fn two_executors_run_each_run_once(backend: Backend) {
    let world = World::new(backend).await;
    for _ in 0..6 {
        world.queue(&world.define(QUICK)).await;
    }
    let _running = [
        Running::of(Executor::new(world.runs.clone(), world.config("a"))),
        Running::of(Executor::new(world.runs.clone(), world.config("b"))),
    ];
    let order = (PipelineRunOrder::Number, Direction::Ascending);
    let request = sluice_kernel::PageRequest::first(10);
    let all = PipelineRunFilter::default();
    let page = world.runs.page(&world.ctx, &all, order, &request).await;
    for run in page.unwrap().items {
        let ended = world.ended(run.id).await;
        assert_eq!(ended.outcome, Some(RunOutcome::Succeeded));
    }
    let events = world.drain().await;
    for kind in ["PipelineRunStarted", "PipelineRunCompleted"] {
        let of_kind = events.iter().filter(|event| event.event_type == kind);
        assert_eq!(of_kind.count(), 6, "{kind}");
    }
}

sluice_testkit::on_both_databases!(
    no_more_runs_at_once_than_allowed,
    tenants_take_turns_whatever_the_length_of_their_queues,
    a_pipeline_that_does_not_answer_blocks_no_other_and_keeps_its_place,
    a_pipeline_that_is_gone_ends_the_run_as_errored,
    two_executors_run_each_run_once,
);
