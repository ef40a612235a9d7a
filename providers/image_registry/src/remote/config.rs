//! Settings of a remote registry.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use oci_client::secrets::RegistryAuth;

use crate::{ImageError, ImageName, Result};

/// Where a remote registry is and how it is spoken to.
#[derive(Debug, Clone)]
pub struct RemoteConfig {
    /// Host, with a port or without: `registry.example:5000`.
    pub registry: String,
    /// Path before `tenant/project/name`, without slashes at its ends.
    pub prefix: Option<String>,
    /// Credentials.
    pub auth: RemoteAuth,
    /// HTTP without TLS. Only for a registry on this machine.
    pub plain_http: bool,
    /// Certificates of authorities to trust beside the usual ones, in PEM.
    pub extra_roots: Vec<String>,
    /// How long the registry may be silent within an answer.
    pub read_timeout: Duration,
    /// Folder for layers while they are built; made when it is missing.
    pub staging: PathBuf,
}

/// Credentials for a registry.
#[derive(Clone)]
pub enum RemoteAuth {
    /// None.
    Anonymous,
    /// User and password, sent to the registry or exchanged for a token at the service it names.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: String,
    },
    /// A bearer token that the registry accepts as it is.
    Token(String),
}

impl fmt::Debug for RemoteAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Basic { .. } => "Basic(…)",
            Self::Token(_) => "Token(…)",
        })
    }
}

impl RemoteAuth {
    pub(super) fn for_client(&self) -> RegistryAuth {
        match self {
            Self::Anonymous => RegistryAuth::Anonymous,
            Self::Basic { username, password } => {
                RegistryAuth::Basic(username.clone(), password.clone())
            }
            Self::Token(token) => RegistryAuth::Bearer(token.clone()),
        }
    }
}

impl RemoteConfig {
    /// Settings for a registry on this machine without TLS and credentials.
    #[must_use]
    pub fn loopback(registry: impl Into<String>, staging: impl Into<PathBuf>) -> Self {
        Self {
            plain_http: true,
            ..Self::anonymous(registry, staging)
        }
    }

    /// Settings for a registry with TLS and without credentials.
    #[must_use]
    pub fn anonymous(registry: impl Into<String>, staging: impl Into<PathBuf>) -> Self {
        Self {
            registry: registry.into(),
            prefix: None,
            auth: RemoteAuth::Anonymous,
            plain_http: false,
            extra_roots: Vec::new(),
            read_timeout: Duration::from_secs(60),
            staging: staging.into(),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |field, rule| Err(ImageError::InvalidConfig { field, rule });
        if !is_host(&self.registry) {
            return refuse("registry", "it must be a host name, with a port or without");
        }
        if self.plain_http && !is_loopback(&self.registry) {
            return refuse(
                "plainHttp",
                "HTTP without TLS is only for a registry on this machine",
            );
        }
        let is_component = |part: &str| part.parse::<ImageName>().is_ok();
        if let Some(prefix) = &self.prefix
            && !prefix.split('/').all(is_component)
        {
            return refuse(
                "prefix",
                "it must be runs of a-z and 0-9 joined by '.', '_' or '-', with '/' between",
            );
        }
        let printable = |text: &String| !text.is_empty() && !text.chars().any(char::is_control);
        let valid = match &self.auth {
            RemoteAuth::Anonymous => true,
            RemoteAuth::Basic { username, password } => printable(username) && printable(password),
            RemoteAuth::Token(token) => printable(token),
        };
        if !valid {
            return refuse(
                "auth",
                "credentials must not be empty or hold control characters",
            );
        }
        Ok(())
    }
}

/// Whether the text is a host as registries are named: it goes into URLs and references.
pub(crate) fn is_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "443"));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // Without a dot or port, a reference would be taken for a path on Docker's own registry.
    let distinct = host.contains('.') || text.contains(':') || host == "localhost";
    host.len() <= 253
        && host.split('.').all(label)
        && distinct
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && !port.starts_with('+')
}

fn is_loopback(registry: &str) -> bool {
    let host = registry.split_once(':').map_or(registry, |(host, _)| host);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(config: &RemoteConfig) -> &'static str {
        match config.check() {
            Err(ImageError::InvalidConfig { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn http_without_tls_is_only_for_this_machine() {
        assert!(
            RemoteConfig::loopback("127.0.0.1:5000", "x")
                .check()
                .is_ok()
        );
        assert!(
            RemoteConfig::loopback("localhost:5000", "x")
                .check()
                .is_ok()
        );
        for host in ["registry.example", "10.0.0.1:5000", "127.0.0.1.example:80"] {
            assert_eq!(refused(&RemoteConfig::loopback(host, "x")), "plainHttp");
            assert!(RemoteConfig::anonymous(host, "x").check().is_ok());
        }
    }

    #[test]
    fn hosts_that_would_change_the_url_are_refused() {
        for host in [
            "",
            "a b.c",
            "user@host.example",
            "h.example/x",
            "h.example:0",
            "host",
            "a..b",
        ] {
            assert_eq!(
                refused(&RemoteConfig::anonymous(host, "x")),
                "registry",
                "{host}"
            );
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let mut config = RemoteConfig::anonymous("h.example", "x");
        config.auth = RemoteAuth::Basic {
            username: "ci".into(),
            password: "hunter2".into(),
        };
        assert!(!format!("{config:?}").contains("hunter2"));
        config.auth = RemoteAuth::Token("hunter2".into());
        assert!(!format!("{config:?}").contains("hunter2"));
        config.auth = RemoteAuth::Token("a\nb".into());
        assert_eq!(refused(&config), "auth");
    }
}
