//! The REST endpoints.

use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sluice_testkit::{Backend, on_both_databases};
use tower::ServiceExt;

use crate::world::{PROGRAM, World, ada, world};

on_both_databases!(the_endpoints_answer_created_then_ok_and_problems);

async fn post(world: &World, path: &str, body: Value) -> (StatusCode, Value) {
    let mut request = Request::post(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    request.extensions_mut().insert(ada());
    let router = sluice_iac_provisioning::router(world.service.clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn the_endpoints_answer_created_then_ok_and_problems(backend: Backend) {
    let world = world(backend, PROGRAM).await;
    let body = json!({ "releaseId": world.release_id(), "environment": "prod" });
    let (status, plan) = post(&world, "/iac/plan", body.clone()).await;
    assert_eq!(
        (status, &plan["status"]),
        (StatusCode::CREATED, &json!("PLANNED"))
    );
    assert_eq!(plan["changes"]["create"], json!(2));
    let by_plan = json!({ "planId": plan["infrastructureId"] });
    let (status, done) = post(&world, "/iac/provision", by_plan).await;
    assert_eq!(
        (status, &done["status"]),
        (StatusCode::CREATED, &json!("PROVISIONED"))
    );
    let (status, again) = post(&world, "/iac/provision", body).await;
    assert_eq!((status, &again["replayed"]), (StatusCode::OK, &json!(true)));
    let (status, problem) = post(&world, "/iac/provision", json!({})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], json!("releaseId"));
    assert_eq!(sluice_iac_provisioning::operations().len(), 2);
}
