//! What callers say about events.

use async_graphql::{ID, InputObject};
use chrono::{DateTime, Utc};
use sluice_ledger as service;
use sluice_schema::{ModuleId, ProjectId};

use super::LedgerEvent;
use crate::{
    declare::ordered,
    fault::{InputFault, name},
};

/// Values of one field of the filter.
const MAX_VALUES: usize = 100;

/// Bytes of a value.
const MAX_VALUE: usize = 256;

/// What a list of events is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum EventOrder {
    /// By place in the ledger.
    #[default]
    Sequence,
}

impl EventOrder {
    /// Its name in cursors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sequence => service::EVENT_ORDER,
        }
    }
}

ordered! {
    LedgerEvent(service::LedgerEvent);
    filter LedgerEventFilter -> service::EventFilter;
    order LedgerEventOrder, LedgerEventOrderField -> EventOrder {
        /// By place in the ledger.
        Sequence,
    }
}

/// Which events a list shows; absent fields do not restrict, a field with values matches any of
/// them. Each takes at most 100 values.
#[derive(InputObject, Debug, Clone, Default)]
pub struct LedgerEventFilter {
    /// Of these types, for example `BuildCompleted`.
    pub types: Option<Vec<String>>,
    /// About objects with these ids.
    pub subject_ids: Option<Vec<ID>>,
    /// About objects of these types, for example `ReleasePlan`.
    pub subject_kinds: Option<Vec<String>>,
    /// By actors with these ids.
    pub actors: Option<Vec<String>>,
    /// Of these workflows.
    pub correlation_ids: Option<Vec<String>>,
    /// Of these projects.
    pub project_ids: Option<Vec<ID>>,
    /// Of these modules.
    pub module_ids: Option<Vec<ID>>,
    /// That happened then or later.
    pub since: Option<DateTime<Utc>>,
    /// That happened before.
    pub until: Option<DateTime<Utc>>,
}

impl TryFrom<LedgerEventFilter> for service::EventFilter {
    type Error = InputFault;

    fn try_from(filter: LedgerEventFilter) -> Result<Self, InputFault> {
        let until = filter.until;
        if filter
            .since
            .zip(until)
            .is_some_and(|(since, until)| until <= since)
        {
            return Err(InputFault::new("filter.until", "must be later than since"));
        }
        let project_ids = values("filter.projectIds", filter.project_ids)?;
        each::<ProjectId>("filter.projectIds", &project_ids)?;
        let module_ids = values("filter.moduleIds", filter.module_ids)?;
        each::<ModuleId>("filter.moduleIds", &module_ids)?;
        Ok(Self {
            types: values("filter.types", filter.types)?,
            subject_ids: values("filter.subjectIds", filter.subject_ids)?,
            subject_kinds: values("filter.subjectKinds", filter.subject_kinds)?,
            actors: values("filter.actors", filter.actors)?,
            correlation_ids: values("filter.correlationIds", filter.correlation_ids)?,
            project_ids,
            module_ids,
            since: filter.since,
            until,
        })
    }
}

// Sorted and once each, so that the same question is the same key.
pub(crate) fn values<T: Into<String>>(
    field: &str,
    given: Option<Vec<T>>,
) -> Result<Vec<String>, InputFault> {
    let Some(given) = given else {
        return Ok(Vec::new());
    };
    if given.is_empty() || given.len() > MAX_VALUES {
        let rule = format!("must hold 1 to {MAX_VALUES} values");
        return Err(InputFault::new(field, rule));
    }
    let mut values = Vec::with_capacity(given.len());
    for (index, value) in given.into_iter().enumerate() {
        values.push(text(&format!("{field}[{index}]"), value)?);
    }
    values.sort_unstable();
    values.dedup();
    Ok(values)
}

/// A value that is compared.
///
/// # Errors
/// [`InputFault`] naming `field` when it is empty, too long, or no text.
pub(crate) fn text(field: &str, value: impl Into<String>) -> Result<String, InputFault> {
    let value = value.into();
    if value.is_empty() || value.len() > MAX_VALUE || value.contains('\0') {
        let rule = format!("must be 1 to {MAX_VALUE} bytes without a NUL");
        return Err(InputFault::new(field, rule));
    }
    Ok(value)
}

fn each<T: std::str::FromStr<Err = sluice_schema::InvalidName>>(
    field: &str,
    values: &[String],
) -> Result<(), InputFault> {
    for (index, value) in values.iter().enumerate() {
        name::<T>(&format!("{field}[{index}]"), value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sluice_schema::Fault;

    use super::*;

    fn refused(filter: LedgerEventFilter) -> Option<String> {
        service::EventFilter::try_from(filter).unwrap_err().field()
    }

    #[test]
    fn a_filter_that_breaks_a_rule_names_its_field() {
        let types = Some(vec!["BuildCompleted".into(), String::new()]);
        let filter = LedgerEventFilter {
            types,
            ..LedgerEventFilter::default()
        };
        assert_eq!(refused(filter), Some("filter.types[1]".into()));
        let filter = LedgerEventFilter {
            actors: Some(vec!["a".into(); MAX_VALUES + 1]),
            ..LedgerEventFilter::default()
        };
        assert_eq!(refused(filter), Some("filter.actors".into()));
        let filter = LedgerEventFilter {
            project_ids: Some(vec!["../x".into()]),
            ..LedgerEventFilter::default()
        };
        assert_eq!(refused(filter), Some("filter.projectIds[0]".into()));
        let filter = LedgerEventFilter {
            since: Some(DateTime::UNIX_EPOCH),
            until: Some(DateTime::UNIX_EPOCH),
            ..LedgerEventFilter::default()
        };
        assert_eq!(refused(filter), Some("filter.until".into()));
    }

    #[test]
    fn the_same_question_in_another_order_is_the_same_filter() {
        let of = |types: [&str; 3]| {
            let types = Some(types.map(str::to_owned).to_vec());
            let filter = LedgerEventFilter {
                types,
                ..LedgerEventFilter::default()
            };
            service::EventFilter::try_from(filter).unwrap()
        };
        assert_eq!(of(["a", "b", "a"]), of(["b", "a", "b"]));
    }
}
