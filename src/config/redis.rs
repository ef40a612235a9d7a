//! The Redis server behind bus and live channel.

use std::fmt;

use super::{ConfigError, values::Values};

const NAMESPACE: usize = 40;

/// Where bus and live channel are, when they are not in the process.
#[derive(Clone)]
pub struct RedisConfig {
    /// The server; `redis://` or, for TLS, `rediss://`.
    pub url: String,
    /// What parts this installation's keys and channels from another's on the same server.
    pub namespace: String,
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL holds the password.
        f.debug_struct("RedisConfig")
            .field("url", &"…")
            .field("namespace", &self.namespace)
            .finish()
    }
}

impl RedisConfig {
    pub(super) fn read(values: &Values) -> Result<Option<Self>, ConfigError> {
        let namespace: String = values.get("redis.namespace")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if namespace.len() > NAMESPACE || !namespace.chars().all(plain) {
            let rule = format!("must be up to {NAMESPACE} letters, digits, '-', '_' and '.'");
            return Err(values.refuse("redis.namespace", &rule));
        }
        let Some(url) = values.optional::<String>("redis.url")? else {
            return Ok(None);
        };
        if !(url.starts_with("redis://") || url.starts_with("rediss://")) {
            return Err(values.refuse("redis.url", "must begin with redis:// or rediss://"));
        }
        Ok(Some(Self { url, namespace }))
    }
}
