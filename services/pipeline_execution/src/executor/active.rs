//! The runs that this process runs.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sluice_schema::{ProjectId, RunId, TenantId};
use tokio::sync::Notify;

use crate::{PipelineRun, PipelineRuns};

#[derive(Debug)]
struct Entry {
    poke: Arc<Notify>,
    tenant: TenantId,
    project: ProjectId,
}

/// The runs that this process runs.
#[derive(Debug, Default)]
pub(crate) struct Active(Mutex<HashMap<RunId, Entry>>);

/// A place in [`Active`]; dropping it leaves.
pub(super) struct Entered {
    runs: PipelineRuns,
    id: RunId,
    poke: Arc<Notify>,
}

impl Active {
    fn entries(&self) -> MutexGuard<'_, HashMap<RunId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whoever runs it to look at the run.
    pub(crate) fn poke(&self, id: RunId) {
        if let Some(entry) = self.entries().get(&id) {
            entry.poke.notify_one();
        }
    }

    pub(super) fn contains(&self, id: RunId) -> bool {
        self.entries().contains_key(&id)
    }

    /// How many run for the tenant, and how many of these for the project.
    pub(super) fn counts(&self, tenant: &TenantId, project: &ProjectId) -> (usize, usize) {
        let entries = self.entries();
        let of_tenant = entries.values().filter(|entry| entry.tenant == *tenant);
        of_tenant.fold((0, 0), |(all, own), entry| {
            (all + 1, own + usize::from(entry.project == *project))
        })
    }
}

impl Entered {
    pub(super) fn new(runs: &PipelineRuns, run: &PipelineRun) -> Self {
        let poke = Arc::new(Notify::new());
        let entry = Entry {
            poke: Arc::clone(&poke),
            tenant: run.meta.tenant_id.clone(),
            project: run.meta.project_id.clone(),
        };
        runs.active().entries().insert(run.id, entry);
        Self {
            runs: runs.clone(),
            id: run.id,
            poke,
        }
    }

    pub(super) fn poke(&self) -> &Notify {
        &self.poke
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.runs.active().entries().remove(&self.id);
    }
}
