//! One subscriber's way through its answers.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::{Stream, StreamExt, future::BoxFuture, stream::BoxStream};
use sluice_resolvers::stream::{Delivered, Range};

use super::{
    Slot,
    ring::{Answer, Cursor, Look},
    run::encode,
};
use crate::http::graphql::{Prepared, Refused};

type Answers = BoxStream<'static, Delivered>;

/// A subscriber's answers, in order; pulled, so that a slow subscriber holds nothing but its
/// place. Where the stream fails, the last answer says why.
pub(crate) struct Subscription(Source);

enum Source {
    /// Takes from the ring of a run.
    Shared {
        slot: Arc<Slot>,
        cursor: Cursor,
    },
    /// Behind the ring: reads by itself up to where the ring begins.
    CatchingUp {
        slot: Arc<Slot>,
        position: u64,
        until: u64,
        part: Part,
    },
    /// Shares with nobody.
    Private {
        prepared: Box<Prepared>,
        trace_id: String,
        answers: Answers,
    },
    Ended,
}

enum Part {
    Opening(BoxFuture<'static, Result<Answers, Refused>>),
    Open(Answers),
}

impl Subscription {
    /// Joins a run; goes on behind `position`.
    pub(super) fn joined(slot: Arc<Slot>, position: u64) -> Self {
        Self(Source::join(slot, position))
    }

    pub(super) fn private(prepared: Prepared, trace_id: String, answers: Answers) -> Self {
        Self(Source::Private {
            prepared: Box::new(prepared),
            trace_id,
            answers,
        })
    }
}

impl Source {
    fn join(slot: Arc<Slot>, position: u64) -> Self {
        match slot.join(position) {
            Ok(cursor) => Self::Shared { slot, cursor },
            Err(low) => Self::behind(slot, position, low),
        }
    }

    fn behind(slot: Arc<Slot>, position: u64, until: u64) -> Self {
        metrics::counter!("sluice_stream_executions_total", "kind" => "catch_up").increment(1);
        let range = Range {
            after: position,
            until: Some(until),
        };
        let part = Part::Opening(Box::pin(slot.shared().open(range)));
        Self::CatchingUp {
            slot,
            position,
            until,
            part,
        }
    }

    // Leaves the place for good; `Ended` stands there.
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Ended)
    }

    fn poll_shared(&mut self, cx: &Context<'_>) -> Poll<Step> {
        let Self::Shared { cursor, .. } = self else {
            return Poll::Ready(Step::End(None));
        };
        Poll::Ready(match cursor.look(cx) {
            Look::Answer(answer) => Step::Answer(answer),
            Look::Wait => return Poll::Pending,
            Look::Behind(low) => {
                let position = cursor.position();
                if let Self::Shared { slot, .. } = self.take() {
                    *self = Self::behind(slot, position, low);
                }
                Step::Again
            }
            Look::Ended(None) => Step::End(None),
            Look::Ended(Some(payload)) => Step::End(Some(Answer {
                position: cursor.position(),
                payload,
            })),
        })
    }

    fn poll_catching_up(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let Self::CatchingUp {
            slot,
            position,
            until,
            part,
            ..
        } = self
        else {
            return Poll::Ready(Step::End(None));
        };
        let answers = match part {
            Part::Open(answers) => answers,
            Part::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                Ok(answers) => {
                    *part = Part::Open(answers);
                    return Poll::Ready(Step::Again);
                }
                Err(refused) => {
                    let payload = slot.shared().refusal(&refused);
                    let position = *position;
                    return Poll::Ready(Step::End(Some(Answer { position, payload })));
                }
            },
        };
        let Some(delivered) = ready!(answers.poll_next_unpin(cx)) else {
            // Read to its end: the ring goes on behind it.
            let position = (*position).max(*until);
            if let Self::CatchingUp { slot, .. } = self.take() {
                *self = Self::join(slot, position);
            }
            return Poll::Ready(Step::Again);
        };
        // An answer at no place of its own says that the source failed.
        let failed = delivered.position <= *position;
        *position = delivered.position.max(*position);
        let answer = Answer {
            position: *position,
            payload: slot.shared().encode(delivered),
        };
        Poll::Ready(match failed {
            true => Step::End(Some(answer)),
            false => Step::Answer(answer),
        })
    }

    fn poll_private(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let Self::Private {
            prepared,
            trace_id,
            answers,
        } = self
        else {
            return Poll::Ready(Step::End(None));
        };
        Poll::Ready(match ready!(answers.poll_next_unpin(cx)) {
            None => Step::End(None),
            Some(delivered) => Step::Answer(Answer {
                position: delivered.position,
                payload: encode(prepared, delivered, trace_id),
            }),
        })
    }
}

enum Step {
    Answer(Answer),
    /// The last answer, if there is one.
    End(Option<Answer>),
    /// It goes on elsewhere.
    Again,
}

impl Stream for Subscription {
    type Item = Answer;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        let source = &mut self.get_mut().0;
        loop {
            let step = match source {
                Source::Shared { .. } => source.poll_shared(cx),
                Source::CatchingUp { .. } => source.poll_catching_up(cx),
                Source::Private { .. } => source.poll_private(cx),
                Source::Ended => return Poll::Ready(None),
            };
            match ready!(step) {
                Step::Again => {}
                Step::Answer(answer) => return Poll::Ready(Some(answer)),
                Step::End(last) => {
                    *source = Source::Ended;
                    return Poll::Ready(last);
                }
            }
        }
    }
}
