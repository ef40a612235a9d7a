use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sluice_testkit::{Backend, on_both_databases};
use tower::ServiceExt;

use crate::{World, ada, world};

on_both_databases!(a_project_is_read_and_configured_over_rest);

async fn call(world: &World, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    request.extensions_mut().insert(ada());
    let router = sluice_project::router(world.service.clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn a_project_is_read_and_configured_over_rest(backend: Backend) {
    let world = world(backend).await;
    let (status, project) = call(&world, Method::GET, "/projects/web", Value::Null).await;
    assert_eq!((status, &project["version"]), (StatusCode::OK, &json!(0)));
    assert_eq!(project["policies"]["autoPlanReleases"], json!(true));
    let body = json!({ "tenantId": "acme", "approvers": ["bob"], "autoPlanReleases": false });
    for replayed in [false, true] {
        let (status, project) = call(&world, Method::PUT, "/projects/web", body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{project}");
        assert_eq!(project["replayed"], json!(replayed));
        assert_eq!(project["policies"]["approvers"], json!(["bob"]));
        assert_eq!(project["version"], json!(1));
    }
    let body = json!({ "approvers": null });
    let (_, project) = call(&world, Method::PUT, "/projects/web", body).await;
    assert_eq!(project["policies"]["approvers"], Value::Null);
    let body = json!({ "requiredApprovals": 0 });
    let (status, problem) = call(&world, Method::PUT, "/projects/web", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], json!("requiredApprovals"));
    let body = json!({ "autoRunPipeline": true });
    let (status, _) = call(&world, Method::PUT, "/projects/web", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a misspelt name");
    let (status, _) = call(&world, Method::GET, "/projects/a%20b", Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
