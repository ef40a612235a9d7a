//! The one connection of the process that listens, for all tenants and consumers.

use std::{sync::PoisonError, time::Duration};

use futures::StreamExt;
use redis::{Client, Msg, RedisResult};
use tokio::{sync::broadcast, time};

use super::{connection::Wakes, live};
use crate::{Backoff, LiveSignal};

const CONNECT: Duration = Duration::from_secs(5);
// A connection that is gone without a word is found out by a ping.
const PING_EVERY: Duration = Duration::from_secs(10);
const PONG: Duration = Duration::from_secs(5);
const BACKOFF: Backoff = Backoff {
    base: Duration::from_millis(50),
    cap: Duration::from_secs(5),
    attempts: u32::MAX,
};

/// Listens, and hands what it hears on.
pub(super) struct Subscriber {
    pub(super) client: Client,
    pub(super) prefix: String,
    pub(super) wakes: Wakes,
    pub(super) live: broadcast::Sender<LiveSignal>,
}

impl Subscriber {
    /// Listens for ever: connects again and again.
    pub(super) async fn run(self) {
        let mut failed = 0_u32;
        loop {
            match self.listen(&mut failed).await {
                Ok(()) => tracing::warn!("the subscription to Redis ended"),
                Err(error) => tracing::warn!(%error, "the subscription to Redis failed"),
            }
            metrics::counter!("sluice_redis_subscriber_disconnects_total").increment(1);
            failed = failed.saturating_add(1);
            time::sleep(BACKOFF.delay(failed).unwrap_or(BACKOFF.cap)).await;
        }
    }

    async fn listen(&self, failed: &mut u32) -> RedisResult<()> {
        let channels = [live::channel(&self.prefix), format!("{}wake", self.prefix)];
        let connected = async {
            let mut subscription = self.client.get_async_pubsub().await?;
            subscription.subscribe(&channels).await?;
            Ok(subscription)
        };
        let (mut sink, mut messages) = within(CONNECT, connected).await?.split();
        *failed = 0;
        self.everything();
        let mut ping = time::interval_at(time::Instant::now() + PING_EVERY, PING_EVERY);
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.hear(&channels, &message),
                    None => return Ok(()),
                },
                _ = ping.tick() => within(PONG, sink.ping::<redis::Value>()).await.map(drop)?,
            }
        }
    }

    // Nobody knows what was said while nobody listened.
    fn everything(&self) {
        let _ = self.live.send(LiveSignal::Resync);
        let wakes = self.wakes.lock().unwrap_or_else(PoisonError::into_inner);
        wakes.values().for_each(|wake| wake.notify_one());
    }

    fn hear(&self, [live, _]: &[String; 2], message: &Msg) {
        if message.get_channel_name() != live {
            self.wake(message.get_payload_bytes());
            return;
        }
        match live::decode(message.get_payload_bytes()) {
            // Refused when nobody listens.
            Some(message) => drop(self.live.send(LiveSignal::Message(message))),
            None => {
                tracing::debug!("a message on the live channel that is none of ours");
                metrics::counter!("sluice_live_damaged_total").increment(1);
            }
        }
    }

    fn wake(&self, payload: &[u8]) {
        let wakes = self.wakes.lock().unwrap_or_else(PoisonError::into_inner);
        let consumers = payload.split(|byte| *byte == b' ');
        for consumer in consumers.filter_map(|name| std::str::from_utf8(name).ok()) {
            if let Some(wake) = wakes.get(consumer) {
                wake.notify_one();
            }
        }
    }
}

async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = RedisResult<T>>,
) -> RedisResult<T> {
    match time::timeout(patience, answer).await {
        Ok(outcome) => outcome,
        Err(_) => Err((redis::ErrorKind::Io, "no answer in time").into()),
    }
}
