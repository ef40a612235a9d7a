//! Every setting, in one table: flag, variable, key of the file, default and meaning.

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its key in `sluice.toml`: `name`, or `section.name`.
    pub key: &'static str,
    /// What holds when nothing else is said; `None`: nothing, or it follows from others.
    pub default: Option<&'static str>,
    /// What the value looks like, in help texts.
    pub value: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Whether values stay out of messages.
    pub secret: bool,
}

impl Setting {
    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("SLUICE_{}", self.key.replace('.', "_").to_uppercase())
    }

    /// Its flag, with the dashes.
    pub fn flag(&self) -> String {
        format!("--{}", self.flag_name())
    }

    pub(super) fn flag_name(&self) -> String {
        self.key.replace(['.', '_'], "-")
    }

    pub(super) fn find(key: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }
}

const fn setting(
    key: &'static str,
    default: Option<&'static str>,
    value: &'static str,
    help: &'static str,
) -> Setting {
    Setting {
        key,
        default,
        value,
        help,
        secret: false,
    }
}

const fn secret(setting: Setting) -> Setting {
    Setting {
        secret: true,
        ..setting
    }
}

/// All settings, in the order of the documentation.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    setting("mode", Some("embedded"), "embedded|production", "How to run: everything in one process with its own key, or with an identity provider, PostgreSQL and Redis"),
    setting("listen", Some("127.0.0.1:8080"), "ADDRESS:PORT", "Where to accept connections; port 0 takes a free one"),
    setting("public_url", None, "URL", "Where clients reach the server; remote URLs of repositories begin with it; http://<listen> when absent"),
    setting("data_dir", Some("./.sluice"), "FOLDER", "Repositories, blobs, work folders, keys and embedded databases"),
    secret(setting("database.url", None, "postgres://…", "PostgreSQL; absent: one SQLite file per service in the data folder")),
    setting("database.connections", Some("4"), "COUNT", "PostgreSQL connections per service, 2 to 100"),
    setting("database.readers", Some("4"), "COUNT", "SQLite read-only connections per service, 1 to 64"),
    secret(setting("redis.url", None, "redis://…", "Redis 7 or newer behind event bus and live channel, rediss:// for TLS; absent: they are in the process")),
    setting("redis.namespace", Some("main"), "NAME", "What parts this installation's keys and channels from another's on the same Redis"),
    setting("auth.issuer", None, "TEXT", "The `iss` that tokens must carry; `sluice` in the embedded mode when absent"),
    setting("auth.audience", None, "TEXT", "The `aud` that tokens must carry; `sluice` in the embedded mode when absent"),
    setting("auth.jwks_url", None, "URL", "Public keys of the identity provider, https; production mode only"),
    setting("auth.client_id", None, "TEXT", "What the issuer knows the dashboard as, a public OpenID Connect client; people sign in with a token when absent"),
    setting("auth.leeway", Some("30s"), "TIME", "How far clocks may differ, up to 5m"),
    setting("auth.jwks_max_age", Some("10m"), "TIME", "How old fetched keys may be before they are fetched again"),
    setting("auth.jwks_min_interval", Some("10s"), "TIME", "The least time between two fetches, however many unknown keys tokens name"),
    setting("http.request_timeout", Some("60s"), "TIME", "The longest time for one request; fetches by git have their own"),
    setting("http.body_limit", Some("1MiB"), "SIZE", "The largest body of a REST request that carries no files"),
    setting("http.graphql_body_limit", Some("32MiB"), "SIZE", "The largest body of a GraphQL request, and of a commit over REST"),
    setting("http.header_timeout", Some("30s"), "TIME", "The longest time for the head of a request, and for the next request on a connection, 1s to 1h"),
    setting("http.max_connections", Some("10000"), "COUNT", "HTTP connections at the same time; more wait to be accepted. Sockets of subscriptions have limits of their own"),
    setting("http.cors_origins", None, "ORIGIN,…", "Pages of other origins that may call the server, exact, with commas between; absent: none"),
    setting("http.shutdown_grace", Some("20s"), "TIME", "How long to wait for requests, and then for workers, when the server ends"),
    setting("graphql.max_document_bytes", Some("256KiB"), "SIZE", "The longest GraphQL document, 1KiB to 4MiB; values are sent as variables"),
    setting("graphql.max_tokens", Some("10000"), "COUNT", "Tokens of a GraphQL document"),
    setting("graphql.max_selections", Some("2000"), "COUNT", "Fields that one operation may select, fragments expanded"),
    setting("graphql.max_depth", Some("15"), "COUNT", "How deep selections may nest"),
    setting("graphql.max_aliases", Some("50"), "COUNT", "Aliases that one operation may use"),
    setting("graphql.max_root_fields", Some("20"), "COUNT", "Fields that one operation may select at its root"),
    setting("graphql.max_directives", Some("50"), "COUNT", "Directives that one operation may use"),
    setting("graphql.max_complexity", Some("100000"), "COUNT", "Fields that one operation may ask for, lists counted by their page size"),
    setting("graphql.max_batch", Some("1"), "COUNT", "Operations of one HTTP request, 1 to 100; 1 refuses batches. All of a batch keep to the limits together"),
    setting("graphql.cost_per_minute", Some("0"), "COUNT", "Complexity that one caller may spend per minute, counted per process; 0: any"),
    setting("graphql.documents", Some("any"), "any|known", "Which GraphQL documents are executed: any, or those of the contract alone (schema/operations)"),
    setting("stream.max_connections", Some("20000"), "COUNT", "WebSockets and event streams at once"),
    setting("stream.max_connections_per_tenant", Some("10000"), "COUNT", "WebSockets and event streams of one tenant"),
    setting("stream.max_connections_per_principal", Some("1000"), "COUNT", "WebSockets and event streams of one caller"),
    setting("stream.max_operations", Some("20"), "COUNT", "Operations under way on one WebSocket"),
    setting("stream.max_message", Some("64KiB"), "SIZE", "The largest message that a client may send over a WebSocket"),
    setting("stream.init_timeout", Some("10s"), "TIME", "How long a WebSocket may take to begin"),
    setting("stream.ping_interval", Some("15s"), "TIME", "How long a WebSocket may be silent before it is asked for a sign of life"),
    setting("stream.write_timeout", Some("10s"), "TIME", "How long a WebSocket may take to accept bytes, or to give a sign of life"),
    setting("stream.heartbeat", Some("15s"), "TIME", "How long an event stream may be silent before it gets a comment"),
    setting("stream.recent", Some("1024"), "COUNT", "Newest events of each followed ledger that are held in memory"),
    setting("stream.retention", Some("100000"), "COUNT", "Events before a ledger's end that a subscription may begin at"),
    setting("stream.check", Some("2s"), "TIME", "How often followed ledgers are looked at without being told of events, up to 1m"),
    setting("runner.concurrency", Some("2"), "COUNT", "Pipeline runs at the same time, 1 to 64"),
    setting("runner.timeout", Some("60m"), "TIME", "The longest time for one run"),
    setting("registry.host", None, "HOST[:PORT]", "A registry that container images are also pushed to; absent: images stay in the data folder"),
    setting("registry.plain_http", Some("false"), "true|false", "Speak to the registry without TLS; only when it is on this machine"),
    setting("registry.username", None, "TEXT", "User at the registry"),
    secret(setting("registry.password", None, "TEXT", "Password or token of that user")),
    secret(setting("infrastructure.postgres_url", None, "postgres://…", "Where `postgresDatabase` resources are made; absent: they are refused")),
    secret(setting("infrastructure.redis_url", None, "redis://…", "Where `redisNamespace` resources are made; absent: they are refused")),
    setting("gitops.check_interval", Some("30s"), "TIME", "How often each deployment target is compared with Git, 1s to 1h"),
    setting("log.format", Some("auto"), "auto|pretty|json", "How to log: for people on a terminal, else as JSON lines. RUST_LOG selects what"),
];

/// The table of all settings as Markdown, for the README.
pub fn markdown() -> String {
    let mut text = String::from("| variable | key | default | meaning |\n|---|---|---|---|\n");
    for setting in SETTINGS {
        let default = setting
            .default
            .map(|default| format!("`{default}`"))
            .unwrap_or_default();
        let help = setting.help.replace('|', "\\|");
        text += &format!(
            "| `{}` | `{}` | {default} | {help} |\n",
            setting.variable(),
            setting.key
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    #[test]
    fn no_two_settings_share_a_variable_or_a_flag() {
        let variables: BTreeSet<_> = SETTINGS.iter().map(Setting::variable).collect();
        let flags: BTreeSet<_> = SETTINGS.iter().map(Setting::flag).collect();
        assert_eq!(variables.len(), SETTINGS.len());
        assert_eq!(flags.len(), SETTINGS.len());
        assert!(variables.contains("SLUICE_AUTH_JWKS_URL"));
        assert!(flags.contains("--auth-jwks-url"));
    }

    #[test]
    fn the_readme_lists_every_variable() {
        let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        let Ok(text) = std::fs::read_to_string(readme) else {
            return;
        };
        let missing: Vec<_> = SETTINGS
            .iter()
            .map(Setting::variable)
            .filter(|variable| !text.contains(variable.as_str()))
            .collect();
        assert!(
            missing.is_empty(),
            "README.md does not list {missing:?}; `sluice settings` prints the table"
        );
    }
}
