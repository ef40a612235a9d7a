//! One operation at a time on a stack.
//!
//! The lock is the operating system's, so it ends with its holder, however that ends; the file
//! tells people who holds it, in the fields of Pulumi's lock files.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::json;

use crate::error::{EngineError, Io, Result};

const DOING: &str = "locking the stack";
const PAUSE: Duration = Duration::from_millis(20);

/// Held while an operation works on a stack.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock in `folder`, waiting at most `timeout`. Blocks the thread.
    pub(super) fn take(folder: &Path, timeout: Duration) -> Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("lock"))
            .doing(DOING)?;
        let end = Instant::now() + timeout;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < end => {
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(EngineError::Locked),
                Err(TryLockError::Error(error)) => return Err(error).doing(DOING),
            }
        }
        let holder = json!({ "pid": std::process::id(), "timestamp": Utc::now() });
        file.set_len(0).doing(DOING)?;
        file.rewind().doing(DOING)?;
        writeln!(file, "{holder}").doing(DOING)?;
        Ok(Self { _file: file })
    }
}
