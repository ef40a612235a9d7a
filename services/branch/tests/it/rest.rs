use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sluice_testkit::Backend;
use tower::ServiceExt;

use crate::fixture::World;

async fn post(world: &World, repository: &str, body: Value) -> (StatusCode, Value) {
    let mut request = Request::post(format!("/repositories/{repository}/branches"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    request.extensions_mut().insert(world.ctx.clone());
    let router = sluice_branch::router(world.service.clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn the_endpoint_answers_created_then_ok_and_problems(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.repository.id.to_string();
    let body = json!({ "tenantId": "acme", "name": "feature/x" });
    let (status, answer) = post(&world, &id, body.clone()).await;
    assert_eq!(
        (status, &answer["status"]),
        (StatusCode::CREATED, &json!("ACTIVE"))
    );
    assert_eq!(answer["fromCommitSha"], json!(world.root.to_string()));
    let (status, answer) = post(&world, &id, body).await;
    assert_eq!(
        (status, &answer["replayed"]),
        (StatusCode::OK, &json!(true))
    );
    let foreign = json!({ "tenantId": "other", "name": "x" });
    let (status, problem) = post(&world, &id, foreign).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], json!("tenantId"));
    let (status, _) = post(&world, "nonsense", json!({ "name": "x" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

sluice_testkit::on_both_databases!(the_endpoint_answers_created_then_ok_and_problems);
