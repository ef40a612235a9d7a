//! The V3 protocol, request by request.

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sluice_kernel::Ctx;
use sluice_package_publishing::nuget_router;
use sluice_schema::Scope;
use sluice_testkit::{Backend, User, on_both_databases};
use tower::ServiceExt;

use crate::fixture::{World, ada, nupkg, world};

on_both_databases!(
    a_pushed_package_is_found_under_every_address_of_the_index,
    a_project_may_be_named_like_the_protocol,
    all_projects_of_a_token_are_one_feed,
    a_push_without_a_project_needs_a_token_of_one_project,
    uploads_that_are_none_are_refused,
    a_version_is_taken_from_the_lists_and_brought_back,
    strangers_find_nothing,
);

fn form(package: &[u8]) -> (&'static str, Vec<u8>) {
    let mut body =
        b"--cut\r\nContent-Disposition: form-data; name=package; filename=package.nupkg\r\n\
        Content-Type: application/octet-stream\r\n\r\n"
            .to_vec();
    body.extend(package);
    body.extend(b"\r\n--cut--\r\n");
    ("multipart/form-data; boundary=cut", body)
}

async fn send(world: &World, ctx: &Ctx, request: Request<Body>) -> (StatusCode, Bytes) {
    let mut request = request;
    request.extensions_mut().insert(ctx.clone());
    let answer = nuget_router(world.service.clone())
        .oneshot(request)
        .await
        .unwrap();
    let status = answer.status();
    (status, to_bytes(answer.into_body(), 1 << 26).await.unwrap())
}

async fn ask(world: &World, ctx: &Ctx, method: Method, path: &str) -> (StatusCode, Bytes) {
    let path = path.strip_prefix("http://sluice.example").unwrap_or(path);
    send(
        world,
        ctx,
        Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap(),
    )
    .await
}

async fn get(world: &World, ctx: &Ctx, path: &str) -> (StatusCode, Value) {
    let (status, body) = ask(world, ctx, Method::GET, path).await;
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

async fn push(world: &World, ctx: &Ctx, path: &str, package: &[u8]) -> (StatusCode, Value) {
    let (kind, body) = form(package);
    let request = Request::put(path)
        .header("content-type", kind)
        .body(Body::from(body))
        .unwrap();
    let (status, body) = send(world, ctx, request).await;
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn resource(index: &Value, kind: &str) -> String {
    let all = index["resources"].as_array().unwrap();
    let found = all
        .iter()
        .find(|resource| resource["@type"] == kind)
        .unwrap();
    found["@id"].as_str().unwrap().to_owned()
}

async fn a_pushed_package_is_found_under_every_address_of_the_index(backend: Backend) {
    let world = world(backend).await;
    let ctx = ada();
    let package = nupkg("Hand.Made", "1.0.0-rc.1", "x");
    let (status, index) = get(&world, &ctx, "/nuget/web/v3/index.json").await;
    assert_eq!(status, StatusCode::OK);
    let publish = resource(&index, "PackagePublish/2.0.0");
    assert_eq!(publish, "http://sluice.example/nuget/web/v3/package");
    // Clients put to the address with a slash behind it.
    let (status, _) = push(&world, &ctx, "/nuget/web/v3/package/", &package).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, _) = push(&world, &ctx, "/nuget/web/v3/package", &package).await;
    assert_eq!(status, StatusCode::OK);
    let (status, problem) = push(
        &world,
        &ctx,
        "/nuget/web/v3/package",
        &nupkg("hand.made", "1.0.0-rc.1", "y"),
    )
    .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("CONFLICT"))
    );

    let flat = resource(&index, "PackageBaseAddress/3.0.0");
    let (_, versions) = get(&world, &ctx, &format!("{flat}Hand.Made/index.json")).await;
    assert_eq!(versions, json!({"versions": ["1.0.0-rc.1"]}));
    let file = format!("{flat}hand.made/1.0.0-rc.1/hand.made.1.0.0-rc.1.nupkg");
    let (status, bytes) = ask(&world, &ctx, Method::GET, &file).await;
    assert_eq!((status, bytes), (StatusCode::OK, package));
    let (_, xml) = ask(
        &world,
        &ctx,
        Method::GET,
        &format!("{flat}hand.made/1.0.0-rc.1/hand.made.nuspec"),
    )
    .await;
    assert!(String::from_utf8_lossy(&xml).contains("<id>Hand.Made</id>"));

    let all = resource(&index, "RegistrationsBaseUrl/3.6.0");
    let (_, registration) = get(&world, &ctx, &format!("{all}hand.made/index.json")).await;
    let leaf = &registration["items"][0]["items"][0];
    assert_eq!(leaf["packageContent"], json!(file));
    let (status, _) = get(&world, &ctx, leaf["@id"].as_str().unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let plain = resource(&index, "RegistrationsBaseUrl");
    let (status, _) = get(&world, &ctx, &format!("{plain}hand.made/index.json")).await;
    assert_eq!(
        status,
        StatusCode::NOT_FOUND,
        "clients of SemVer 1 see no version"
    );

    let search = resource(&index, "SearchQueryService/3.5.0");
    let (_, found) = get(
        &world,
        &ctx,
        &format!("{search}?q=made&prerelease=true&semVerLevel=2.0.0&supportedFramework=x"),
    )
    .await;
    assert_eq!(
        (&found["totalHits"], &found["data"][0]["id"]),
        (&json!(1), &json!("Hand.Made"))
    );
    let (_, found) = get(&world, &ctx, &format!("{search}?q=made")).await;
    assert_eq!(found["totalHits"], 0);

    for absent in [
        format!("{flat}other/index.json"),
        format!("{flat}hand.made/1.0.0-rc.1/other.nupkg"),
        format!("{flat}hand.made/1.0.0/hand.made.1.0.0.nupkg"),
        format!("{flat}..%2f..%2fetc/index.json"),
        format!("{all}hand.made/9.0.0.json"),
        format!("{all}hand.made/nonsense"),
        "/nuget/we%2fb/v3/index.json".to_owned(),
        "/nuget/%ff/v3/index.json".to_owned(),
    ] {
        let (status, _) = get(&world, &ctx, &absent).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{absent}");
    }
}

async fn a_project_may_be_named_like_the_protocol(backend: Backend) {
    let world = world(backend).await;
    let (status, _) = push(
        &world,
        &ada(),
        "/nuget/v3/v3/package",
        &nupkg("One", "1.0", "x"),
    )
    .await;
    assert_eq!(status, StatusCode::CREATED);
    let (_, index) = get(&world, &ada(), "/nuget/v3/v3/index.json").await;
    let flat = resource(&index, "PackageBaseAddress/3.0.0");
    let (status, _) = get(&world, &ada(), &format!("{flat}one/index.json")).await;
    assert_eq!(status, StatusCode::OK);
}

async fn all_projects_of_a_token_are_one_feed(backend: Backend) {
    let world = world(backend).await;
    let ctx = ada();
    for (project, id, version, content) in [
        ("api", "One", "1.0", "api"),
        ("web", "One", "1.0", "web"),
        ("web", "One", "2.0", "web"),
        ("web", "Two", "1.0", "web"),
        ("secret", "Three", "1.0", "x"),
    ] {
        let path = format!("/nuget/{project}/v3/package");
        let (status, _) = push(&world, &ctx, &path, &nupkg(id, version, content)).await;
        assert_eq!(status, StatusCode::CREATED);
    }
    let some = User::of("acme", "sue").in_projects(&["api", "web"]).ctx();
    let (_, index) = get(&world, &some, "/nuget/v3/index.json").await;
    let flat = resource(&index, "PackageBaseAddress/3.0.0");
    assert_eq!(flat, "http://sluice.example/nuget/v3/flat/");
    let (_, versions) = get(&world, &some, &format!("{flat}one/index.json")).await;
    assert_eq!(versions, json!({"versions": ["1.0.0", "2.0.0"]}));
    let (_, bytes) = ask(
        &world,
        &some,
        Method::GET,
        &format!("{flat}one/1.0.0/one.1.0.0.nupkg"),
    )
    .await;
    assert_eq!(
        bytes,
        nupkg("One", "1.0", "api"),
        "where two hold a version, the first project counts"
    );
    let (_, registration) = get(&world, &some, "/nuget/v3/registration/one/index.json").await;
    assert_eq!(registration["items"][0]["count"], 2);
    let (_, found) = get(&world, &some, "/nuget/v3/query?skip=1&take=5").await;
    assert_eq!(found["totalHits"], 2);
    assert_eq!(
        (
            found["data"].as_array().unwrap().len(),
            &found["data"][0]["id"]
        ),
        (1, &json!("Two"))
    );
    let (status, _) = get(&world, &some, &format!("{flat}three/index.json")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

async fn a_push_without_a_project_needs_a_token_of_one_project(backend: Backend) {
    let world = world(backend).await;
    let package = nupkg("One", "1.0", "x");
    for user in [
        ada(),
        User::of("acme", "sue").in_projects(&["api", "web"]).ctx(),
    ] {
        let (status, problem) = push(&world, &user, "/nuget/v3/package", &package).await;
        assert_eq!(
            (status, &problem["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("project"))
        );
    }
    let one = User::of("acme", "sue").in_projects(&["api"]).ctx();
    let (status, _) = push(&world, &one, "/nuget/v3/package/", &package).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, _) = get(&world, &one, "/nuget/api/v3/flat/one/index.json").await;
    assert_eq!(status, StatusCode::OK);
}

async fn uploads_that_are_none_are_refused(backend: Backend) {
    let world = world(backend).await;
    let ctx = ada();
    let path = "/nuget/web/v3/package";
    let (status, problem) = push(&world, &ctx, path, b"no package").await;
    assert_eq!(
        (status, &problem["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("package"))
    );
    for (kind, body) in [
        ("application/json", "{}"),
        ("multipart/form-data", "x"),
        ("multipart/form-data; boundary=cut", "--cut--\r\n"),
        (
            "multipart/form-data; boundary=cut",
            "--cut\r\nContent-Disposition: form-data; name=p\r\n\r\ncut off",
        ),
    ] {
        let request = Request::put(path)
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap();
        let (status, _) = send(&world, &ctx, request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{kind}: {body}");
    }
    let (kind, body) = form(b"x");
    let huge = Request::put(path)
        .header("content-type", kind)
        .header("content-length", "999999999999");
    let (status, _) = send(&world, &ctx, huge.body(Body::from(body)).unwrap()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

async fn a_version_is_taken_from_the_lists_and_brought_back(backend: Backend) {
    let world = world(backend).await;
    let ctx = ada();
    push(
        &world,
        &ctx,
        "/nuget/web/v3/package",
        &nupkg("One", "1.0", "x"),
    )
    .await;
    let total =
        async || get(&world, &ctx, "/nuget/web/v3/query?q=one").await.1["totalHits"].clone();
    assert_eq!(total().await, 1);
    for base in ["/nuget/web/v3", "/nuget/v3"] {
        let path = format!("{base}/package/One/1.0");
        let (status, _) = ask(&world, &ctx, Method::DELETE, &path).await;
        assert_eq!((status, total().await), (StatusCode::NO_CONTENT, json!(0)));
        let (_, registration) =
            get(&world, &ctx, &format!("{base}/registration/one/index.json")).await;
        assert_eq!(
            registration["items"][0]["items"][0]["catalogEntry"]["listed"],
            false
        );
        let (status, _) = ask(&world, &ctx, Method::POST, &path).await;
        assert_eq!((status, total().await), (StatusCode::OK, json!(1)));
    }
    let (status, _) = ask(
        &world,
        &ctx,
        Method::DELETE,
        "/nuget/web/v3/package/One/2.0",
    )
    .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let reader = User::of("acme", "ron").with_scopes(&[Scope::Read]).ctx();
    let (status, _) = ask(
        &world,
        &reader,
        Method::DELETE,
        "/nuget/web/v3/package/One/1.0",
    )
    .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

async fn strangers_find_nothing(backend: Backend) {
    let world = world(backend).await;
    push(
        &world,
        &ada(),
        "/nuget/web/v3/package",
        &nupkg("One", "1.0", "x"),
    )
    .await;
    let paths = [
        "/nuget/web/v3/flat/one/index.json",
        "/nuget/web/v3/flat/one/1.0.0/one.1.0.0.nupkg",
        "/nuget/web/v3/registration/one/index.json",
        "/nuget/v3/flat/one/index.json",
    ];
    for stranger in [
        User::of("globex", "bob").ctx(),
        User::of("acme", "eve").in_projects(&["api"]).ctx(),
    ] {
        for path in paths {
            let (status, _) = get(&world, &stranger, path).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    let elsewhere = User::of("acme", "eve").in_projects(&["api"]).ctx();
    let (status, _) = get(&world, &elsewhere, "/nuget/web/v3/index.json").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = push(
        &world,
        &elsewhere,
        "/nuget/web/v3/package",
        &nupkg("One", "3.0", "x"),
    )
    .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let blind = User::of("acme", "bo").with_scopes(&[]).ctx();
    let (status, _) = get(&world, &blind, "/nuget/web/v3/index.json").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let request = Request::get("/nuget/web/v3/index.json")
        .body(Body::empty())
        .unwrap();
    let answer = nuget_router(world.service.clone())
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}
