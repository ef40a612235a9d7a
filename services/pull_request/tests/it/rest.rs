use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sluice_testkit::Backend;
use tower::ServiceExt;

use crate::fixture::World;

async fn send(world: &World, mut request: Request<Body>) -> (StatusCode, Value) {
    request.extensions_mut().insert(world.ctx.clone());
    let router = sluice_pull_request::router(world.service.clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn post(world: &World, body: Value) -> (StatusCode, Value) {
    let request = Request::post("/pull-requests")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()));
    send(world, request.unwrap()).await
}

async fn the_endpoints_answer_created_then_ok_and_problems(backend: Backend) {
    let world = World::new(backend).await;
    let body = json!({
        "tenantId": "acme", "repositoryId": world.repository.id.to_string(),
        "title": "Add a feature", "sourceBranch": "feature",
    });
    let (status, answer) = post(&world, body.clone()).await;
    assert_eq!(
        (status, &answer["number"]),
        (StatusCode::CREATED, &json!(1))
    );
    let (status, again) = post(&world, body.clone()).await;
    assert_eq!((status, &again["replayed"]), (StatusCode::OK, &json!(true)));
    let id = answer["pullRequestId"].as_str().unwrap();
    let request = Request::get(format!("/pull-requests/{id}")).body(Body::empty());
    let (status, shown) = send(&world, request.unwrap()).await;
    assert_eq!((status, &shown["status"]), (StatusCode::OK, &json!("OPEN")));
    assert_eq!(shown["checks"][0]["name"], json!("mergeable"));
    let request = Request::get("/pull-requests/nonsense").body(Body::empty());
    let (status, problem) = send(&world, request.unwrap()).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::NOT_FOUND, &json!("NOT_FOUND"))
    );
    let mut foreign = body;
    foreign["tenantId"] = json!("other");
    let (status, problem) = post(&world, foreign).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], json!("tenantId"));
}

#[test]
fn the_endpoints_are_described() {
    let document = sluice_rest::document(&sluice_pull_request::operations(), "0.1.0");
    let paths = &document["paths"];
    assert!(paths["/pull-requests"]["post"].is_object());
    assert!(paths["/pull-requests/{pullRequestId}"]["get"].is_object());
}

sluice_testkit::on_both_databases!(the_endpoints_answer_created_then_ok_and_problems);
