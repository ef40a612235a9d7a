//! Why a token is refused, and why keys cannot be used.

use std::path::PathBuf;

use jsonwebtoken::errors::ErrorKind;
use sluice_kernel::Fault;
use sluice_schema::ErrorCode;

/// Why a caller is not let in. No variant holds the token or parts of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no token.
    #[error("a bearer token is required")]
    Missing,
    /// The `Authorization` header is not of a form that is taken here.
    #[error("the Authorization header must be 'Bearer <token>'")]
    Scheme,
    /// The token is longer than any that is taken.
    #[error("the token is too long")]
    TooLong,
    /// It is not a signed JWT.
    #[error("the token is not a signed JWT")]
    Malformed,
    /// Its algorithm is not taken in this mode.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// The identity provider publishes no such key.
    #[error("the token's key is not known")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the token's signature is not valid")]
    Signature,
    /// It is over.
    #[error("the token has expired")]
    Expired,
    /// It has not begun.
    #[error("the token is not valid yet")]
    NotYet,
    /// It is of another issuer.
    #[error("the token's issuer is not accepted")]
    Issuer,
    /// It is for another audience.
    #[error("the token is for another audience")]
    Audience,
    /// A claim is missing or breaks a rule.
    #[error("the claim '{claim}' {rule}")]
    Claim {
        /// The claim.
        claim: String,
        /// The rule; completes the sentence "the claim …".
        rule: &'static str,
    },
    /// The identity provider's keys cannot be had at the moment.
    #[error("the identity provider's keys cannot be had")]
    KeysUnavailable,
}

impl Fault for AuthError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::KeysUnavailable => ErrorCode::Unavailable,
            _ => ErrorCode::Unauthenticated,
        }
    }
}

impl AuthError {
    pub(super) fn claim(claim: &str, rule: &'static str) -> Self {
        Self::Claim {
            claim: claim.to_owned(),
            rule,
        }
    }
}

impl From<jsonwebtoken::errors::Error> for AuthError {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidSignature => Self::Signature,
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::ImmatureSignature => Self::NotYet,
            ErrorKind::InvalidIssuer => Self::Issuer,
            ErrorKind::InvalidAudience => Self::Audience,
            ErrorKind::InvalidAlgorithm => Self::Algorithm,
            ErrorKind::MissingRequiredClaim(claim) => Self::claim(claim, "is missing"),
            ErrorKind::InvalidClaimFormat(claim) => Self::claim(claim, "has the wrong type"),
            _ => Self::Malformed,
        }
    }
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file cannot be read or made.
    #[error("the key {path} cannot be used: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file does not hold a key, or not in secret.
    #[error("the key {path} cannot be used: {rule}", path = path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// Tokens come from the identity provider.
    #[error("in the production mode the identity provider signs tokens")]
    NotOurs,
    /// The production mode lacks its setting.
    #[error("auth.jwks_url is required in the production mode")]
    NoUrl,
    /// The HTTP client could not be made.
    #[error("the client for the identity provider could not be made")]
    Client(#[source] reqwest::Error),
    /// Signing failed.
    #[error("the token could not be signed")]
    Signing(#[source] jsonwebtoken::errors::Error),
}
