//! A directory.

use std::fs;
use std::io::ErrorKind;

use crate::error::{Io, StepError};
use crate::spec::{Properties, text};

use super::folder::{Found, mode, set_mode, shown_mode, taken};
use super::{Wanted, World};

pub(super) fn make(world: &World, wanted: Wanted<'_>) -> Result<(), StepError> {
    let path = text(wanted.properties, "path");
    let (place, found) = world.folder.find(path)?;
    match found {
        // A directory has no content of its own, so one that is there is as good as a new one.
        Found::Directory(_) => {}
        Found::Nothing => fs::create_dir_all(&place).doing("making a directory")?,
        Found::File(_) | Found::Other => return Err(taken(path)),
    }
    set_mode(&place, mode(wanted.properties, 0o755))
}

pub(super) fn delete(world: &World, old: &Properties) -> Result<(), StepError> {
    let path = text(old, "path");
    let (place, found) = world.folder.find(path)?;
    match found {
        Found::Nothing => Ok(()),
        Found::Directory(_) if forced(old) => world.folder.discard(&place),
        Found::Directory(_) => match fs::remove_dir(&place) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                let location = path.to_owned();
                Err(StepError::NotEmpty { location })
            }
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).doing("deleting a directory")
            }
            _ => Ok(()),
        },
        Found::File(_) | Found::Other => Err(taken(path)),
    }
}

pub(super) fn forced(properties: &Properties) -> bool {
    properties
        .get("forceDestroy")
        .and_then(serde_json::Value::as_bool)
        == Some(true)
}

pub(super) fn observe(
    world: &World,
    recorded: &Properties,
) -> Result<Option<Properties>, StepError> {
    let (_, found) = world.folder.find(text(recorded, "path"))?;
    let Found::Directory(data) = found else {
        return Ok(None);
    };
    let mut seen = recorded.clone();
    seen.insert("mode".to_owned(), shown_mode(&data).into());
    Ok(Some(seen))
}
