//! Read models as tables of patches.
//!
//! An event becomes patches: some columns of one row, by its key. Patches of a batch of events
//! are folded in order, and each table takes its rows in one statement, whatever their number.
//! A value that a patch does not give stays as it is; `First` columns keep what came first,
//! `Latest` columns take what comes later. So rows are a pure function of the ledger's order.

mod fold;
mod sql;
#[cfg(test)]
mod tests;

pub(crate) use fold::Folded;
pub(crate) use sql::{Rows, insert_sql, upsert_sql};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text; JSON is text too.
    Text,
    /// A number, a time in microseconds since 1970, or 0 and 1.
    Int,
}

/// What becomes of a column when a row is patched again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// It is part of the row's key.
    Key,
    /// The first value stays.
    First,
    /// The latest value stays.
    Latest,
}

/// A column of a read model. Columns of keys are never null, others may be until they are given.
#[derive(Debug)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// What becomes of it when patched again.
    pub(crate) rule: Rule,
}

/// A read model's table. The first column of every table is `tenant_id`, part of its key, which
/// the declaration leaves out.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its columns, but `tenant_id`.
    pub(crate) columns: &'static [Column],
}

/// Declares tables: `NAME = "table" { key id: Text; first at: Int; latest state: Text; }`.
macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident = $name:literal { $($rule:ident $column:ident: $kind:ident;)+ })+) => {$(
        $(#[$doc])*
        pub(crate) static $table: $crate::patch::Table = $crate::patch::Table {
            name: $name,
            columns: &[$($crate::patch::Column {
                name: stringify!($column),
                kind: $crate::patch::Kind::$kind,
                rule: $crate::patch::tables!(@$rule),
            },)+],
        };
    )+};
    (@key) => { $crate::patch::Rule::Key };
    (@first) => { $crate::patch::Rule::First };
    (@latest) => { $crate::patch::Rule::Latest };
}
pub(crate) use tables;

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Field {
    /// Of a [`Kind::Text`] column.
    Text(String),
    /// Of a [`Kind::Int`] column.
    Int(i64),
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        // PostgreSQL knows no NUL in a text.
        Self::Text(text.replace('\0', "\u{fffd}"))
    }
}
impl From<String> for Field {
    fn from(text: String) -> Self {
        if text.contains('\0') {
            return text.as_str().into();
        }
        Self::Text(text)
    }
}
impl From<&String> for Field {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}
impl From<i64> for Field {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<u32> for Field {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}
impl From<bool> for Field {
    fn from(flag: bool) -> Self {
        Self::Int(flag.into())
    }
}

/// Some columns of one row, its key among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The table's name.
    pub(crate) table: &'static str,
    /// Columns and values, in any order; each column at most once.
    pub(crate) fields: Vec<(&'static str, Field)>,
}

impl Patch {
    /// An empty patch of a row of `table`.
    pub(crate) fn of(table: &'static Table) -> Self {
        Self {
            table: table.name,
            fields: Vec::new(),
        }
    }

    /// With this value.
    #[must_use]
    pub(crate) fn set(mut self, column: &'static str, value: impl Into<Field>) -> Self {
        self.fields.push((column, value.into()));
        self
    }

    /// With this value, when there is one; a column that is left out stays as it is.
    #[must_use]
    pub(crate) fn set_some(self, column: &'static str, value: Option<impl Into<Field>>) -> Self {
        match value {
            Some(value) => self.set(column, value),
            None => self,
        }
    }
}
