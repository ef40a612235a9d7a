//! Keys that every store takes as they are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MAX_KEY: usize = 900;
const MAX_SEGMENT: usize = 200;

/// A blob's name: segments joined by `/`, each 1 to 200 of `A–Z a–z 0–9 . _ - + = @`, not starting
/// with a dot; 900 bytes in all. So no key leaves its store or means two things in two stores.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobKey(String);

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("blob key {key:?}: {rule}")]
pub struct InvalidKey {
    /// The text, cut to 200 characters.
    pub key: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

impl BlobKey {
    /// Checks `key`.
    ///
    /// # Errors
    /// [`InvalidKey`] names the rule.
    pub fn new(key: impl Into<String>) -> Result<Self, InvalidKey> {
        let key = key.into();
        match broken_rule(&key) {
            None => Ok(Self(key)),
            Some(rule) => Err(InvalidKey {
                key: key.chars().take(200).collect(),
                rule,
            }),
        }
    }

    /// This key with one more path below it.
    ///
    /// # Errors
    /// [`InvalidKey`] names the rule.
    pub fn join(&self, below: &str) -> Result<Self, InvalidKey> {
        Self::new(format!("{}/{below}", self.0))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// A segment for any text: what a segment cannot hold is written as `=` and two hex digits.
    /// Different texts give different segments, except texts too long for one (over about 200
    /// bytes), which end in the first 32 digits of their SHA-256 instead.
    #[must_use]
    pub fn segment(text: &str) -> String {
        let mut segment = String::with_capacity(text.len());
        for (at, byte) in text.bytes().enumerate() {
            let dot_first = at == 0 && byte == b'.';
            if is_plain(byte) && byte != b'=' && !dot_first {
                segment.push(char::from(byte));
            } else {
                segment.push('=');
                segment.push_str(&hex::encode([byte]));
            }
        }
        if segment.is_empty() {
            segment.push('=');
        }
        if segment.len() > MAX_SEGMENT {
            let digest = super::sha256(text.as_bytes());
            segment.truncate(MAX_SEGMENT - 33);
            segment.push('=');
            segment.extend(digest.chars().skip("sha256:".len()).take(32));
        }
        segment
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-+=@".contains(&byte)
}

fn broken_rule(key: &str) -> Option<&'static str> {
    if key.is_empty() {
        return Some("must not be empty");
    }
    if key.len() > MAX_KEY {
        return Some("must have at most 900 bytes");
    }
    key.split('/').find_map(|segment| {
        if segment.is_empty() {
            Some("must have no empty segment")
        } else if segment.starts_with('.') {
            Some("no segment may start with a dot")
        } else if segment.len() > MAX_SEGMENT {
            Some("a segment must have at most 200 bytes")
        } else if !segment.bytes().all(is_plain) {
            Some("only letters, digits and . _ - + = @ may stand in a segment")
        } else {
            None
        }
    })
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BlobKey {
    type Err = InvalidKey;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        Self::new(key)
    }
}

impl TryFrom<String> for BlobKey {
    type Error = InvalidKey;

    fn try_from(key: String) -> Result<Self, Self::Error> {
        Self::new(key)
    }
}

impl From<BlobKey> for String {
    fn from(key: BlobKey) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_that_could_leave_the_store_are_refused() {
        for key in [
            "", "/a", "a/", "a//b", "..", "a/../b", ".a", "a/.b", "a\\b", "a b", "ä", "a%2f",
        ] {
            assert!(BlobKey::new(key).is_err(), "{key:?}");
        }
        assert!(BlobKey::new("a/".repeat(500)).is_err());
        assert!(BlobKey::new("a".repeat(201)).is_err());
        assert!(BlobKey::new("runs/run_01/logs/00000001-1-5.log").is_ok());
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_valid_segment(text in ".{0,300}") {
            prop_assert!(BlobKey::new(BlobKey::segment(&text)).is_ok());
        }

        #[test]
        fn different_texts_become_different_segments(a in ".{0,20}", b in ".{0,20}") {
            prop_assert_eq!(a == b, BlobKey::segment(&a) == BlobKey::segment(&b));
        }
    }
}
