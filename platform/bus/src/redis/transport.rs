//! The transport: a stream with a consumer group per consumer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use redis::Script;
use sluice_kernel::{PageRequest, time_of_micros};
use sluice_schema::{Envelope, EventId, TenantId};
use tokio::sync::Notify;

use super::{Redis, scripts::Scripts};
use crate::{Backlog, BusError, DeadLetter, Delivery, Route, Transport, Volatile};

// Scripts hold everybody else up while they run: a few milliseconds.
const PER_SCRIPT: usize = 100;
const COMPLETED_PER_SCRIPT: usize = 500;
const CLAIMED_AT_MOST: u32 = 1_000;

/// A queue per consumer in Redis, shared by any number of processes.
pub struct RedisTransport {
    pub(super) redis: Redis,
    pub(super) scripts: Scripts,
    routes: Vec<Route>,
    woken: HashMap<&'static str, Arc<Notify>>,
    /// Claims whose answer was lost, by consumer.
    lost: Mutex<Vec<(String, String)>>,
}

impl RedisTransport {
    /// A transport in `redis`'s namespace.
    pub fn new(redis: Redis, routes: Vec<Route>) -> Self {
        let woken = routes
            .iter()
            .map(|route| (route.consumer, redis.woken(route.consumer)))
            .collect();
        Self {
            redis,
            scripts: Scripts::default(),
            routes,
            woken,
            lost: Mutex::default(),
        }
    }

    fn wake<'a>(&self, consumers: impl IntoIterator<Item = &'a str>) {
        for consumer in consumers {
            if let Some(notify) = self.woken.get(consumer) {
                notify.notify_one();
            }
        }
    }

    /// Takes events in `epoch`, or in whichever it is when that is empty; `false`: it is another.
    pub(super) async fn publish_as(
        &self,
        epoch: &str,
        events: &[Envelope],
    ) -> Result<bool, BusError> {
        for events in events.chunks(PER_SCRIPT) {
            let mut arguments = vec![epoch.to_owned()];
            for event in events {
                self.describe(event, &mut arguments)?;
            }
            let taken: u8 = self.redis.run(&self.scripts.publish, &arguments).await?;
            if taken == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn describe(&self, event: &Envelope, arguments: &mut Vec<String>) -> Result<(), BusError> {
        let routes = self.routes.iter();
        let consumers: Vec<_> = routes
            .filter(|route| route.event_types.contains(&event.event_type.as_str()))
            .map(|route| route.consumer.to_owned())
            .collect();
        arguments.extend([
            event.event_id.to_string(),
            event.tenant_id.to_string(),
            event.subject.id.clone(),
            serde_json::to_string(event)?,
            consumers.len().to_string(),
        ]);
        arguments.extend(consumers);
        Ok(())
    }

    async fn claim_by(
        &self,
        script: &Script,
        consumer: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Delivery>, BusError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        self.undo_lost(consumer).await?;
        let token = format!("{:016x}", rand::random::<u64>());
        let arguments = [
            consumer.to_owned(),
            limit.min(CLAIMED_AT_MOST).to_string(),
            lease.as_millis().to_string(),
            token.clone(),
        ];
        let answer = self.redis.run_once(script, &arguments).await;
        let taken: Vec<(u32, String)> = answer.inspect_err(|error| {
            if matches!(error, BusError::Redis(_)) {
                self.lost().push((consumer.to_owned(), token));
            }
        })?;
        let delivery = |(attempt, envelope): (u32, String)| {
            Ok(Delivery {
                consumer: consumer.to_owned(),
                attempt,
                envelope: serde_json::from_str(&envelope)?,
            })
        };
        taken.into_iter().map(delivery).collect()
    }

    // What a lost answer held would wait until its leases run out.
    async fn undo_lost(&self, consumer: &str) -> Result<(), BusError> {
        let of_consumer = |lost: &(String, String)| lost.0 == consumer;
        loop {
            let Some((_, token)) = self.lost().iter().find(|lost| of_consumer(lost)).cloned()
            else {
                return Ok(());
            };
            let arguments = [consumer.to_owned(), token.clone()];
            let _: u8 = self.redis.run(&self.scripts.undo, &arguments).await?;
            self.lost()
                .retain(|lost| !(of_consumer(lost) && lost.1 == token));
        }
    }

    fn lost(&self) -> std::sync::MutexGuard<'_, Vec<(String, String)>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn tell(&self, script: &Script, deliveries: &[Delivery]) -> Result<(), BusError> {
        for deliveries in deliveries.chunks(COMPLETED_PER_SCRIPT) {
            let arguments: Vec<String> = deliveries
                .iter()
                .flat_map(|one| [one.consumer.clone(), one.envelope.event_id.to_string()])
                .collect();
            let _: u8 = self.redis.run(script, &arguments).await?;
        }
        // The next events of the same subjects are free now.
        self.wake(deliveries.iter().map(|one| one.consumer.as_str()));
        Ok(())
    }
}

// `attempts time error`, the time in milliseconds since 1970.
fn letter(consumer: String, death: &str, envelope: &str) -> Result<DeadLetter, BusError> {
    let mut parts = death.splitn(3, ' ');
    let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
    let (attempts, died_at) = (number().unwrap_or(0), number().unwrap_or(0));
    Ok(DeadLetter {
        consumer,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        error: parts.next().unwrap_or_default().to_owned(),
        died_at: time_of_micros(died_at.saturating_mul(1_000)),
        envelope: serde_json::from_str(envelope)?,
    })
}

#[async_trait]
impl Transport for RedisTransport {
    async fn take_over(&self) -> Result<(), BusError> {
        Ok(())
    }

    async fn publish(&self, events: &[Envelope]) -> Result<(), BusError> {
        self.publish_as("", events).await.map(drop)
    }

    async fn claim(
        &self,
        consumer: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Delivery>, BusError> {
        self.claim_by(&self.scripts.claim, consumer, limit, lease)
            .await
    }

    async fn claim_run(
        &self,
        consumer: &str,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Delivery>, BusError> {
        self.claim_by(&self.scripts.claim_run, consumer, limit, lease)
            .await
    }

    async fn complete(&self, delivery: &Delivery) -> Result<(), BusError> {
        let one = std::slice::from_ref(delivery);
        self.tell(&self.scripts.complete, one).await
    }

    async fn complete_all(&self, deliveries: &[Delivery]) -> Result<(), BusError> {
        self.tell(&self.scripts.complete, deliveries).await
    }

    async fn release(&self, deliveries: &[Delivery]) -> Result<(), BusError> {
        self.tell(&self.scripts.release, deliveries).await
    }

    async fn fail(
        &self,
        delivery: &Delivery,
        error: &str,
        delay: Option<Duration>,
    ) -> Result<(), BusError> {
        let delay = delay.map(|delay| delay.as_millis().to_string());
        let arguments = [
            delivery.consumer.clone(),
            delivery.envelope.event_id.to_string(),
            error.to_owned(),
            delay.unwrap_or_default(),
        ];
        let _: u8 = self.redis.run(&self.scripts.fail, &arguments).await?;
        self.wake([delivery.consumer.as_str()]);
        Ok(())
    }

    async fn ready(&self, consumer: &str, at_most: Duration) {
        match self.woken.get(consumer) {
            Some(notify) => {
                let _ = tokio::time::timeout(at_most, notify.notified()).await;
            }
            None => tokio::time::sleep(at_most).await,
        }
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        request: &PageRequest,
        after: Option<(EventId, String)>,
    ) -> Result<Vec<DeadLetter>, BusError> {
        let after = after.map(|(event, consumer)| format!("{event} {consumer}"));
        let arguments = [
            tenant.to_string(),
            after.unwrap_or_default(),
            request.limit.saturating_add(1).to_string(),
        ];
        let found: Vec<(String, String, String)> =
            self.redis.run(&self.scripts.letters, &arguments).await?;
        let letters = found.into_iter();
        letters
            .map(|(consumer, death, envelope)| letter(consumer, &death, &envelope))
            .collect()
    }

    async fn redrive(
        &self,
        tenant: &TenantId,
        letters: &[(EventId, String)],
    ) -> Result<u64, BusError> {
        let mut redriven = 0;
        for letters in letters.chunks(PER_SCRIPT) {
            let mut arguments = vec![tenant.to_string()];
            for (event, consumer) in letters {
                arguments.extend([event.to_string(), consumer.clone()]);
            }
            let count: u64 = self.redis.run(&self.scripts.redrive, &arguments).await?;
            redriven += count;
        }
        self.wake(letters.iter().map(|(_, consumer)| consumer.as_str()));
        Ok(redriven)
    }

    async fn backlog(&self) -> Result<Backlog, BusError> {
        let (waiting, dead) = self.redis.run(&self.scripts.backlog, &[]).await?;
        Ok(Backlog { waiting, dead })
    }

    fn volatile(&self) -> Option<&dyn Volatile> {
        Some(self)
    }
}
