//! Repositories over smart HTTP, to read only.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::TryStreamExt;
use serde::Deserialize;
use sluice_git_host::{GitHost, RepoPath};
use sluice_kernel::{Ctx, Fault, directory::RepositoryDirectory};
use sluice_schema::{ErrorClass, ProjectId, Scope, public_message};
use tokio_util::io::StreamReader;

use super::refusal::plain;

#[derive(Clone)]
pub(super) struct GitState {
    pub(super) repositories: Arc<dyn RepositoryDirectory>,
    pub(super) git: Arc<dyn GitHost>,
}

type Place = (String, String, String);

#[derive(Deserialize)]
pub(super) struct Service {
    service: Option<String>,
}

const READ_ONLY: &str = "repositories are read-only over HTTP: changes are made with the API";

/// `GET …/info/refs?service=git-upload-pack`: the branches.
pub(super) async fn info_refs(
    State(state): State<GitState>,
    Path(place): Path<Place>,
    Query(query): Query<Service>,
    Extension(ctx): Extension<Ctx>,
    headers: HeaderMap,
) -> Response {
    // Who may not know of the repository learns nothing about it by trying to push either.
    let path = match state.find(&ctx, &place).await {
        Ok(path) => path,
        Err(refused) => return refused,
    };
    match query.service.as_deref() {
        Some("git-upload-pack") => {}
        Some("git-receive-pack") => return plain(403, READ_ONLY),
        _ => return plain(403, "only the smart protocol is spoken here"),
    }
    match state.git.advertise_refs(&path, protocol(&headers)).await {
        Ok(body) => answer("application/x-git-upload-pack-advertisement", body.into()),
        Err(error) => refuse(&error),
    }
}

/// `POST …/git-upload-pack`: the objects.
pub(super) async fn upload_pack(
    State(state): State<GitState>,
    Path(place): Path<Place>,
    Extension(ctx): Extension<Ctx>,
    request: Request,
) -> Response {
    let path = match state.find(&ctx, &place).await {
        Ok(path) => path,
        Err(refused) => return refused,
    };
    let kind = request.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| kind != "application/x-git-upload-pack-request") {
        return plain(
            415,
            "the content type must be application/x-git-upload-pack-request",
        );
    }
    let (parts, body) = request.into_parts();
    let body = body.into_data_stream().map_err(std::io::Error::other);
    let body = Box::pin(StreamReader::new(body));
    match state
        .git
        .upload_pack(&path, protocol(&parts.headers), body)
        .await
    {
        Ok(stream) => {
            let stream = stream.inspect_err(|error| {
                tracing::warn!(
                    error = error as &dyn std::error::Error,
                    "a fetch was cut off"
                );
            });
            answer(
                "application/x-git-upload-pack-result",
                Body::from_stream(stream),
            )
        }
        Err(error) => refuse(&error),
    }
}

/// `POST …/git-receive-pack`: refused.
pub(super) async fn receive_pack(
    State(state): State<GitState>,
    Path(place): Path<Place>,
    Extension(ctx): Extension<Ctx>,
) -> Response {
    match state.find(&ctx, &place).await {
        Ok(_) => plain(403, READ_ONLY),
        Err(refused) => refused,
    }
}

impl GitState {
    // One answer for what is foreign, hidden, misspelt or absent.
    async fn find(&self, ctx: &Ctx, (tenant, project, name): &Place) -> Result<RepoPath, Response> {
        let absent = || plain(404, "there is no such repository");
        ctx.require(Scope::Read).map_err(|error| refuse(&error))?;
        let name = name.strip_suffix(".git").ok_or_else(absent)?;
        let path = RepoPath::new(tenant, project, name).map_err(|_| absent())?;
        let project: ProjectId = project.parse().map_err(|_| absent())?;
        if tenant != ctx.tenant().as_str() || !ctx.sees(&project) {
            return Err(absent());
        }
        let found = self
            .repositories
            .repository_by_name(ctx, &project, name)
            .await;
        match found {
            Ok(Some(_)) => Ok(path),
            Ok(None) => Err(absent()),
            Err(error) => Err(refuse(error.as_ref())),
        }
    }
}

fn protocol(headers: &HeaderMap) -> Option<&str> {
    headers.get("git-protocol")?.to_str().ok()
}

fn answer(kind: &'static str, body: Body) -> Response {
    let kind = HeaderValue::from_static(kind);
    let fresh = HeaderValue::from_static("no-cache");
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, fresh)];
    (headers, body).into_response()
}

fn refuse(fault: &dyn Fault) -> Response {
    if fault.code().class() == ErrorClass::System {
        tracing::error!(error = fault as &dyn std::error::Error, "a fetch failed");
    }
    plain(fault.code().http_status(), &public_message(fault))
}
