use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sluice_testkit::Backend;
use tower::ServiceExt;

use crate::fixture::{QUICK, World};

async fn send(world: &World, mut request: Request<Body>) -> (StatusCode, Value) {
    request.extensions_mut().insert(world.ctx.clone());
    let router = sluice_pipeline_execution::router(world.runs.clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn post(world: &World, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    send(world, request).await
}

async fn the_endpoints_answer_created_then_ok_and_problems(backend: Backend) {
    let world = World::new(backend).await;
    let path = format!("/pipelines/{}/run", world.define(QUICK).id);
    let body = json!({ "tenantId": "acme" });
    let (status, first) = post(&world, &path, body.clone()).await;
    assert_eq!(
        (status, &first["status"]),
        (StatusCode::CREATED, &json!("QUEUED"))
    );
    let (status, again) = post(&world, &path, body).await;
    assert_eq!((status, &again["replayed"]), (StatusCode::OK, &json!(true)));
    let (status, problem) = post(&world, &path, json!({ "tenantId": "other" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], json!("tenantId"));
    let (status, _) = post(&world, "/pipelines/nonsense/run", json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let run = format!("/pipeline-runs/{}", first["runId"].as_str().unwrap());
    let (status, _) = post(&world, &format!("{run}/retry"), json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, _) = post(&world, &format!("{run}/cancel"), json!({ "reason": "x" })).await;
    assert_eq!(status, StatusCode::OK);
    let (status, retried) = post(&world, &format!("{run}/retry"), json!({})).await;
    assert_eq!(
        (status, &retried["attempt"]),
        (StatusCode::CREATED, &json!(2))
    );
    let request = Request::get(&run).body(Body::empty()).unwrap();
    let (status, read) = send(&world, request).await;
    assert_eq!(
        (status, &read["outcome"]),
        (StatusCode::OK, &json!("CANCELLED"))
    );
    assert_eq!(sluice_pipeline_execution::operations().len(), 4);
}

sluice_testkit::on_both_databases!(the_endpoints_answer_created_then_ok_and_problems);
