//! Descriptions that were read already.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::metadata::PackageMetadata;

type Known = HashMap<PathBuf, (SystemTime, Arc<PackageMetadata>)>;

/// A bounded map from a description's file to what it says, valid as long as the file is not
/// changed.
pub(super) struct Cache {
    max: usize,
    known: Mutex<Known>,
}

impl Cache {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, file: &Path, changed: SystemTime) -> Option<Arc<PackageMetadata>> {
        let known = self.known();
        let (at, metadata) = known.get(file)?;
        (*at == changed).then(|| Arc::clone(metadata))
    }

    pub(super) fn put(&self, file: PathBuf, changed: SystemTime, metadata: &Arc<PackageMetadata>) {
        let mut known = self.known();
        // Searches read whole feeds in order, which defeats any cleverer choice of what to drop.
        if known.len() >= self.max {
            known.clear();
        }
        known.insert(file, (changed, Arc::clone(metadata)));
    }
}
