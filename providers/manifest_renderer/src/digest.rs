//! What identifies a set of rendered objects.

use sha2::{Digest, Sha256};

use crate::object::{Object, to_yaml};

/// `sha256:` and the hex digest of the objects' YAML, in their order.
pub fn digest(objects: &[Object]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(to_yaml(objects))))
}
