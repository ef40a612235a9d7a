//! REST beside GraphQL: problem details, idempotency keys, the API description.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, eventually, on_both_databases};

use crate::support::{ada, server, text};

on_both_databases!(
    the_chain_can_be_driven_over_rest,
    an_idempotency_key_replays_and_conflicts,
    errors_are_problem_details_that_name_field_and_rule,
    the_api_description_names_every_endpoint,
);

async fn post(client: &Client, path: &str, body: &Value) -> (u16, Value) {
    let response = client
        .request(Method::POST, path)
        .json(body)
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

async fn the_chain_can_be_driven_over_rest(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let body =
        json!({ "tenantId": "acme", "projectId": "web", "name": "greeter", "provider": "LOCAL" });
    let (status, made) = post(&client, "/repositories", &body).await;
    assert_eq!((status, &made["status"]), (201, &json!("PROVISIONED")));
    let (status, _) = post(&client, "/repositories", &body).await;
    assert_eq!(status, 200, "a replay");
    let id = text(&made["repositoryId"]);
    let (status, _) = post(
        &client,
        &format!("/repositories/{id}/branches"),
        &json!({ "name": "feature/x" }),
    )
    .await;
    assert_eq!(status, 201);
    let module = crate::support::module("greeter", "echo built", "echo tested");
    let body = json!({
        "branch": "feature/x", "message": "Add",
        "changes": [{ "path": "module.yaml", "kind": "PUT", "content": module }],
    });
    let (status, commit) = post(&client, &format!("/repositories/{id}/commits"), &body).await;
    assert_eq!(status, 201, "{commit}");
    let body = json!({ "repositoryId": id, "title": "Change", "sourceBranch": "feature/x" });
    let (status, opened) = post(&client, "/pull-requests", &body).await;
    assert_eq!((status, &opened["number"]), (201, &json!(1)));
    let pull_request = text(&opened["pullRequestId"]);
    crate::support::merge(&client, &pull_request).await;
    let path = format!("/pull-requests/{pull_request}");
    let response = client.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(response.json::<Value>().await.unwrap()["status"], "MERGED");
    let body = json!({ "repositoryId": id });
    let pipeline = eventually("the pipeline can be generated", || async {
        let (status, pipeline) = post(&client, "/pipelines/generate", &body).await;
        (status == 200 || status == 201).then_some(pipeline)
    })
    .await;
    let path = format!("/pipelines/{}/run", text(&pipeline["pipelineId"]));
    let (status, run) = post(&client, &path, &json!({})).await;
    assert!(status == 200 || status == 201, "{run}");
    server.finish().await;
}

async fn an_idempotency_key_replays_and_conflicts(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let keyed = async |name: &str| {
        let body = json!({ "projectId": "web", "name": name });
        let request = client
            .request(Method::POST, "/repositories")
            .header("Idempotency-Key", "key-1");
        let response = request.json(&body).send().await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap(),
        )
    };
    let (status, first) = keyed("one").await;
    assert_eq!(status, 201);
    let (status, again) = keyed("one").await;
    assert_eq!(
        (status, &again["repositoryId"]),
        (200, &first["repositoryId"])
    );
    let (status, other) = keyed("two").await;
    assert_eq!((status, &other["code"]), (409, &json!("CONFLICT")));
    server.finish().await;
}

async fn errors_are_problem_details_that_name_field_and_rule(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let refused = async |body: Value| post(&client, "/repositories", &body).await;
    let (status, problem) = refused(json!({ "projectId": "web", "name": "../x" })).await;
    assert_eq!((status, &problem["field"]), (422, &json!("name")));
    let (status, problem) =
        refused(json!({ "projectId": "web", "name": "x", "tenantId": "globex" })).await;
    assert_eq!((status, &problem["field"]), (422, &json!("tenantId")));
    let (status, problem) = refused(json!({ "projectId": "web", "name": "x", "nmae": "y" })).await;
    assert_eq!(status, 422);
    assert!(
        problem["detail"].as_str().unwrap().contains("nmae"),
        "{problem}"
    );
    let request = client.request(Method::POST, "/repositories").body("{}");
    let response = request
        .header("content-type", "text/plain")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 415);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let response = client
        .request(Method::GET, "/nowhere")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    server.finish().await;
}

async fn the_api_description_names_every_endpoint(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let response = client
        .request(Method::GET, "/openapi.json")
        .send()
        .await
        .unwrap();
    let document: Value = response.json().await.unwrap();
    for (path, method) in [
        ("/repositories", "post"),
        ("/repositories/{repositoryId}/branches", "post"),
        ("/repositories/{repositoryId}/commits", "post"),
        ("/pull-requests", "post"),
        ("/pull-requests/{pullRequestId}", "get"),
        ("/pipelines/generate", "post"),
        ("/pipelines/{pipelineId}/run", "post"),
        ("/build-results", "post"),
    ] {
        assert!(
            document["paths"][path][method].is_object(),
            "{method} {path}"
        );
    }
    server.finish().await;
}
