//! Event bus and live channel: in the process, or on Redis.

use std::sync::Arc;

use sluice_bus::{
    EmbeddedLive, EmbeddedTransport, LiveChannel, Redis, RedisLive, RedisTransport, Route,
    Transport,
};

use super::{StartError, Stores, database::BUS};
use crate::config::Config;

/// What carries events.
pub(super) struct Messaging {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) live: Arc<dyn LiveChannel>,
    pub(super) redis: Option<Redis>,
}

impl Messaging {
    pub(super) fn new(
        stores: &Stores,
        config: &Config,
        routes: Vec<Route>,
    ) -> Result<Self, StartError> {
        let Some(settings) = &config.redis else {
            return Ok(Self {
                transport: Arc::new(EmbeddedTransport::new(stores.get(BUS)?, routes)),
                live: Arc::new(EmbeddedLive::default()),
                redis: None,
            });
        };
        let redis = Redis::open(&settings.url, &settings.namespace)?;
        Ok(Self {
            transport: Arc::new(RedisTransport::new(redis.clone(), routes)),
            live: Arc::new(RedisLive::new(redis.clone())),
            redis: Some(redis),
        })
    }
}
