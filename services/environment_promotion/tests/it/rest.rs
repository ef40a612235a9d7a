use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sluice_testkit::Backend;
use tower::ServiceExt;

use crate::world::World;

async fn send(world: &World, mut request: Request<Body>) -> (StatusCode, Value) {
    request.extensions_mut().insert(world.ctx.clone());
    let (environments, promotions) = (world.environments.clone(), world.promotions.clone());
    let router = sluice_environment_promotion::router(environments, promotions);
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn post(world: &World, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()));
    send(world, request.unwrap()).await
}

async fn get(world: &World, path: &str) -> (StatusCode, Value) {
    send(world, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn environments_are_defined_shown_held_and_resumed(backend: Backend) {
    let world = World::new(backend).await;
    let body = json!({ "tenantId": "acme", "projectId": "web", "name": "eu", "upstream": ["test"],
                       "gates": { "soakMinutes": 5, "requiredChecks": ["tests"] } });
    let (status, made) = post(&world, "/environments", body.clone()).await;
    assert_eq!((status, &made["order"]), (StatusCode::CREATED, &json!(30)));
    let (status, again) = post(&world, "/environments", body).await;
    assert_eq!((status, &again["replayed"]), (StatusCode::OK, &json!(true)));
    let (_, list) = get(&world, "/environments?projectId=web").await;
    assert_eq!(list["environments"].as_array().unwrap().len(), 5);
    let (status, problem) = get(&world, "/environments").await;
    assert_eq!(
        (status, &problem["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("projectId"))
    );
    let hold = "/environments/eu/hold?projectId=web";
    let (status, held) = post(&world, hold, json!({ "reason": "an incident" })).await;
    assert_eq!(
        (status, &held["holds"][0]["heldBy"]),
        (StatusCode::CREATED, &json!("ada"))
    );
    let (_, resumed) = post(&world, "/environments/eu/resume?projectId=web", json!({})).await;
    assert_eq!(resumed["holds"], json!([]));
    let (status, _) = get(&world, "/environments/nowhere?projectId=web").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let unknown =
        json!({ "projectId": "web", "name": "us", "gates": { "requiredChecks": ["luck"] } });
    let (status, problem) = post(&world, "/environments", unknown).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["detail"].as_str().unwrap().contains("luck"));
}

async fn promotions_are_asked_for_shown_refused_and_rolled_back(backend: Backend) {
    let world = World::new(backend).await;
    let one = world.shop("1.0.0").await;
    world.succeed(&one, "dev").await;
    let two = world.shop("2.0.0").await;
    let body = json!({ "releaseId": two.id.to_string(), "environment": "dev" });
    let (status, made) = post(&world, "/promotions", body.clone()).await;
    assert_eq!(
        (status, &made["status"]),
        (StatusCode::CREATED, &json!("VERIFYING"))
    );
    let (status, _) = post(&world, "/promotions", body).await;
    assert_eq!(status, StatusCode::OK);
    let path = format!("/promotions/{}", made["promotionId"].as_str().unwrap());
    let (status, shown) = get(&world, &path).await;
    assert_eq!(
        (status, &shown["releaseVersion"]),
        (StatusCode::OK, &json!("2.0.0"))
    );
    let (status, problem) = post(&world, &format!("{path}/cancel"), json!({ "reason": "x" })).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("FAILED_PRECONDITION"))
    );
    let body = json!({ "releaseId": two.id.to_string(), "environment": "test" });
    let (status, problem) = post(&world, "/promotions", body).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("PROMOTION_BLOCKED"))
    );
    assert_eq!(problem["blockers"][0]["code"], json!("OUT_OF_ORDER"));
    world.succeed(&two, "dev").await;
    let rollback = "/environments/dev/rollback?projectId=web";
    let (status, back) = post(&world, rollback, json!({ "reason": "it is broken" })).await;
    assert_eq!(
        (status, &back["kind"]),
        (StatusCode::CREATED, &json!("ROLLBACK"))
    );
    let (status, _) = get(&world, "/promotions/nonsense").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[test]
fn the_endpoints_are_described() {
    let document = sluice_rest::document(&sluice_environment_promotion::operations(), "0.1.0");
    let paths = &document["paths"];
    assert!(paths["/promotions"]["post"].is_object());
    let parameters = &paths["/environments/{name}/rollback"]["post"]["parameters"];
    assert!(
        parameters
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["name"] == "projectId")
    );
}

sluice_testkit::on_both_databases!(
    environments_are_defined_shown_held_and_resumed,
    promotions_are_asked_for_shown_refused_and_rolled_back,
);
