//! GraphQL over HTTP, after the draft of that name: POST for every operation, GET for queries.
//!
//! Every transport enters through [`Engine`]: documents are bounded before they are parsed,
//! parsed once, and measured before they are validated.

mod accept;
mod allowance;
mod answer;
mod batch;
mod bill;
mod document;
mod documents;
mod engine;
mod handle;
mod order;
mod parameters;
mod refused;
mod scan;

use async_graphql::{Request, Response as Outcome};
use async_trait::async_trait;
use futures::stream::BoxStream;
use sluice_kernel::Ctx;
use sluice_resolvers::stream::{Delivered, Range};

pub use engine::Engine;
pub(super) use handle::{get, post};

pub(crate) use engine::Prepared;
pub(crate) use parameters::{Parameters, canonical, is_json, of_get};
pub(crate) use refused::Refused;

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
