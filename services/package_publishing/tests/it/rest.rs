use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sluice_testkit::Backend;
use tower::ServiceExt;

use crate::fixture::{World, ada, world};

async fn post(world: &World, body: Value) -> (StatusCode, Value) {
    let mut request = Request::post("/packages")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    request.extensions_mut().insert(ada());
    let answer = sluice_package_publishing::router(world.service.clone())
        .oneshot(request)
        .await
        .unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn the_endpoint_answers_created_then_ok_and_problems(backend: Backend) {
    let world = world(backend).await;
    let build = world.build("1.0.0", "x").await;
    let body = json!({ "tenantId": "acme", "buildId": build.build.build_id });
    let (status, answer) = post(&world, body.clone()).await;
    assert_eq!(
        (status, &answer["status"]),
        (StatusCode::CREATED, &json!("PUBLISHED"))
    );
    assert_eq!(
        (&answer["name"], &answer["version"]),
        (&json!("Acme.Greeter"), &json!("1.0.0"))
    );
    let (status, answer) = post(&world, body).await;
    assert_eq!(
        (status, &answer["replayed"]),
        (StatusCode::OK, &json!(true))
    );
    let (status, problem) = post(
        &world,
        json!({ "buildId": build.build.build_id, "version": "x" }),
    )
    .await;
    assert_eq!(
        (status, &problem["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("version"))
    );
    let (status, problem) = post(
        &world,
        json!({ "buildId": build.build.build_id, "version": "7.0.0" }),
    )
    .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("CONFLICT"))
    );
    let (status, _) = post(&world, json!({ "buildId": "nonsense" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

sluice_testkit::on_both_databases!(the_endpoint_answers_created_then_ok_and_problems);
