//! Who asks and whom they ask: `viewer` and `serverInfo`.

use std::time::Duration;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use sluice_kernel::{PageRequest, ProjectAccess};

use crate::{
    Options,
    fault::Result,
    loaders::Call,
    scalars::{ActorKind, Long},
};

/// How a server is run.
#[derive(Enum, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ServerMode {
    /// One process that holds its stores and event bus itself.
    #[default]
    Embedded,
    /// Stores and event bus stand outside; introspection is off.
    Production,
}

/// The caller, as the token says.
#[derive(SimpleObject, Debug, Clone)]
pub struct Viewer {
    /// Who calls.
    pub actor: Actor,
    /// The tenant that the caller acts in.
    pub tenant: ID,
    /// The projects that the caller may see; null for all of the tenant.
    pub projects: Option<Vec<ID>>,
    /// What the token allows, for example `devops.read`.
    pub scopes: Vec<String>,
}

/// Somebody or something that acts.
#[derive(SimpleObject, Debug, Clone)]
pub struct Actor {
    /// What kind of caller it is.
    pub kind: ActorKind,
    /// The token's subject, or the name of the reacting service.
    pub id: String,
}

/// The server and its limits.
#[derive(SimpleObject, Debug, Clone)]
pub struct ServerInfo {
    /// Version of the server.
    pub version: String,
    /// How it is run.
    pub mode: ServerMode,
    /// What a request may ask for.
    pub limits: ServerLimits,
}

/// What a request may ask for; above it the answer is `LIMIT_EXCEEDED`.
#[derive(SimpleObject, Debug, Clone)]
pub struct ServerLimits {
    /// Bytes of a request's body.
    pub body_bytes: Long,
    /// Bytes of a document.
    pub document_bytes: Long,
    /// Tokens of a document.
    pub tokens: u32,
    /// Operations of one HTTP request.
    pub batch: u32,
    /// Complexity that one caller may spend per minute; above it the answer is `RATE_LIMITED`
    /// until some of the minute has passed. Null when it is not limited.
    pub cost_per_minute: Option<Long>,
    /// Milliseconds that a request may take.
    pub request_milliseconds: Long,
    /// Objects of a page when the request names no number.
    pub default_page_size: i32,
    /// Objects of the largest page.
    pub max_page_size: i32,
    /// Fields of all operations, with fragments counted at each place that they are spread.
    pub selections: usize,
    /// How deep fields may nest.
    pub depth: usize,
    /// Fields with an alias.
    pub aliases: usize,
    /// Fields at the root.
    pub root_fields: usize,
    /// Directives.
    pub directives: usize,
    /// Fields times the rows that they may be answered for.
    pub complexity: usize,
    /// Ids that `nodes` takes.
    pub nodes: usize,
}

/// The caller and the server.
#[derive(Debug, Default)]
pub struct ServerQuery;

/// The caller and the server.
#[Object]
impl ServerQuery {
    /// The caller, as the token says.
    async fn viewer(&self, context: &Context<'_>) -> Result<Viewer> {
        let principal = Call::of(context)?.ctx.principal();
        Ok(Viewer {
            actor: Actor {
                kind: principal.actor.kind.into(),
                id: principal.actor.id.clone(),
            },
            tenant: principal.tenant.as_str().into(),
            projects: match &principal.projects {
                ProjectAccess::All => None,
                ProjectAccess::Only(ids) => Some(ids.iter().map(|id| id.as_str().into()).collect()),
            },
            scopes: principal.scopes.iter().map(ToString::to_string).collect(),
        })
    }

    /// The server and its limits.
    async fn server_info(&self, context: &Context<'_>) -> async_graphql::Result<ServerInfo> {
        Ok(info(context.data::<Options>()?))
    }
}

fn info(options: &Options) -> ServerInfo {
    let limits = &options.limits;
    ServerInfo {
        version: options.version.clone(),
        mode: options.mode,
        limits: ServerLimits {
            body_bytes: Long(options.body_bytes),
            document_bytes: Long(options.document_bytes),
            tokens: options.document_tokens,
            batch: options.batch,
            cost_per_minute: options.cost_per_minute.map(Long),
            request_milliseconds: milliseconds(options.request_time),
            default_page_size: PageRequest::DEFAULT,
            max_page_size: PageRequest::MAX,
            selections: limits.selections,
            depth: limits.depth,
            aliases: limits.aliases,
            root_fields: limits.root_fields,
            directives: limits.directives,
            complexity: limits.complexity,
            nodes: crate::node::MAX_NODES,
        },
    }
}

fn milliseconds(time: Duration) -> Long {
    Long(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
