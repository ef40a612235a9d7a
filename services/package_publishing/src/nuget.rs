//! The V3 protocol of NuGet: what package clients speak with a feed.
//!
//! `/nuget/<project>/v3/index.json` is the feed of a project. `/nuget/v3/index.json` shows all
//! projects of the token as one feed; a push there needs a token that sees one project.

mod place;
mod upload;

use axum::{
    Json, Router,
    body::Body,
    extract::{Query, Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::Value;
use sluice_package_feed::{
    Query as Search,
    documents::{self, FeedUrls, SemVerLevel},
};
use sluice_rest::{CommandRoute, Problem};

use crate::{PackageError, PackagePublishing, SetListed, service::only_project};
use place::Place;

type Answer<T> = Result<T, Problem>;

/// The protocol's endpoints below `/nuget`. Expects the caller's context in the request's
/// extensions, as all REST endpoints do; bodies of uploads are limited here, to the size of a
/// package, so that no smaller limit should stand before these routes.
pub fn nuget_router(service: PackagePublishing) -> Router {
    let feed = || {
        Router::new()
            .route("/index.json", get(service_index))
            .route("/package", put(push))
            .route("/package/", put(push))
            .route("/package/{id}/{version}", post(relist).delete(unlist))
            .route("/flat/{id}/index.json", get(versions))
            .route("/flat/{id}/{version}/{file}", get(content))
            .route("/registration/{id}/{file}", get(registration))
            .route(
                "/registration-semver2/{id}/{file}",
                get(registration_semver2),
            )
            .route("/query", get(search))
    };
    Router::new()
        .nest("/nuget/v3", feed())
        .nest("/nuget/{project}/v3", feed())
        .with_state(service)
}

/// The protocol's commands.
pub fn nuget_commands() -> Vec<CommandRoute> {
    let of_feed = |feed: [&'static str; 3]| {
        let [push, push_slash, listed] = feed;
        [
            (Method::PUT, push, "pushPackage"),
            (Method::PUT, push_slash, "pushPackage"),
            (Method::POST, listed, "relistPackage"),
            (Method::DELETE, listed, "unlistPackage"),
        ]
    };
    let all = of_feed([
        "/nuget/v3/package",
        "/nuget/v3/package/",
        "/nuget/v3/package/{id}/{version}",
    ]);
    let own = of_feed([
        "/nuget/{project}/v3/package",
        "/nuget/{project}/v3/package/",
        "/nuget/{project}/v3/package/{id}/{version}",
    ]);
    let route = |(method, path, command)| CommandRoute {
        method,
        path,
        command,
    };
    all.into_iter().chain(own).map(route).collect()
}

fn urls(service: &PackagePublishing, place: &Place) -> FeedUrls {
    let base = service.public_url();
    FeedUrls::new(&match &place.project {
        Some(project) => format!("{base}/nuget/{project}/v3"),
        None => format!("{base}/nuget/v3"),
    })
}

fn absent() -> Problem {
    PackageError::NotFound("package").into()
}

async fn service_index(
    State(service): State<PackagePublishing>,
    place: Place,
) -> Answer<Json<Value>> {
    place.check()?;
    Ok(Json(documents::service_index(&urls(&service, &place))))
}

/// The package is the first part of a multipart form. 201 when it is new, 200 when it was there.
async fn push(
    State(service): State<PackagePublishing>,
    place: Place,
    request: Request,
) -> Answer<StatusCode> {
    let ctx = &place.ctx;
    let project = match &place.project {
        Some(project) => project.clone(),
        None => only_project(ctx)?,
    };
    // Rights first: nobody sends a hundred megabytes to be told that they may not.
    ctx.require(sluice_schema::Scope::PackagesPublish)?;
    ctx.require_project(&project)?;
    let _room = service.upload_room().await?;
    let package = upload::package(request, service.limits().max_package_bytes).await?;
    let pushed = service.push(ctx, &project, package).await?;
    Ok(if pushed.replayed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    })
}

async fn unlist(state: State<PackagePublishing>, place: Place) -> Answer<StatusCode> {
    set_listed(state, place, false)
        .await
        .map(|()| StatusCode::NO_CONTENT)
}

async fn relist(state: State<PackagePublishing>, place: Place) -> Answer<StatusCode> {
    set_listed(state, place, true)
        .await
        .map(|()| StatusCode::OK)
}

async fn set_listed(
    State(service): State<PackagePublishing>,
    place: Place,
    listed: bool,
) -> Answer<()> {
    let (name, version) = (place.id()?, place.version()?);
    let ctx = &place.ctx;
    ctx.require(sluice_schema::Scope::PackagesPublish)?;
    let (feed, _) = service
        .holder(ctx, place.project.as_ref(), &name, &version)
        .await?;
    let command = SetListed {
        project_id: feed.project,
        name,
        version,
        listed,
    };
    service.set_listed(ctx, command).await?;
    Ok(())
}

async fn versions(State(service): State<PackagePublishing>, place: Place) -> Answer<Json<Value>> {
    let id = place.id()?;
    let versions = service
        .feed_versions(&place.ctx, place.project.as_ref(), &id)
        .await?;
    if versions.is_empty() {
        return Err(absent());
    }
    Ok(Json(documents::versions(&versions)))
}

/// The package or its description, by the name of the file.
async fn content(State(service): State<PackagePublishing>, place: Place) -> Answer<Response> {
    let (id, version) = (place.id()?, place.version()?);
    let (ctx, project) = (&place.ctx, place.project.as_ref());
    let file = place.file().to_ascii_lowercase();
    if file == format!("{}.nuspec", id.lower()) {
        let xml = service.feed_nuspec(ctx, project, &id, &version).await?;
        return Ok(([(header::CONTENT_TYPE, "application/xml")], xml).into_response());
    }
    if file != format!("{}.{}.nupkg", id.lower(), version.key()) {
        return Err(absent());
    }
    let content = service.feed_content(ctx, project, &id, &version).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, content.size.to_string()),
    ];
    Ok((headers, Body::from_stream(content.stream)).into_response())
}

async fn registration(state: State<PackagePublishing>, place: Place) -> Answer<Json<Value>> {
    registrations(state, place, SemVerLevel::One).await
}

async fn registration_semver2(
    state: State<PackagePublishing>,
    place: Place,
) -> Answer<Json<Value>> {
    registrations(state, place, SemVerLevel::Two).await
}

/// All versions, or one, by the name of the file.
async fn registrations(
    State(service): State<PackagePublishing>,
    place: Place,
    level: SemVerLevel,
) -> Answer<Json<Value>> {
    let id = place.id()?;
    let urls = urls(&service, &place);
    let (ctx, project) = (&place.ctx, place.project.as_ref());
    if place.file() == "index.json" {
        let entries = service.feed_entries(ctx, project, &id).await?;
        let index = documents::registration_index(&urls, level, &entries);
        return index.map(Json).ok_or_else(absent);
    }
    let version = place
        .file()
        .strip_suffix(".json")
        .and_then(|version| version.parse().ok());
    let version = version
        .filter(|version| level.shows(version))
        .ok_or_else(absent)?;
    let (_, entry) = service.holder(ctx, project, &id, &version).await?;
    Ok(Json(documents::registration_leaf(&urls, level, &entry)))
}

/// What a search may say; clients send more, which is of no use here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Terms {
    #[serde(default)]
    q: String,
    #[serde(default)]
    skip: usize,
    take: Option<usize>,
    #[serde(default)]
    prerelease: bool,
    sem_ver_level: Option<String>,
}

async fn search(
    State(service): State<PackagePublishing>,
    place: Place,
    Query(terms): Query<Terms>,
) -> Answer<Json<Value>> {
    let semver2 = terms
        .sem_ver_level
        .as_deref()
        .is_some_and(|level| level.starts_with('2'));
    let query = Search {
        text: terms.q,
        skip: terms.skip,
        take: terms.take.unwrap_or(20).min(service.limits().max_take),
        prerelease: terms.prerelease,
        semver2,
    };
    let level = if semver2 {
        SemVerLevel::Two
    } else {
        SemVerLevel::One
    };
    let page = service
        .feed_search(&place.ctx, place.project.as_ref(), query)
        .await?;
    Ok(Json(documents::search_results(
        &urls(&service, &place),
        level,
        &page,
    )))
}
