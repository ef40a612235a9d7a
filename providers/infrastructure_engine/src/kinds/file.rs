//! A file.

use bytes::Bytes;

use crate::error::StepError;
use crate::program::MAX_CONTENT_BYTES;
use crate::spec::{Content, Properties, text};

use super::folder::{Found, mode, read, remove, set_mode, shown_mode, taken};
use super::{Target, Wanted, World};

const DIGEST: &str = "contentDigest";
const MOST: u64 = MAX_CONTENT_BYTES as u64;

pub(super) fn make(
    world: &World,
    target: &Target<'_>,
    wanted: Wanted<'_>,
) -> Result<(), StepError> {
    let path = text(wanted.properties, "path");
    let (place, found) = world.folder.find(path)?;
    let mode = mode(wanted.properties, 0o600);
    let bytes: &[u8] = wanted.content.map_or(&[], |content| &content.bytes);
    match found {
        Found::Directory(_) | Found::Other => return Err(taken(path)),
        Found::File(_) => {
            let recorded = wanted.properties.get(DIGEST);
            let equal = match (read(&place, MOST)?, recorded) {
                (Ok(there), Some(recorded)) => world.seal.matches(recorded, &there, &target.mark),
                _ => false,
            };
            if equal {
                return set_mode(&place, mode);
            }
            if !wanted.update {
                return Err(taken(path));
            }
        }
        Found::Nothing => {}
    }
    world.folder.write(path, bytes, mode, wanted.update)
}

pub(super) fn delete(world: &World, old: &Properties) -> Result<(), StepError> {
    let path = text(old, "path");
    match world.folder.find(path)? {
        (_, Found::Nothing) => Ok(()),
        (place, Found::File(_)) => remove(&place),
        (_, Found::Directory(_) | Found::Other) => Err(taken(path)),
    }
}

pub(super) fn observe(
    world: &World,
    target: &Target<'_>,
    recorded: &Properties,
) -> Result<Option<Properties>, StepError> {
    let (place, found) = world.folder.find(text(recorded, "path"))?;
    let Found::File(data) = found else {
        return Ok(None);
    };
    let mut seen = recorded.clone();
    seen.insert("mode".to_owned(), shown_mode(&data).into());
    let digest = match read(&place, MOST)? {
        Ok(bytes) => {
            let secret = recorded
                .get(DIGEST)
                .is_some_and(serde_json::Value::is_object);
            let bytes = Bytes::from(bytes);
            world.seal.digest(&Content { bytes, secret }, &target.mark)
        }
        // Too long to be what was written; that it differs is all that matters.
        Err(digest) => digest.into(),
    };
    seen.insert(DIGEST.to_owned(), digest);
    Ok(Some(seen))
}
