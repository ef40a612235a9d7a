//! One per process: hears what is appended and hands it to whoever follows.

use std::{sync::Arc, time::Duration};

use futures::stream::BoxStream;
use sluice_bus::{LiveChannel, LiveSignal};
use sluice_kernel::Ctx;
use sluice_schema::Scope;
use tokio::sync::{Notify, Semaphore, broadcast::error::RecvError};
use tokio_util::sync::CancellationToken;

use super::{
    FeedItem, FeedRequest,
    feed::{Reader, Start},
    followed::Tenants,
    retry::Pauses,
};
use crate::{Ledger, LedgerError};

/// Items of a feed, in the ledger's order; it ends with an error, or at its `until`.
pub type Feed = BoxStream<'static, Result<FeedItem, LedgerError>>;

// Feeds that are behind must leave connections to those who ask.
const READERS: usize = 2;

/// How much a hub holds, and how far back it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubOptions {
    /// Newest events of each followed tenant that are held in memory.
    pub recent: usize,
    /// Bytes of JSON of each followed tenant's events that are held in memory.
    pub recent_bytes: usize,
    /// Events before the ledger's end that a feed may begin at.
    pub retention: u64,
    /// How often followed ledgers are looked at without being told, as a floor.
    pub check: Duration,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            recent: 1_024,
            recent_bytes: 8 << 20,
            retention: 100_000,
            check: Duration::from_secs(2),
        }
    }
}

struct Inner {
    ledger: Ledger,
    live: Arc<dyn LiveChannel>,
    options: HubOptions,
    tenants: Arc<Tenants>,
    readers: Arc<Semaphore>,
    /// Messages may have been lost.
    lost: Notify,
}

/// Hears what is appended and hands it to whoever follows; cheap to clone.
///
/// Of each followed tenant it holds the newest events, without a hole: what the live channel does
/// not tell is read from the ledger. Feeds take from there, or from the ledger when they are
/// further behind, at their own pace.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

impl Hub {
    /// A hub of `ledger`'s events, told of new ones by `live`.
    pub fn new(ledger: Ledger, live: Arc<dyn LiveChannel>, options: HubOptions) -> Self {
        Self(Arc::new(Inner {
            ledger,
            live,
            options,
            tenants: Arc::default(),
            readers: Arc::new(Semaphore::new(READERS)),
            lost: Notify::new(),
        }))
    }

    /// Listens until `stop`. Feeds get new events only while it runs.
    pub async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.hear() => {}
            () = self.check() => {}
        }
    }

    /// Follows the caller's tenant's ledger. The feed waits while the database does not answer.
    ///
    /// # Errors
    /// [`LedgerError::Denied`] without the right to read; [`LedgerError::Invalid`] for an `after`
    /// more than a million events beyond the ledger's end; what the database fails with.
    pub async fn feed(&self, ctx: &Ctx, request: FeedRequest) -> Result<Feed, LedgerError> {
        ctx.require(Scope::Read)?;
        let hub = &self.0;
        // Followed first: what is told while the end is read is not missed.
        let followed = hub.tenants.follow(ctx.tenant(), hub.options);
        let head = hub.ledger.head(ctx).await?;
        let start = Start::of(&request, head.sequence, hub.options.retention)?;
        followed.begin(&hub.ledger, head);
        let reading = (hub.ledger.clone(), hub.readers.clone());
        Ok(Reader::new(reading, followed, ctx.clone(), request.filter, start).into_feed())
    }

    // Nothing here waits: a listener that falls behind misses messages.
    async fn hear(&self) {
        let mut signals = self.0.live.listen();
        // Whatever was told before is not heard.
        self.0.lost.notify_one();
        loop {
            match signals.recv().await {
                Ok(LiveSignal::Message(message)) => {
                    metrics::counter!("sluice_stream_heard_total").increment(1);
                    if let Some(followed) = self.0.tenants.get(&message.tenant) {
                        followed.hear(&message);
                    }
                }
                Ok(LiveSignal::Resync) | Err(RecvError::Lagged(_)) => {
                    metrics::counter!("sluice_stream_resyncs_total").increment(1);
                    self.0.lost.notify_one();
                }
                Err(RecvError::Closed) => {
                    tracing::warn!("the live channel is closed; ledgers are looked at instead");
                    return std::future::pending().await;
                }
            }
        }
    }

    // The floor under the live channel: all followed ledgers in one statement.
    async fn check(&self) {
        let mut pauses = Pauses::default();
        loop {
            tokio::select! {
                () = self.0.lost.notified() => {}
                () = tokio::time::sleep(self.0.options.check) => {}
            }
            while let Err(error) = self.look().await {
                pauses
                    .pause("followed ledgers cannot be looked at", &error)
                    .await;
            }
            pauses = Pauses::default();
        }
    }

    async fn look(&self) -> Result<(), LedgerError> {
        let tenants = self.0.tenants.all();
        if tenants.is_empty() {
            return Ok(());
        }
        for (tenant, end) in self.0.ledger.ends(&tenants).await? {
            if let Some(followed) = self.0.tenants.get(&tenant) {
                followed.tell(end);
            }
        }
        Ok(())
    }
}
