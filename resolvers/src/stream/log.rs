//! The log of a run as it is written.

use async_graphql::{Context, ID, Subscription};
use futures::{StreamExt, stream};
use sluice_pipeline_execution::{PipelineRunError, RunLog, RunLogPage};
use sluice_schema::RunId;

use super::open::{Items, Opener};
use crate::{
    fault::{InputFault, Result, id},
    pipeline_run::PipelineRunLogLines,
    scalars::Long,
};

/// Lines of one item.
const LINES: usize = 500;

/// The stream of a run's log.
#[derive(Debug, Default)]
pub struct LogStream;

/// The stream of a run's log.
#[Subscription]
impl LogStream {
    /// The log of a run: the lines of all its steps in the order in which they were stored, each
    /// once, as they are written. Lines are there some 300 ms after they were printed, up to 500
    /// in one item. The stream ends with an item that is complete, once the run has ended and
    /// all lines were told.
    async fn pipeline_run_log(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run.", name = "id")] run: ID,
        #[graphql(
            desc = "The first line, from 1: to go on after an interruption, the `nextLine` of the last item.",
            default_with = "Long(1)"
        )]
        from_line: Long,
    ) -> Result<Items<PipelineRunLogLines>> {
        let opener = Opener::of(context)?;
        let run: RunId = id("id", &run).map_err(|fault| opener.failure(fault))?;
        if from_line.0 == 0 {
            let fault = InputFault::new("fromLine", "must be 1 or more");
            return Err(opener.failure(fault));
        }
        let log = opener.services.runs.run_log(&opener.ctx, run).await;
        let log = log.map_err(|fault| opener.failure(fault))?;
        let range = opener.opening.range();
        let from = range.map_or(from_line.0, |range| range.after.saturating_add(1));
        let until = range.and_then(|range| range.until).unwrap_or(u64::MAX);
        opener.opening.opened();
        let reader = Some(Following { log, from, until });
        let items = stream::unfold(reader, async |reader| reader?.step().await);
        let items = items.map(move |(position, item)| {
            opener.opening.note(position);
            match item {
                Ok(page) => Ok(PipelineRunLogLines::from(page)),
                Err(fault) => Err(opener.failure(fault)),
            }
        });
        Ok(items.boxed())
    }
}

/// A log and where its reader stands.
struct Following {
    log: RunLog,
    from: u64,
    until: u64,
}

type Told = (u64, std::result::Result<RunLogPage, PipelineRunError>);

impl Following {
    /// The next item with the number of its last line, and what follows, if anything does.
    async fn step(mut self) -> Option<(Told, Option<Self>)> {
        loop {
            let left = self.until.saturating_sub(self.from).saturating_add(1);
            let lines = LINES.min(usize::try_from(left).unwrap_or(LINES));
            if self.from > self.until {
                return None;
            }
            let page = match self.log.page(self.from, lines).await {
                Ok(page) => page,
                Err(error) => return Some(((self.from - 1, Err(error)), None)),
            };
            if page.lines.is_empty() && !page.is_complete {
                self.log.changed().await;
                continue;
            }
            self.from = page.next;
            let rest = (!page.is_complete).then_some(self);
            return Some(((page.next - 1, Ok(page)), rest));
        }
    }
}
