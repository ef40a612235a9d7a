use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sluice_testkit::Backend;
use tower::ServiceExt;

use crate::fixture::World;

async fn post(world: &World, body: &Value) -> (StatusCode, Value) {
    let mut request = Request::post("/manifests")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    request.extensions_mut().insert(world.ctx.clone());
    let router = sluice_deployment_manifest::router(world.service.clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn the_endpoint_answers_created_then_ok_and_problems(backend: Backend) {
    let world = World::new(backend).await;
    let body = json!({ "tenantId": "acme", "releaseId": world.release().id, "environment": "dev" });
    let (status, answer) = post(&world, &body).await;
    assert_eq!(
        (status, &answer["status"]),
        (StatusCode::CREATED, &json!("RENDERED"))
    );
    assert_eq!(answer["path"], json!("environments/dev/shop"));
    assert_eq!(answer["gitopsRepository"], json!("gitops"));
    let (status, answer) = post(&world, &body).await;
    assert_eq!(
        (status, &answer["replayed"]),
        (StatusCode::OK, &json!(true))
    );
    let unknown = json!({ "releaseId": world.release().id, "environment": "moon" });
    let (status, problem) = post(&world, &unknown).await;
    assert_eq!(
        (status, &problem["field"]),
        (StatusCode::NOT_FOUND, &json!("environment"))
    );
    world
        .put(
            "deploy/overlays/dev/kustomization.yaml",
            "resources: [gone.yaml]\n",
        )
        .await;
    let (status, problem) = post(&world, &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["code"], json!("INVALID_MANIFEST"));
    assert_eq!(problem["findings"][0]["rule"], json!("missing-file"));
}

sluice_testkit::on_both_databases!(the_endpoint_answers_created_then_ok_and_problems);
