//! Live channels that do not do what they should.

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use sluice_bus::{BusError, LiveChannel, LiveMessage, LiveSignal};
use tokio::sync::broadcast;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Half of the messages are lost.
    Loses,
    /// All are.
    Silent,
    /// Messages come several times and in any order.
    Jumbles,
    /// Publishing never comes back.
    Hangs,
}

/// A channel with a fault.
pub(crate) struct Channel {
    fault: Fault,
    sender: broadcast::Sender<LiveSignal>,
    random: Mutex<StdRng>,
}

impl Channel {
    pub(crate) fn with(fault: Fault) -> Self {
        Self::holding(fault, 10_000)
    }

    /// Whoever listens may be this many messages behind.
    pub(crate) fn holding(fault: Fault, messages: usize) -> Self {
        Self {
            fault,
            sender: broadcast::channel(messages).0,
            random: Mutex::new(StdRng::seed_from_u64(5)),
        }
    }

    /// Says that messages may have been lost.
    pub(crate) fn resync(&self) {
        let _ = self.sender.send(LiveSignal::Resync);
    }

    /// Tells what no ledger told.
    pub(crate) fn forge(&self, tenant: &str, sequence: u64, body: &[u8]) {
        let _ = self.sender.send(LiveSignal::Message(LiveMessage {
            tenant: tenant.parse().unwrap(),
            sequence,
            body: Bytes::copy_from_slice(body),
        }));
    }

    fn bent(&self, messages: &[LiveMessage]) -> Vec<LiveMessage> {
        let mut random = self.random.lock().unwrap();
        let mut messages = messages.to_vec();
        match self.fault {
            Fault::None => {}
            Fault::Loses => messages.retain(|_| random.random_bool(0.5)),
            Fault::Silent | Fault::Hangs => messages.clear(),
            Fault::Jumbles => {
                messages.extend_from_within(..);
                messages.shuffle(&mut *random);
            }
        }
        messages
    }
}

#[async_trait]
impl LiveChannel for Channel {
    async fn publish(&self, messages: &[LiveMessage]) -> Result<(), BusError> {
        for message in self.bent(messages) {
            let _ = self.sender.send(LiveSignal::Message(message));
        }
        if self.fault == Fault::Hangs {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    fn listen(&self) -> broadcast::Receiver<LiveSignal> {
        self.sender.subscribe()
    }
}
