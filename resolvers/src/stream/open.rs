//! Opening a subscription, and telling the position of each of its answers.

use std::{
    collections::VecDeque,
    future::{poll_fn, ready},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use async_graphql::parser::types::OperationType;
use async_graphql::{Context, Error, ErrorExtensions, Request, Response};
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use sluice_kernel::Ctx;
use sluice_ledger::{EventFilter, Feed, FeedItem, FeedRequest, LedgerError};
use sluice_schema::ErrorCode;

use super::{Delivered, Range, describe::chosen, place::place};
use crate::{
    Services, SluiceSchema,
    fault::{self, Failure, InputFault, Result},
};

/// Items of a subscription's source; it ends with an error.
pub(super) type Items<T> = BoxStream<'static, Result<T>>;

/// Where an item stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    position: u64,
    gap: bool,
}

/// What an execution and its root field tell each other.
#[derive(Debug, Default)]
pub(super) struct Opening {
    range: Option<Range>,
    // Of items whose answers are still to come: the library answers each, in order.
    places: Mutex<VecDeque<Place>>,
    open: AtomicBool,
}

impl Opening {
    fn places(&self) -> MutexGuard<'_, VecDeque<Place>> {
        // A list of numbers is whole after every step.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which part of the source is wanted, when the edge says so.
    pub(super) fn range(&self) -> Option<Range> {
        self.range
    }

    /// The source is there: from here on the subscription runs.
    pub(super) fn opened(&self) {
        self.open.store(true, Ordering::Release);
    }

    /// The source gave an item.
    pub(super) fn note(&self, position: u64) {
        let gap = false;
        self.places().push_back(Place { position, gap });
    }

    /// The source gave a hole that ends there.
    fn note_gap(&self, position: u64) {
        let gap = true;
        self.places().push_back(Place { position, gap });
    }

    /// Where the next answer stands.
    fn answered(&self) -> Place {
        self.places().pop_front().unwrap_or_default()
    }
}

/// Who asks, whom to ask, and what the edge wants: what a root field needs to open its source.
pub(super) struct Opener {
    pub(super) ctx: Ctx,
    pub(super) services: Arc<Services>,
    pub(super) opening: Arc<Opening>,
}

impl Opener {
    /// # Errors
    /// When the request was executed without a [`Ctx`] in its data.
    pub(super) fn of(context: &Context<'_>) -> Result<Self> {
        let ctx = context.data_opt::<Ctx>().cloned();
        let services = context.data_opt::<Arc<Services>>().cloned();
        let (Some(ctx), Some(services)) = (ctx, services) else {
            return Err(Failure::without_context());
        };
        let opening = context.data_opt::<Arc<Opening>>().cloned();
        Ok(Self {
            ctx,
            services,
            opening: opening.unwrap_or_default(),
        })
    }

    /// A fault that the opening met.
    pub(super) fn failure(&self, fault: impl Into<sluice_schema::BoxFault>) -> Failure {
        Failure::new(&self.ctx, fault.into())
    }

    /// Follows the ledger.
    ///
    /// # Errors
    /// `INVALID_INPUT` for a filter or place that breaks rules, and what the ledger fails with.
    pub(super) async fn follow<T: From<FeedItem> + Send + 'static>(
        self,
        filter: std::result::Result<EventFilter, InputFault>,
        after: Option<&str>,
    ) -> Result<Items<T>> {
        let filter = filter.map_err(|fault| self.failure(fault))?;
        let asked = after.map(place).transpose();
        let asked = asked.map_err(|fault| self.failure(fault))?;
        let range = self.opening.range();
        let begin = match range.map(|range| range.after).or(asked) {
            Some(place) => place,
            // Known from the start, so that whatever ends the stream tells where to go on.
            None => {
                let head = self.services.ledger.head(&self.ctx).await;
                head.map_err(|fault| self.failure(fault))?.sequence
            }
        };
        let request = FeedRequest {
            filter,
            after: Some(begin),
            until: range.and_then(|range| range.until),
        };
        let feed = self.services.hub.feed(&self.ctx, request).await;
        let feed = feed.map_err(|fault| self.failure(fault))?;
        self.opening.opened();
        let items = noted(feed, begin, self.opening.clone());
        let items = items.map(move |item| match item {
            Ok(item) => Ok(T::from(item)),
            Err(fault) => Err(self.failure(fault)),
        });
        Ok(items.boxed())
    }
}

// Notes where each item stands: an error stands where the feed had got to, and ends it.
fn noted(
    feed: Feed,
    begin: u64,
    opening: Arc<Opening>,
) -> impl Stream<Item = std::result::Result<FeedItem, LedgerError>> {
    feed.scan(Some(begin), move |got_to, item| {
        let Some(before) = *got_to else {
            return ready(None);
        };
        let position = item.as_ref().map_or(before, FeedItem::position);
        *got_to = item.is_ok().then_some(position);
        match &item {
            Ok(FeedItem::Gap(_)) => opening.note_gap(position),
            _ => opening.note(position),
        }
        ready(Some(item))
    })
}

/// Begins a subscription for the caller that `ctx` names; returns when its source is open.
/// Every error of its answers carries `code`, `retryable` and `traceId`.
///
/// # Errors
/// The answer that refuses it: nothing was opened.
pub async fn subscribe(
    schema: &SluiceSchema,
    ctx: Ctx,
    mut request: Request,
    range: Option<Range>,
) -> std::result::Result<BoxStream<'static, Delivered>, Box<Response>> {
    let trace_id = ctx.trace_id().to_owned();
    let refused = |response| Box::new(fault::finish(response, &trace_id));
    if let Some(refusal) = no_subscription(&mut request) {
        return Err(refused(refusal));
    }
    let opening = Arc::new(Opening {
        range,
        ..Opening::default()
    });
    let request = request.data(ctx).data(opening.clone());
    let mut answers = schema.execute_stream(request);
    let first = poll_fn(|cx| match answers.poll_next_unpin(cx) {
        Poll::Ready(answer) => Poll::Ready(answer),
        Poll::Pending if opening.open.load(Ordering::Acquire) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    });
    let first = first.await;
    if !opening.open.load(Ordering::Acquire) {
        return Err(refused(first.unwrap_or_else(never_opened)));
    }
    let answers = stream::iter(first).chain(answers);
    let delivered = answers.map(move |response| {
        let Place { position, gap } = opening.answered();
        let response = fault::finish(response, &trace_id);
        Delivered {
            position,
            gap,
            response,
        }
    });
    Ok(delivered.boxed())
}

// The library would execute a query or mutation here.
fn no_subscription(request: &mut Request) -> Option<Response> {
    let name = request.operation_name.clone();
    let document = match request.parsed_query() {
        Ok(document) => document,
        Err(error) => return Some(Response::from_errors(vec![error])),
    };
    let operation = chosen(document, name.as_deref())?;
    let message = match operation.ty {
        OperationType::Subscription => return None,
        OperationType::Query => "the operation is a query, not a subscription",
        OperationType::Mutation => "the operation is a mutation, not a subscription",
    };
    Some(said(message, ErrorCode::BadRequest))
}

fn never_opened() -> Response {
    tracing::error!("a subscription ended before its source was open");
    said("the subscription did not begin", ErrorCode::Internal)
}

fn said(message: &str, code: ErrorCode) -> Response {
    let error = Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", code.as_str());
        extensions.set("retryable", code.retryable());
    });
    let mut error = error.into_server_error(async_graphql::Pos::default());
    // It is about the request as a whole; there is no line 0.
    error.locations.clear();
    Response::from_errors(vec![error])
}

#[cfg(test)]
mod tests {
    use sluice_ledger::{Gap, GapReason};
    use sluice_schema::ErrorCode;

    use super::*;

    fn gap(from: u64, to: u64) -> std::result::Result<FeedItem, LedgerError> {
        let reason = GapReason::Overflow;
        Ok(FeedItem::Gap(Gap { from, to, reason }))
    }

    fn broken() -> std::result::Result<FeedItem, LedgerError> {
        Err(LedgerError::NotFound("ledger", "id"))
    }

    #[tokio::test]
    async fn an_error_of_the_source_stands_where_it_had_got_to_and_is_the_last_item() {
        let opening = Arc::new(Opening::default());
        let feed: Feed = stream::iter([gap(6, 9), broken(), gap(10, 12)]).boxed();
        let items: Vec<_> = noted(feed, 5, opening.clone()).collect().await;
        assert_eq!(items.len(), 2);
        assert!(items[1].is_err());
        let places: Vec<_> = opening
            .places()
            .iter()
            .map(|it| (it.position, it.gap))
            .collect();
        assert_eq!(places, [(9, true), (9, false)]);
        let opening = Arc::new(Opening::default());
        let feed: Feed = stream::iter([broken()]).boxed();
        noted(feed, 5, opening.clone()).collect::<Vec<_>>().await;
        assert_eq!(opening.places().front().map(|it| it.position), Some(5));
    }

    #[tokio::test]
    async fn what_never_begins_is_told() {
        let response = fault::finish(never_opened(), "t");
        let extensions = response.errors[0].extensions.as_ref().unwrap();
        let code = ErrorCode::Internal.as_str();
        assert_eq!(
            extensions.get("code"),
            Some(&async_graphql::Value::from(code))
        );
    }
}
