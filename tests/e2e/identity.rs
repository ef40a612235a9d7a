//! Who may do what: tokens, scopes, tenants, projects.

use serde_json::{Value, json};
use sluice_schema::Scope;
use sluice_testkit::{Backend, Client, User, on_both_databases};

use crate::support::{
    ada, branch_with, build_of, land, module, pull_request, put, refused, repository, send, server,
    text,
};

on_both_databases!(
    a_request_without_a_good_token_is_unauthenticated,
    a_missing_scope_is_forbidden,
    what_belongs_to_another_tenant_or_project_is_not_found,
    dead_letters_are_for_administrators,
);

async fn a_request_without_a_good_token_is_unauthenticated(backend: Backend) {
    let server = server(backend).await;
    let body = json!({ "query": "{ viewer { actor { id } } }" });
    for token in ["", "nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ."] {
        let client = Client::new(&server.base(), token);
        let request = client
            .request(reqwest::Method::POST, "/graphql")
            .json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401, "{token:?}");
        assert!(response.headers().contains_key("www-authenticate"));
        let body: Value = response.json().await.unwrap();
        assert!(body.to_string().contains("UNAUTHENTICATED"), "{body}");
    }
    let data = server
        .client(&ada())
        .data("{ viewer { actor { id } tenant } }", json!({}))
        .await;
    assert_eq!(
        data["viewer"],
        json!({ "actor": { "id": "ada" }, "tenant": "acme" })
    );
    server.finish().await;
}

async fn a_missing_scope_is_forbidden(backend: Backend) {
    let server = server(backend).await;
    let reader = server.client(&ada().with_scopes(&[Scope::Read]));
    let input = json!({ "projectId": "web", "name": "greeter" });
    let answer = send(&reader, "provisionRepository", "repository { id }", input).await;
    assert_eq!(answer.error_code(), "FORBIDDEN");
    let writer = server.client(&ada().with_scopes(&[Scope::RepositoriesWrite]));
    let answer = writer
        .send("{ repositories(first: 1) { nodes { id } } }", json!({}))
        .await;
    assert_eq!(answer.error_code(), "FORBIDDEN");
    server.finish().await;
}

async fn what_belongs_to_another_tenant_or_project_is_not_found(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let changes = vec![put(
        "module.yaml",
        &module("greeter", "echo built", "echo tested"),
    )];
    let sha = land(&client, &id, "feature/x", changes).await;
    let build = build_of(&client, &id, &sha).await;
    branch_with(&client, &id, "feature/y", vec![put("b.txt", "b")]).await;
    let opened = pull_request(&client, &id, "feature/y").await;
    let query = "query($id: ID!) { repository(id: $id) { branches(first: 1) { nodes { id } } \
                 commits(first: 1) { nodes { id } } pipelines(first: 1) { nodes { id } } } }";
    let data = client.data(query, json!({ "id": id })).await;
    let first = |list: &str| text(&data["repository"][list]["nodes"][0]["id"]);
    let ids = [
        id.clone(),
        opened.clone(),
        text(&build["id"]),
        text(&build["run"]["id"]),
        first("branches"),
        first("commits"),
        first("pipelines"),
    ];
    let strangers = [User::of("globex", "bob"), ada().in_projects(&["api"])];
    for stranger in strangers.map(|user| server.client(&user)) {
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let data = stranger.data(query, json!({ "ids": ids })).await;
        assert_eq!(data["nodes"], json!(vec![Value::Null; ids.len()]));
        let lists = "{ repositories(first: 5) { totalCount } branches(first: 5) { totalCount } \
                     commits(first: 5) { totalCount } pullRequests(first: 5) { totalCount } \
                     pipelines(first: 5) { totalCount } pipelineRuns(first: 5) { totalCount } \
                     buildResults(first: 5) { totalCount } }";
        let data = stranger.data(lists, json!({})).await;
        for (name, list) in data.as_object().unwrap() {
            assert_eq!(list["totalCount"], 0, "{name}");
        }
        let input = json!({ "repositoryId": id, "name": "feature/z" });
        let error = refused(&stranger, "createBranch", "branch { id }", input).await;
        assert_eq!(error["code"], "NOT_FOUND");
        let input = json!({ "pullRequestId": opened });
        let error = refused(&stranger, "mergePullRequest", "pullRequest { id }", input).await;
        assert_eq!(error["code"], "NOT_FOUND");
    }
    server.finish().await;
}

async fn dead_letters_are_for_administrators(backend: Backend) {
    let server = server(backend).await;
    let query = "{ deadLetters(first: 5) { nodes { consumer } } }";
    let data = server.client(&ada()).data(query, json!({})).await;
    assert_eq!(data["deadLetters"]["nodes"], json!([]));
    let reader = server.client(&ada().with_scopes(&[Scope::Read]));
    assert_eq!(
        reader.send(query, json!({})).await.error_code(),
        "FORBIDDEN"
    );
    server.finish().await;
}
