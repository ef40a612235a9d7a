//! Order, conditions, results.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_pipeline_runner::{RecordResult, RecordState, RunnerError};

use crate::harness::{Files, Harness, job, result, step};

use RecordResult::{Errored, Failed, Skipped, Succeeded, SucceededWithIssues};

#[tokio::test]
async fn jobs_run_after_what_they_depend_on_and_are_skipped_when_it_fails() {
    let harness = Harness::new();
    let report = harness
        .run(
            "
jobs:
- job: c
  dependsOn: [a, b]
  steps: [{checkout: none}, {script: 'echo c >> $OUT/order'}]
- job: b
  dependsOn: a
  steps: [{checkout: none}, {script: 'echo b >> $OUT/order'}]
- job: a
  steps: [{checkout: none}, {script: 'echo a >> $OUT/order'}]
- job: bad
  steps: [{checkout: none}, {script: 'exit 3'}, {script: 'echo never'}]
- job: after_bad
  dependsOn: bad
  steps: [{checkout: none}, {script: echo}]
- job: on_failure
  dependsOn: bad
  condition: failed()
  steps: [{checkout: none}, {script: 'echo failure >> $OUT/failure'}]
- job: transitive
  dependsOn: on_failure
  condition: succeeded()
  steps: [{checkout: none}, {script: echo}]
",
        )
        .await;
    assert_eq!(
        std::fs::read_to_string(harness.out("order")).unwrap(),
        "a\nb\nc\n"
    );
    assert!(harness.out("failure").exists());
    assert_eq!(report.result, Failed);
    let results: Vec<RecordResult> = report.timeline.stages[0]
        .jobs
        .iter()
        .map(|job| job.status.result.unwrap())
        .collect();
    assert_eq!(
        results,
        [
            Succeeded, Succeeded, Succeeded, Failed, Skipped, Succeeded, Skipped
        ]
    );
    assert_eq!(result(&report, "__default/bad/2"), Skipped);
    let error = step(&report, "__default/bad/1")
        .status
        .error
        .clone()
        .unwrap();
    assert_eq!(error, "The script exited with code 3.");
    assert_eq!(
        harness.memory.text("__default/bad/1"),
        ["##[error]The script exited with code 3."]
    );
    assert!(
        job(&report, "__default/after_bad")
            .status
            .started_at
            .is_none()
    );
}

#[tokio::test]
async fn stages_follow_each_other_unless_they_say_otherwise() {
    let harness = Harness::new();
    let one = "jobs: [{job: j, steps: [{checkout: none}, {script: 'echo $(System.StageName) >> $OUT/order; exit $(code)'}]}]";
    let yaml = format!(
        "
variables: {{code: 0}}
stages:
- stage: first
  {one}
- stage: second
  variables: {{code: 1}}
  {one}
- stage: third
  {one}
- stage: clean
  dependsOn: [second, third]
  condition: always()
  {one}
- stage: free
  dependsOn: []
  condition: eq(variables['Build.SourceBranchName'], 'X')
  {one}
- stage: picky
  dependsOn: second
  condition: and(failed(), in(dependencies.second.result, 'Failed'))
  {one}
"
    );
    let report = harness.run(&yaml).await;
    let results: Vec<RecordResult> = report
        .timeline
        .stages
        .iter()
        .map(|stage| stage.status.result.unwrap())
        .collect();
    assert_eq!(
        results,
        [Succeeded, Failed, Skipped, Succeeded, Succeeded, Succeeded]
    );
    let order = std::fs::read_to_string(harness.out("order")).unwrap();
    let position = |name: &str| order.lines().position(|line| line == name).unwrap();
    assert!(position("first") < position("second") && position("second") < position("clean"));
}

#[tokio::test]
async fn steps_obey_conditions_and_continue_on_error() {
    let harness = Harness::new();
    let report = harness
        .run(
            "
steps:
- checkout: none
- script: exit 1
  continueOnError: true
- script: echo goes on $AGENT_JOBSTATUS
- script: exit 1
- script: echo not reached
- script: echo always
  condition: always()
- script: echo failed
  condition: and(failed(), ne(variables['Build.BuildNumber'], ''))
- script: echo off
  enabled: false
- script: echo bad
  condition: lt(1, 'x')
",
        )
        .await;
    let results: Vec<RecordResult> = job(&report, "__default/Job")
        .steps
        .iter()
        .map(|step| step.status.result.unwrap())
        .collect();
    assert_eq!(
        results,
        [
            SucceededWithIssues,
            Succeeded,
            Failed,
            Skipped,
            Succeeded,
            Succeeded,
            Skipped,
            Failed
        ]
    );
    assert_eq!(
        harness.memory.text("__default/Job/2"),
        ["goes on SucceededWithIssues"]
    );
}

#[tokio::test]
async fn a_matrix_runs_every_leg_with_its_variables() {
    let harness = Harness::new();
    let report = harness
        .run(
            "
jobs:
- job: test
  strategy:
    maxParallel: 1
    matrix:
      old: {version: '3.9'}
      new: {version: '3.10', code: 1}
  variables: {code: 0}
  continueOnError: true
  steps:
  - checkout: none
  - script: 'echo $(System.JobName) $(version); exit $(code)'
",
        )
        .await;
    assert_eq!(harness.memory.text("__default/test.old/1"), ["old 3.9"]);
    assert_eq!(harness.memory.text("__default/test.new/1")[0], "new 3.10");
    assert_eq!(result(&report, "__default/test.new"), SucceededWithIssues);
    assert_eq!(report.result, SucceededWithIssues);
    let (old, new) = (
        job(&report, "__default/test.old"),
        job(&report, "__default/test.new"),
    );
    let (first, second) = if old.status.started_at < new.status.started_at {
        (old, new)
    } else {
        (new, old)
    };
    assert!(
        first.status.finished_at <= second.status.started_at,
        "maxParallel is 1"
    );
}

#[tokio::test]
async fn a_step_is_repeated_as_often_as_it_asks_for() {
    let harness = Harness::new();
    let report = harness
        .run(
            "
steps:
- checkout: none
- script: 'echo x >> $OUT/tries; test $(wc -l < $OUT/tries) -ge 3'
  retryCountOnTaskFailure: 3
",
        )
        .await;
    assert_eq!(report.result, Succeeded);
    assert_eq!(step(&report, "__default/Job/1").status.attempt, 3);
}

#[tokio::test]
async fn changes_add_up_to_the_timeline_of_the_report() {
    let harness = Harness::new();
    let request = harness.request(
        "
stages:
- stage: one
  jobs: [{job: a, steps: [{script: 'exit 1'}, {script: echo}]}]
- stage: two
  jobs: [{job: b, steps: [{script: echo}]}]
",
    );
    let mut timeline = request.plan.timeline();
    let report = harness.start(request).await.unwrap();
    for change in harness.memory.changes.lock().unwrap().iter() {
        assert!(timeline.apply(change));
        assert_eq!(
            change.status.result.is_some(),
            change.status.state == RecordState::Completed
        );
    }
    assert_eq!(timeline, report.timeline);
    assert!(timeline.status("two/b/2").unwrap().state == RecordState::Completed);
}

#[tokio::test]
async fn a_checkout_that_fails_is_errored_and_a_good_one_brings_the_files() {
    let harness = Harness::new();
    let mut request = harness.request("steps: [{script: 'cat dir/file; pwd'}]");
    request.source = Arc::new(Files(BTreeMap::from([(
        "dir/file".into(),
        "hello\n".into(),
    )])));
    let report = harness.start(request).await.unwrap();
    assert_eq!(report.result, Succeeded);
    let text = harness.memory.text("__default/Job/2");
    assert_eq!(text[0], "hello");
    assert!(text[1].ends_with("run-1/jobs/__default.Job/s"), "{text:?}");

    let harness = Harness::new();
    let mut request = harness.request("steps: [{script: echo}]");
    request.source = Arc::new(Files(BTreeMap::from([("refuse".into(), String::new())])));
    let report = harness.start(request).await.unwrap();
    assert_eq!(report.result, Errored);
    assert_eq!(result(&report, "__default/Job/2"), Skipped);
}

#[tokio::test]
async fn a_run_id_runs_once_until_it_is_reaped() {
    use sluice_pipeline_runner::PipelineRunner as _;

    let harness = Harness::new();
    let yaml = "steps: [{script: echo}]";
    harness.run(yaml).await;
    let again = harness.start(harness.request(yaml)).await;
    assert!(matches!(again, Err(RunnerError::AlreadyExists { .. })));
    assert!(harness.runner.reap("run-1").await.unwrap().removed_folder);
    assert!(!harness.runner.reap("run-1").await.unwrap().removed_folder);
    harness.run(yaml).await;
    let mut request = harness.request(yaml);
    request.run_id = "../x".to_owned();
    let refused = harness.start(request).await;
    assert!(matches!(
        refused,
        Err(RunnerError::InvalidRequest {
            field: "run_id",
            ..
        })
    ));
}
