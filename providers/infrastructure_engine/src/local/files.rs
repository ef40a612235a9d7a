//! The engine's own files.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use chrono::Utc;

use crate::error::{EngineError, Io, Result};
use crate::stack::StackId;
use crate::state::State;

const STATE: &str = "the state of the stack";

/// The folder of a stack.
pub(super) fn folder(root: &Path, stack: &StackId) -> PathBuf {
    root.join(stack.tenant().as_str())
        .join(stack.project().as_str())
        .join(stack.module().as_str())
        .join(stack.environment())
}

/// A whole file of at most `most` bytes; None when there is none.
pub(super) fn read(path: &Path, most: u64, what: &'static str) -> Result<Option<Vec<u8>>> {
    const DOING: &str = "reading the engine's files";
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).doing(DOING),
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).doing(DOING)?;
    if bytes.len() as u64 > most {
        return Err(EngineError::TooLarge { what, limit: most });
    }
    Ok(Some(bytes))
}

/// Writes a file whole or not at all.
pub(super) fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    const DOING: &str = "writing the engine's files";
    let mut file = tempfile::NamedTempFile::new_in(folder.join("staging")).doing(DOING)?;
    file.write_all(bytes).doing(DOING)?;
    file.as_file().sync_all().doing(DOING)?;
    file.persist(path)
        .map_err(|failed| failed.error)
        .doing(DOING)?;
    Ok(())
}

/// The state on disk; an empty one when there is none.
pub(super) fn read_state(folder: &Path, most: u64) -> Result<State> {
    match read(&folder.join("state.json"), most, STATE)? {
        None => Ok(State::empty(Utc::now())),
        Some(bytes) => {
            serde_json::from_slice(&bytes).map_err(|_| EngineError::Corrupt { what: STATE })
        }
    }
}

pub(super) fn write_state(folder: &Path, state: &State, most: u64) -> Result<()> {
    let bytes =
        serde_json::to_vec_pretty(state).map_err(|_| EngineError::Corrupt { what: STATE })?;
    if bytes.len() as u64 > most {
        return Err(EngineError::TooLarge {
            what: STATE,
            limit: most,
        });
    }
    replace(folder, &folder.join("state.json"), &bytes)
}

/// Makes the folder of a stack, for the eyes of the engine's user alone.
pub(super) fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("history")).doing("opening the stack's folder")
}
