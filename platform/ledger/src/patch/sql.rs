//! One statement per table, whatever the number of rows: they travel as one JSON list.

use std::{collections::HashMap, sync::LazyLock};

use sea_orm::DbBackend;

use super::{Field, Kind, Rule, Table};

/// Most rows of one statement.
const MAX_ROWS: usize = 5_000;
/// A statement takes no more rows once its list has so many bytes.
const MAX_BYTES: usize = 4 << 20;

static UPSERTS: LazyLock<HashMap<&'static str, [String; 2]>> = LazyLock::new(|| {
    let both = |table: &'static Table| {
        let of = |backend| format!("{} {}", insert_sql(backend, table), on_conflict(table));
        (table.name, [of(DbBackend::Postgres), of(DbBackend::Sqlite)])
    };
    crate::project::tables().into_iter().map(both).collect()
});

/// Takes the rows of the list `$2` into the tenant `$1`'s rows of a read model.
pub(crate) fn upsert_sql(backend: DbBackend, table: &'static Table) -> &'static str {
    let [postgres, sqlite] = &UPSERTS[table.name];
    match backend {
        DbBackend::Postgres => postgres,
        _ => sqlite,
    }
}

/// Inserts the rows of the list `$2` for the tenant `$1`.
pub(crate) fn insert_sql(backend: DbBackend, table: &Table) -> String {
    let names = names(table, |_| true, |name| format!("\"{name}\""));
    let into = format!("INSERT INTO {} (tenant_id, {names})", table.name);
    if backend == DbBackend::Postgres {
        let typed = table.columns.iter().map(|column| {
            let kind = match column.kind {
                Kind::Text => "text",
                Kind::Int => "bigint",
            };
            format!("\"{}\" {kind}", column.name)
        });
        let typed = typed.collect::<Vec<_>>().join(", ");
        let values = self::names(table, |_| true, |name| format!("r.\"{name}\""));
        format!("{into} SELECT $1, {values} FROM json_to_recordset($2::json) AS r({typed})")
    } else {
        let values = self::names(
            table,
            |_| true,
            |name| format!("json_extract(r.value, '$.{name}')"),
        );
        // Without a condition SQLite would take ON CONFLICT for a join's.
        format!("{into} SELECT $1, {values} FROM json_each($2) AS r WHERE true")
    }
}

fn on_conflict(table: &Table) -> String {
    let keys = names(
        table,
        |rule| rule == Rule::Key,
        |name| format!("\"{name}\""),
    );
    let name = table.name;
    let sets = table.columns.iter().filter_map(|column| {
        let (own, new) = (
            format!("{name}.\"{}\"", column.name),
            format!("excluded.\"{}\"", column.name),
        );
        let kept = match column.rule {
            Rule::Key => return None,
            Rule::First => format!("COALESCE({own}, {new})"),
            Rule::Latest => format!("COALESCE({new}, {own})"),
        };
        Some(format!("\"{}\" = {kept}", column.name))
    });
    let sets = sets.collect::<Vec<_>>().join(", ");
    let action = match sets.is_empty() {
        true => "NOTHING".to_owned(),
        false => format!("UPDATE SET {sets}"),
    };
    format!("ON CONFLICT (tenant_id, {keys}) DO {action}")
}

fn names(table: &Table, which: fn(Rule) -> bool, write: fn(&str) -> String) -> String {
    let columns = table.columns.iter().filter(|column| which(column.rule));
    let names: Vec<_> = columns.map(|column| write(column.name)).collect();
    names.join(", ")
}

/// Rows as texts of JSON lists, of bounded size each.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    text: String,
    count: usize,
}

impl Rows {
    /// Adds a row by its columns and values; a full list when this row filled it.
    ///
    /// # Errors
    /// When a value cannot be written.
    pub(crate) fn push(
        &mut self,
        row: impl Iterator<Item = (&'static str, Option<Field>)>,
    ) -> Result<Option<String>, serde_json::Error> {
        self.text.push(if self.count == 0 { '[' } else { ',' });
        let mut before = '{';
        for (name, field) in row {
            // An absent member is null on both databases.
            let Some(field) = field else { continue };
            self.text.push(before);
            before = ',';
            self.text.push('"');
            self.text.push_str(name);
            self.text.push_str("\":");
            match field {
                Field::Text(text) => self.text.push_str(&serde_json::to_string(&text)?),
                Field::Int(number) => self.text.push_str(&number.to_string()),
            }
        }
        self.text.push_str(if before == '{' { "{}" } else { "}" });
        self.count += 1;
        let full = self.count >= MAX_ROWS || self.text.len() >= MAX_BYTES;
        Ok(full.then(|| self.rest()).flatten())
    }

    /// The list of what is left, when there is any.
    pub(crate) fn rest(&mut self) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        self.count = 0;
        let mut text = std::mem::take(&mut self.text);
        text.push(']');
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_json_and_end_when_they_are_full() {
        let mut rows = Rows::default();
        let row = || [("a", Some(Field::from("x\"\u{1}"))), ("b", None)].into_iter();
        for _ in 1..MAX_ROWS {
            assert_eq!(rows.push(row()).unwrap(), None);
        }
        let full = rows.push(row()).unwrap().unwrap();
        let read: Vec<serde_json::Value> = serde_json::from_str(&full).unwrap();
        assert_eq!(read.len(), MAX_ROWS);
        assert_eq!(read[0], serde_json::json!({ "a": "x\"\u{1}" }));
        assert_eq!(rows.rest(), None);
        let large = [("a", Some(Field::from("x".repeat(MAX_BYTES))))];
        assert!(rows.push(large.into_iter()).unwrap().is_some());
    }
}
