//! The caller's idempotency key and the fingerprint of what it stands for.

use crate::ContentDigest;

/// An `Idempotency-Key` with the request that it was sent with. The same key with the same
/// fingerprint replays; with another fingerprint it is `CONFLICT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The caller's text, 1 to 255 visible ASCII characters.
    pub key: String,
    /// Digest of method, path and body, or of the GraphQL operation and its variables.
    pub fingerprint: ContentDigest,
}

impl IdempotencyKey {
    /// Checks the caller's text.
    ///
    /// # Errors
    /// The rule that it breaks, for people.
    pub fn new(key: &str, fingerprint: ContentDigest) -> Result<Self, &'static str> {
        let fits = (1..=255).contains(&key.len()) && key.bytes().all(|b| (0x21..0x7f).contains(&b));
        if !fits {
            return Err("Idempotency-Key must be 1 to 255 visible ASCII characters");
        }
        Ok(Self {
            key: key.to_owned(),
            fingerprint,
        })
    }
}
