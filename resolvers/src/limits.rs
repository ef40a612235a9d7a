//! What a request may ask for, checked before any work is done for it.
//!
//! The library expands fragments again at every spread before it judges depth and complexity, so
//! a kilobyte of doubling fragments would keep a core busy for seconds. [`Guard`] measures the
//! document first, each fragment once.

mod cost;
mod measure;

use std::sync::Arc;

use async_graphql::{
    Error, ErrorExtensions, Request, ServerError, ServerResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
    parser::types::ExecutableDocument,
};
use sluice_schema::ErrorCode;

pub use cost::{Cost, Meter, Metered};
use measure::Excess;
pub use measure::{Amount, Measure};

/// What a GraphQL request may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Fields of all operations, with fragments counted at each place that they are spread.
    pub selections: usize,
    /// How deep fields may nest.
    pub depth: usize,
    /// Fields with an alias, counted as selections are.
    pub aliases: usize,
    /// Fields at the root of all operations, counted as selections are.
    pub root_fields: usize,
    /// Directives, counted as selections are.
    pub directives: usize,
    /// Fields times the rows that they may be answered for.
    pub complexity: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            selections: 2_000,
            depth: 15,
            aliases: 50,
            root_fields: 20,
            directives: 50,
            complexity: 100_000,
        }
    }
}

impl Excess {
    fn into_error(self) -> ServerError {
        let code = match self {
            Self::Cycle(_) | Self::Unknown(_) => ErrorCode::BadRequest,
            Self::Above(..) | Self::Nesting => ErrorCode::LimitExceeded,
        };
        let error = Error::new(self.to_string()).extend_with(|_, extensions| {
            extensions.set("code", code.as_str());
            extensions.set("retryable", false);
        });
        let mut error = error.into_server_error(async_graphql::Pos::default());
        // It is about the document as a whole; there is no line 0.
        error.locations.clear();
        error
    }
}

/// Measures a document, each fragment once; a transport does so before it keeps a document or
/// takes a batch.
///
/// # Errors
/// What its execution would be refused with.
pub fn measure(document: &ExecutableDocument, limits: &Limits) -> ServerResult<Measure> {
    measure::measure(document, limits).map_err(Excess::into_error)
}

impl Amount {
    /// Judges several documents together, when their amounts were added.
    ///
    /// # Errors
    /// The first limit that they break.
    pub fn within(&self, limits: &Limits) -> ServerResult<()> {
        self.check(limits).map_err(Excess::into_error)
    }
}

/// Refuses documents above the limits before they are validated.
pub(crate) struct Guard(pub(crate) Limits);

impl ExtensionFactory for Guard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Measured(self.0))
    }
}

struct Measured(Limits);

#[async_graphql::async_trait::async_trait]
impl Extension for Measured {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        // The parsed document stays in the request: it is parsed once.
        measure(request.parsed_query()?, &self.0)?;
        next.run(ctx, request).await
    }
}
