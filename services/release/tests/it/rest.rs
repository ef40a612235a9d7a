use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sluice_kernel::Ctx;
use sluice_testkit::Backend;
use tower::ServiceExt;

use crate::fixture::{World, user};

async fn send(world: &World, ctx: &Ctx, mut request: Request<Body>) -> (StatusCode, Value) {
    request.extensions_mut().insert(ctx.clone());
    let router = sluice_release::router(world.service.clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn post(world: &World, who: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()));
    send(world, &user(who), request.unwrap()).await
}

async fn show(world: &World, path: &str) -> (StatusCode, Value) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    send(world, &world.ctx, request).await
}

async fn a_release_is_planned_approved_shown_and_ended_over_rest(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    let body = json!({ "tenantId": "acme", "buildIds": [build.build_id.to_string()] });
    let (status, planned) = post(&world, "ada", "/releases", body.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(planned["status"], json!("PENDING_APPROVAL"));
    let (status, again) = post(&world, "ada", "/releases", body).await;
    assert_eq!((status, &again["replayed"]), (StatusCode::OK, &json!(true)));
    let path = format!("/releases/{}", planned["releaseId"].as_str().unwrap());
    let approve = format!("{path}/approve");
    let body = json!({ "reason": "fine", "contentDigest": planned["contentDigest"] });
    let (status, refused) = post(&world, "ada", &approve, body.clone()).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(refused["code"], json!("APPROVER_NOT_ELIGIBLE"));
    let (status, approved) = post(&world, "zoe", &approve, body).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(approved["status"], json!("APPROVED"));
    let (status, shown) = show(&world, &path).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(shown["approvals"][0]["approver"], json!("zoe"));
    assert_eq!(shown["items"][0]["module"]["id"], json!("shop"));
    assert_eq!(shown["notes"][0]["kind"], json!("feat"));
    let body = json!({ "reason": "no" });
    let (status, _) = post(&world, "max", &format!("{path}/reject"), body.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, refused) = post(&world, "ada", &format!("{path}/cancel"), body).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(refused["code"], json!("FAILED_PRECONDITION"));
}

async fn what_is_not_there_or_wrong_is_a_problem(backend: Backend) {
    let world = World::new(backend).await;
    let (status, problem) = show(&world, "/releases/nonsense").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(problem["code"], json!("NOT_FOUND"));
    let body = json!({ "buildIds": [] });
    let (status, problem) = post(&world, "ada", "/releases", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], json!("buildIds"));
    let body = json!({ "reason": "x", "colour": "red" });
    let (status, _) = post(&world, "ada", "/releases/x/cancel", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[test]
fn the_endpoints_are_described() {
    let document = sluice_rest::document(&sluice_release::operations(), "0.1.0");
    let paths = &document["paths"];
    assert!(paths["/releases"]["post"].is_object());
    assert!(paths["/releases/{releaseId}"]["get"].is_object());
    for command in ["approve", "reject", "cancel"] {
        let path = format!("/releases/{{releaseId}}/{command}");
        assert!(paths[path]["post"].is_object(), "{command}");
    }
}

sluice_testkit::on_both_databases!(
    a_release_is_planned_approved_shown_and_ended_over_rest,
    what_is_not_there_or_wrong_is_a_problem,
);
