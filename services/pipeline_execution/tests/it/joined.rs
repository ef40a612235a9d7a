//! The log of a whole run: each line once, in one order for ever.

use std::{collections::HashMap, time::Duration};

use sluice_kernel::Reconciler;
use sluice_pipeline_execution::{
    CancelPipelineRun, PipelineRuns, Recovery, RunLogLine, RunOutcome,
};
use sluice_schema::RunId;
use sluice_testkit::{Backend, on_both_databases};

use crate::fixture::World;

on_both_databases!(
    lines_are_told_once_each_while_two_jobs_write_and_count_the_same_for_ever,
    a_run_whose_server_died_keeps_its_numbers_and_ends,
    a_run_without_an_order_of_its_own_has_its_steps_in_theirs,
);

const TWO_JOBS: &str = "jobs:
- job: left
  displayName: Left job
  steps:
  - checkout: none
  - bash: for i in $(seq 1 40); do echo \"left $i\"; sleep 0.02; done
    displayName: Count left
- job: right
  displayName: Right job
  steps:
  - checkout: none
  - bash: for i in $(seq 1 40); do echo \"right $i\"; sleep 0.02; done
    displayName: Count right
  - bash: echo done
";

/// All lines from `from` on, as one who follows the log is told them, to its end.
async fn follow(runs: &PipelineRuns, world: &World, run: RunId, from: u64) -> Vec<RunLogLine> {
    let mut log = runs.run_log(&world.ctx, run).await.unwrap();
    let (mut next, mut lines) = (from, Vec::new());
    let told = async {
        loop {
            let page = log.page(next, 7).await.unwrap();
            assert!(page.lines.len() <= 7);
            next = page.next;
            let is_empty = page.lines.is_empty();
            lines.extend(page.lines);
            if page.is_complete {
                return;
            }
            if is_empty {
                log.changed().await;
            }
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(60), told).await;
    ended.expect("the log ends");
    lines
}

fn numbers(lines: &[RunLogLine]) -> Vec<u64> {
    lines.iter().map(|line| line.number).collect()
}

/// The lines of each step, in the order in which the run's log has them.
fn by_step(lines: &[RunLogLine]) -> HashMap<&str, Vec<&str>> {
    let mut steps: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in lines {
        let of_step = steps.entry(line.step.id.as_str()).or_default();
        of_step.push(line.text.as_str());
    }
    steps
}

/// Every step's own log holds what the run's log tells of it.
async fn holds_every_step(world: &World, run: RunId, lines: &[RunLogLine]) {
    let steps = by_step(lines);
    let found = world.find(run).await;
    let stages = found.timeline.stages.iter();
    let all = stages
        .flat_map(|stage| &stage.jobs)
        .flat_map(|job| &job.steps);
    for step in all {
        let page = world.runs.log(&world.ctx, run, &step.id, 1, 5_000).await;
        let page = page.unwrap();
        let own: Vec<&str> = page.lines.iter().map(|line| line.text.as_str()).collect();
        let told = steps.get(step.id.as_str()).cloned().unwrap_or_default();
        assert_eq!(told, own, "{}", step.id);
    }
}

async fn lines_are_told_once_each_while_two_jobs_write_and_count_the_same_for_ever(
    backend: Backend,
) {
    let world = World::new(backend).await;
    let run = world.queue(&world.define(TWO_JOBS)).await;
    let elsewhere = PipelineRuns::new(world.store.clone(), world.ports.clone());
    let _running = world.execute();
    let (here, there) = tokio::join!(
        follow(&world.runs, &world, run, 1),
        follow(&elsewhere, &world, run, 1),
    );
    world.ended(run).await;
    assert_eq!(numbers(&here), (1..=here.len() as u64).collect::<Vec<_>>());
    assert_eq!(here, there, "another process tells the same");
    let counted = here.iter().filter(|line| line.text.starts_with("left "));
    assert!(counted.count() >= 40);
    let line = here.iter().find(|line| line.text == "right 40").unwrap();
    assert_eq!(line.step.name, "Count right");
    assert_eq!(line.step.job, "Right job");
    assert!(line.at.is_some());
    holds_every_step(&world, run, &here).await;
    for from in [1, 17, here.len() as u64, here.len() as u64 + 1] {
        let rest = follow(&world.runs, &world, run, from).await;
        assert_eq!(rest, here[usize::try_from(from).unwrap() - 1..], "{from}");
    }
    let mut log = world.runs.run_log(&world.ctx, run).await.unwrap();
    let beyond = log.page(10_000, 5).await.unwrap();
    assert!(beyond.is_complete && beyond.lines.is_empty());
    assert!(log.page(1, 0).await.is_err());
}

async fn a_run_whose_server_died_keeps_its_numbers_and_ends(backend: Backend) {
    let world = World::new(backend).await;
    let yaml = "jobs:\n- job: a\n  steps:\n  - checkout: none\n  - bash: |\n      \
        for i in $(seq 1 20); do echo \"line $i\"; done\n      sleep 1000\n";
    let run = world.queue(&world.define(yaml)).await;
    let running = world.execute();
    let mut log = world.runs.run_log(&world.ctx, run).await.unwrap();
    let mut before = Vec::new();
    while !before
        .iter()
        .any(|line: &RunLogLine| line.text == "line 20")
    {
        let next = before.last().map_or(1, |line: &RunLogLine| line.number + 1);
        before.extend(log.page(next, 500).await.unwrap().lines);
        log.changed().await;
    }
    drop(running);
    let after_restart = world.executor();
    Recovery(after_restart).reconcile().await.unwrap();
    assert_eq!(world.ended(run).await.outcome, Some(RunOutcome::Errored));
    let all = follow(&world.runs, &world, run, 1).await;
    assert_eq!(all[..before.len()], before);
    holds_every_step(&world, run, &all).await;
}

async fn a_run_without_an_order_of_its_own_has_its_steps_in_theirs(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.queue(&world.define(TWO_JOBS)).await;
    let running = world.execute();
    let told = follow(&world.runs, &world, run, 1).await;
    world.ended(run).await;
    let tx = world.store.begin_raw().await.unwrap();
    let sql = "DELETE FROM pipeline_run_log_part";
    assert!(tx.execute(sql, []).await.unwrap() > 2);
    tx.commit().await.unwrap();
    let derived = follow(&world.runs, &world, run, 1).await;
    assert_eq!(numbers(&derived), numbers(&told));
    let mut steps: Vec<&str> = derived.iter().map(|line| line.step.id.as_str()).collect();
    steps.dedup();
    let order = steps.clone();
    steps.sort_unstable();
    steps.dedup();
    assert_eq!(
        order.len(),
        steps.len(),
        "the lines of a step stand together"
    );
    holds_every_step(&world, run, &derived).await;
    assert_eq!(follow(&world.runs, &world, run, 1).await, derived);
    assert_eq!(follow(&world.runs, &world, run, 9).await, derived[8..]);
    // One that never began has none.
    let pipeline = world.define(TWO_JOBS);
    drop(running);
    let queued = world.queue(&pipeline).await;
    let command = CancelPipelineRun {
        run_id: queued,
        reason: None,
    };
    world.runs.cancel(&world.ctx, command).await.unwrap();
    assert_eq!(follow(&world.runs, &world, queued, 1).await, []);
}
