//! One subscriber's way through the ledger.

use std::{collections::VecDeque, sync::Arc};

use futures::{StreamExt, stream};
use sluice_kernel::Ctx;
use tokio::sync::Semaphore;

use super::{
    Feed, FeedItem, FeedRequest, Gap, GapReason,
    followed::Followed,
    read::Part,
    retry::{Pauses, passes},
    ring::Look,
};
use crate::{EventFilter, Ledger, LedgerError, LedgerEvent};

// Events of one page from the ledger: what a subscriber that is behind holds.
const PAGE: u64 = 64;
// Events that one statement may pass over: it takes milliseconds, however rare what is wanted.
const REACH: u64 = 10_000;
// How far after the ledger's end a feed may begin: another replica may know more than this one.
const AHEAD: u64 = 1_000_000;

/// Where a feed begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Start {
    after: u64,
    until: u64,
    gap: Option<Gap>,
}

impl Start {
    /// Checks what is asked for against a ledger that ends at `head`.
    pub(super) fn of(
        request: &FeedRequest,
        head: u64,
        retention: u64,
    ) -> Result<Self, LedgerError> {
        check(&request.filter)?;
        let after = request.after.unwrap_or(head);
        if after.saturating_sub(head) > AHEAD {
            let rule = format!("after is beyond the ledger's end, which is {head}");
            return Err(LedgerError::invalid("after", rule));
        }
        let until = request.until.unwrap_or(u64::MAX);
        let oldest = head.saturating_sub(retention).min(until);
        let gap = (after < oldest).then(|| Gap {
            from: after + 1,
            to: oldest,
            reason: GapReason::Retention,
        });
        Ok(Self { after, until, gap })
    }
}

// No event has one, and not every database takes one.
fn check(filter: &EventFilter) -> Result<(), LedgerError> {
    match filter.texts().find(|(_, text)| text.contains('\0')) {
        Some((field, _)) => {
            let rule = format!("{field} must not contain a NUL character");
            Err(LedgerError::invalid(field, rule))
        }
        None => Ok(()),
    }
}

/// A subscriber's place, and what it wants.
pub(super) struct Reader {
    ledger: Ledger,
    /// How many feeds may read the ledger at once.
    readers: Arc<Semaphore>,
    followed: Arc<Followed>,
    ctx: Ctx,
    filter: EventFilter,
    gap: Option<Gap>,
    position: u64,
    until: u64,
    page: VecDeque<Arc<LedgerEvent>>,
    ended: bool,
    _counted: Counted,
}

/// Counts a feed as long as it is there.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("sluice_stream_feeds").increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("sluice_stream_feeds").decrement(1.0);
    }
}

impl Reader {
    pub(super) fn new(
        (ledger, readers): (Ledger, Arc<Semaphore>),
        followed: Arc<Followed>,
        ctx: Ctx,
        filter: EventFilter,
        start: Start,
    ) -> Self {
        Self {
            ledger,
            readers,
            followed,
            ctx,
            filter,
            gap: start.gap,
            position: start.after,
            until: start.until,
            page: VecDeque::new(),
            ended: false,
            _counted: Counted::new(),
        }
    }

    pub(super) fn into_feed(self) -> Feed {
        stream::unfold(self, |mut reader| async move {
            let item = reader.next().await?;
            reader.ended = item.is_err();
            Some((item, reader))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<Result<FeedItem, LedgerError>> {
        if self.ended {
            return None;
        }
        if let Some(gap) = self.gap.take() {
            self.position = gap.to;
            return Some(Ok(FeedItem::Gap(gap)));
        }
        loop {
            if let Some(event) = self.page.pop_front() {
                return Some(Ok(FeedItem::Event(event)));
            }
            if self.position >= self.until {
                return None;
            }
            match self.look() {
                Look::Found(event) => {
                    self.position = event.sequence;
                    return Some(Ok(FeedItem::Event(event)));
                }
                Look::Passed(to) => self.position = to,
                Look::Behind(low) => match self.turn(low).await {
                    Ok(part) => (self.page, self.position) = (part.events, part.to),
                    Err(error) => return Some(Err(error)),
                },
                Look::End => self.followed.beyond(self.position).await,
            }
        }
    }

    fn look(&self) -> Look {
        let wanted = |event: &LedgerEvent| self.filter.matches(&self.ctx, &event.envelope);
        self.followed.look(self.position, self.until, wanted)
    }

    // The position goes ahead to the page's end: what the page holds is handed out first.
    async fn turn(&self, low: u64) -> Result<Part, LedgerError> {
        let to = low.min(self.until).min(self.position + REACH);
        let mut pauses = Pauses::default();
        loop {
            // Never closed.
            let turn = self.readers.acquire().await.ok();
            let read = self
                .ledger
                .matching_after(&self.ctx, &self.filter, self.position, to, PAGE);
            match read.await {
                Ok(part) => {
                    let count = part.events.len() as u64;
                    metrics::counter!("sluice_stream_read_back_total").increment(count);
                    return Ok(part);
                }
                Err(error) if passes(&error) => {
                    drop(turn);
                    pauses
                        .pause("a stream cannot read the ledger", &error)
                        .await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(after: Option<u64>, until: Option<u64>) -> Result<Start, LedgerError> {
        let request = FeedRequest {
            after,
            until,
            ..FeedRequest::default()
        };
        Start::of(&request, 1_000, 100)
    }

    fn gap(from: u64, to: u64) -> Option<Gap> {
        let reason = GapReason::Retention;
        Some(Gap { from, to, reason })
    }

    #[test]
    fn what_is_further_back_than_the_retention_is_a_gap_first() {
        for (after, until, expected) in [
            (None, None, None),
            (Some(900), None, None),
            (Some(899), None, gap(900, 900)),
            (Some(0), None, gap(1, 900)),
            (Some(0), Some(950), gap(1, 900)),
            (Some(0), Some(50), gap(1, 50)),
            (Some(50), Some(50), None),
            (Some(60), Some(50), None),
        ] {
            let begun = start(after, until).unwrap();
            assert_eq!(begun.gap, expected, "{after:?} {until:?}");
        }
    }

    #[test]
    fn a_place_far_beyond_the_end_is_refused() {
        assert_eq!(start(Some(1_001_000), None).unwrap().after, 1_001_000);
        for absurd in [1_001_001, u64::MAX] {
            let refused = start(Some(absurd), None).unwrap_err();
            assert!(
                matches!(&refused, LedgerError::Invalid { field, .. } if field == "after"),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn a_filter_with_a_nul_is_refused_by_its_field() {
        let filter = EventFilter {
            actors: vec!["ada".to_owned(), "a\0".to_owned()],
            ..EventFilter::default()
        };
        let request = FeedRequest {
            filter,
            ..FeedRequest::default()
        };
        let refused = Start::of(&request, 0, 0).unwrap_err();
        assert!(matches!(&refused, LedgerError::Invalid { field, .. } if field == "actors"));
    }
}
