//! How well delivery goes: the figures of DORA, exact, each with the rows that it is made from.
//!
//! What is read is decided upon by pure functions: which changes a deployment brought
//! ([`brought`]), which deployments failed and when that ended ([`failure`]), where the time of a
//! change went ([`lead`]), and what all that comes to ([`figures`]).

mod brought;
mod facts;
mod failure;
mod figures;
mod lead;
mod model;
mod read;
mod sql;

use chrono::TimeDelta;
use sluice_kernel::{Ctx, micros};
use sluice_schema::{ModuleId, ProjectId, Scope};

use crate::{Ledger, LedgerError};
use brought::Brought;
use facts::{Commits, Declared, Range, Revert};
use failure::Judged;
use figures::Shown;
use read::Read;

pub use model::{
    ChangeLeadTime, DeliveryMetrics, Deployment, Durations, LeadTimeParts, MetricsRequest, Restore,
};

/// The longest window, in days.
const MAX_DAYS: i64 = 366;

impl Ledger {
    /// The figures of delivery into one environment, as they are known now: what happened after
    /// the window may still tell that a deployment in it failed, and when that ended.
    ///
    /// # Errors
    /// [`LedgerError::Denied`] without the scope to read; [`LedgerError::NotFound`] for a project
    /// that the caller may not see and an environment that is not the project's;
    /// [`LedgerError::Invalid`] for a module that is no name, a window that is empty, longer than
    /// 366 days or needs more than 100,000 rows of one kind; what the database fails with.
    pub async fn metrics(
        &self,
        ctx: &Ctx,
        request: &MetricsRequest,
    ) -> Result<DeliveryMetrics, LedgerError> {
        ctx.require(Scope::Read)?;
        check(ctx, request)?;
        let read = Read::begin(self, ctx).await?;
        let sequence = read.sequence().await?;
        if !read.has_environment(request).await? {
            return Err(LedgerError::NotFound("environment", "environmentId"));
        }
        let declared = read.declared(request).await?;
        let brought = brought::brought(&declared, &read.marks(request).await?);
        let ranges = ranges(request, &declared, &brought);
        let commits = read.commits(&ranges).await?;
        let reverts = read.reverts(&ranges).await?;
        drop(read);
        let shown = shown(request, &declared, &brought, &commits, &reverts);
        Ok(figures::figures(request, shown, sequence))
    }
}

fn check(ctx: &Ctx, request: &MetricsRequest) -> Result<(), LedgerError> {
    let project: Result<ProjectId, _> = request.project_id.parse();
    if !project.is_ok_and(|project| ctx.sees(&project)) {
        return Err(LedgerError::NotFound("project", "projectId"));
    }
    if let Some(module) = &request.module {
        let module: Result<ModuleId, _> = module.parse();
        module.map_err(|error| LedgerError::invalid("module", error.to_string()))?;
    }
    if request.until <= request.since {
        return Err(LedgerError::invalid("until", "until must be after since"));
    }
    if request.until - request.since > TimeDelta::days(MAX_DAYS) {
        let rule = format!("the window must not be longer than {MAX_DAYS} days");
        return Err(LedgerError::invalid("until", rule));
    }
    Ok(())
}

fn is_in_window(request: &MetricsRequest, it: &Declared) -> bool {
    let window = micros(request.since)..micros(request.until);
    it.at().is_some_and(|at| window.contains(&at))
}

fn ranges(
    request: &MetricsRequest,
    declared: &[Declared],
    brought: &[Option<Brought>],
) -> Vec<Range> {
    let all = declared.iter().zip(brought);
    brought::ranges(all.filter(|(it, _)| is_in_window(request, it)))
}

fn shown(
    request: &MetricsRequest,
    declared: &[Declared],
    brought: &[Option<Brought>],
    commits: &Commits,
    reverts: &[Revert],
) -> Shown {
    let judged = Judged::new(declared, brought, reverts);
    let mut shown = Shown {
        deployments: Vec::new(),
        changes: Vec::new(),
        restores: Vec::new(),
    };
    for (index, it) in declared.iter().enumerate() {
        if !is_in_window(request, it) {
            continue;
        }
        shown.deployments.extend(judged.shown(index));
        shown.restores.extend(judged.failure(index));
        if let Some(brought) = brought[index] {
            let changes = lead::of_deployment(it, brought, commits);
            shown.changes.extend(changes);
        }
    }
    let key = |it: &Restore| {
        (
            it.failed_at,
            it.failed_promotion_id.clone(),
            it.module.clone(),
        )
    };
    shown.restores.sort_by_cached_key(key);
    shown
}
