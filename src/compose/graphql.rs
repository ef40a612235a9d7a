//! The schema behind the edge.

use async_graphql::{Request, Response};
use async_trait::async_trait;
use futures::stream::BoxStream;
use sluice_kernel::Ctx;
use sluice_resolvers::stream::{Delivered, Range};
use sluice_resolvers::{Limits, Options, ServerMode, Services, SluiceSchema};

use crate::{
    config::{Config, Mode},
    http::graphql::GraphQl,
};

/// Executes operations by the resolvers' schema.
pub(super) struct Executor(SluiceSchema);

impl Executor {
    pub(super) fn new(services: Services, config: &Config) -> Self {
        let limits = &config.graphql;
        let count = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        let options = Options {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode: match config.mode {
                Mode::Embedded => ServerMode::Embedded,
                Mode::Production => ServerMode::Production,
            },
            limits: Limits {
                selections: count(limits.max_selections),
                depth: count(limits.max_depth),
                aliases: count(limits.max_aliases),
                root_fields: count(limits.max_root_fields),
                directives: count(limits.max_directives),
                complexity: count(limits.max_complexity),
            },
            body_bytes: config
                .http
                .graphql_body_limit
                .try_into()
                .unwrap_or(u64::MAX),
            request_time: config.http.request_timeout,
        };
        Self(sluice_resolvers::schema(services, options))
    }
}

#[async_trait]
impl GraphQl for Executor {
    async fn execute(&self, ctx: Ctx, request: Request) -> Response {
        sluice_resolvers::execute(&self.0, ctx, request).await
    }

    async fn subscribe(
        &self,
        ctx: Ctx,
        request: Request,
        range: Option<Range>,
    ) -> Result<BoxStream<'static, Delivered>, Box<Response>> {
        sluice_resolvers::stream::subscribe(&self.0, ctx, request, range).await
    }
}
