//! GraphQL over HTTP, after the draft of that name: POST for every operation, GET for queries.

mod accept;
mod answer;
mod body;
mod scan;

use std::sync::Arc;

use async_graphql::{
    Request, Response as Outcome,
    parser::types::{
        DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
    },
};
use async_trait::async_trait;
use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, Method, header::ALLOW},
    response::Response,
};
use futures::stream::BoxStream;
use sluice_kernel::{Ctx, IdempotencyKey};
use sluice_resolvers::stream::{Delivered, Range};
use sluice_schema::ErrorCode;
use tracing::Span;

use super::{Trace, refusal::graphql_error};
use accept::Media;
use body::Parameters;

/// What executes operations: the schema behind the edge.
#[async_trait]
pub trait GraphQl: Send + Sync {
    /// Executes one operation for the caller.
    async fn execute(&self, ctx: Ctx, request: Request) -> Outcome;

    /// Begins a subscription for the caller, after its own argument or in `range`; returns when
    /// its source is open.
    ///
    /// # Errors
    /// The answer that refuses it.
    async fn subscribe(
        &self,
        ctx: Ctx,
        request: Request,
        range: Option<Range>,
    ) -> Result<BoxStream<'static, Delivered>, Box<Outcome>>;
}

/// Why a request is not executed: status, code and words.
pub(super) struct Refused {
    status: u16,
    code: ErrorCode,
    message: String,
}

impl Refused {
    fn new(status: u16, code: ErrorCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            code,
            message,
        }
    }

    fn bad(message: impl Into<String>) -> Self {
        Self::new(400, ErrorCode::BadRequest, message)
    }

    fn respond(&self, trace: &Trace) -> Response {
        let mut response = graphql_error(self.code, self.status, &self.message, trace);
        if self.status == 405 {
            let post = HeaderValue::from_static("POST");
            response.headers_mut().insert(ALLOW, post);
        }
        response
    }
}

type Executor = State<Arc<dyn GraphQl>>;

/// `POST /graphql`.
pub(super) async fn post(
    State(graphql): Executor,
    Extension(ctx): Extension<Ctx>,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let parameters = body::is_json(&headers).and_then(|()| body::of_post(body));
    answer(&*graphql, ctx, &trace, &headers, &Method::POST, parameters).await
}

/// `GET /graphql`.
pub(super) async fn get(
    State(graphql): Executor,
    Extension(ctx): Extension<Ctx>,
    Extension(trace): Extension<Trace>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let parameters = body::of_get(query.as_deref().unwrap_or_default());
    answer(&*graphql, ctx, &trace, &headers, &Method::GET, parameters).await
}

async fn answer(
    graphql: &dyn GraphQl,
    ctx: Ctx,
    trace: &Trace,
    headers: &HeaderMap,
    method: &Method,
    parameters: Result<Parameters, Refused>,
) -> Response {
    let media = match accept::negotiate(headers) {
        Ok(media) => media,
        Err(refused) => return refused.respond(trace),
    };
    match execute(graphql, ctx, headers, method, media, parameters).await {
        Ok(outcome) => answer::respond(outcome, media, trace),
        Err(refused) => refused.respond(trace),
    }
}

async fn execute(
    graphql: &dyn GraphQl,
    ctx: Ctx,
    headers: &HeaderMap,
    method: &Method,
    media: Media,
    parameters: Result<Parameters, Refused>,
) -> Result<Outcome, Refused> {
    let parameters = parameters?;
    scan::check(&parameters.query)?;
    let mut request = Request::new(parameters.query.as_str());
    let Ok(document) = request.parsed_query() else {
        // The executor says what is wrong, at which place, in the words of every GraphQL error.
        return Ok(graphql.execute(ctx, request).await);
    };
    let operation = operation_of(document, parameters.operation_name.as_deref());
    let kind = operation.map(|operation| operation.ty);
    if method == Method::GET && kind == Some(OperationType::Mutation) {
        let rule = "mutations are sent by POST";
        return Err(Refused::new(405, ErrorCode::BadRequest, rule));
    }
    if kind == Some(OperationType::Subscription) {
        let rule = format!("{} carries no subscriptions", media.as_str());
        return Err(Refused::bad(rule));
    }
    let ctx = match headers.get("idempotency-key") {
        Some(key) if kind == Some(OperationType::Mutation) => {
            let single = operation.is_some_and(has_one_field);
            ctx.with_idempotency(idempotency(key, single, &parameters)?)
        }
        _ => ctx,
    };
    if let Some(name) = &parameters.operation_name {
        Span::current().record("operation", name.as_str());
        request = request.operation_name(name);
    }
    Ok(graphql
        .execute(ctx, request.variables(parameters.variables()))
        .await)
}

fn operation_of<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(&operation.node),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name).map(|one| &one.node),
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => {
            all.values().next().map(|one| &one.node)
        }
        (DocumentOperations::Multiple(_), None) => None,
    }
}

// A key stands for one command: with two of the same kind the second would replay the first.
fn has_one_field(operation: &OperationDefinition) -> bool {
    match operation.selection_set.node.items.as_slice() {
        [only] => matches!(only.node, Selection::Field(_)),
        _ => false,
    }
}

fn idempotency(
    key: &HeaderValue,
    single: bool,
    parameters: &Parameters,
) -> Result<IdempotencyKey, Refused> {
    if !single {
        let rule = "with an Idempotency-Key a mutation must have exactly one field";
        return Err(Refused::bad(rule));
    }
    let key = key.to_str().unwrap_or_default();
    IdempotencyKey::new(key, parameters.fingerprint()).map_err(Refused::bad)
}
