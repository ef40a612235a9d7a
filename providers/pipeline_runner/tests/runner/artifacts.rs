//! Artifacts, test results, coverage.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_pipeline_runner::{RecordResult, ResultFormat};

use crate::harness::{Files, Harness, result, step};

#[tokio::test]
async fn an_artifact_comes_back_as_it_was_published() {
    let harness = Harness::new();
    let report = harness
        .run(
            "
stages:
- stage: make
  jobs:
  - job: a
    steps:
    - checkout: none
    - script: |
        mkdir -p out/deep; echo one > out/one.txt; echo 'echo runs' > out/deep/run.sh; chmod +x out/deep/run.sh
        ln -s one.txt out/link.txt; printf '\\0\\377' > out/bytes
    - publish: out
      artifact: drop
    - task: PublishPipelineArtifact@1
      inputs: {targetPath: $(System.DefaultWorkingDirectory)/out/one.txt, artifactName: single}
    - script: 'mkdir x; echo z > x/late.txt; echo \"##vso[artifact.upload artifactname=logs]$PWD/x\"; echo \"##vso[artifact.upload artifactname=logs]$PWD/out/one.txt\"'
- stage: use
  jobs:
  - job: b
    steps:
    - checkout: none
    - download: current
      artifact: drop
    - task: DownloadPipelineArtifact@2
      inputs: {artifact: drop, path: $(Build.BinariesDirectory), patterns: '**/*.sh'}
    - script: |
        cd $(Pipeline.Workspace)/drop; cat one.txt link.txt; ./deep/run.sh; od -An -tx1 bytes
        find $(Build.BinariesDirectory) -type f -printf '%P\\n'
",
        )
        .await;
    assert_eq!(
        report.result,
        RecordResult::Succeeded,
        "{:#?}",
        report.timeline
    );
    let text = harness.memory.text("use/b/3");
    assert_eq!(text, ["one", "one", "runs", " 00 ff", "deep/run.sh"]);
    let names: Vec<(&str, u64)> = report
        .artifacts
        .iter()
        .map(|found| (found.name.as_str(), found.files))
        .collect();
    assert_eq!(names, [("drop", 4), ("logs", 2), ("single", 1)]);
    let drop = &report.artifacts[0];
    assert_eq!(drop.job_id, "make/a");
    assert_eq!(std::fs::read(drop.dir.join("bytes")).unwrap(), [0, 255]);
}

#[tokio::test]
async fn artifacts_cannot_reach_out_of_the_work_folder_nor_be_published_twice() {
    let harness = Harness::new();
    std::fs::write(harness.out("server-file"), "private").unwrap();
    let report = harness
        .run(
            "
steps:
- checkout: none
- publish: $(out)/server-file
  artifact: a
- script: 'mkdir d; ln -s $OUT/server-file d/link; echo x > d/x'
  condition: always()
- publish: d
  artifact: b
  condition: always()
- publish: d/x
  artifact: ../c
  condition: always()
- publish: d/x
  artifact: e
  condition: always()
- publish: d/x
  artifact: E
  condition: always()
- download: current
  artifact: e
  path: ../../../outside
  condition: always()
",
        )
        .await;
    let results: Vec<RecordResult> = (1..=7)
        .map(|order| result(&report, &format!("__default/Job/{order}")))
        .collect();
    use RecordResult::{Failed, Succeeded};
    assert_eq!(
        results,
        [Failed, Succeeded, Failed, Failed, Succeeded, Failed, Failed]
    );
    let names: Vec<&str> = report
        .artifacts
        .iter()
        .map(|found| found.name.as_str())
        .collect();
    assert_eq!(names, ["e"]);
    assert!(!harness.out("outside").exists());
}

#[tokio::test]
async fn stored_bytes_are_bounded() {
    let harness = Harness::new();
    let mut request = harness.request(
        "
steps:
- checkout: none
- script: 'head -c 3000 /dev/zero > big'
- publish: big
  artifact: a
",
    );
    request.limits.stored_bytes = 2_000;
    let report = harness.start(request).await.unwrap();
    let error = step(&report, "__default/Job/2")
        .status
        .error
        .clone()
        .unwrap();
    assert!(error.contains("too many bytes"), "{error}");
    assert!(report.artifacts.is_empty());
}

#[tokio::test]
async fn results_and_coverage_are_collected_and_failed_tests_fail_when_asked() {
    let harness = Harness::new();
    let files = [
        (
            "a/TEST-good.xml",
            "<testsuite><testcase name='t'/></testsuite>",
        ),
        (
            "b/TEST-bad.xml",
            "<testsuite><testcase name='t'><failure/></testcase></testsuite>",
        ),
        (
            "r/x.trx",
            "<TestRun><Results><UnitTestResult outcome='Passed'/></Results></TestRun>",
        ),
        ("cov/coverage.xml", "<coverage line-rate='1'/>"),
    ];
    let mut request = harness.request(
        "
steps:
- checkout: self
- task: PublishTestResults@2
  inputs: {testRunTitle: 'unit $(Build.BuildNumber)'}
- task: PublishTestResults@2
  inputs: {testResultsFormat: VSTest, testResultsFiles: '*.trx', searchFolder: r, failTaskOnFailedTests: true}
- task: PublishTestResults@2
  inputs: {testResultsFiles: 'none/*.xml'}
- task: PublishCodeCoverageResults@2
  inputs: {summaryFileLocation: '$(System.DefaultWorkingDirectory)/**/coverage.xml'}
- task: PublishTestResults@2
  inputs: {failTaskOnFailedTests: true, testResultsFiles: '**/TEST-*.xml'}
",
    );
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    request.source = Arc::new(Files(BTreeMap::from(files)));
    let report = harness.start(request).await.unwrap();
    let found: Vec<(ResultFormat, &str, Option<&str>)> = report
        .test_results
        .iter()
        .map(|file| (file.format, file.name.as_str(), file.run_title.as_deref()))
        .collect();
    use ResultFormat::{JUnit, Trx};
    assert_eq!(
        found,
        [
            (JUnit, "a/TEST-good.xml", Some("unit 7")),
            (JUnit, "b/TEST-bad.xml", Some("unit 7")),
            (Trx, "x.trx", None),
            (JUnit, "a/TEST-good.xml", None),
            (JUnit, "b/TEST-bad.xml", None),
        ]
    );
    assert!(report.test_results.iter().all(|file| file.path.is_file()));
    assert_eq!(report.coverage.len(), 1);
    assert_eq!(result(&report, "__default/Job/4"), RecordResult::Succeeded);
    assert_eq!(
        report.issues[0].message,
        "No test result file matches none/*.xml."
    );
    assert_eq!(result(&report, "__default/Job/6"), RecordResult::Failed);
}

#[tokio::test]
async fn copied_files_keep_their_folders() {
    let harness = Harness::new();
    let report = harness
        .run(
            "
steps:
- checkout: none
- script: 'mkdir -p a/b; echo 1 > a/b/x.txt; echo 2 > a/y.md'
- task: CopyFiles@2
  inputs: {SourceFolder: a, Contents: '**/*.txt', TargetFolder: $(Build.ArtifactStagingDirectory)}
- script: 'cd $(Build.ArtifactStagingDirectory); find . -type f'
",
        )
        .await;
    assert_eq!(report.result, RecordResult::Succeeded);
    assert_eq!(harness.memory.text("__default/Job/3"), ["./b/x.txt"]);
}
