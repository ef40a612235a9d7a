//! The arrows of the choreography, from a merge to a build result.

use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, eventually, on_both_databases};

use crate::support::{ada, build_of, done, land, module, put, repository, server, text};

on_both_databases!(
    pull_request_merged_leads_to_a_build_result,
    pipeline_run_completed_leads_to_a_failed_build_when_a_step_fails,
    an_invalid_module_is_explained_with_file_line_and_rule,
    build_completed_becomes_a_check_of_the_pull_request,
    every_object_of_the_chain_is_reached_from_the_build_and_back,
);

const JUNIT: &str = r#"mkdir -p reports; printf '<testsuite name="s"><testcase name="a" classname="c" time="0.01"/><testcase name="b" classname="c"/></testsuite>' > reports/junit.xml"#;

fn tested_module(id: &str) -> String {
    let results = "tests:\n  results:\n    - format: junit\n      path: reports/junit.xml\n";
    module(id, "echo built", JUNIT) + results
}

async fn pull_request_merged_leads_to_a_build_result(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let changes = vec![
        put("module.yaml", &tested_module("greeter")),
        put("a.txt", "a"),
    ];
    let sha = land(&client, &id, "feature/x", changes).await;
    let build = build_of(&client, &id, &sha).await;
    assert_eq!(build["status"], "SUCCEEDED", "{build}\n{}", server.log());
    assert_eq!(
        build["tests"],
        json!({ "total": 2, "passed": 2, "failed": 0 })
    );
    let bare = server.data_dir().join("git/acme/web/greeter.git");
    let files = ["ls-tree", "-r", "--name-only", "sluice/pipelines"];
    let files = crate::support::ok(&crate::support::git(&bare, &files).await);
    assert!(
        files.contains("azure-pipelines.yml"),
        "the definition is in Git: {files}"
    );
    server.finish().await;
}

async fn pipeline_run_completed_leads_to_a_failed_build_when_a_step_fails(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let changes = vec![put(
        "module.yaml",
        &module("greeter", "echo built", "echo nope; exit 3"),
    )];
    let sha = land(&client, &id, "feature/x", changes).await;
    let build = build_of(&client, &id, &sha).await;
    assert_eq!(
        (&build["status"], &build["run"]["outcome"]),
        (&json!("FAILED"), &json!("FAILED"))
    );
    assert!(build["reason"].is_string(), "it says why");
    server.finish().await;
}

async fn an_invalid_module_is_explained_with_file_line_and_rule(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let wrong = "id: greeter\nname: Greeter\nkind: microservise\nstack: generic\ncommands:\n  build: make\n";
    land(&client, &id, "feature/x", vec![put("module.yaml", wrong)]).await;
    let query = "query($f: PipelineFilter!) { pipelines(filter: $f) { nodes { status findings { file line rule } } } }";
    let findings = eventually("the definition is stored as invalid", || async {
        let data = client
            .data(query, json!({ "f": { "repositoryId": id } }))
            .await;
        let node = data["pipelines"]["nodes"].as_array()?.first()?.clone();
        assert_eq!(node["status"], "INVALID");
        Some(node["findings"].clone())
    })
    .await;
    assert_eq!(
        (&findings[0]["file"], &findings[0]["line"]),
        (&json!("module.yaml"), &json!(3))
    );
    let data = client
        .data(
            "query($c: String!) { lintModule(content: $c) { valid findings { line } } }",
            json!({ "c": wrong }),
        )
        .await;
    assert_eq!(data["lintModule"]["valid"], false);
    server.finish().await;
}

async fn build_completed_becomes_a_check_of_the_pull_request(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let sha = crate::support::branch_with(&client, &id, "feature/x", vec![put("a.txt", "a")]).await;
    let opened = crate::support::pull_request(&client, &id, "feature/x").await;
    let input = json!({
        "repositoryId": id, "externalKey": "ci/1", "branch": "feature/x", "commitSha": sha,
        "status": "SUCCEEDED", "finishedAt": "2026-01-01T00:00:00Z",
    });
    done(&client, "recordBuildResult", "buildResult { id }", input).await;
    let query = "query($id: ID!) { pullRequest(id: $id) { checks { name state } } }";
    eventually("the build is a check", || async {
        let data = client.data(query, json!({ "id": opened })).await;
        let checks = data["pullRequest"]["checks"].as_array()?.clone();
        checks
            .contains(&json!({ "name": "build", "state": "SUCCEEDED" }))
            .then_some(())
    })
    .await;
    server.finish().await;
}

async fn node(client: &Client, id: &Value, fields: &str) -> Value {
    let query = format!("query($id: ID!) {{ node(id: $id) {{ __typename id {fields} }} }}");
    client.data(&query, json!({ "id": id })).await["node"].clone()
}

async fn every_object_of_the_chain_is_reached_from_the_build_and_back(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let changes = vec![put("module.yaml", &tested_module("greeter"))];
    let sha = land(&client, &id, "feature/x", changes).await;
    let build = build_of(&client, &id, &sha).await;
    // The commit's record follows the merge by an event of its own.
    let down = "... on BuildResult { run { id attempt pipeline { id status } } \
                commit { id sha branchName branch { name } } pullRequest { id number } repository { id name } \
                testCases(first: 10) { totalCount nodes { name outcome } } }";
    let chain = eventually("the commit is recorded", || async {
        let chain = node(&client, &build["id"], down).await;
        chain["commit"]["id"].is_string().then_some(chain)
    })
    .await;
    assert_eq!(chain["__typename"], "BuildResult");
    assert_eq!(
        (&chain["commit"]["sha"], &chain["repository"]["id"]),
        (&json!(sha), &json!(id))
    );
    assert_eq!(chain["pullRequest"]["number"], 1);
    assert_eq!(chain["testCases"]["totalCount"], 2);
    let up = "... on Repository { \
        branches(first: 10) { nodes { name headCommit { sha } } } \
        commits(first: 10) { totalCount nodes { sha builds { id } runs { id } } } \
        pullRequests(first: 10) { nodes { number mergeCommit { sha } builds { id } } } \
        pipelines(first: 10) { nodes { id runs(first: 5) { nodes { id build { id } } } } } \
        runs(first: 10) { nodes { id } } builds(first: 10) { nodes { id } } }";
    let repository = node(&client, &json!(id), up).await;
    let build_id = text(&build["id"]);
    assert_eq!(repository["builds"]["nodes"][0]["id"], build_id);
    assert_eq!(repository["runs"]["nodes"][0]["id"], chain["run"]["id"]);
    assert_eq!(
        repository["pipelines"]["nodes"][0]["runs"]["nodes"][0]["build"]["id"],
        build_id
    );
    assert_eq!(
        repository["pullRequests"]["nodes"][0]["mergeCommit"]["sha"],
        sha
    );
    assert_eq!(
        repository["pullRequests"]["nodes"][0]["builds"][0]["id"],
        build_id
    );
    assert_eq!(
        repository["commits"]["totalCount"], 2,
        "the authored commit and the merge"
    );
    let branches = repository["branches"]["nodes"].as_array().unwrap();
    let main = branches
        .iter()
        .find(|branch| branch["name"] == "main")
        .unwrap();
    assert_eq!(main["headCommit"]["sha"], sha);
    server.finish().await;
}
