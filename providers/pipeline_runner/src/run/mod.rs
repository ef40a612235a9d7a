//! One run, from the first stage to the report.

mod context;
mod control;
mod graph;
mod job;
mod layout;
mod outcome;
mod recorder;
mod scope;
mod session;
mod stage;
mod step;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use context::{Quota, RunContext, Settings};
pub(crate) use control::StopReason;
pub(crate) use job::JobState;
pub(crate) use layout::{JobDirs, Layout, remove_tree};
pub(crate) use recorder::Recorder;
pub(crate) use scope::check_names;
pub(crate) use session::Session;
pub(crate) use stage::run_stages;
pub(crate) use step::StepEnd;

/// Takes a lock; what a panicking holder left behind is still consistent here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
