//! An operation under way, whatever its transport.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use async_graphql::parser::types::OperationType;
use futures::{FutureExt, Stream, StreamExt, future::BoxFuture};
use serde_json::Value;
use sluice_kernel::Ctx;
use sluice_schema::ErrorCode;
use tokio::{task::JoinHandle, time::Instant};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    Streams,
    shared::{Answer, Subscription},
};
use crate::http::graphql::{Prepared, Refused};

/// What comes of an operation.
#[derive(Debug)]
pub(super) enum Outcome {
    /// An answer; that of a query or mutation has no position.
    Answer(Option<u64>, Utf8Bytes),
    /// It did not begin: the errors, as a list.
    Refused(Value),
}

/// An operation: its outcomes in order, then its end.
pub(super) struct Operation {
    state: State,
    trace_id: String,
}

enum State {
    Starting(BoxFuture<'static, Result<Started, Refused>>),
    Streaming(Subscription),
    Ended,
}

enum Started {
    Stream(Subscription),
    Single(Utf8Bytes),
}

impl Operation {
    /// Begins what the caller asks for, after `resume` if it is a subscription.
    pub(super) fn begin(
        streams: &Streams,
        ctx: Ctx,
        prepared: Result<Prepared, Refused>,
        resume: Option<u64>,
    ) -> Self {
        let trace_id = ctx.trace_id().to_owned();
        let starting = start(streams.clone(), ctx, prepared, resume);
        metrics::counter!("sluice_stream_operations_total").increment(1);
        Self {
            state: State::Starting(starting.boxed()),
            trace_id,
        }
    }
}

async fn start(
    streams: Streams,
    ctx: Ctx,
    prepared: Result<Prepared, Refused>,
    resume: Option<u64>,
) -> Result<Started, Refused> {
    let prepared = prepared?;
    if prepared.kind == OperationType::Subscription {
        let subscription = streams.0.runs.subscribe(ctx, prepared, resume).await?;
        return Ok(Started::Stream(subscription));
    }
    // Beside the connection, not on its task: long work holds up nothing else.
    let deadline = Instant::now() + streams.0.http.request_timeout;
    let ctx = ctx.with_deadline(deadline.into_std());
    let engine = streams.0.engine.clone();
    let work = async move { engine.execute(ctx, prepared).await };
    let mut work = Aborting(tokio::spawn(work));
    match tokio::time::timeout_at(deadline, &mut work.0).await {
        // JSON is UTF-8: never empty.
        Ok(Ok(answer)) => Ok(Started::Single(
            Utf8Bytes::try_from(answer?).unwrap_or_default(),
        )),
        Ok(Err(_)) => {
            let message = "an unexpected fault; the log holds it under the trace id";
            Err(Refused::new(500, ErrorCode::Internal, message))
        }
        Err(_) => {
            let message =
                "the time for this request is used up; a command may still have taken effect";
            Err(Refused::new(504, ErrorCode::DeadlineExceeded, message))
        }
    }
}

struct Aborting<T>(JoinHandle<T>);

impl<T> Drop for Aborting<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Stream for Operation {
    type Item = Outcome;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Outcome>> {
        loop {
            match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Streaming(subscription) => {
                    let answer = ready!(subscription.poll_next_unpin(cx));
                    return Poll::Ready(answer.map(|Answer { position, payload }| {
                        Outcome::Answer(Some(position), payload)
                    }));
                }
                State::Starting(starting) => match ready!(starting.poll_unpin(cx)) {
                    Ok(Started::Stream(subscription)) => {
                        self.state = State::Streaming(subscription);
                    }
                    Ok(Started::Single(payload)) => {
                        self.state = State::Ended;
                        return Poll::Ready(Some(Outcome::Answer(None, payload)));
                    }
                    Err(refused) => {
                        self.state = State::Ended;
                        let errors = refused.errors(&self.trace_id);
                        return Poll::Ready(Some(Outcome::Refused(errors)));
                    }
                },
            }
        }
    }
}
