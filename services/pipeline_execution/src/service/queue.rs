//! How a run gets into the queue.

use std::{collections::BTreeMap, sync::Arc};

use sluice_kernel::{Ctx, Meta, Outcome, directory::PipelineView};
use sluice_pipeline_runner::Timeline;
use sluice_schema::{ModuleId, ProjectId, RunId, TypedId};
use sluice_store::StoreError;

use super::{PipelineRuns, Result, TRIES};
use crate::{PipelineRun, PipelineRunError, model::RunSubject, store};

/// A run to insert.
pub(super) struct NewRun {
    pub(super) command: &'static str,
    pub(super) project: ProjectId,
    pub(super) module: Option<ModuleId>,
    pub(super) subject: RunSubject,
    pub(super) attempt: u32,
    pub(super) retried_from: Option<RunId>,
    pub(super) timeline: Timeline,
}

impl PipelineRuns {
    pub(super) async fn first_attempt(
        &self,
        ctx: &Ctx,
        pipeline: &PipelineView,
        commit: &str,
        given: Option<&BTreeMap<String, String>>,
    ) -> Result<Option<PipelineRun>> {
        let found = store::find_attempt(self.store(), ctx, pipeline.id, commit, 1).await?;
        if let Some(run) = &found {
            same_variables(run, given)?;
        }
        Ok(found)
    }

    /// Inserts the run, unless it is there: exactly the inserter is not told "replayed".
    pub(super) async fn enqueue(
        &self,
        ctx: &Ctx,
        new: NewRun,
    ) -> Result<Outcome<Arc<PipelineRun>>> {
        let mut clash: Option<StoreError> = None;
        for _ in 0..TRIES {
            let (pipeline, commit) = (new.subject.pipeline_id, &new.subject.commit_sha);
            let found = store::find_attempt(self.store(), ctx, pipeline, commit, new.attempt);
            if let Some(run) = found.await? {
                return Ok(Outcome::replayed(Arc::new(run)));
            }
            match self.insert(ctx, &new).await {
                Ok(run) => {
                    self.queued().notify_one();
                    return Ok(Outcome::done(Arc::new(run)));
                }
                // The same run, or another one of the repository that took the number.
                Err(error) if error.is_race() => clash = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        Err(clash.map_or(PipelineRunError::NotFound, Into::into))
    }

    async fn insert(
        &self,
        ctx: &Ctx,
        new: &NewRun,
    ) -> std::result::Result<PipelineRun, StoreError> {
        let now = self.store().clock().now();
        let meta = Meta::new(ctx, now, new.project.clone(), new.module.clone());
        let subject = new.subject.clone();
        let mut run = PipelineRun::queued(RunId::generate(), meta, subject, new.attempt);
        run.retried_from = new.retried_from;
        run.timeline = new.timeline.clone();
        let tx = self.store().begin(ctx).await?;
        store::insert(&tx, &mut run).await?;
        tx.remember(new.command, &run.id.to_string()).await?;
        tx.commit([]).await?;
        Ok(run)
    }
}

pub(super) fn same_variables(
    run: &PipelineRun,
    given: Option<&BTreeMap<String, String>>,
) -> Result<()> {
    match given {
        Some(given) if *given != run.variables => Err(PipelineRunError::OtherVariables),
        _ => Ok(()),
    }
}

// The next attempt shows the same stages, none of them begun.
pub(super) fn reset(timeline: &mut Timeline) {
    for stage in &mut timeline.stages {
        stage.status = Default::default();
        for job in &mut stage.jobs {
            job.status = Default::default();
            for step in &mut job.steps {
                step.status = Default::default();
            }
        }
    }
}
