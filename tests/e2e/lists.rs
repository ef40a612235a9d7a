//! Lists: a constant number of statements, whatever their length; pages that fit together.

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, on_both_databases};

use crate::support::{ada, build_of, done, land, module, put, repository, server, text};

on_both_databases!(
    a_list_of_a_hundred_builds_costs_as_many_statements_as_one_of_two,
    pages_of_any_size_make_the_same_list,
);

const BUILDS: &str = "query($n: Int!) { buildResults(first: $n, orderBy: { field: CREATED_AT, direction: ASC }) { nodes { id status \
    run { id outcome pipeline { id } } commit { sha message } pullRequest { number title } \
    repository { name } } } }";

const REPOSITORIES: &str = "query($n: Int!) { repositories(first: $n) { totalCount nodes { name \
    pullRequests(first: 10) { totalCount nodes { number mergeCommit { sha } builds { status run { id } } } } \
    branches(first: 10) { nodes { name headCommit { sha } } } \
    runs(first: 10) { nodes { id build { status } } } } } }";

async fn statements(client: &Client, query: &str, n: usize) -> (u64, usize) {
    let answer = client.send(query, json!({ "n": n })).await;
    let data = answer.data();
    let list = data.as_object().unwrap().values().next().unwrap();
    (answer.statements, list["nodes"].as_array().unwrap().len())
}

/// Five real runs, and builds of an external CI up to a hundred, each of a merged commit.
async fn hundred_builds(client: &Client) -> Vec<String> {
    let mut repositories = Vec::new();
    for number in 0..5 {
        let id = repository(client, &format!("r{number}")).await;
        let changes = vec![put(
            "module.yaml",
            &module("m", "echo built", "echo tested"),
        )];
        let sha = land(client, &id, "feature/x", changes).await;
        repositories.push((id, sha));
    }
    for (id, sha) in &repositories {
        assert_eq!(build_of(client, id, sha).await["status"], "SUCCEEDED");
    }
    let inputs: Vec<Value> = (0..95)
        .map(|number| {
            let (id, sha) = &repositories[number % 5];
            json!({
                "repositoryId": id, "externalKey": format!("ci/{number}"), "branch": "main",
                "commitSha": sha, "status": "SUCCEEDED", "finishedAt": "2026-01-01T00:00:00Z",
            })
        })
        .collect();
    let calls = inputs
        .into_iter()
        .map(|input| done(client, "recordBuildResult", "buildResult { id }", input));
    let recorded = stream::iter(calls).buffer_unordered(8).count().await;
    assert_eq!(recorded, 95);
    repositories.into_iter().map(|(id, _)| id).collect()
}

async fn a_list_of_a_hundred_builds_costs_as_many_statements_as_one_of_two(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    hundred_builds(&client).await;
    let (few, two) = statements(&client, BUILDS, 2).await;
    let (many, hundred) = statements(&client, BUILDS, 100).await;
    assert_eq!((two, hundred), (2, 100));
    assert_eq!(few, many, "statements do not grow with rows");
    assert!(
        (1..=8).contains(&many),
        "at most one statement for each hop, not {many}"
    );
    let (few, _) = statements(&client, REPOSITORIES, 2).await;
    let (many, five) = statements(&client, REPOSITORIES, 5).await;
    assert_eq!(five, 5);
    assert_eq!(few, many, "three levels deep as well");
    server.finish().await;
}

async fn pages_of_any_size_make_the_same_list(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    for number in 0..7 {
        repository(&client, &format!("r{number}")).await;
    }
    let query = "query($n: Int!, $after: String) { repositories(first: $n, after: $after, \
                 orderBy: { field: NAME, direction: DESC }) { totalCount nodes { name } \
                 pageInfo { hasNextPage endCursor } } }";
    let mut names = Vec::new();
    let mut after = Value::Null;
    loop {
        let data = client.data(query, json!({ "n": 3, "after": after })).await;
        let page = &data["repositories"];
        assert_eq!(page["totalCount"], 7);
        names.extend(
            page["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| text(&node["name"])),
        );
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(names, ["r6", "r5", "r4", "r3", "r2", "r1", "r0"]);
    let answer = client
        .send(query, json!({ "n": 1_000, "after": null }))
        .await;
    assert_eq!(answer.error_code(), "INVALID_INPUT", "{}", answer.body);
    server.finish().await;
}
