//! The HTTP edge and its limits.

use std::time::Duration;

use sluice_resolvers::Limits;

use super::{
    ConfigError, HOUR, SECOND,
    values::{Bytes, SettingValue, Values},
};

/// The HTTP edge.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// The longest time for one request.
    pub request_timeout: Duration,
    /// The largest body of a request without files, in bytes.
    pub body_limit: usize,
    /// The largest body of a GraphQL request, in bytes.
    pub graphql_body_limit: usize,
    /// The longest time for the head of a request, and for the next one on the same connection.
    pub header_timeout: Duration,
    /// Connections at the same time.
    pub max_connections: u32,
    /// Origins of pages that may call the server, beside its own.
    pub cors_origins: Vec<String>,
    /// How long to wait for requests, and then for workers, at the end.
    pub shutdown_grace: Duration,
}

/// Limits of GraphQL operations.
#[derive(Debug, Clone)]
pub struct GraphqlConfig {
    /// Bytes of a document.
    pub max_document_bytes: usize,
    /// Tokens of a document.
    pub max_tokens: u32,
    /// Fields that one operation may select, fragments expanded.
    pub max_selections: u32,
    /// How deep selections may nest.
    pub max_depth: u32,
    /// Aliases of one operation.
    pub max_aliases: u32,
    /// Fields at the root.
    pub max_root_fields: u32,
    /// Directives of one operation.
    pub max_directives: u32,
    /// Fields asked for, lists counted by their page size.
    pub max_complexity: u32,
    /// Operations of one HTTP request.
    pub max_batch: u32,
    /// Complexity that one caller may spend per minute; 0: any.
    pub cost_per_minute: u32,
    /// Which documents are executed.
    pub documents: Documents,
}

/// Which GraphQL documents are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documents {
    /// Any that keeps to the limits.
    Any,
    /// Those of the contract, `schema/operations`, and no others.
    Known,
}

impl SettingValue for Documents {
    const FORM: &'static str = "any or known";
    fn read(text: &str) -> Option<Self> {
        match text {
            "any" => Some(Self::Any),
            "known" => Some(Self::Known),
            _ => None,
        }
    }
}

impl HttpConfig {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let size = |key| {
            let range = Bytes(1 << 10)..=Bytes(1 << 30);
            values.within(key, range, "from 1KiB to 1GiB").map(|b| b.0)
        };
        let time = |key, least| values.within(key, least..=HOUR, "a time up to 1h, not 0");
        Ok(Self {
            request_timeout: time("http.request_timeout", Duration::from_millis(1))?,
            body_limit: size("http.body_limit")?,
            graphql_body_limit: size("http.graphql_body_limit")?,
            header_timeout: values.within("http.header_timeout", SECOND..=HOUR, "from 1s to 1h")?,
            max_connections: values.within(
                "http.max_connections",
                1..=1_000_000,
                "from 1 to 1000000",
            )?,
            cors_origins: origins(values)?,
            shutdown_grace: time("http.shutdown_grace", Duration::from_millis(1))?,
        })
    }
}

// Exact origins: a pattern would let in what nobody thought of.
fn origins(values: &Values) -> Result<Vec<String>, ConfigError> {
    let key = "http.cors_origins";
    let Some(text) = values.optional::<String>(key)? else {
        return Ok(Vec::new());
    };
    let list = text
        .split(',')
        .map(|origin| origin.trim().to_ascii_lowercase());
    let list: Vec<_> = list.collect();
    let exact = |origin: &String| {
        let url = reqwest::Url::parse(origin).ok();
        url.is_some_and(|url| {
            let web = matches!(url.scheme(), "http" | "https");
            web && url.origin().ascii_serialization() == *origin
        })
    };
    match list.iter().all(exact) {
        true => Ok(list),
        false => {
            let rule = "must be origins such as https://a.example, with commas between";
            Err(values.refuse(key, rule))
        }
    }
}

impl GraphqlConfig {
    /// The limits on what a document may ask for.
    pub fn limits(&self) -> Limits {
        let count = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        Limits {
            selections: count(self.max_selections),
            depth: count(self.max_depth),
            aliases: count(self.max_aliases),
            root_fields: count(self.max_root_fields),
            directives: count(self.max_directives),
            complexity: count(self.max_complexity),
        }
    }

    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let count = |key| values.within(key, 1..=1_000_000, "from 1 to 1000000");
        let bytes = Bytes(1 << 10)..=Bytes(4 << 20);
        Ok(Self {
            max_document_bytes: values
                .within("graphql.max_document_bytes", bytes, "from 1KiB to 4MiB")?
                .0,
            max_tokens: count("graphql.max_tokens")?,
            max_selections: count("graphql.max_selections")?,
            max_depth: count("graphql.max_depth")?,
            max_aliases: count("graphql.max_aliases")?,
            max_root_fields: count("graphql.max_root_fields")?,
            max_directives: count("graphql.max_directives")?,
            max_complexity: count("graphql.max_complexity")?,
            max_batch: values.within("graphql.max_batch", 1..=100, "from 1 to 100")?,
            cost_per_minute: values.get("graphql.cost_per_minute")?,
            documents: values.get("graphql.documents")?,
        })
    }
}
