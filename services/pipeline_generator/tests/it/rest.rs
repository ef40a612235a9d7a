use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sluice_testkit::Backend;
use tower::ServiceExt;

use crate::fixture::World;

async fn post(world: &World, body: Value) -> (StatusCode, Value) {
    let mut request = Request::post("/pipelines/generate")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    request.extensions_mut().insert(world.ctx.clone());
    let router = sluice_pipeline_generator::router(world.service.clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn the_endpoint_answers_created_then_ok_and_problems(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    let body = json!({ "tenantId": "acme", "repositoryId": world.repository.id });
    let (status, answer) = post(&world, body.clone()).await;
    assert_eq!(
        (status, &answer["status"]),
        (StatusCode::CREATED, &json!("VALID"))
    );
    assert_eq!(answer["commitSha"], json!(sha.to_string()));
    assert_eq!(
        answer["yamlPath"],
        json!("pipelines/shop/azure-pipelines.yml")
    );
    let (status, answer) = post(&world, body).await;
    assert_eq!(
        (status, &answer["replayed"]),
        (StatusCode::OK, &json!(true))
    );
    let foreign = json!({ "tenantId": "other", "repositoryId": world.repository.id });
    let (status, problem) = post(&world, foreign).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], json!("tenantId"));
    world.push("main", "module.yaml", "id: shop\n").await;
    let (status, problem) = post(&world, json!({ "repositoryId": world.repository.id })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["code"], json!("INVALID_PIPELINE"));
    assert_eq!(problem["findings"][0]["rule"], json!("missing-key"));
}

sluice_testkit::on_both_databases!(the_endpoint_answers_created_then_ok_and_problems);
