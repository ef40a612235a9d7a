//! The schema behind the edge.

use async_graphql::{Request, Response};
use async_trait::async_trait;
use futures::stream::BoxStream;
use sluice_kernel::{BoxFault, Ctx};
use sluice_ledger::Ledger;
use sluice_resolvers::stream::{Delivered, Range};
use sluice_resolvers::{Options, ServerMode, Services, SluiceSchema};

use crate::{
    config::{Config, Mode},
    http::{graphql::GraphQl, stream::Heads},
};

/// Executes operations by the resolvers' schema.
pub(super) struct Executor(SluiceSchema);

impl Executor {
    pub(super) fn new(services: Services, config: &Config) -> Self {
        let graphql = &config.graphql;
        let options = Options {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode: match config.mode {
                Mode::Embedded => ServerMode::Embedded,
                Mode::Production => ServerMode::Production,
            },
            limits: graphql.limits(),
            body_bytes: config
                .http
                .graphql_body_limit
                .try_into()
                .unwrap_or(u64::MAX),
            document_bytes: graphql.max_document_bytes.try_into().unwrap_or(u64::MAX),
            document_tokens: graphql.max_tokens,
            batch: graphql.max_batch,
            cost_per_minute: match graphql.cost_per_minute {
                0 => None,
                cost => Some(cost.into()),
            },
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

/// Tells how far ledgers have got.
pub(super) struct LedgerHeads(pub(super) Ledger);

#[async_trait]
impl Heads for LedgerHeads {
    async fn head(&self, ctx: &Ctx) -> Result<u64, BoxFault> {
        Ok(self.0.head(ctx).await?.sequence)
    }
}
