use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sluice_testkit::Backend;
use tower::ServiceExt;

use crate::fixture::World;

async fn post(world: &World, body: Value) -> (StatusCode, Value) {
    let mut request = Request::post(format!("/repositories/{}/commits", world.repository.id))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    request.extensions_mut().insert(world.ctx.clone());
    let router = sluice_commit::router(world.service.clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn the_endpoint_answers_created_then_ok_and_problems(backend: Backend) {
    let world = World::new(backend).await;
    let body = json!({
        "tenantId": "acme", "branch": "x", "message": "Add a", "artifactId": "artifact-1",
        "changes": [{ "path": "a.txt", "kind": "CREATE", "content": "a" }],
    });
    let (status, answer) = post(&world, body.clone()).await;
    assert_eq!(
        (status, &answer["status"]),
        (StatusCode::CREATED, &json!("CREATED"))
    );
    assert_eq!(answer["sha"], json!(world.head().await.to_string()));
    let (status, answer) = post(&world, body.clone()).await;
    assert_eq!(
        (status, &answer["replayed"]),
        (StatusCode::OK, &json!(true))
    );
    let mut foreign = body.clone();
    foreign["tenantId"] = json!("other");
    let (status, problem) = post(&world, foreign).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], json!("tenantId"));
    let mut secret = body;
    secret["changes"][0]["content"] = json!(["-----BEGIN PRIVATE", " KEY-----"].concat());
    let (_, problem) = post(&world, secret).await;
    assert_eq!(problem["code"], json!("SECRET_DETECTED"));
    assert_eq!(problem["findings"][0]["line"], json!(1));
}

sluice_testkit::on_both_databases!(the_endpoint_answers_created_then_ok_and_problems);
