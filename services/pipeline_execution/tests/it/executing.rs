use sluice_pipeline_execution::{PipelineRun, RunOutcome, RunPipeline};
use sluice_schema::events::{PipelineRunCompleted, PipelineRunProgressed};
use sluice_test_results::blob::BlobKey;
use sluice_testkit::{Backend, eventually};

use crate::{
    fake_runner::{Behaviour, FakeRunner},
    fixture::{QUICK, World, command},
};

const CHAIN: &str = r#"
stages:
- stage: build
  jobs:
  - job: compile
    steps:
    - checkout: self
    - bash: |
        set -e
        cat greeting.txt
        echo "built $(level) at $(Build.SourceVersion)" > $(Build.ArtifactStagingDirectory)/out.txt
        mkdir $(Build.ArtifactStagingDirectory)/sub
        cp greeting.txt $(Build.ArtifactStagingDirectory)/sub/
        echo '##vso[build.addbuildtag]nightly'
      displayName: Compile
    - publish: $(Build.ArtifactStagingDirectory)
      artifact: drop
- stage: test
  jobs:
  - job: unit
    steps:
    - checkout: none
    - bash: |
        echo '<testsuite name="s"><testcase classname="c" name="t"/></testsuite>' > results.xml
        echo '<coverage line-rate="1"></coverage>' > coverage.xml
    - task: PublishTestResults@2
      inputs:
        testResultsFormat: JUnit
        testResultsFiles: results.xml
        testRunTitle: Unit
    - task: PublishCodeCoverageResults@2
      inputs:
        summaryFileLocation: coverage.xml
"#;

async fn text_of(world: &World, key: &str) -> String {
    let key: BlobKey = key.parse().unwrap();
    let bytes = world.ports.blobs.get(&key, 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn step<'a>(run: &'a PipelineRun, name: &str) -> &'a str {
    let stages = run.timeline.stages.iter();
    let mut steps = stages
        .flat_map(|stage| &stage.jobs)
        .flat_map(|job| &job.steps);
    &steps.find(|step| step.display_name == name).unwrap().id
}

async fn a_run_keeps_its_logs_results_and_artifacts_and_nothing_on_disk(backend: Backend) {
    let world = World::new(backend).await;
    let commit = world.push("main", &[("greeting.txt", "good day\n")]).await;
    let run = RunPipeline {
        commit_sha: Some(commit.to_string()),
        variables: Some([("level".to_owned(), "high".to_owned())].into()),
        ..command(&world.define(CHAIN))
    };
    let run = world.runs.run_pipeline(&world.ctx, run).await;
    let run = run.unwrap().value.id;
    let _running = world.execute();
    let ended = world.ended(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Succeeded), "{ended:?}");
    assert_eq!(ended.reason, None);
    assert_eq!(ended.lease, None);
    assert_eq!(ended.tags, ["nightly"]);
    assert_eq!(world.work_folders(), 0);

    let artifacts = &ended.outputs.artifacts;
    let paths: Vec<_> = artifacts.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["out.txt", "sub/greeting.txt"]);
    let out = text_of(&world, &artifacts[0].blob.key).await;
    assert_eq!(out, format!("built high at {commit}\n"));
    let results = &ended.outputs.test_results[0];
    assert_eq!(
        (results.format.as_str(), results.title.as_deref()),
        ("JUNIT", Some("Unit"))
    );
    assert!(
        text_of(&world, &results.blob.key)
            .await
            .contains("testcase")
    );
    assert_eq!(ended.outputs.coverage[0].format, "COBERTURA");

    let compile = step(&ended, "Compile");
    let log = world.runs.log(&world.ctx, run, compile, 1, 100).await;
    let log = log.unwrap();
    assert!(log.is_complete);
    assert!(log.lines.iter().any(|line| line.text == "good day"));
    assert!(log.lines.iter().all(|line| line.at.is_some()));
}

async fn every_change_of_state_is_told_once_and_the_end_last(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.queue(&world.define(CHAIN)).await;
    let _running = world.execute();
    // Its sources have no greeting, so that the first stage fails.
    let ended = world.ended(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Failed));
    let reason = ended.reason.as_deref().unwrap();
    assert!(reason.starts_with("step 'Compile' failed"), "{reason}");
    let events = world.drain().await;
    assert_eq!(events.first().unwrap().event_type, "PipelineRunStarted");
    assert_eq!(events.last().unwrap().event_type, "PipelineRunCompleted");
    assert!(events.iter().all(|e| e.trace_id == world.ctx.trace_id()));
    let told: Vec<(String, String, Option<String>)> = events
        .iter()
        .filter_map(|event| event.decode::<PipelineRunProgressed>().unwrap())
        .map(|event| (event.path, event.state, event.result))
        .collect();
    let mut once = told.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), told.len(), "{told:?}");
    let compile = step(&ended, "Compile").to_owned();
    let of_compile: Vec<_> = told.iter().filter(|(path, ..)| *path == compile).collect();
    assert_eq!(of_compile.len(), 2);
    let skipped = ("test".into(), "COMPLETED".into(), Some("SKIPPED".into()));
    assert!(told.contains(&skipped), "{told:?}");
}

async fn a_log_is_read_while_it_is_written(backend: Backend) {
    let world = World::new(backend).await;
    let (pipeline, _) = world.define_sleeping();
    let run = world.queue(&pipeline).await;
    let id = step(&*world.find(run).await, "Sleep").to_owned();
    let running = world.execute();
    let page = eventually("the line of the sleeping step", || async {
        let page = world.runs.log(&world.ctx, run, &id, 1, 100).await.unwrap();
        let seen = page.lines.iter().any(|line| line.text == "sleeping");
        seen.then_some(page)
    })
    .await;
    assert!(!page.is_complete);
    assert_eq!(page.next, page.total + 1);
    drop(running);
    assert!(
        world
            .runs
            .log(&world.ctx, run, "nowhere", 1, 9)
            .await
            .is_err()
    );
    assert!(world.runs.log(&world.ctx, run, &id, 1, 0).await.is_err());
}

async fn a_runner_that_panics_leaves_an_errored_run(backend: Backend) {
    let world = World::with_runner(backend, FakeRunner::new(Behaviour::Panics)).await;
    let run = world.queue(&world.define(QUICK)).await;
    let _running = world.execute();
    let ended = world.ended(run).await;
    assert_eq!(ended.outcome, Some(RunOutcome::Errored));
    assert_eq!(world.drained::<PipelineRunCompleted>().await.len(), 1);
}

sluice_testkit::on_both_databases!(
    a_run_keeps_its_logs_results_and_artifacts_and_nothing_on_disk,
    every_change_of_state_is_told_once_and_the_end_last,
    a_log_is_read_while_it_is_written,
    a_runner_that_panics_leaves_an_errored_run,
);
