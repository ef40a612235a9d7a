//! Refused commands, told to whoever records them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use http::Method;
use serde_json::{Map, Value};
use sluice_kernel::{Ctx, Named, RefusalRecorder, Refused};

/// Values of a list that are looked at.
const MAX_VALUES: usize = 100;

/// A command's place and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRoute {
    /// The method.
    pub method: Method,
    /// The path's template, as `/releases/{releaseId}/approve`.
    pub path: &'static str,
    /// What the command is called, as its mutation.
    pub command: &'static str,
}

/// The routes, the refusals of these commands told to `recorder`.
pub fn recording(
    router: Router,
    commands: impl IntoIterator<Item = CommandRoute>,
    recorder: Arc<dyn RefusalRecorder>,
) -> Router {
    let commands = commands
        .into_iter()
        .map(|it| ((it.path, it.method), it.command));
    let watched = Watched {
        commands: Arc::new(commands.collect()),
        recorder,
    };
    router.route_layer(from_fn_with_state(watched, watch))
}

/// Names of commands, by path and method.
type Commands = HashMap<(&'static str, Method), &'static str>;

#[derive(Clone)]
struct Watched {
    commands: Arc<Commands>,
    recorder: Arc<dyn RefusalRecorder>,
}

/// What a request names, on its way from the body's reader to the layer.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Named>>);

impl Told {
    fn note(&self, field: &str, value: &str) {
        // A note is whole or not there.
        let mut named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        named.note(field, value);
    }

    /// Notes the ids in a body's fields.
    pub(crate) fn body(&self, fields: &Map<String, Value>) {
        for (field, value) in fields {
            match value {
                Value::String(text) => self.note(field, text),
                Value::Array(values) => {
                    let texts = values.iter().take(MAX_VALUES).filter_map(Value::as_str);
                    texts.for_each(|text| self.note(field, text));
                }
                _ => {}
            }
        }
    }

    // The parts of the path that stand for names, as the template calls them.
    fn path(&self, template: &str, path: &str) {
        for (name, part) in template.split('/').zip(path.split('/')) {
            let name = name.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
            if let Some(name) = name {
                self.note(name, part);
            }
        }
    }

    fn named(&self) -> Named {
        let named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        named.clone()
    }
}

async fn watch(State(watched): State<Watched>, mut request: Request, next: Next) -> Response {
    let command = command(&watched, &request);
    let ctx = request.extensions().get::<Ctx>().cloned();
    let Some((command, ctx)) = command.zip(ctx) else {
        return next.run(request).await;
    };
    let told = Told::default();
    if let Some(template) = request.extensions().get::<MatchedPath>() {
        told.path(template.as_str(), request.uri().path());
    }
    request.extensions_mut().insert(told.clone());
    let mut response = next.run(request).await;
    if let Some(refused) = response.extensions_mut().remove::<Refused>() {
        let named = told.named();
        let refusal = refused.told(command, &named);
        watched
            .recorder
            .record(&ctx, named.project(), refusal)
            .await;
    }
    response
}

fn command(watched: &Watched, request: &Request) -> Option<&'static str> {
    let template = request.extensions().get::<MatchedPath>()?;
    let key = (template.as_str(), request.method().clone());
    watched.commands.get(&key).copied()
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use axum::{
        Json,
        body::Body,
        routing::{get, post},
    };
    use http::StatusCode;
    use serde::Deserialize;
    use sluice_kernel::{Principal, ProjectAccess};
    use sluice_schema::{
        Actor, ActorKind, ErrorCode, ProjectId, ReleaseId, TypedId, events::CommandRefused,
    };
    use tower::ServiceExt;

    use super::*;
    use crate::{Caller, Command, Operation, Problem};

    #[derive(Default)]
    struct Kept(Mutex<Vec<(Option<ProjectId>, CommandRefused)>>);

    #[async_trait]
    impl RefusalRecorder for Kept {
        async fn record(&self, _: &Ctx, project: Option<&ProjectId>, refusal: CommandRefused) {
            let mut kept = self.0.lock().unwrap();
            kept.push((project.cloned(), refusal));
        }
    }

    #[derive(Deserialize, schemars::JsonSchema)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code, reason = "only read")]
    struct Decision {
        project_id: Option<String>,
        reason: String,
        code: String,
    }

    async fn decide(Command { input, .. }: Command<Decision>) -> Result<Json<Value>, Problem> {
        let code = ErrorCode::ALL
            .iter()
            .find(|code| code.as_str() == input.code);
        match code {
            None => Ok(Json(Value::Null)),
            Some(code) => Err(Problem {
                field: Some("targets.my secret.x".to_owned()),
                ..Problem::new(*code, input.reason)
            }),
        }
    }

    async fn show(Caller(_): Caller) -> Problem {
        Problem::new(ErrorCode::NotFound, "no such release")
    }

    fn ctx() -> Ctx {
        let principal = Principal {
            tenant: "acme".parse().unwrap(),
            projects: ProjectAccess::All,
            actor: Actor {
                kind: ActorKind::User,
                id: "ada".to_owned(),
            },
            scopes: [].into(),
        };
        Ctx::for_request(principal, None)
    }

    async fn sent(kept: &Arc<Kept>, method: &str, path: &str, body: &str) -> StatusCode {
        let operations = [
            Operation::post::<Decision, Decision>(
                "/releases/{releaseId}/approve",
                "approveRelease",
                "",
            ),
            Operation::get::<Decision>("/releases/{releaseId}", "getRelease", ""),
        ];
        let router = Router::new()
            .route("/releases/{releaseId}/approve", post(decide))
            .route("/releases/{releaseId}", get(show));
        let commands = operations.iter().filter_map(Operation::command);
        let router = recording(router, commands, kept.clone());
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        request.extensions_mut().insert(ctx());
        router.oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_refused_command_is_told_by_its_name_its_ids_and_its_code_alone() {
        let (kept, release) = (Arc::new(Kept::default()), ReleaseId::generate());
        let path = format!("/releases/{release}/approve");
        let body = r#"{"projectId":"web","reason":"hunter2","code":"APPROVER_NOT_ELIGIBLE"}"#;
        assert_eq!(sent(&kept, "POST", &path, body).await, 409);
        let told = kept.0.lock().unwrap().pop().unwrap();
        let expected = CommandRefused {
            subject_id: release.to_string(),
            command: "approveRelease".to_owned(),
            code: "APPROVER_NOT_ELIGIBLE".to_owned(),
            field: Some("targets.*.x".to_owned()),
            blockers: Vec::new(),
            omitted: 0,
        };
        assert_eq!(told, (Some("web".parse().unwrap()), expected));
    }

    #[tokio::test]
    async fn what_succeeds_is_malformed_or_no_command_is_not_told() {
        let (kept, release) = (Arc::new(Kept::default()), ReleaseId::generate());
        let path = format!("/releases/{release}/approve");
        for (body, status) in [
            (r#"{"reason":"x","code":"none"}"#, 200),
            (r#"{"reason":"x","code":"INVALID_INPUT"}"#, 422),
            (r#"{"reason":"x","code":"UNAVAILABLE"}"#, 503),
            (r#"{"reason":"x"}"#, 422),
            ("{", 400),
        ] {
            assert_eq!(sent(&kept, "POST", &path, body).await, status, "{body}");
        }
        let shown = sent(&kept, "GET", &format!("/releases/{release}"), "").await;
        assert_eq!(shown, 404);
        assert!(kept.0.lock().unwrap().is_empty());
    }
}
