//! Where the lines of steps stand in the log of the whole run.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition};
use sluice_kernel::{Ctx, Direction, PageRequest, page::CursorValue};
use sluice_schema::RunId;
use sluice_store::{Order, Store, StoreError, Tx};

use crate::{
    PipelineRun,
    entity::log_part::{Column, Entity, Model, row},
};

/// Lines of one step that stand together in the log of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogPart {
    /// Number of the first of them in the log of the run, from 1.
    pub(crate) first: u64,
    /// The step's id; empty for what ends the log.
    pub(crate) step: String,
    /// Number of the first of them in the step's log, from 1.
    pub(crate) step_line: u64,
    /// How many; 0 for what ends the log.
    pub(crate) lines: u64,
}

impl LogPart {
    /// The number behind the last of them.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.lines
    }

    /// Whether nothing follows, for ever.
    pub(crate) fn is_end(&self) -> bool {
        self.lines == 0
    }
}

/// A step and how many lines of it are stored.
pub(crate) type StepLines = (String, u64);

fn order(direction: Direction) -> Order<Entity> {
    Order {
        name: "LAST_LINE",
        column: Column::LastLine,
        direction,
        value_of: |row: &Model| CursorValue::Integer(row.last_line),
    }
}

fn of_run(run: RunId) -> Condition {
    Condition::all().add(Column::RunId.eq(run.to_string()))
}

fn read(rows: Vec<Model>) -> Result<Vec<LogPart>, StoreError> {
    rows.into_iter().map(TryInto::try_into).collect()
}

/// At most `limit` parts of the run's log, from the one with line `from` on.
pub(crate) async fn parts_from(
    store: &Store,
    ctx: &Ctx,
    run: RunId,
    from: u64,
    limit: u64,
) -> Result<Vec<LogPart>, StoreError> {
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let condition = of_run(run).add(Column::LastLine.gte(from));
    let (order, page) = (order(Direction::Ascending), PageRequest::first(limit));
    let rows = store.find::<Entity>(ctx);
    read(rows.page(condition, &order, &page).await?.items)
}

/// All parts of the run's log, in its order.
pub(crate) async fn all_parts(
    store: &Store,
    ctx: &Ctx,
    run: RunId,
) -> Result<Vec<LogPart>, StoreError> {
    let found = store.find::<Entity>(ctx).all(of_run(run)).await?;
    sorted(found)
}

fn sorted(rows: Vec<Model>) -> Result<Vec<LogPart>, StoreError> {
    let mut parts = read(rows)?;
    parts.sort_by_key(|part| part.first);
    Ok(parts)
}

/// Adds parts whose places were given by the one writer of the run's log. Those that are there
/// already, as an earlier try came through after all, are left out; behind the log's end nothing
/// is added.
pub(crate) async fn add_parts(
    tx: &Tx,
    run: &PipelineRun,
    parts: &[LogPart],
) -> Result<(), StoreError> {
    let (order, page) = (order(Direction::Descending), PageRequest::first(1));
    let rows = tx.find::<Entity>();
    let last = rows.page(of_run(run.id), &order, &page).await?.items;
    let last = read(last)?.pop();
    if last.as_ref().is_some_and(LogPart::is_end) {
        return Ok(());
    }
    let next = last.map_or(1, |part| part.next());
    let new = parts.iter().filter(|part| part.first >= next);
    let rows = new.map(|part| row(run, part));
    tx.insert_many::<Entity>(rows.collect::<Result<_, _>>()?)
        .await
}

/// Ends the log of a run: what is stored of its steps and has no place yet gets one, in the order
/// of the steps, and nothing follows for ever.
pub(crate) async fn end_log(
    tx: &Tx,
    run: &PipelineRun,
    stored: &[StepLines],
) -> Result<(), StoreError> {
    let parts = sorted(tx.find::<Entity>().all(of_run(run.id)).await?)?;
    if parts.last().is_some_and(LogPart::is_end) {
        return Ok(());
    }
    let mut rest = rest(&parts, stored);
    let last = rest.last().or(parts.last());
    rest.push(LogPart {
        first: last.map_or(1, LogPart::next),
        step: String::new(),
        step_line: 1,
        lines: 0,
    });
    let rows = rest.iter().map(|part| row(run, part));
    tx.insert_many::<Entity>(rows.collect::<Result<_, _>>()?)
        .await
}

/// Places for what is stored and has none, in the order of `stored`.
pub(crate) fn rest(parts: &[LogPart], stored: &[StepLines]) -> Vec<LogPart> {
    let mut placed: HashMap<&str, u64> = HashMap::new();
    for part in parts {
        let lines = placed.entry(part.step.as_str()).or_default();
        *lines = (*lines).max(part.step_line + part.lines - 1);
    }
    let mut first = parts.last().map_or(1, LogPart::next);
    let mut rest = Vec::new();
    for (step, stored) in stored {
        let placed = placed.get(step.as_str()).copied().unwrap_or_default();
        if *stored > placed {
            let part = LogPart {
                first,
                step: step.clone(),
                step_line: placed + 1,
                lines: stored - placed,
            };
            first = part.next();
            rest.push(part);
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(first: u64, step: &str, step_line: u64, lines: u64) -> LogPart {
        LogPart {
            first,
            step: step.to_owned(),
            step_line,
            lines,
        }
    }

    #[test]
    fn what_has_no_place_yet_gets_one_behind_the_others_in_the_order_of_steps() {
        let parts = [part(1, "a", 1, 2), part(3, "b", 1, 5), part(8, "a", 3, 1)];
        let stored = [("a", 5), ("b", 5), ("c", 4)].map(|(step, lines)| (step.to_owned(), lines));
        assert_eq!(
            rest(&parts, &stored),
            [part(9, "a", 4, 2), part(11, "c", 1, 4)]
        );
        assert_eq!(rest(&[], &stored[..1]), [part(1, "a", 1, 5)]);
        assert_eq!(rest(&parts, &stored[1..2]), []);
    }
}
