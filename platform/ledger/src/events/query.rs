//! Pages and counts of events.

use std::{collections::HashMap, sync::Arc};

use sea_orm::QueryResult;
use sluice_kernel::{Ctx, Cursor, Direction, Page, PageRequest, page::CursorValue};
use sluice_schema::Scope;

use super::{EVENT_ORDER, EventFilter, LedgerEvent, condition::Condition};
use crate::{Ledger, LedgerError, record::COLUMNS, record::Record, rows};

type Events = Page<Arc<LedgerEvent>>;

impl Ledger {
    /// A page of the events that the caller may see, by sequence. Cursors belong to the order
    /// [`EVENT_ORDER`].
    ///
    /// # Errors
    /// [`LedgerError::Denied`] without the right to read; what the database fails with.
    pub async fn events(
        &self,
        ctx: &Ctx,
        filter: &EventFilter,
        direction: Direction,
        request: &PageRequest,
    ) -> Result<Events, LedgerError> {
        ctx.require(Scope::Read)?;
        let read = self.store().read_raw(ctx).await?;
        let Some(mut condition) = Condition::of(read.backend(), ctx, filter) else {
            return Ok(Page::empty());
        };
        bound(&mut condition, direction, request)?;
        let limit = condition.bind(wanted(request).into());
        let sql = format!(
            "SELECT {COLUMNS} FROM ledger_event WHERE {} ORDER BY sequence {} LIMIT ${limit}",
            condition.sql(),
            way(direction, request),
        );
        let found = read.query(&sql, condition.into_values()).await?;
        let events: Result<Vec<_>, _> = found.iter().map(|row| shown(ctx, row)).collect();
        Ok(page(events?, direction, request))
    }

    /// How many events there are that match and that the caller may see.
    ///
    /// # Errors
    /// [`LedgerError::Denied`] without the right to read; what the database fails with.
    pub async fn count_events(&self, ctx: &Ctx, filter: &EventFilter) -> Result<u64, LedgerError> {
        ctx.require(Scope::Read)?;
        let read = self.store().read_raw(ctx).await?;
        let Some(condition) = Condition::of(read.backend(), ctx, filter) else {
            return Ok(0);
        };
        let sql = condition.sql();
        let sql = format!("SELECT count(*) AS events FROM ledger_event WHERE {sql}");
        let found = read.query(&sql, condition.into_values()).await?;
        found
            .first()
            .map_or(Ok(0), |row| Ok(rows::int(row, "events")?.unsigned_abs()))
    }

    /// The same page for each subject, in one statement, by the subject's id; subjects without
    /// any are absent.
    ///
    /// # Errors
    /// As [`Ledger::events`].
    pub async fn events_of(
        &self,
        ctx: &Ctx,
        subjects: &[String],
        filter: &EventFilter,
        direction: Direction,
        request: &PageRequest,
    ) -> Result<HashMap<String, Events>, LedgerError> {
        ctx.require(Scope::Read)?;
        let read = self.store().read_raw(ctx).await?;
        let Some(mut condition) = Condition::of(read.backend(), ctx, filter) else {
            return Ok(HashMap::new());
        };
        condition.among("subject_id", subjects);
        bound(&mut condition, direction, request)?;
        let limit = condition.bind(wanted(request).into());
        let way = way(direction, request);
        let sql = format!(
            "SELECT * FROM (SELECT {COLUMNS}, row_number() OVER \
               (PARTITION BY subject_id ORDER BY sequence {way}) AS place \
             FROM ledger_event WHERE {}) AS numbered \
             WHERE place <= ${limit} ORDER BY sequence {way}",
            condition.sql(),
        );
        let mut subjects: HashMap<String, Vec<LedgerEvent>> = HashMap::new();
        for row in read.query(&sql, condition.into_values()).await? {
            let event = shown(ctx, &row)?;
            let subject = event.envelope.subject.id.clone();
            subjects.entry(subject).or_default().push(event);
        }
        let pages = subjects.into_iter();
        Ok(pages
            .map(|(subject, events)| (subject, page(events, direction, request)))
            .collect())
    }

    /// How many events each subject has that match and that the caller may see.
    ///
    /// # Errors
    /// As [`Ledger::events`].
    pub async fn count_events_of(
        &self,
        ctx: &Ctx,
        subjects: &[String],
        filter: &EventFilter,
    ) -> Result<HashMap<String, u64>, LedgerError> {
        ctx.require(Scope::Read)?;
        let read = self.store().read_raw(ctx).await?;
        let Some(mut condition) = Condition::of(read.backend(), ctx, filter) else {
            return Ok(HashMap::new());
        };
        condition.among("subject_id", subjects);
        let sql = format!(
            "SELECT subject_id, count(*) AS events FROM ledger_event WHERE {} GROUP BY subject_id",
            condition.sql()
        );
        let mut counts = HashMap::new();
        for row in read.query(&sql, condition.into_values()).await? {
            let count = rows::int(&row, "events")?.unsigned_abs();
            counts.insert(rows::text(&row, "subject_id")?, count);
        }
        Ok(counts)
    }
}

fn shown(ctx: &Ctx, row: &QueryResult) -> Result<LedgerEvent, LedgerError> {
    Ok(Record::read(ctx.tenant(), row)?.shown())
}

// One row more than asked tells whether others follow.
fn wanted(request: &PageRequest) -> i64 {
    i64::try_from(request.limit).unwrap_or(i64::MAX - 1) + 1
}

// A page from the end is fetched reversed.
fn way(direction: Direction, request: &PageRequest) -> &'static str {
    match (direction, request.backward) {
        (Direction::Ascending, false) | (Direction::Descending, true) => "ASC",
        (Direction::Descending, false) | (Direction::Ascending, true) => "DESC",
    }
}

fn bound(
    condition: &mut Condition,
    direction: Direction,
    request: &PageRequest,
) -> Result<(), LedgerError> {
    let (beyond, within) = match direction {
        Direction::Ascending => (">", "<"),
        Direction::Descending => ("<", ">"),
    };
    for (argument, cursor, operator) in [
        ("after", &request.after, beyond),
        ("before", &request.before, within),
    ] {
        match cursor.as_ref().map(|cursor| &cursor.value) {
            None => {}
            Some(CursorValue::Integer(sequence)) => {
                condition.compare(&format!("sequence {operator}"), *sequence);
            }
            Some(CursorValue::Text(_)) => {
                return Err(LedgerError::invalid(
                    argument,
                    format!("{argument} is not a cursor of this list"),
                ));
            }
        }
    }
    Ok(())
}

fn page(mut events: Vec<LedgerEvent>, direction: Direction, request: &PageRequest) -> Events {
    let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let more = events.len() > wanted;
    events.truncate(wanted);
    if request.backward {
        events.reverse();
    }
    let (has_next, has_previous) = if request.backward {
        (request.before.is_some(), more)
    } else {
        (more, request.after.is_some())
    };
    let cursor = |event: &LedgerEvent| Cursor {
        order: EVENT_ORDER.to_owned(),
        direction,
        value: CursorValue::Integer(i64::try_from(event.sequence).unwrap_or(i64::MAX)),
        id: event.envelope.event_id.to_string(),
    };
    Page {
        cursors: events.iter().map(cursor).collect(),
        items: events.into_iter().map(Arc::new).collect(),
        has_next,
        has_previous,
    }
}
