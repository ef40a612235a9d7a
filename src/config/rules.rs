//! Rules between settings.

use super::{Config, ConfigError, Mode, table::Setting, values::Values};

const IN_PRODUCTION: [&str; 5] = [
    "database.url",
    "redis.url",
    "auth.jwks_url",
    "auth.issuer",
    "auth.audience",
];

/// Checks what one value alone cannot tell.
pub(super) fn check(config: &Config, values: &Values) -> Result<(), ConfigError> {
    if let Some(url) = &config.public_url
        && !is_http(url)
    {
        return Err(values.refuse("public_url", "must begin with http:// or https://"));
    }
    if let Some(url) = &config.database.url
        && !(url.starts_with("postgres://") || url.starts_with("postgresql://"))
    {
        return Err(values.refuse("database.url", "must begin with postgres://"));
    }
    match config.mode {
        Mode::Production => production(config, values),
        Mode::Embedded if config.auth.jwks_url.is_some() => {
            let rule = "is for the production mode: the embedded mode signs its own tokens";
            Err(values.refuse("auth.jwks_url", rule))
        }
        Mode::Embedded if config.auth.client_id.is_some() => {
            let rule = "is for the production mode: the embedded mode signs its own tokens";
            Err(values.refuse("auth.client_id", rule))
        }
        Mode::Embedded => Ok(()),
    }
}

fn production(config: &Config, values: &Values) -> Result<(), ConfigError> {
    for key in IN_PRODUCTION {
        if !values.is_set(key) {
            let setting = Setting::find(key);
            return Err(ConfigError::Required {
                key,
                mode: config.mode.as_str(),
                variable: setting.map(Setting::variable).unwrap_or_default(),
                flag: setting.map(Setting::flag).unwrap_or_default(),
            });
        }
    }
    if config.auth.client_id.is_some() && !is_safe(&config.auth.issuer) {
        let rule = "must begin with https://, or name this machine, for people to sign in there";
        return Err(values.refuse("auth.issuer", rule));
    }
    match &config.auth.jwks_url {
        Some(url) if !is_safe(url) => {
            let rule = "must begin with https://, or name this machine";
            Err(values.refuse("auth.jwks_url", rule))
        }
        _ => Ok(()),
    }
}

fn is_http(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

// Keys fetched over a plain connection can be replaced on the way: whoever does signs tokens.
fn is_safe(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    let local = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    url.scheme() == "https" || (url.scheme() == "http" && local)
}
