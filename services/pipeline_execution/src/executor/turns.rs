//! Whose turn it is: tenants in turn, and the projects of a tenant in turn.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sluice_schema::{ProjectId, RunId, TenantId};
use tokio::time::Instant;

use super::Active;
use crate::PipelineRun;

#[derive(Debug, Default)]
struct State {
    turn: u64,
    tenants: HashMap<TenantId, u64>,
    projects: HashMap<(TenantId, ProjectId), u64>,
    waiting: HashMap<RunId, Instant>,
}

/// Remembers who was served when, in this process.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<State>);

// Beyond this the memory is dropped: turns begin anew, which is still fair.
const MOST: usize = 10_000;

impl Turns {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runs in the order in which they should be begun: first those of tenants of which the
    /// fewest run, then of those served longest ago, then likewise by project, then the oldest.
    pub(super) fn sorted(&self, mut runs: Vec<PipelineRun>, active: &Active) -> Vec<PipelineRun> {
        let mut state = self.state();
        let now = Instant::now();
        state.waiting.retain(|_, until| *until > now);
        runs.retain(|run| !state.waiting.contains_key(&run.id));
        runs.sort_by_cached_key(|run| {
            let (tenant, project) = (&run.meta.tenant_id, &run.meta.project_id);
            let (of_tenant, of_project) = active.counts(tenant, project);
            let key = (tenant.clone(), project.clone());
            let tenant_turn = state.tenants.get(tenant).copied().unwrap_or(0);
            let project_turn = state.projects.get(&key).copied().unwrap_or(0);
            (of_tenant, tenant_turn, of_project, project_turn, run.id)
        });
        runs
    }

    /// Notes that the run was begun.
    pub(super) fn served(&self, run: &PipelineRun) {
        let (tenant, project) = (run.meta.tenant_id.clone(), run.meta.project_id.clone());
        let mut state = self.state();
        if state.projects.len() >= MOST {
            state.tenants.clear();
            state.projects.clear();
        }
        state.turn += 1;
        let turn = state.turn;
        state.tenants.insert(tenant.clone(), turn);
        state.projects.insert((tenant, project), turn);
    }

    /// Leaves the run alone for a while.
    pub(super) fn postpone(&self, run: &PipelineRun, by: Duration) {
        self.state().waiting.insert(run.id, Instant::now() + by);
    }
}
