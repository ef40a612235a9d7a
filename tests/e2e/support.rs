//! The steps that tests are made of.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use sluice_testkit::{Answer, Backend, Client, Server, User, eventually};
use tokio::process::Command;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_sluice");

pub(crate) async fn server(backend: Backend) -> Server {
    Server::start(PROGRAM, backend).await
}

pub(crate) fn ada() -> User {
    User::of("acme", "ada")
}

pub(crate) fn example(name: &str) -> String {
    format!("{}/examples/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A mutation: `name(input: <Name>Input!)`, answering `fields` beside replayed and userErrors.
pub(crate) async fn send(client: &Client, name: &str, fields: &str, input: Value) -> Answer {
    let mut chars = name.chars();
    let upper = chars
        .next()
        .unwrap()
        .to_uppercase()
        .chain(chars)
        .collect::<String>();
    let query = format!(
        "mutation Send($input: {upper}Input!) {{ payload: {name}(input: $input) {{ {fields} replayed \
         userErrors {{ code message path findings {{ file line rule message }} \
         blockers {{ code message subject until overridable }} }} }} }}"
    );
    client.send(&query, json!({ "input": input })).await
}

/// The payload of a mutation that must succeed.
pub(crate) async fn done(client: &Client, name: &str, fields: &str, input: Value) -> Value {
    let answer = send(client, name, fields, input).await;
    let payload = answer.data()["payload"].clone();
    assert_eq!(payload["userErrors"], json!([]), "{name}");
    payload
}

/// The first user error of a mutation that must be refused.
pub(crate) async fn refused(client: &Client, name: &str, fields: &str, input: Value) -> Value {
    let answer = send(client, name, fields, input).await;
    let payload = answer.data()["payload"].clone();
    assert_ne!(
        payload["userErrors"],
        json!([]),
        "{name} was not refused: {payload}"
    );
    payload["userErrors"][0].clone()
}

pub(crate) async fn repository(client: &Client, name: &str) -> String {
    let input = json!({ "projectId": "web", "name": name });
    let payload = done(
        client,
        "provisionRepository",
        "repository { id status }",
        input,
    )
    .await;
    assert_eq!(payload["repository"]["status"], "PROVISIONED");
    text(&payload["repository"]["id"])
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
        .to_owned()
}

pub(crate) fn put(path: &str, content: &str) -> Value {
    json!({ "path": path, "kind": "PUT", "content": content })
}

/// Makes a branch off the default one and commits `changes` to it; returns the commit's sha.
pub(crate) async fn branch_with(
    client: &Client,
    repository: &str,
    branch: &str,
    changes: Vec<Value>,
) -> String {
    let input = json!({ "repositoryId": repository, "name": branch });
    done(client, "createBranch", "branch { id }", input).await;
    let input = json!({
        "repositoryId": repository, "branch": branch, "message": "Change", "changes": changes,
    });
    let payload = done(client, "createCommit", "commit { id sha }", input).await;
    text(&payload["commit"]["sha"])
}

/// Opens a pull request to the default branch; returns its id.
pub(crate) async fn pull_request(client: &Client, repository: &str, source: &str) -> String {
    let input = json!({ "repositoryId": repository, "title": "Change", "sourceBranch": source });
    let payload = done(
        client,
        "openPullRequest",
        "pullRequest { id number }",
        input,
    )
    .await;
    text(&payload["pullRequest"]["id"])
}

/// Merges a pull request; returns the merge commit's sha.
pub(crate) async fn merge(client: &Client, pull_request: &str) -> String {
    let input = json!({ "pullRequestId": pull_request });
    let fields = "pullRequest { status mergeCommitSha }";
    let payload = done(client, "mergePullRequest", fields, input).await;
    assert_eq!(payload["pullRequest"]["status"], "MERGED");
    text(&payload["pullRequest"]["mergeCommitSha"])
}

/// A module of no particular stack that runs `build` and then `test`.
pub(crate) fn module(id: &str, build: &str, test: &str) -> String {
    format!(
        "id: {id}\nname: {id}\nkind: library\nstack: generic\nversion: 1.0.0\n\
         commands:\n  build: {}\n  test: {}\n",
        json!(build),
        json!(test)
    )
}

/// Brings `changes` to the default branch through a pull request; returns the merge commit.
pub(crate) async fn land(
    client: &Client,
    repository: &str,
    branch: &str,
    changes: Vec<Value>,
) -> String {
    branch_with(client, repository, branch, changes).await;
    let opened = pull_request(client, repository, branch).await;
    merge(client, &opened).await
}

/// The build result of a commit, once it is there.
pub(crate) async fn build_of(client: &Client, repository: &str, sha: &str) -> Value {
    let query = "query Build($filter: BuildResultFilter!) { buildResults(filter: $filter, first: 5) { \
                 nodes { id status reason commitSha tests { total passed failed } run { id outcome } } } }";
    let filter = json!({ "filter": { "repositoryId": repository, "commitSha": sha } });
    eventually("the commit has a build result", || async {
        let data = client.data(query, filter.clone()).await;
        data["buildResults"]["nodes"]
            .as_array()
            .unwrap()
            .first()
            .cloned()
    })
    .await
}

/// Runs `git` in `dir` without the settings of whoever runs the tests.
pub(crate) async fn git(dir: &Path, args: &[&str]) -> std::process::Output {
    Command::new("git")
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

pub(crate) fn ok(output: &std::process::Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
