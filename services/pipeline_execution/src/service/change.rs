//! One way to change a run that is there.

use sluice_kernel::Ctx;
use sluice_schema::{EventPayload, NewEvent, RunId};
use sluice_store::{StoreError, Tx};

use super::{PipelineRuns, Result, TRIES};
use crate::{
    PipelineRun, PipelineRunError,
    store::{self, StepLines},
};

/// What a change amounts to.
pub(crate) enum Decision<T> {
    /// Nothing changed.
    Keep(T),
    /// Save it, with these events.
    Save(T, Vec<NewEvent>),
    /// The same, and its log ends with these lines of its steps.
    End(T, Vec<NewEvent>, Vec<StepLines>),
}

/// An event about the run.
pub(crate) fn event<P: EventPayload>(run: &PipelineRun, payload: &P) -> Result<NewEvent> {
    let module = run.meta.module_id.as_ref();
    Ok(NewEvent::of(&run.meta.project_id, module, payload)?)
}

impl PipelineRuns {
    /// Reads the run, lets `decide` change it and saves it with its events, all in one
    /// transaction; again from the start when another change came first. The caller and the
    /// executor change a run at the same time, so that `decide` must look at what it is given.
    pub(crate) async fn change<T: Send>(
        &self,
        ctx: &Ctx,
        id: RunId,
        decide: impl Fn(&mut PipelineRun) -> Result<Decision<T>> + Send + Sync,
    ) -> Result<(PipelineRun, T)> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let tx = self.store().begin(ctx).await?;
            let found = store::find_in(&tx, id).await?;
            let mut run = found.ok_or(PipelineRunError::NotFound)?;
            let before = run.clone();
            let (value, events, log) = match decide(&mut run)? {
                Decision::Keep(value) => return Ok((before, value)),
                Decision::Save(value, events) => (value, events, None),
                Decision::End(value, events, log) => (value, events, Some(log)),
            };
            if !events.is_empty() {
                run.meta.touch(ctx, self.store().clock().now());
            }
            match save(tx, &mut run, events, log.as_deref()).await {
                Ok(()) => {
                    if log.is_some() {
                        self.log_heard().tell(id);
                    }
                    return Ok((run, value));
                }
                Err(error) if error.is_race() && tries > 0 => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn save(
    tx: Tx,
    run: &mut PipelineRun,
    events: Vec<NewEvent>,
    log: Option<&[StepLines]>,
) -> std::result::Result<(), StoreError> {
    store::update(&tx, run).await?;
    if let Some(stored) = log {
        store::end_log(&tx, run, stored).await?;
    }
    tx.commit(events).await?;
    Ok(())
}
