//! Who calls: bearer tokens to [`Principal`]s.
//!
//! The embedded mode signs its own tokens with a key of the data folder (HS256). The production
//! mode takes tokens of an identity provider (RS256, ES256) by its published keys. The algorithms
//! of the two never mix, so a public key is never taken for a shared secret.

mod claims;
mod error;
mod jwks;
mod local;
mod roles;

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use sluice_kernel::Principal;

pub use claims::Claims;
pub use error::{AuthError, KeyError};
pub use jwks::{JwksCache, JwksSettings};
pub use local::{LocalKey, TokenRequest};
pub use roles::{ROLES, scopes_of_role};

use crate::config::{AuthConfig, Config, Mode};

// The longest tokens in use carry many groups; header limits end near here as well.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A caller, and until when the token stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The caller.
    pub principal: Principal,
    /// When the token ends, the difference of clocks allowed for; `None`: never in our time.
    pub expires: Option<SystemTime>,
}

/// Turns bearer tokens into principals.
pub struct Authenticator {
    keys: Keys,
    issuer: String,
    audience: String,
    leeway: Duration,
}

enum Keys {
    Own(LocalKey),
    Published(JwksCache),
}

impl Authenticator {
    /// The authenticator of the mode; in the embedded mode the key is made on first use.
    ///
    /// # Errors
    /// [`KeyError`] when the key file cannot be used or the HTTP client cannot be made.
    pub fn open(config: &Config) -> Result<Self, KeyError> {
        match (config.mode, &config.auth.jwks_url) {
            (Mode::Production, Some(url)) => {
                let settings = JwksSettings {
                    url: url.clone(),
                    max_age: config.auth.jwks_max_age,
                    min_interval: config.auth.jwks_min_interval,
                };
                Ok(Self::published(&config.auth, JwksCache::new(settings)?))
            }
            (Mode::Production, None) => Err(KeyError::NoUrl),
            (Mode::Embedded, _) => Ok(Self::own(&config.auth, LocalKey::open(&config.data_dir)?)),
        }
    }

    /// An authenticator of tokens that `key` signed.
    pub fn own(config: &AuthConfig, key: LocalKey) -> Self {
        Self::new(config, Keys::Own(key))
    }

    /// An authenticator of tokens that an identity provider signed.
    pub fn published(config: &AuthConfig, keys: JwksCache) -> Self {
        Self::new(config, Keys::Published(keys))
    }

    fn new(config: &AuthConfig, keys: Keys) -> Self {
        Self {
            keys,
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            leeway: config.leeway,
        }
    }

    /// The caller that the token stands for.
    ///
    /// # Errors
    /// [`AuthError`]: every rule that a token can break, none of which tells the token.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, AuthError> {
        Ok(self.admit(token).await?.principal)
    }

    /// The caller that the token stands for, and until when it does, for connections that last.
    ///
    /// # Errors
    /// As [`Authenticator::authenticate`].
    pub async fn admit(&self, token: &str) -> Result<Admitted, AuthError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AuthError::TooLong);
        }
        let header = decode_header(token).map_err(|_| AuthError::Malformed)?;
        // Extensions that must be understood, and none is.
        if header.crit.is_some() {
            return Err(AuthError::Malformed);
        }
        let claims = match &self.keys {
            Keys::Own(key) => {
                if header.alg != Algorithm::HS256 {
                    return Err(AuthError::Algorithm);
                }
                self.verify(token, header.alg, key.verifier())?
            }
            Keys::Published(keys) => {
                if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
                    return Err(AuthError::Algorithm);
                }
                let key = keys.find(header.kid.as_deref(), header.alg).await?;
                self.verify(token, header.alg, &key)?
            }
        };
        let expires = claims.expires();
        Ok(Admitted {
            principal: claims.principal()?,
            expires: expires.and_then(|expires| expires.checked_add(self.leeway)),
        })
    }

    fn verify(
        &self,
        token: &str,
        algorithm: Algorithm,
        key: &DecodingKey,
    ) -> Result<Claims, AuthError> {
        let mut rules = Validation::new(algorithm);
        rules.leeway = self.leeway.as_secs();
        rules.validate_nbf = true;
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let token = decode::<Claims>(token, key, &rules).map_err(AuthError::from)?;
        Ok(token.claims)
    }

    /// Signs a token, in the embedded mode.
    ///
    /// # Errors
    /// [`KeyError::NotOurs`] in the production mode.
    pub fn sign(&self, request: &TokenRequest) -> Result<String, KeyError> {
        match &self.keys {
            Keys::Own(key) => key.sign(&self.issuer, &self.audience, request),
            Keys::Published(_) => Err(KeyError::NotOurs),
        }
    }
}

/// Signs a token for the embedded server of `data_dir`, whether or not it runs.
///
/// # Errors
/// [`KeyError`] when the key cannot be used.
pub fn sign_for(
    config: &AuthConfig,
    data_dir: &Path,
    request: &TokenRequest,
) -> Result<String, KeyError> {
    LocalKey::open(data_dir)?.sign(&config.issuer, &config.audience, request)
}

#[cfg(test)]
mod tests;
