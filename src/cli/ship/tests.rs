//! The whole of `ship` against a server that answers by a script.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::cli::{
    client::Connection,
    scripted::{Scripted, refused},
};

const HEAD: &str = "1111111111111111111111111111111111111111";
const SHA: &str = "2222222222222222222222222222222222222222";
const MERGE: &str = "3333333333333333333333333333333333333333";

struct Stage {
    server: Scripted,
    folder: tempfile::TempDir,
    options: ShipOptions,
}

impl Stage {
    /// A folder with a module, and a server on which all goes well.
    async fn new() -> Self {
        let server = Scripted::start().await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("module.yaml"), "id: greeter\n").unwrap();
        let connection = Connection::new(&server.url, "word").unwrap();
        let mut options = ShipOptions::new(folder.path(), connection, "demo".parse().unwrap());
        options.poll = Some(Duration::from_millis(1));
        options.timeout = Duration::from_secs(20);
        let stage = Self {
            server,
            folder,
            options,
        };
        stage.all_goes_well();
        stage
    }

    fn all_goes_well(&self) {
        let file = json!({"path": "old", "oid": "00", "executable": false});
        let page = json!({"nodes": [file], "pageInfo": {"hasNextPage": false, "endCursor": null}});
        let tree = json!({"commitSha": HEAD, "treeHash": "aa", "files": page});
        self.on("RepositoryByName", [json!({"repository": null})]);
        self.on("ProvisionRepository", [payload(repository())]);
        self.on("RepositoryHead", [json!({ "tree": tree })]);
        self.on("RepositoryTree", [json!({ "tree": tree })]);
        self.on(
            "PullRequestsFromBranch",
            [json!({"pullRequests": {"nodes": []}})],
        );
        self.on("CreateBranch", [payload(json!({"id": "branch_1"}))]);
        self.on("CreateCommit", [payload(commit())]);
        self.on("OpenPullRequest", [payload(pull_request("OPEN"))]);
        self.on("MergePullRequest", [payload(pull_request("MERGED"))]);
        self.on(
            "FollowCommit",
            [
                followed("VALID", None),
                followed("VALID", Some("SUCCEEDED")),
            ],
        );
    }

    fn on(&self, operation: &'static str, answers: impl IntoIterator<Item = Value>) {
        self.server.on(operation, answers);
    }

    async fn ship(&self) -> Result<ShipReport, ShipError> {
        ship(&self.options, &mut Silent).await
    }

    fn asked(&self, operation: &str) -> Vec<Value> {
        self.server.asked(operation)
    }

    fn identity(&self) -> Identity {
        Identity::of(&collect(self.folder.path(), &Limits::default()).unwrap()).unwrap()
    }
}

fn payload(object: Value) -> Value {
    crate::cli::scripted::payload(&object)
}

fn repository() -> Value {
    json!({"id": "repo_1", "name": "greeter", "remoteUrl": "http://x/greeter.git",
        "defaultBranch": "main", "status": "PROVISIONED"})
}

fn commit() -> Value {
    json!({"id": "commit_1", "sha": SHA, "treeHash": "bb", "status": "CREATED", "reason": null,
        "artifactId": "artifact-x"})
}

fn pull_request(status: &str) -> Value {
    let merged = (status == "MERGED").then_some(MERGE);
    json!({"id": "pr_1", "number": 1, "status": status, "targetBranch": "main",
        "sourceSha": SHA, "mergeCommitSha": merged, "treeHash": null})
}

fn followed(definition: &str, outcome: Option<&str>) -> Value {
    let finding = json!({"file": "module.yaml", "line": 2, "rule": "stack-known",
        "message": "cobol is not known"});
    let findings = if definition == "VALID" {
        json!([])
    } else {
        json!([finding])
    };
    let pipeline = json!({"id": "pipeline_1", "status": definition, "autoRun": true,
        "findings": findings});
    let build = outcome.map(|status| {
        json!({"id": "build_1", "status": status, "reason": null, "tests": null, "coverage": null,
            "artifacts": [], "findings": []})
    });
    let run = json!({"id": "run_1", "pipelineId": "pipeline_1", "number": 1, "attempt": 1,
        "status": if outcome.is_some() { "COMPLETED" } else { "RUNNING" }, "outcome": outcome,
        "reason": null, "stages": [], "build": build, "pullRequest": pull_request("MERGED")});
    let runs = if definition == "VALID" {
        json!([run])
    } else {
        json!([])
    };
    json!({"pipelines": {"nodes": [pipeline]}, "pipelineRuns": {"nodes": runs}})
}

#[tokio::test]
async fn a_new_folder_travels_through_every_step_once() {
    let stage = Stage::new().await;
    let report = stage.ship().await.unwrap();
    assert_eq!(report.exit_code(), 0);
    assert_eq!(report.merge_commit_sha, MERGE);
    let branch = stage.identity().branch("greeter", 1);
    let created = stage.asked("CreateBranch");
    assert_eq!(
        created,
        [json!({"input": {"repositoryId": "repo_1", "name": branch}})]
    );
    let input = &stage.asked("CreateCommit")[0]["input"];
    assert_eq!(input["expectedHead"], HEAD);
    assert_eq!(input["artifactId"], stage.identity().artifact_id());
    let changes = json!([
        {"kind": "PUT", "path": "module.yaml", "content": "id: greeter\n", "executable": false},
        {"kind": "DELETE", "path": "old"},
    ]);
    assert_eq!(input["changes"], changes);
    let input = &stage.asked("MergePullRequest")[0]["input"];
    assert_eq!(input["expectedSourceSha"], SHA);
    for operation in ["ProvisionRepository", "CreateCommit", "OpenPullRequest"] {
        assert_eq!(stage.asked(operation).len(), 1, "{operation}");
    }
}

#[tokio::test]
async fn content_that_the_default_branch_holds_ends_with_its_result_and_no_command() {
    let stage = Stage::new().await;
    let head = json!({"commitSha": MERGE, "treeHash": stage.identity().tree});
    stage.on("RepositoryByName", [json!({"repository": repository()})]);
    stage.on("RepositoryHead", [json!({ "tree": head })]);
    let report = stage.ship().await.unwrap();
    assert_eq!(report.merge_commit_sha, MERGE);
    assert_eq!(report.pull_request.unwrap().id, "pr_1");
    for command in [
        "ProvisionRepository",
        "CreateBranch",
        "CreateCommit",
        "OpenPullRequest",
    ] {
        assert!(stage.asked(command).is_empty(), "{command} was sent");
    }
}

#[tokio::test]
async fn an_open_pull_request_is_resumed() {
    let stage = Stage::new().await;
    let open = json!({"pullRequests": {"nodes": [pull_request("OPEN")]}});
    stage.on("PullRequestsFromBranch", [open]);
    stage.ship().await.unwrap();
    assert!(stage.asked("OpenPullRequest").is_empty());
    assert_eq!(stage.asked("MergePullRequest").len(), 1);
}

#[tokio::test]
async fn content_that_was_replaced_since_is_shipped_again_by_the_next_branch() {
    let stage = Stage::new().await;
    let merged = json!({"pullRequests": {"nodes": [pull_request("MERGED")]}});
    let none = json!({"pullRequests": {"nodes": []}});
    stage.on("PullRequestsFromBranch", [merged, none]);
    stage.ship().await.unwrap();
    let branch = stage.identity().branch("greeter", 2);
    assert_eq!(stage.asked("CreateBranch")[0]["input"]["name"], branch);
}

#[tokio::test]
async fn a_merge_conflict_abandons_the_pull_request_and_starts_from_the_new_head() {
    let stage = Stage::new().await;
    let none = json!({"pullRequests": {"nodes": []}});
    let abandoned = json!({"pullRequests": {"nodes": [pull_request("ABANDONED")]}});
    stage.on("PullRequestsFromBranch", [none.clone(), abandoned, none]);
    stage.on(
        "MergePullRequest",
        [refused("MERGE_CONFLICT"), payload(pull_request("MERGED"))],
    );
    stage.on("AbandonPullRequest", [payload(pull_request("ABANDONED"))]);
    stage.ship().await.unwrap();
    assert_eq!(stage.asked("AbandonPullRequest").len(), 1);
    let branches = stage.asked("CreateBranch");
    assert_eq!(
        branches[1]["input"]["name"],
        stage.identity().branch("greeter", 2)
    );
}

#[tokio::test]
async fn a_branch_that_moves_meanwhile_is_listed_again() {
    let stage = Stage::new().await;
    stage.on(
        "CreateCommit",
        [refused("VERSION_CONFLICT"), payload(commit())],
    );
    stage.on(
        "MergePullRequest",
        [refused("VERSION_CONFLICT"), payload(pull_request("MERGED"))],
    );
    stage.ship().await.unwrap();
    assert_eq!(stage.asked("RepositoryTree").len(), 2);
    assert_eq!(stage.asked("MergePullRequest").len(), 2);
}

#[tokio::test]
async fn a_repository_that_another_module_provisions_meanwhile_is_the_one() {
    let stage = Stage::new().await;
    let mut unready = repository();
    unready["status"] = json!("PROVISIONING");
    let looks = [json!(null), unready.clone(), unready, repository()];
    let looks = looks.map(|found| json!({ "repository": found }));
    stage.on("RepositoryByName", looks);
    stage.on("ProvisionRepository", [refused("CONFLICT")]);
    stage.ship().await.unwrap();
    stage.on("RepositoryByName", [json!({"repository": null})]);
    let error = stage.ship().await.unwrap_err();
    assert_eq!(error.exit_code(), 3, "a conflict with nothing is told");
}

#[tokio::test]
async fn a_refusal_ends_with_its_reasons() {
    let stage = Stage::new().await;
    stage.on("MergePullRequest", [refused("POLICY_NOT_SATISFIED")]);
    let error = stage.ship().await.unwrap_err();
    assert_eq!(error.exit_code(), 3);
    let expected = "merging the pull request was refused:\n  POLICY_NOT_SATISFIED: no";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn an_invalid_definition_ends_with_its_findings() {
    let stage = Stage::new().await;
    stage.on("FollowCommit", [followed("INVALID", None)]);
    let error = stage.ship().await.unwrap_err();
    assert_eq!(error.exit_code(), 3);
    let line = "module.yaml:2: stack-known: cobol is not known";
    assert!(error.to_string().ends_with(line), "{error}");
}

#[tokio::test]
async fn a_chain_that_stands_still_is_given_up_after_the_time_out() {
    let mut stage = Stage::new().await;
    let nothing = json!({"pipelines": {"nodes": []}, "pipelineRuns": {"nodes": []}});
    stage.on("FollowCommit", [nothing]);
    stage.options.timeout = Duration::from_millis(50);
    let error = stage.ship().await.unwrap_err();
    assert!(matches!(error, ShipError::Stalled { .. }), "{error}");
    assert_eq!(error.exit_code(), 4);
}

#[tokio::test]
async fn a_failed_build_shows_the_failed_tests_and_exits_with_one() {
    let stage = Stage::new().await;
    let mut end = followed("VALID", Some("FAILED"));
    let build = &mut end["pipelineRuns"]["nodes"][0]["build"];
    build["tests"] = json!({"total": 2, "passed": 1, "failed": 1, "errored": 0, "skipped": 0});
    stage.on("FollowCommit", [end]);
    let failed = json!({"suite": "s", "name": "t", "outcome": "FAILED", "message": "boom"});
    let cases = json!({"buildResult": {"testCases": {"nodes": [failed]}}});
    stage.on("BuildFailures", [cases]);
    let report = stage.ship().await.unwrap();
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.failures[0].message.as_deref(), Some("boom"));
}

#[tokio::test]
async fn a_commit_that_stands_on_its_branch_already_is_taken_once_it_is_recorded() {
    let stage = Stage::new().await;
    let default = json!({"tree": {"commitSha": HEAD, "treeHash": "aa"}});
    let feature = json!({"tree": {"commitSha": SHA, "treeHash": stage.identity().tree}});
    stage.on("RepositoryHead", [default, feature]);
    let mut pending = commit();
    pending["status"] = json!("PENDING");
    pending["sha"] = json!(null);
    let commits = |commit: Value| json!({"commits": {"nodes": [commit]}});
    stage.on("CommitOfArtifact", [commits(pending), commits(commit())]);
    let report = stage.ship().await.unwrap();
    assert_eq!(report.commit.unwrap().id, "commit_1");
    assert!(stage.asked("CreateCommit").is_empty());
    assert_eq!(
        stage.asked("MergePullRequest")[0]["input"]["expectedSourceSha"],
        SHA
    );
}

#[tokio::test]
async fn a_run_that_ended_without_success_is_repeated_once_on_demand() {
    let mut stage = Stage::new().await;
    let head = json!({"commitSha": MERGE, "treeHash": stage.identity().tree});
    stage.on("RepositoryHead", [json!({ "tree": head })]);
    let old = followed("VALID", Some("ERRORED"));
    let mut new = followed("VALID", Some("SUCCEEDED"));
    new["pipelineRuns"]["nodes"][0]["id"] = json!("run_2");
    stage.on("FollowCommit", [old.clone(), old.clone(), new]);
    stage.on("RetryPipelineRun", [payload(json!({"id": "run_2"}))]);
    stage.options.retry = true;
    let report = stage.ship().await.unwrap();
    assert_eq!(report.run.id, "run_2");
    assert_eq!(
        stage.asked("RetryPipelineRun"),
        [json!({"input": {"runId": "run_1"}})]
    );
    stage.options.retry = false;
    stage.on("FollowCommit", [old]);
    assert_eq!(stage.ship().await.unwrap().exit_code(), 4);
    assert_eq!(stage.asked("RetryPipelineRun").len(), 1);
}
