//! From the ledger to the live channel.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sluice_bus::{LiveChannel, LiveMessage};
use sluice_schema::Envelope;
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{Ledger, LedgerEvent, record::Record};

// What waits for the channel; more is left to those who look for themselves.
const MOST: usize = 8_192;
const MOST_BYTES: usize = 32 << 20;
const BATCH: usize = 256;
// Whoever listens reads a larger one from the ledger.
const LARGEST: usize = 256 << 10;
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Told<'a> {
    hash: &'a str,
    event: &'a Envelope,
}

#[derive(Deserialize)]
struct Heard {
    hash: String,
    event: Envelope,
}

/// Tells of events behind the back of who appends them.
pub(crate) struct Teller {
    queue: mpsc::Sender<LiveMessage>,
    bytes: Arc<AtomicUsize>,
}

impl Ledger {
    /// Tells `live` of every event that this process appends from now on, after its commit and in
    /// the ledger's order. Appending never waits for it and never fails by it: when the channel is
    /// too slow, events are left out, and who listens finds the hole. Only the first call counts.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn tells(&self, live: Arc<dyn LiveChannel>) {
        self.teller().get_or_init(|| Teller::new(live));
    }
}

impl Teller {
    fn new(live: Arc<dyn LiveChannel>) -> Self {
        let (queue, waiting) = mpsc::channel(MOST);
        let bytes = Arc::new(AtomicUsize::new(0));
        tokio::spawn(tell(live, waiting, bytes.clone()));
        Self { queue, bytes }
    }

    /// Queues what was appended, or leaves it out.
    pub(crate) fn tell(&self, events: &[LedgerEvent]) {
        for (done, event) in events.iter().enumerate() {
            if self.bytes.load(Ordering::Relaxed) >= MOST_BYTES {
                return left_out(events.len() - done);
            }
            match self.queue.try_reserve() {
                Ok(place) => match encode(event) {
                    Some(message) => {
                        self.bytes.fetch_add(message.body.len(), Ordering::Relaxed);
                        place.send(message);
                    }
                    None => left_out(1),
                },
                Err(TrySendError::Full(()) | TrySendError::Closed(())) => {
                    return left_out(events.len() - done);
                }
            }
        }
    }
}

fn left_out(events: usize) {
    metrics::counter!("sluice_ledger_untold_total").increment(events as u64);
}

async fn tell(
    live: Arc<dyn LiveChannel>,
    mut waiting: mpsc::Receiver<LiveMessage>,
    bytes: Arc<AtomicUsize>,
) {
    let (mut batch, mut failing) = (Vec::with_capacity(BATCH), false);
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let told = tokio::time::timeout(PATIENCE, live.publish(&batch)).await;
        let failure = match told {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("it does not answer in time".to_owned()),
        };
        if let Some(error) = &failure {
            left_out(batch.len());
            if !failing {
                tracing::warn!(error, "the live channel takes no events at the moment");
            }
        }
        failing = failure.is_some();
        let size = batch.iter().map(|message| message.body.len()).sum();
        bytes.fetch_sub(size, Ordering::Relaxed);
        batch.clear();
    }
}

fn encode(event: &LedgerEvent) -> Option<LiveMessage> {
    let told = Told {
        hash: &event.hash,
        event: &event.envelope,
    };
    let body = serde_json::to_vec(&told).ok()?;
    (body.len() <= LARGEST).then(|| LiveMessage {
        tenant: event.envelope.tenant_id.clone(),
        sequence: event.sequence,
        body: Bytes::from(body),
    })
}

/// The event of a message, if it is the one that follows the event of the hash `previous`: others
/// may use the same channel, and nothing of theirs gets in.
pub(super) fn decode(message: &LiveMessage, previous: &str) -> Option<LedgerEvent> {
    let heard: Heard = serde_json::from_slice(&message.body).ok()?;
    if heard.event.tenant_id != message.tenant {
        return None;
    }
    let mut record = Record::of(&heard.event).ok()?;
    record.place(i64::try_from(message.sequence).ok()?, previous);
    (record.hash == heard.hash).then(|| record.shown())
}
