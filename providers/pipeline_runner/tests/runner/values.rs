//! Variables, outputs, logging commands.

use sluice_pipeline_runner::{IssueKind, RecordResult};

use crate::harness::{Harness, result, step};

#[tokio::test]
async fn outputs_reach_later_steps_jobs_and_stages() {
    let harness = Harness::new();
    let report = harness
        .run(
            "
stages:
- stage: one
  jobs:
  - job: make
    steps:
    - checkout: none
    - script: 'echo \"##vso[task.setvariable variable=v;isOutput=true]1.2\"; echo \"##vso[task.setvariable variable=w]w1\"'
      name: set
    - script: 'echo $(set.v) $SET_V $(w) $W $(v)'
  - job: legs
    strategy: {matrix: {x: {n: 1}, y: {n: 2}}}
    steps:
    - checkout: none
    - script: 'echo \"##vso[task.setvariable variable=n;isOutput=true]$(n)\"'
      name: out
  - job: use
    dependsOn: [make, legs]
    condition: eq(dependencies.make.outputs['set.v'], '1.2')
    variables:
      got: $[ dependencies.make.outputs['set.v'] ]
      leg: $[ dependencies.legs.outputs['y.out.n'] ]
      none: $[ coalesce(dependencies.make.outputs['set.nope'], 'nothing') ]
    steps:
    - checkout: none
    - script: 'echo $(got) $(leg) $(none)'
- stage: two
  dependsOn: one
  condition: eq(dependencies.one.outputs['make.set.v'], '1.2')
  variables:
    got: $[ stageDependencies.one.make.outputs['set.v'] ]
  jobs:
  - job: show
    steps:
    - checkout: none
    - bash: 'echo $(got) $GOT'
",
        )
        .await;
    assert_eq!(
        report.result,
        RecordResult::Succeeded,
        "{:#?}",
        report.timeline
    );
    // `$(v)` is no variable of this job, so it is left to bash, which finds no command v.
    assert_eq!(
        harness.memory.text("one/make/2").last().unwrap(),
        "1.2 1.2 w1 w1"
    );
    assert_eq!(harness.memory.text("one/use/1"), ["1.2 2 nothing"]);
    assert_eq!(harness.memory.text("two/show/1"), ["1.2 1.2"]);
}

#[tokio::test]
async fn predefined_variables_have_both_forms_and_cannot_be_changed() {
    let harness = Harness::new();
    let report = harness
        .run(
            "
steps:
- checkout: none
- script: 'echo $(Build.SourceVersion) $BUILD_SOURCEVERSION $(Build.SourceBranchName) $BUILD_BUILDID'
- script: 'echo $TF_BUILD $CI $(Build.Repository.Name); test \"$(System.DefaultWorkingDirectory)\" = \"$PWD\"; test -d $(Build.ArtifactStagingDirectory)'
- script: 'echo \"##vso[task.setvariable variable=Build.BuildId]9\"'
",
        )
        .await;
    let text = harness.memory.text("__default/Job/1");
    assert_eq!(text, ["0123456789abcdef 0123456789abcdef x run-1"]);
    assert_eq!(harness.memory.text("__default/Job/2"), ["True true shop"]);
    assert_eq!(result(&report, "__default/Job/2"), RecordResult::Succeeded);
    assert_eq!(result(&report, "__default/Job/3"), RecordResult::Failed);
}

#[tokio::test]
async fn logging_commands_reach_the_report_and_not_the_log() {
    let harness = Harness::new();
    let report = harness
        .run(
            r###"
steps:
- checkout: none
- script: |
    echo "##vso[task.logissue type=error;sourcepath=a.rs;linenumber=3;columnnumber=4;code=E1]broken"
    echo "##vso[task.logissue type=warning]odd"
    echo "##vso[task.setprogress value=40]"
    echo "##vso[build.updatebuildnumber]1.2.3"
    echo "##vso[build.addbuildtag]nightly"
    echo "##vso[build.addbuildtag]nightly"
    mkdir -p bin; printf '#!/bin/sh\necho tool runs\n' > bin/mytool; chmod +x bin/mytool
    echo "##vso[task.prependpath]$PWD/bin"
    echo '# Summary' > sum.md
    echo "##vso[task.uploadsummary]$PWD/sum.md"
    echo "##[section]kept"
    echo "##vso[task.complete result=SucceededWithIssues]done"
- script: mytool
- script: 'echo "##vso[task.nope]x"'
- script: 'echo "##vso[task.complete result=Failed]x"'
  condition: always()
"###,
        )
        .await;
    let text = harness.memory.text("__default/Job/1");
    assert_eq!(
        text,
        [
            "##[error]a.rs(3,4): error E1: broken",
            "##[warning]odd",
            "##[section]kept"
        ]
    );
    let status = &step(&report, "__default/Job/1").status;
    assert_eq!(status.result, Some(RecordResult::SucceededWithIssues));
    assert_eq!(status.progress, Some(40));
    assert_eq!(status.log_lines, 3);
    assert_eq!(report.issues[0].kind, IssueKind::Error);
    assert_eq!(
        (report.issues[0].line, report.issues[0].code.as_deref()),
        (Some(3), Some("E1"))
    );
    assert_eq!(report.build_number, "1.2.3");
    assert_eq!(report.tags, ["nightly"]);
    assert_eq!(
        std::fs::read_to_string(&report.attachments[0].path).unwrap(),
        "# Summary\n"
    );
    assert_eq!(harness.memory.text("__default/Job/2"), ["tool runs"]);
    assert_eq!(result(&report, "__default/Job/3"), RecordResult::Failed);
    assert_eq!(result(&report, "__default/Job/4"), RecordResult::Failed);
}

#[tokio::test]
async fn secrets_are_masked_in_every_output() {
    let harness = Harness::new();
    let mut request = harness.request(
        r###"
steps:
- checkout: none
- script: |
    printf 'begin hunter'; printf '2-of-all'; echo ' end'
    echo "given $(given) env [$GIVEN] mapped $MAPPED"
    echo "##vso[task.setvariable variable=made;isSecret=true]made-secret%0Asecond-line"
    echo "then made-secret and second-line and [$MADE]"
    echo "##vso[task.logissue type=error]issue with made-secret"
    echo "##vso[build.addbuildtag]tag-made-secret"
    echo "##vso[build.updatebuildnumber]no-made-secret"
    printf 'no newline made-secret'
  env: {MAPPED: $(given)}
  displayName: shows $(given)
- script: 'echo "##vso[task.setvariable variable=out;isOutput=true;isSecret=true]outputsecret"'
  name: o
- script: 'echo "env [$O_OUT] [$MADE]" and $(o.out)'
- publish: /nonexistent/hunter2-of-all
  artifact: x
"###,
    );
    request
        .secrets
        .insert("given".to_owned(), "hunter2-of-all".to_owned());
    let report = harness.start(request).await.unwrap();
    let everything = format!("{}\n{report:?}", harness.memory.everything());
    for secret in ["hunter2", "made-secret", "second-line", "outputsecret"] {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
    let text = harness.memory.text("__default/Job/1");
    assert_eq!(text[0], "begin *** end");
    assert_eq!(text[1], "given *** env [] mapped ***");
    assert_eq!(text[2], "then *** and *** and []");
    assert_eq!(text.last().unwrap(), "no newline ***");
    assert_eq!(report.tags, ["tag-***"]);
    assert_eq!(
        harness.memory.text("__default/Job/3"),
        ["env [] [] and ***"]
    );
}
