//! Relaying to a transport that may lose what it took: events stay in the outbox until they were
//! handled, and are published again when the transport's memory is another one.

use std::time::{Duration, Instant};

use sluice_schema::EventId;
use sluice_store::{Outbox, Store};

use super::{BATCH, LEASE, POLL};
use crate::{BusError, Volatile};

// Handling takes a while: the first looks come soon, later ones at the pace of the poll.
const FIRST_LOOK: Duration = Duration::from_millis(100);
const PAGE: u32 = 500;

/// What a relay remembers of a volatile transport.
#[derive(Default)]
pub(super) struct Tracking {
    epoch: Option<String>,
    /// Where the looks for handled events go on, behind those that take long.
    cursor: i64,
    /// How long until the look after the next one.
    interval: Duration,
    /// When to look for handled events; `None`: at once.
    next_look: Option<Instant>,
}

enum Page {
    /// No events from there on.
    Empty,
    /// Where it ends, and how many events were removed.
    Swept(i64, usize),
    /// The epoch is over.
    Over,
}

impl Tracking {
    /// How long to wait for a commit before the next step.
    pub(super) fn pause(&self) -> Duration {
        let until = |at: Instant| at.saturating_duration_since(Instant::now());
        self.next_look.map_or(POLL, until).min(POLL)
    }

    /// After a failure there is no hurry.
    pub(super) fn failed(&mut self) {
        self.look_in(POLL);
    }

    /// Publishes a batch, and now and then removes handled events; returns whether there is more
    /// to do at once.
    pub(super) async fn step(
        &mut self,
        store: &Store,
        bus: &dyn Volatile,
    ) -> Result<bool, BusError> {
        let outbox = store.outbox();
        let published = self.publish(&outbox, bus).await?;
        if published && self.interval > FIRST_LOOK {
            self.interval = FIRST_LOOK;
            self.look_in(FIRST_LOOK);
        }
        let due = self.next_look.is_none_or(|at| at <= Instant::now());
        let over = due && self.sweep(&outbox, bus).await?;
        Ok(published || over)
    }

    async fn epoch(&mut self, bus: &dyn Volatile) -> Result<String, BusError> {
        if let Some(epoch) = &self.epoch {
            return Ok(epoch.clone());
        }
        let epoch = bus.epoch().await?;
        self.epoch = Some(epoch.clone());
        Ok(epoch)
    }

    // Returns whether there was anything to publish.
    async fn publish(&mut self, outbox: &Outbox<'_>, bus: &dyn Volatile) -> Result<bool, BusError> {
        let epoch = self.epoch(bus).await?;
        let rows = outbox.claim_unpublished(&epoch, BATCH, LEASE).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let events: Vec<_> = rows.iter().map(|row| row.envelope.clone()).collect();
        match bus.publish_in(&epoch, &events).await {
            Ok(true) => outbox.mark_published(&rows, &epoch).await?,
            // The new epoch's first claim begins with the oldest event.
            Ok(false) => {
                outbox.release().await?;
                self.over();
            }
            Err(error) => {
                outbox.release().await?;
                return Err(error);
            }
        }
        Ok(true)
    }

    // One page from the beginning, where handled events are, and one behind those that stay.
    // Returns whether the epoch is over.
    async fn sweep(&mut self, outbox: &Outbox<'_>, bus: &dyn Volatile) -> Result<bool, BusError> {
        let mut removed = 0;
        match self.sweep_page(outbox, bus, 0).await? {
            Page::Over => return Ok(true),
            Page::Empty => {
                self.cursor = 0;
                self.interval = POLL;
            }
            Page::Swept(_, count) if count > 0 => removed = count,
            Page::Swept(end, _) => {
                let from = self.cursor.max(end);
                match self.sweep_page(outbox, bus, from).await? {
                    Page::Over => return Ok(true),
                    Page::Empty => self.cursor = 0,
                    Page::Swept(end, count) => (self.cursor, removed) = (end, count),
                }
            }
        }
        let full = removed == PAGE as usize;
        self.look_in(if full { Duration::ZERO } else { self.interval });
        self.interval = (self.interval * 2).clamp(FIRST_LOOK, POLL);
        Ok(false)
    }

    async fn sweep_page(
        &mut self,
        outbox: &Outbox<'_>,
        bus: &dyn Volatile,
        after: i64,
    ) -> Result<Page, BusError> {
        let Some(epoch) = self.epoch.clone() else {
            return Ok(Page::Over);
        };
        let page = outbox.published(&epoch, after, PAGE).await?;
        let Some((end, _)) = page.last() else {
            return Ok(Page::Empty);
        };
        let end = *end;
        let events: Vec<EventId> = page.into_iter().map(|(_, event)| event).collect();
        let Some(handled) = bus.handled(&epoch, &events).await? else {
            self.over();
            return Ok(Page::Over);
        };
        outbox.remove_handled(&handled).await?;
        Ok(Page::Swept(end, handled.len()))
    }

    fn look_in(&mut self, pause: Duration) {
        self.next_look = Some(Instant::now() + pause);
    }

    fn over(&mut self) {
        tracing::warn!("the bus has another memory: events that were not handled go out again");
        metrics::counter!("sluice_bus_epochs_total").increment(1);
        self.epoch = None;
        self.cursor = 0;
    }
}
