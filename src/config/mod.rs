//! Settings: one small struct per subsystem, read once at start.
//!
//! Every setting is a flag, a variable `SLUICE_…` and a key of `sluice.toml`; flags are stronger
//! than variables, those than the file, that than the default. Unknown keys are refused, and
//! every message names the key and where its value came from.

mod delivery;
mod edge;
mod error;
mod flags;
mod redis;
mod rules;
mod sources;
mod stream;
mod table;
mod values;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

pub use delivery::{InfrastructureConfig, RegistryConfig};
pub use edge::{Documents, GraphqlConfig, HttpConfig};
pub use error::ConfigError;
pub use flags::ConfigFlags;
pub use redis::RedisConfig;
pub use sources::Sources;
pub use stream::StreamConfig;
pub use table::{SETTINGS, Setting, markdown};

use values::{SettingValue, Values};

/// Reads a time such as `500ms`, `30s`, `10m` or `1h`.
///
/// # Errors
/// How it must look.
pub fn parse_time(text: &str) -> Result<Duration, String> {
    Duration::read(text).ok_or_else(|| format!("must be {}", Duration::FORM))
}

/// How to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything in one process, with its own signing key; GraphiQL and introspection on.
    Embedded,
    /// With an identity provider, PostgreSQL and Redis.
    Production,
}

impl Mode {
    /// Its name in settings and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Production => "production",
        }
    }
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// How to run.
    pub mode: Mode,
    /// Where to accept connections.
    pub listen: SocketAddr,
    /// Where clients reach the server, without a slash at the end; `None`: at `listen`.
    pub public_url: Option<String>,
    /// Repositories, blobs, work folders, keys and embedded databases.
    pub data_dir: PathBuf,
    /// The databases.
    pub database: DatabaseConfig,
    /// Redis for bus and live channel; `None`: they are in the process.
    pub redis: Option<RedisConfig>,
    /// The identity of callers.
    pub auth: AuthConfig,
    /// The HTTP edge.
    pub http: HttpConfig,
    /// Limits of GraphQL operations.
    pub graphql: GraphqlConfig,
    /// Connections that last, and the streams behind them.
    pub stream: StreamConfig,
    /// Pipeline runs.
    pub runner: RunnerConfig,
    /// A registry beside the local one.
    pub registry: Option<RegistryConfig>,
    /// What resources are made of.
    pub infrastructure: InfrastructureConfig,
    /// How often each deployment target is compared with Git.
    pub gitops_check_interval: Duration,
    /// Logs.
    pub log: LogFormat,
}

/// The databases.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// PostgreSQL; `None`: SQLite files in the data folder.
    pub url: Option<String>,
    /// PostgreSQL connections per service.
    pub connections: u32,
    /// SQLite read-only connections per service.
    pub readers: u32,
}

impl std::fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL holds the password.
        f.debug_struct("DatabaseConfig")
            .field("url", &self.url.as_ref().map(|_| "…"))
            .field("connections", &self.connections)
            .field("readers", &self.readers)
            .finish()
    }
}

/// The identity of callers.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// The `iss` that tokens must carry.
    pub issuer: String,
    /// The `aud` that tokens must carry.
    pub audience: String,
    /// Public keys of the identity provider; production mode only.
    pub jwks_url: Option<String>,
    /// What the issuer knows the dashboard as; production mode only.
    pub client_id: Option<String>,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// How old fetched keys may be before they are fetched again.
    pub jwks_max_age: Duration,
    /// The least time between two fetches.
    pub jwks_min_interval: Duration,
}

/// Pipeline runs.
#[derive(Debug, Clone)]
pub struct RunnerConfig {
    /// Runs at the same time.
    pub concurrency: u32,
    /// The longest time for one run.
    pub timeout: Duration,
}

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Pretty,
    /// JSON lines.
    Json,
}

impl SettingValue for Mode {
    const FORM: &'static str = "embedded or production";
    fn read(text: &str) -> Option<Self> {
        [Self::Embedded, Self::Production]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

impl SettingValue for LogFormat {
    const FORM: &'static str = "auto, pretty or json";
    fn read(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "pretty" => Some(Self::Pretty),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl Config {
    /// The settings that `sources` give, checked against each other.
    ///
    /// # Errors
    /// [`ConfigError`] names the key and the rule.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let values = sources.merge()?;
        let config = Self::read(&values)?;
        rules::check(&config, &values)?;
        Ok(config)
    }

    /// The defaults of the embedded mode with everything below `data_dir`, on a free port of the
    /// loopback interface.
    ///
    /// # Errors
    /// None in practice: the defaults are valid.
    pub fn embedded_in(data_dir: &Path) -> Result<Self, ConfigError> {
        let config = Self::load(&Sources::default())?;
        Ok(Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            data_dir: data_dir.to_owned(),
            ..config
        })
    }

    fn read(values: &Values) -> Result<Self, ConfigError> {
        let mode: Mode = values.get("mode")?;
        let public_url: Option<String> = values.optional("public_url")?;
        Ok(Self {
            mode,
            listen: values.get("listen")?,
            public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            data_dir: values.get("data_dir")?,
            database: DatabaseConfig::read(values)?,
            redis: RedisConfig::read(values)?,
            auth: AuthConfig::read(values)?,
            http: HttpConfig::read(values)?,
            graphql: GraphqlConfig::read(values)?,
            stream: StreamConfig::read(values)?,
            runner: RunnerConfig {
                concurrency: values.within("runner.concurrency", 1..=64, "from 1 to 64")?,
                timeout: values.within("runner.timeout", SECOND..=DAY, "from 1s to 24h")?,
            },
            registry: RegistryConfig::read(values)?,
            infrastructure: InfrastructureConfig {
                postgres_url: values.optional("infrastructure.postgres_url")?,
                redis_url: values.optional("infrastructure.redis_url")?,
            },
            gitops_check_interval: values.within(
                "gitops.check_interval",
                SECOND..=HOUR,
                "from 1s to 1h",
            )?,
            log: values.get("log.format")?,
        })
    }
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

impl DatabaseConfig {
    fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            url: values.optional("database.url")?,
            connections: values.within("database.connections", 2..=100, "from 2 to 100")?,
            readers: values.within("database.readers", 1..=64, "from 1 to 64")?,
        })
    }
}

impl AuthConfig {
    fn read(values: &Values) -> Result<Self, ConfigError> {
        let own = || "sluice".to_owned();
        let leeway = Duration::ZERO..=Duration::from_secs(300);
        Ok(Self {
            issuer: values.optional("auth.issuer")?.unwrap_or_else(own),
            audience: values.optional("auth.audience")?.unwrap_or_else(own),
            jwks_url: values.optional("auth.jwks_url")?,
            client_id: values.optional("auth.client_id")?,
            leeway: values.within("auth.leeway", leeway, "at most 5m")?,
            jwks_max_age: values.within("auth.jwks_max_age", SECOND..=DAY, "from 1s to 24h")?,
            jwks_min_interval: values.within(
                "auth.jwks_min_interval",
                Duration::from_millis(10)..=HOUR,
                "from 10ms to 1h",
            )?,
        })
    }
}

#[cfg(test)]
mod tests;
