//! The live channel: what just happened, told to every process at once, at most once.
//!
//! Nothing depends on it for correctness: who listens watches the sequences and reads what is
//! missing from the ledger.

use async_trait::async_trait;
use bytes::Bytes;
use sluice_schema::TenantId;
use tokio::sync::broadcast;

use crate::BusError;

/// Messages that a listener may be behind before it is told to look for itself.
pub(crate) const BEHIND: usize = 4_096;

/// One event of a tenant's ledger, on its way to whoever listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveMessage {
    /// The tenant.
    pub tenant: TenantId,
    /// Its place in the tenant's ledger.
    pub sequence: u64,
    /// The event, as the ledger writes it for this channel.
    pub body: Bytes,
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveSignal {
    /// An event was appended.
    Message(LiveMessage),
    /// Messages may have been lost: the connection was away, or broken.
    Resync,
}

/// Tells every process what was appended.
#[async_trait]
pub trait LiveChannel: Send + Sync + 'static {
    /// Tells all listeners of all processes, in this order.
    ///
    /// # Errors
    /// When the channel does not answer; listeners find out by themselves then.
    async fn publish(&self, messages: &[LiveMessage]) -> Result<(), BusError>;

    /// Listens from now on. A listener that falls behind gets `Lagged`, which means
    /// [`LiveSignal::Resync`].
    fn listen(&self) -> broadcast::Receiver<LiveSignal>;
}

/// The live channel of a server that is one process.
#[derive(Debug, Clone)]
pub struct EmbeddedLive(broadcast::Sender<LiveSignal>);

impl Default for EmbeddedLive {
    fn default() -> Self {
        Self(broadcast::channel(BEHIND).0)
    }
}

#[async_trait]
impl LiveChannel for EmbeddedLive {
    async fn publish(&self, messages: &[LiveMessage]) -> Result<(), BusError> {
        for message in messages {
            // Refused when nobody listens.
            let _ = self.0.send(LiveSignal::Message(message.clone()));
        }
        Ok(())
    }

    fn listen(&self) -> broadcast::Receiver<LiveSignal> {
        self.0.subscribe()
    }
}
