//! Digests that stand for content, keyed where the content is secret.

use std::fmt;
use std::path::Path;

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::error::{EngineError, Io};
use crate::spec::{Content, plain_digest};

/// The key that marks a secret in Pulumi's states.
pub const SECRET_MARKER: &str = "4dabf18193072939515e22adb298388d";

/// The value of the marker's key, which tells secrets from assets and archives.
pub const SECRET_SIGNATURE: &str = "1b47061264138c4ac30d75fd1eb44270";

const KEY_FILE: &str = ".seal-key";

/// The engine's key. Secrets are often short, so a plain digest of one could be guessed back.
#[derive(Clone)]
pub(crate) struct Seal {
    key: [u8; 64],
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// Reads the key of the engine at `root`, or makes it.
    pub(crate) fn open(root: &Path) -> Result<Self, EngineError> {
        const DOING: &str = "reading the engine's key";
        let path = root.join(KEY_FILE);
        for _ in 0..2 {
            match std::fs::read(&path) {
                Ok(bytes) => {
                    let key = bytes.try_into().map_err(|_| EngineError::Corrupt {
                        what: "the engine's key",
                    })?;
                    return Ok(Self { key });
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(root, &path)?,
                Err(error) => return Err(error).doing(DOING),
            }
        }
        Err(EngineError::Corrupt {
            what: "the engine's key",
        })
    }

    /// What stands for `content`: its digest, or a secret marker with a keyed digest. `mark` ties
    /// the latter to one resource, so that equal secrets do not show.
    pub(crate) fn digest(&self, content: &Content, mark: &str) -> Value {
        if !content.secret {
            return Value::String(plain_digest(&content.bytes));
        }
        json!({
            SECRET_MARKER: SECRET_SIGNATURE,
            "ciphertext": self.keyed(&content.bytes, mark),
        })
    }

    /// Whether `recorded` stands for these bytes.
    pub(crate) fn matches(&self, recorded: &Value, bytes: &[u8], mark: &str) -> bool {
        match recorded {
            Value::String(digest) => *digest == plain_digest(bytes),
            Value::Object(marker) => marker
                .get("ciphertext")
                .is_some_and(|text| *text == Value::String(self.keyed(bytes, mark))),
            _ => false,
        }
    }

    fn keyed(&self, bytes: &[u8], mark: &str) -> String {
        let mut mac = Hmac::<Sha256>::new((&self.key).into());
        mac.update(mark.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        format!("hmac-sha256:{}", hex::encode(mac.finalize().into_bytes()))
    }
}

/// Writes a new key; whoever comes second finds the first one's.
fn make(root: &Path, path: &Path) -> Result<(), EngineError> {
    use std::io::Write;
    const DOING: &str = "making the engine's key";
    let key: [u8; 64] = rand::random();
    let mut file = tempfile::NamedTempFile::new_in(root).doing(DOING)?;
    file.write_all(&key).doing(DOING)?;
    file.as_file().sync_all().doing(DOING)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(failed) if failed.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(failed) => Err(failed.error).doing(DOING),
    }
}
