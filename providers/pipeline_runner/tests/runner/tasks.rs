//! Tasks that run scripts, and a pipeline as a generator writes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_pipeline_runner::{PipelineRunner as _, RecordResult};

use crate::harness::{Files, Harness, result, step};

#[tokio::test]
async fn script_tasks_run_files_with_arguments_in_their_folder() {
    let harness = Harness::new();
    let mut request = harness.request(
        "
steps:
- task: Bash@3
  inputs: {filePath: tools/say it.sh, arguments: \"one 'two three' $(Build.BuildId)\", workingDirectory: .}
- task: bash@3
  inputs: {targetType: inline, script: 'pwd; exit 0', workingDirectory: tools}
- task: CmdLine@2
  inputs: {script: 'echo cmd $X'}
  env: {X: set}
- script: echo
  workingDirectory: nowhere
- task: Bash@3
  inputs: {filePath: gone.sh}
  condition: always()
",
    );
    let script = "printf '<%s>' \"$@\"; echo\n".to_owned();
    let files = BTreeMap::from([("tools/say it.sh".to_owned(), script)]);
    request.source = Arc::new(Files(files));
    let report = harness.start(request).await.unwrap();
    let text = |order: u32| harness.memory.text(&format!("__default/Job/{order}"));
    assert_eq!(text(2), ["<one><two three><run-1>"]);
    assert!(text(3)[0].ends_with("/s/tools"), "{:?}", text(3));
    assert_eq!(text(4), ["cmd set"]);
    let error = |order: u32| {
        step(&report, &format!("__default/Job/{order}"))
            .status
            .error
            .clone()
            .unwrap()
    };
    assert!(error(5).contains("working directory"), "{}", error(5));
    assert!(error(6).contains("does not exist"), "{}", error(6));
}

const YAML: &str = r###"
name: $(Date:yyyyMMdd)$(Rev:.r)
trigger:
  branches: {include: [main]}
  paths: {include: ['*']}
pr: none
pool: {vmImage: ubuntu-latest}
variables:
- name: module
  value: shop
  readonly: true
stages:
- stage: lint
  jobs:
  - job: lint
    timeoutInMinutes: 10
    steps:
    - checkout: self
      clean: true
      fetchDepth: 1
    - script: test -f module.yaml
      displayName: Lint
- stage: build
  dependsOn: lint
  jobs:
  - job: build
    steps:
    - script: |
        mkdir -p dist
        echo "$(module)" > dist/$(module).txt
        echo "##vso[task.setvariable variable=version;isOutput=true]1.0.$(Build.BuildNumber)"
      name: make
    - publish: dist
      artifact: dist
- stage: test
  dependsOn: build
  jobs:
  - job: test
    cancelTimeoutInMinutes: 1
    steps:
    - script: echo "<testsuite><testcase name='a'/></testsuite>" > $(Common.TestResultsDirectory)/TEST-a.xml
    - task: PublishTestResults@2
      condition: succeededOrFailed()
      inputs:
        testResultsFormat: JUnit
        testResultsFiles: '**/TEST-*.xml'
        searchFolder: $(Common.TestResultsDirectory)
        failTaskOnFailedTests: true
- stage: package
  dependsOn: [build, test]
  condition: and(succeeded(), eq(variables['Build.SourceBranch'], 'refs/heads/feature/x'))
  variables:
    version: $[ stageDependencies.build.build.outputs['make.version'] ]
  jobs:
  - job: package
    steps:
    - checkout: none
    - download: current
      artifact: dist
    - script: cp -r $(Pipeline.Workspace)/dist $(Build.ArtifactStagingDirectory)/$(module)-$(version)
    - task: PublishPipelineArtifact@1
      inputs:
        targetPath: $(Build.ArtifactStagingDirectory)
        artifact: package
"###;

#[tokio::test]
async fn a_delivery_pipeline_runs_from_lint_to_package() {
    let harness = Harness::new();
    let mut request = harness.request(YAML);
    request.source = Arc::new(Files(BTreeMap::from([(
        "module.yaml".into(),
        "name: shop\n".into(),
    )])));
    let report = harness.start(request).await.unwrap();
    assert_eq!(
        report.result,
        RecordResult::Succeeded,
        "{}",
        harness.memory.everything()
    );
    assert_eq!(
        result(&report, "package/package/3"),
        RecordResult::Succeeded
    );
    assert_eq!(report.test_results.len(), 1);
    let package = report
        .artifacts
        .iter()
        .find(|found| found.name == "package")
        .unwrap();
    let text = std::fs::read_to_string(package.dir.join("shop-1.0.7/shop.txt")).unwrap();
    assert_eq!(text, "shop\n");
    harness.runner.reap("run-1").await.unwrap();
    assert!(!package.dir.exists());
}
