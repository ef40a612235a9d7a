//! What all jobs of a run share.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Layout, Recorder, lock};
use crate::mask::Masker;
use crate::port::{Attachment, PublishedArtifact, ResultFile, RunLimits, RunRequest};
use crate::process::Registry;

/// The environment that every process gets, apart from variables.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) path: String,
    pub(crate) lang: String,
    pub(crate) shell: String,
    pub(crate) environment: BTreeMap<String, String>,
}

/// What steps publish.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) artifacts: BTreeMap<String, PublishedArtifact>,
    /// Names taken, also while their files are still copied; in lower case.
    pub(crate) artifact_names: BTreeSet<String>,
    pub(crate) test_results: Vec<ResultFile>,
    pub(crate) coverage: Vec<PathBuf>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) build_number: String,
    pub(crate) tags: Vec<String>,
}

/// What may still be stored.
#[derive(Debug)]
pub(crate) struct Quota {
    bytes: AtomicU64,
    files: AtomicU64,
}

impl Quota {
    fn new(limits: &RunLimits) -> Self {
        let (bytes, files) = (limits.stored_bytes, limits.stored_files);
        Self {
            bytes: AtomicU64::new(bytes),
            files: AtomicU64::new(files),
        }
    }

    /// Takes room for one file; the message says which limit is reached.
    pub(crate) fn take(&self, bytes: u64) -> Result<(), String> {
        let minus = |left: &AtomicU64, wanted: u64| {
            left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| {
                left.checked_sub(wanted)
            })
        };
        minus(&self.files, 1).map_err(|_| "the run stores too many files".to_owned())?;
        minus(&self.bytes, bytes).map_err(|_| "the run stores too many bytes".to_owned())?;
        Ok(())
    }
}

pub(crate) struct RunContext {
    pub(crate) request: RunRequest,
    pub(crate) settings: Settings,
    pub(crate) layout: Layout,
    pub(crate) registry: Registry,
    pub(crate) recorder: Recorder,
    pub(crate) masker: Masker,
    pub(crate) cancel: CancellationToken,
    /// When the time of the whole run is over.
    pub(crate) deadline: Instant,
    pub(crate) slots: Semaphore,
    pub(crate) quota: Arc<Quota>,
    /// In the environment of every process of the run.
    pub(crate) token: String,
    collected: Mutex<Collected>,
    counter: AtomicU64,
}

impl RunContext {
    pub(crate) fn new(
        request: RunRequest,
        settings: Settings,
        layout: Layout,
        recorder: Recorder,
        cancel: CancellationToken,
        token: String,
    ) -> Self {
        let masker = Masker::default();
        request
            .secrets
            .values()
            .for_each(|secret| masker.add(secret));
        let build_number = request.build_number.clone();
        Self {
            registry: Registry::new(layout.folder("processes")),
            recorder,
            masker,
            cancel,
            deadline: Instant::now() + request.limits.overall,
            slots: Semaphore::new(request.limits.parallel_jobs.max(1)),
            quota: Arc::new(Quota::new(&request.limits)),
            token,
            collected: Mutex::new(Collected {
                build_number,
                ..Collected::default()
            }),
            counter: AtomicU64::new(0),
            request,
            settings,
            layout,
        }
    }

    pub(crate) fn limits(&self) -> &RunLimits {
        &self.request.limits
    }

    /// Edits or reads what was published so far.
    pub(crate) fn collected<T>(&self, edit: impl FnOnce(&mut Collected) -> T) -> T {
        edit(&mut lock(&self.collected))
    }

    /// A number that no other file of the run has in its name.
    pub(crate) fn next_number(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether nothing new may begin.
    pub(crate) fn is_stopping(&self) -> bool {
        self.cancel.is_cancelled()
            || self.recorder.abort().is_cancelled()
            || Instant::now() >= self.deadline
    }
}
