//! One operation at a time on a target, also between processes.

use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

use super::folder::Folder;
use crate::{Result, TargetError, TargetPath};

/// The folder of the locks. No tenant is called so: names start with a letter or a digit. It is
/// apart from the targets because a target's folder may be deleted by hand while it is in use.
const LOCKS: &str = ".locks";
const RETRY: Duration = Duration::from_millis(10);

/// Held until dropped; the system lets go when the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Who else may hold the target at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// Other readers.
    Readers,
    /// Nobody.
    Nobody,
}

impl Lock {
    /// Waits for the target's lock; this blocks the thread.
    pub(super) fn take(
        root: &Folder,
        target: &TargetPath,
        share: Share,
        wait: Duration,
    ) -> Result<Self> {
        let [tenant, project, environment, module] = target.segments();
        let mut folder = super::into_folder(root.ensure(LOCKS), LOCKS)?;
        for segment in [tenant, project, environment] {
            folder = super::into_folder(folder.ensure(segment), segment)?;
        }
        let file = folder
            .lock_file(&format!("{module}.lock"))
            .map_err(TargetError::io("opening a lock"))?;
        let until = Instant::now() + wait;
        loop {
            let tried = match share {
                Share::Readers => file.try_lock_shared(),
                Share::Nobody => file.try_lock(),
            };
            match tried {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(RETRY);
                }
                Err(TryLockError::WouldBlock) => return Err(TargetError::Busy),
                Err(TryLockError::Error(source)) => {
                    return Err(TargetError::io("locking")(source));
                }
            }
        }
    }
}
