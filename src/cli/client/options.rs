//! Where the server is and who asks.

use reqwest::Url;

/// Where clients look for a server when they are not told.
pub const DEFAULT_URL: &str = "http://127.0.0.1:8080";

/// The options that every client command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct ConnectionArgs {
    /// Base URL of the server
    #[arg(long, env = "SLUICE_URL", default_value = DEFAULT_URL, value_name = "URL")]
    pub url: String,
    /// Bearer token, as `sluice token` prints it
    #[arg(
        long,
        env = "SLUICE_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub token: Option<String>,
}

/// A checked address with credentials.
#[derive(Clone)]
pub struct Connection {
    url: Url,
    token: String,
}

impl std::fmt::Debug for Connection {
    // The token stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

/// Why an address or a token cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidConnection {
    /// Not an absolute HTTP URL without credentials, query or fragment.
    #[error(
        "--url must be an absolute http or https URL without user, query or fragment, not '{0}'"
    )]
    Url(String),
    /// No token.
    #[error(
        "a token is needed: give --token or SLUICE_TOKEN (`sluice token --tenant T --actor A` prints one)"
    )]
    NoToken,
    /// Bytes that no header takes.
    #[error("--token must be one line of visible ASCII characters")]
    Token,
}

impl Connection {
    /// Checks an address and a token.
    ///
    /// # Errors
    /// [`InvalidConnection`], naming the option.
    pub fn new(url: &str, token: &str) -> Result<Self, InvalidConnection> {
        let token = token.trim();
        if token.is_empty() {
            return Err(InvalidConnection::NoToken);
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidConnection::Token);
        }
        let refused = || InvalidConnection::Url(url.to_owned());
        let mut parsed = Url::parse(url).map_err(|_| refused())?;
        let plain = matches!(parsed.scheme(), "http" | "https")
            && parsed.has_host()
            && parsed.username().is_empty()
            && parsed.password().is_none()
            && parsed.query().is_none()
            && parsed.fragment().is_none();
        if !plain {
            return Err(refused());
        }
        let path = parsed.path().trim_end_matches('/').to_owned();
        parsed.set_path(&path);
        Ok(Self {
            url: parsed,
            token: token.to_owned(),
        })
    }

    /// The server's base URL without a slash at its end.
    pub fn base(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Where GraphQL is served.
    pub(crate) fn graphql(&self) -> String {
        format!("{}/graphql", self.base())
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    // A proxy from the environment must not be asked for this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.url.host_str() {
            Some("localhost") => true,
            Some(host) => host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback()),
            None => false,
        }
    }
}

impl TryFrom<&ConnectionArgs> for Connection {
    type Error = InvalidConnection;

    fn try_from(args: &ConnectionArgs) -> Result<Self, InvalidConnection> {
        Self::new(&args.url, args.token.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_with_or_without_a_slash_and_below_a_path() {
        for (url, graphql) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/graphql"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/graphql"),
            ("https://host/sluice/", "https://host/sluice/graphql"),
        ] {
            assert_eq!(Connection::new(url, "t").unwrap().graphql(), graphql);
        }
    }

    #[test]
    fn addresses_that_are_not_plain_http_are_refused() {
        for url in [
            "",
            "host:80",
            "ftp://host",
            "http://u:p@host",
            "http://host?x",
            "file:///x",
        ] {
            assert!(
                matches!(Connection::new(url, "t"), Err(InvalidConnection::Url(_))),
                "{url}"
            );
        }
    }

    #[test]
    fn a_token_is_one_visible_word_and_never_shown() {
        let url = DEFAULT_URL;
        assert_eq!(
            Connection::new(url, " ").unwrap_err(),
            InvalidConnection::NoToken
        );
        assert_eq!(
            Connection::new(url, "a b").unwrap_err(),
            InvalidConnection::Token
        );
        assert_eq!(
            Connection::new(url, "a\nb").unwrap_err(),
            InvalidConnection::Token
        );
        let shown = format!("{:?}", Connection::new(url, "secret-word\n").unwrap());
        assert!(!shown.contains("secret-word"), "{shown}");
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let loopback = |url| Connection::new(url, "t").unwrap().is_loopback();
        assert!(loopback("http://127.0.0.1:1") && loopback("http://[::1]:1"));
        assert!(loopback("http://localhost") && !loopback("http://192.0.2.1"));
    }
}
