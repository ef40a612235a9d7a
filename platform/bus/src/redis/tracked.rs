//! What the relays need to know to keep events until they are handled.

use async_trait::async_trait;
use sluice_schema::{Envelope, EventId};

use super::RedisTransport;
use crate::{BusError, Volatile};

#[async_trait]
impl Volatile for RedisTransport {
    async fn epoch(&self) -> Result<String, BusError> {
        let name = format!("{:032x}", rand::random::<u128>());
        self.redis.run(&self.scripts.epoch, &[name]).await
    }

    async fn publish_in(&self, epoch: &str, events: &[Envelope]) -> Result<bool, BusError> {
        self.publish_as(epoch, events).await
    }

    async fn handled(
        &self,
        epoch: &str,
        events: &[EventId],
    ) -> Result<Option<Vec<EventId>>, BusError> {
        let mut arguments = vec![epoch.to_owned()];
        arguments.extend(events.iter().map(ToString::to_string));
        let handled: Option<Vec<String>> =
            self.redis.run(&self.scripts.handled, &arguments).await?;
        // Names that are not ours cannot come back.
        Ok(handled.map(|ids| ids.iter().filter_map(|id| id.parse().ok()).collect()))
    }
}
