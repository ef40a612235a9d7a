//! The log of the whole run: in which order the lines of its steps were stored.
//!
//! A line's place is given when it is stored and never changes: readers of today and of next year
//! count the same. One writer gives places, one transaction at a time, so that whoever sees a
//! place sees all those before it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sluice_kernel::Ctx;
use tokio::sync::Mutex as Turn;

use crate::{
    PipelineRun, PipelineRunError, PipelineRuns,
    store::{self, LogPart, StepLines},
};

/// Places that were given.
#[derive(Default)]
pub(super) struct Joined {
    given: Mutex<Given>,
    saving: Turn<()>,
}

#[derive(Default)]
struct Given {
    /// Lines that have a place.
    lines: u64,
    /// Lines of each step that have one.
    steps: HashMap<String, u64>,
    /// What is not saved yet, in order.
    unsaved: Vec<LogPart>,
}

impl Joined {
    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many lines of the step are stored: those that have no place yet get the next ones.
    pub(super) fn stored(&self, step: &str, lines: u64) {
        let mut given = self.given();
        let given = &mut *given;
        let placed = given.steps.entry(step.to_owned()).or_default();
        if lines <= *placed {
            return;
        }
        let part = LogPart {
            first: given.lines + 1,
            step: step.to_owned(),
            step_line: *placed + 1,
            lines: lines - *placed,
        };
        *placed = lines;
        given.lines += part.lines;
        given.unsaved.push(part);
    }

    /// How many lines of each step are stored, in the order of steps.
    pub(super) fn totals(&self, run: &PipelineRun) -> Vec<StepLines> {
        let given = self.given();
        let steps = run.step_ids();
        let lines = steps.filter_map(|id| given.steps.get(id).map(|lines| (id.to_owned(), *lines)));
        lines.collect()
    }

    /// Saves the places that were given since, and tells those who follow the log.
    pub(super) async fn save(
        &self,
        runs: &PipelineRuns,
        ctx: &Ctx,
        run: &PipelineRun,
    ) -> Result<(), PipelineRunError> {
        let _turn = self.saving.lock().await;
        let parts = std::mem::take(&mut self.given().unsaved);
        if parts.is_empty() {
            return Ok(());
        }
        if let Err(error) = add(runs, ctx, run, &parts).await {
            // They stand before what was given meanwhile.
            self.given().unsaved.splice(0..0, parts);
            return Err(error);
        }
        runs.log_heard().tell(run.id);
        Ok(())
    }
}

async fn add(
    runs: &PipelineRuns,
    ctx: &Ctx,
    run: &PipelineRun,
    parts: &[LogPart],
) -> Result<(), PipelineRunError> {
    let tx = runs.store().begin(ctx).await?;
    store::add_parts(&tx, run, parts).await?;
    tx.commit([]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_once_in_the_order_in_which_lines_are_stored() {
        let joined = Joined::default();
        for (step, lines) in [("a", 2), ("b", 3), ("a", 2), ("a", 5), ("b", 1)] {
            joined.stored(step, lines);
        }
        let parts = joined.given().unsaved.clone();
        let parts: Vec<_> = parts
            .iter()
            .map(|part| (part.first, part.step.as_str(), part.step_line, part.lines))
            .collect();
        assert_eq!(parts, [(1, "a", 1, 2), (3, "b", 1, 3), (6, "a", 3, 3)]);
    }
}
