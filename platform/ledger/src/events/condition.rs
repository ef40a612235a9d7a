//! Conditions of queries, with their binds.

use sea_orm::{DbBackend, Value};
use sluice_kernel::{Ctx, ProjectAccess, micros};
use sluice_store::{in_set_sql, set_value};

use super::EventFilter;

/// Conditions that all hold, and the values that they bind.
pub(crate) struct Condition {
    backend: DbBackend,
    sql: Vec<String>,
    values: Vec<Value>,
}

impl Condition {
    /// Events of the caller's tenant and projects that match; `None` when there can be none.
    pub(crate) fn of(backend: DbBackend, ctx: &Ctx, filter: &EventFilter) -> Option<Self> {
        let mut condition = Self {
            backend,
            sql: Vec::new(),
            values: Vec::new(),
        };
        condition.compare("tenant_id =", ctx.tenant().as_str());
        for (column, wanted) in [
            ("event_type", &filter.types),
            ("subject_id", &filter.subject_ids),
            ("subject_kind", &filter.subject_kinds),
            ("actor_id", &filter.actors),
            ("correlation_id", &filter.correlation_ids),
            ("module_id", &filter.module_ids),
        ] {
            condition.within(column, wanted);
        }
        match ctx.projects() {
            ProjectAccess::All => condition.within("project_id", &filter.project_ids),
            ProjectAccess::Only(seen) => {
                let wanted = |id: &str| {
                    filter.project_ids.is_empty() || filter.project_ids.iter().any(|p| p == id)
                };
                let seen = seen.iter().map(|project| project.as_str());
                let both: Vec<_> = seen.filter(|id| wanted(id)).map(str::to_owned).collect();
                if both.is_empty() {
                    return None;
                }
                condition.within("project_id", &both);
            }
        }
        if let Some(since) = filter.since {
            condition.compare("occurred_at >=", micros(since));
        }
        if let Some(until) = filter.until {
            condition.compare("occurred_at <", micros(until));
        }
        Some(condition)
    }

    /// And `left` (a column and an operator) this value.
    pub(crate) fn compare(&mut self, left: &str, value: impl Into<Value>) {
        let position = self.bind(value.into());
        self.sql.push(format!("{left} ${position}"));
    }

    /// And the column is one of these, when there are any. One value is compared, so that an
    /// index that begins with the column gives the order as well.
    pub(crate) fn within(&mut self, column: &str, values: &[String]) {
        match values {
            [] => {}
            [one] => self.compare(&format!("{column} ="), one.as_str()),
            several => self.among(column, several),
        }
    }

    /// And the column is one of these.
    pub(crate) fn among(&mut self, column: &str, values: &[String]) {
        let position = self.bind(set_value(self.backend, values.iter().cloned()));
        self.sql.push(in_set_sql(self.backend, column, position));
    }

    /// Adds a value; its place among the binds.
    pub(crate) fn bind(&mut self, value: Value) -> u32 {
        self.values.push(value);
        u32::try_from(self.values.len()).unwrap_or(u32::MAX)
    }

    /// As SQL.
    pub(crate) fn sql(&self) -> String {
        self.sql.join(" AND ")
    }

    /// The values.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }
}
