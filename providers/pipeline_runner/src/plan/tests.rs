use super::*;
use crate::error::{Finding, Rule};

fn findings(yaml: &str) -> Vec<Finding> {
    RunPlan::parse(yaml).unwrap_err().findings
}

fn short(yaml: &str) -> Vec<(u32, String, Rule)> {
    findings(yaml)
        .into_iter()
        .map(|found| (found.line, found.path, found.rule))
        .collect()
}

#[test]
fn everything_unsupported_is_listed_with_its_place() {
    let yaml = "\
stages:
- stage: build
  jobs:
  - job: a
    container: ubuntu
    steps:
    - script: echo
    - task: NuGetCommand@2
      inputs: {command: restore}
    - template: x.yml
    - pwsh: Get-Item
  - deployment: d
    environment: prod
- stage: test
  variables:
  - group: secrets
  jobs:
  - job: b
    steps:
    - script: echo ${{ parameters.x }}
    - task: PublishTestResults@2
      inputs: {testResultsFormat: NUnit}
    - scrpt: typo
";
    use Rule::{MissingKey, TemplateExpression, UnknownKey, Unsupported};
    let place = |line, path: &str, rule| (line, path.to_owned(), rule);
    assert_eq!(
        short(yaml),
        [
            place(5, "stages[0].jobs[0].container", Unsupported),
            place(8, "stages[0].jobs[0].steps[1].task", Unsupported),
            place(10, "stages[0].jobs[0].steps[2].template", Unsupported),
            place(11, "stages[0].jobs[0].steps[3].pwsh", Unsupported),
            place(12, "stages[0].jobs[1].deployment", Unsupported),
            place(16, "stages[1].variables[0].group", Unsupported),
            place(20, "stages[1].jobs[0].steps[0].script", TemplateExpression),
            place(
                22,
                "stages[1].jobs[0].steps[1].inputs.testResultsFormat",
                Unsupported
            ),
            place(23, "stages[1].jobs[0].steps[2]", MissingKey),
            place(23, "stages[1].jobs[0].steps[2].scrpt", UnknownKey),
        ]
    );
}

#[test]
fn dependencies_must_exist_and_have_no_cycle() {
    let yaml = "\
jobs:
- job: a
  dependsOn: b
  steps: []
- job: b
  dependsOn: [a]
  steps: []
- job: c
  dependsOn: nope
  steps: []
- job: A
  steps: []
";
    let rules: Vec<Rule> = findings(yaml)
        .into_iter()
        .map(|finding| finding.rule)
        .collect();
    use Rule::{DependencyCycle, DuplicateName, UnknownDependency};
    assert_eq!(
        rules,
        [
            DependencyCycle,
            DependencyCycle,
            UnknownDependency,
            DuplicateName
        ]
    );
}

#[test]
fn wrong_values_name_the_rule() {
    for (yaml, rule) in [
        ("steps: []\njobs: []\n", Rule::InvalidValue),
        ("trigger: none\n", Rule::MissingKey),
        ("- a\n", Rule::InvalidType),
        (
            "steps:\n- script: a\n  enabled: maybe\n",
            Rule::InvalidValue,
        ),
        (
            "steps:\n- script: a\n  timeoutInMinutes: -1\n",
            Rule::InvalidValue,
        ),
        (
            "steps:\n- script: a\n  condition: eq('a'\n",
            Rule::InvalidExpression,
        ),
        ("steps:\n- script: a\n  name: a-b\n", Rule::InvalidName),
        ("steps:\n- script: ''\n", Rule::MissingKey),
        ("steps:\n- script: [a]\n", Rule::InvalidType),
        ("steps:\n- publish: a\n", Rule::MissingKey),
        ("steps:\n- checkout: other\n", Rule::Unsupported),
        ("steps:\n- download: other\n", Rule::Unsupported),
        (
            "variables: {x: '$[ nope() ]'}\nsteps: []\n",
            Rule::InvalidExpression,
        ),
        (
            "jobs:\n- job: a\n  strategy: {matrix: {}}\n  steps: []\n",
            Rule::TooMany,
        ),
        ("stages: []\n", Rule::TooMany),
        ("steps: [a: [\n", Rule::YamlSyntax),
    ] {
        let rules: Vec<Rule> = findings(yaml)
            .into_iter()
            .map(|finding| finding.rule)
            .collect();
        assert_eq!(rules, [rule], "{yaml}");
    }
}

#[test]
fn the_timeline_of_a_plan_shows_everything_pending() {
    let yaml = "\
name: $(Date:yyyyMMdd)
trigger: {branches: {include: [main]}}
pool: {vmImage: ubuntu-latest}
stages:
- stage: one
  jobs:
  - job: a
    displayName: Job A
    strategy:
      matrix:
        py39: {version: '3.9'}
        py310: {version: '3.10'}
    steps:
    - script: echo
      name: say
  - job: b
    steps:
    - checkout: none
    - bash: echo
- stage: two
  jobs:
  - job: c
    steps: []
";
    let plan = RunPlan::parse(yaml).unwrap();
    assert_eq!(plan.stages[1].depends_on, [0]);
    let timeline = plan.timeline();
    let jobs = timeline.stages.iter().flat_map(|stage| &stage.jobs);
    let ids: Vec<&str> = jobs.clone().map(|job| job.id.as_str()).collect();
    assert_eq!(ids, ["one/a.py39", "one/a.py310", "one/b", "two/c"]);
    let steps: Vec<&str> = jobs
        .flat_map(|job| &job.steps)
        .map(|step| step.display_name.as_str())
        .collect();
    assert_eq!(
        steps,
        [
            "Checkout", "CmdLine", "Checkout", "CmdLine", "Bash", "Checkout"
        ]
    );
    assert_eq!(timeline.stages[0].jobs[1].display_name, "Job A py310");
    assert_eq!(timeline.stages[0].jobs[0].steps[1].id, "one/a.py39/2");
    let json = serde_json::to_string(&timeline).unwrap();
    assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), timeline);
}
