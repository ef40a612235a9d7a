//! No process outlives its job.

use std::time::{Duration, Instant};

use sluice_pipeline_runner::{RecordResult, RunnerError};

use crate::harness::{Harness, Memory, is_alive, result, step, until};

#[tokio::test]
async fn a_job_out_of_time_takes_its_grandchildren_with_it() {
    let harness = Harness::new();
    let mut request = harness.request(
        "
steps:
- checkout: none
- script: |
    bash -c 'sleep 1000 & echo $! > $OUT/grandchild; trap \"\" TERM; wait; wait' &
    echo $! > $OUT/child
    wait
- script: echo never
- script: echo cleaning
  condition: always()
",
    );
    request.limits.overall = Duration::from_secs(3);
    let report = harness.start(request).await.unwrap();
    assert_eq!(report.result, RecordResult::Failed);
    let error = step(&report, "__default/Job/1")
        .status
        .error
        .clone()
        .unwrap();
    assert!(error.contains("longer than 3 second"), "{error}");
    assert_eq!(result(&report, "__default/Job/2"), RecordResult::Skipped);
    assert_eq!(harness.memory.text("__default/Job/3"), ["cleaning"]);
    assert!(!is_alive(harness.pid("child").await));
    assert!(!is_alive(harness.pid("grandchild").await));
}

#[tokio::test]
async fn cancelling_ends_processes_and_skips_what_has_not_begun() {
    let harness = Harness::new();
    let request = harness.request(
        "
jobs:
- job: a
  steps:
  - checkout: none
  - script: 'sleep 1000 & echo $! > $OUT/child; wait'
  - script: echo never
- job: b
  dependsOn: a
  condition: always()
  steps: [{script: echo}]
",
    );
    let cancel = async {
        let pid = harness.pid("child").await;
        assert!(is_alive(pid));
        harness.cancel.cancel();
        (pid, Instant::now())
    };
    let (report, (pid, at)) = tokio::join!(harness.start(request), cancel);
    let report = report.unwrap();
    assert!(at.elapsed() < Duration::from_secs(10));
    assert!(!is_alive(pid));
    assert_eq!(report.result, RecordResult::Cancelled);
    assert_eq!(result(&report, "__default/a/1"), RecordResult::Cancelled);
    assert_eq!(result(&report, "__default/a/2"), RecordResult::Skipped);
    assert_eq!(result(&report, "__default/b"), RecordResult::Cancelled);
}

#[tokio::test]
async fn a_process_that_leaves_its_group_ends_with_the_job() {
    let harness = Harness::new();
    let report = harness
        .run(
            "
steps:
- checkout: none
- script: |
    setsid bash -c 'echo $$ > $OUT/daemon; exec sleep 1000' > /dev/null 2>&1 &
    until test -s $OUT/daemon; do :; done
- script: 'sleep 1000 > /dev/null & echo $! > $OUT/server'
- script: 'kill -0 $(cat $OUT/server) && echo still served'
",
        )
        .await;
    assert_eq!(report.result, RecordResult::Succeeded);
    assert_eq!(harness.memory.text("__default/Job/3"), ["still served"]);
    assert!(!is_alive(harness.pid("daemon").await));
    assert!(!is_alive(harness.pid("server").await));
    let left = std::fs::read_dir(harness.root.path().join("runs/run-1/processes")).unwrap();
    assert_eq!(left.count(), 0, "records are removed");
}

#[tokio::test]
async fn a_step_that_leaves_a_child_with_its_output_does_not_hang() {
    let harness = Harness::new();
    let at = Instant::now();
    let report = harness
        .run("steps: [{checkout: none}, {script: 'sleep 1000 & echo done'}, {script: echo next}]")
        .await;
    assert_eq!(report.result, RecordResult::Succeeded);
    assert_eq!(harness.memory.text("__default/Job/1"), ["done"]);
    assert!(at.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_run_whose_observer_is_gone_ends_at_once() {
    let memory = Memory {
        give_up_at: Some("working".to_owned()),
        ..Memory::default()
    };
    let harness = Harness::with(memory);
    let request = harness.request(
        "
steps:
- checkout: none
- script: 'echo $$ > $OUT/pid; echo working; sleep 1000'
- script: 'echo x > $OUT/never'
  condition: always()
",
    );
    let end = harness.start(request).await;
    assert!(matches!(end, Err(RunnerError::ObserverGone(_))));
    assert!(!is_alive(harness.pid("pid").await));
    assert!(!harness.out("never").exists());
}

#[tokio::test]
async fn dropping_the_run_kills_its_processes() {
    let harness = Harness::new();
    let request =
        harness.request("steps: [{checkout: none}, {script: 'echo $$ > $OUT/pid; sleep 1000'}]");
    let pid = tokio::select! {
        _ = harness.start(request) => panic!("the step sleeps"),
        pid = harness.pid("pid") => pid,
    };
    until(|| !is_alive(pid)).await;
}

#[tokio::test]
async fn the_end_of_one_job_leaves_its_neighbours_alone() {
    let harness = Harness::new();
    let mut yaml = "
jobs:
- job: first
  steps: [{checkout: none}, {script: 'until test $(ls $OUT | grep -c up-) = 20; do sleep 0.02; done'}]
"
    .to_owned();
    for number in 0..20 {
        let script = format!("touch $OUT/up-{number}; until test -e $OUT/go; do sleep 0.02; done");
        yaml.push_str(&format!(
            "- job: j{number}\n  steps: [{{checkout: none}}, {{script: '{script}'}}]\n"
        ));
    }
    let mut request = harness.request(&yaml);
    request.limits.parallel_jobs = 32;
    let watch = async {
        let over = |id: &str| {
            let changes = harness.memory.changes.lock().unwrap();
            changes
                .iter()
                .any(|change| change.id == id && change.status.result.is_some())
        };
        until(|| over("__default/first")).await;
        std::fs::write(harness.out("go"), "").unwrap();
    };
    let (report, ()) = tokio::join!(harness.start(request), watch);
    assert_eq!(report.unwrap().result, RecordResult::Succeeded);
}

#[tokio::test]
async fn cancelling_one_run_leaves_another_alone() {
    let (harness, other) = (Harness::new(), Harness::new());
    let sleeping = "steps: [{checkout: none}, {script: 'touch $OUT/up; sleep 1000'}]";
    let waiting = "steps: [{checkout: none}, {script: 'touch $OUT/up; until test -e $OUT/go; do sleep 0.02; done'}]";
    let cancel = async {
        until(|| other.out("up").exists() && harness.out("up").exists()).await;
        other.cancel.cancel();
    };
    let cancelled = async {
        let report = other.start(other.request(sleeping)).await.unwrap();
        std::fs::write(harness.out("go"), "").unwrap();
        report
    };
    let run = harness.start(harness.request(waiting));
    let (report, cancelled, ()) = tokio::join!(run, cancelled, cancel);
    assert_eq!(cancelled.result, RecordResult::Cancelled);
    assert_eq!(report.unwrap().result, RecordResult::Succeeded);
}
