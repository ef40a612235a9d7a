//! Settings of the delivery half: registry and infrastructure.

use std::fmt;

use super::{ConfigError, values::Values};

/// A registry that images are pushed to.
#[derive(Clone)]
pub struct RegistryConfig {
    /// Host, with a port or without.
    pub host: String,
    /// Whether it is spoken to without TLS.
    pub plain_http: bool,
    /// User and password, when it demands them.
    pub credentials: Option<(String, String)>,
}

impl fmt::Debug for RegistryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryConfig")
            .field("host", &self.host)
            .field("plain_http", &self.plain_http)
            .field("credentials", &self.credentials.as_ref().map(|_| "…"))
            .finish()
    }
}

/// Servers that resources are made on.
#[derive(Clone)]
pub struct InfrastructureConfig {
    /// Where databases are made.
    pub postgres_url: Option<String>,
    /// Where Redis namespaces are made.
    pub redis_url: Option<String>,
}

impl fmt::Debug for InfrastructureConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URLs hold passwords.
        f.debug_struct("InfrastructureConfig")
            .field("postgres_url", &self.postgres_url.as_ref().map(|_| "…"))
            .field("redis_url", &self.redis_url.as_ref().map(|_| "…"))
            .finish()
    }
}

impl RegistryConfig {
    pub(super) fn read(values: &Values) -> Result<Option<Self>, ConfigError> {
        let username: Option<String> = values.optional("registry.username")?;
        let password: Option<String> = values.optional("registry.password")?;
        let Some(host) = values.optional("registry.host")? else {
            let orphan = ["registry.username", "registry.password"];
            return match orphan.into_iter().find(|key| values.is_set(key)) {
                Some(key) => Err(values.refuse(key, "needs registry.host")),
                None => Ok(None),
            };
        };
        let credentials = match (username, password) {
            (Some(username), Some(password)) => Some((username, password)),
            (None, None) => None,
            (Some(_), None) => {
                return Err(values.refuse("registry.username", "needs registry.password"));
            }
            (None, Some(_)) => {
                return Err(values.refuse("registry.password", "needs registry.username"));
            }
        };
        Ok(Some(Self {
            host,
            plain_http: values.get("registry.plain_http")?,
            credentials,
        }))
    }
}
