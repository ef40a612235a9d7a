//! Patches of a batch, folded to one patch per row.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use sea_orm::Value;
use sluice_schema::TenantId;
use sluice_store::{RawTx, StoreError};

use super::{Column, Field, Kind, Patch, Rows, Rule, Table, upsert_sql};
use crate::LedgerError;

/// Values of a row, by the place of their columns in the table's declaration.
type Row = Vec<Option<Field>>;

static TABLES: LazyLock<HashMap<&'static str, &'static Table>> = LazyLock::new(|| {
    let tables = crate::project::tables().into_iter();
    tables.map(|table| (table.name, table)).collect()
});

/// Rows that a batch of events of one tenant patches.
#[derive(Debug, Default)]
pub(crate) struct Folded(BTreeMap<&'static str, (&'static Table, BTreeMap<Vec<Field>, Row>)>);

impl Folded {
    /// Applies one patch after those before it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it does not fit the declaration of its table.
    pub(crate) fn add(&mut self, patch: Patch) -> Result<(), LedgerError> {
        let table = TABLES.get(patch.table).copied();
        let table = table.ok_or_else(|| unfit(patch.table, "is not declared"))?;
        let (key, row) = arrange(table, patch.fields)?;
        let (_, rows) = self.0.entry(table.name).or_insert((table, BTreeMap::new()));
        match rows.get_mut(&key) {
            Some(known) => merge(table, known, row),
            None => {
                rows.insert(key, row);
            }
        }
        Ok(())
    }

    /// Writes the rows of `tenant`: a constant number of statements per table and thousands of
    /// rows, always in the same order.
    ///
    /// # Errors
    /// What the database fails with.
    pub(crate) async fn write(self, tx: &RawTx, tenant: &TenantId) -> Result<(), LedgerError> {
        for (table, rows) in self.0.into_values() {
            let sql = upsert_sql(tx.backend(), table);
            let mut texts = Rows::default();
            for row in rows.into_values() {
                let named = table.columns.iter().map(|column| column.name);
                if let Some(chunk) = texts.push(named.zip(row))? {
                    write(tx, sql, tenant, chunk).await?;
                }
            }
            if let Some(chunk) = texts.rest() {
                write(tx, sql, tenant, chunk).await?;
            }
        }
        Ok(())
    }
}

async fn write(tx: &RawTx, sql: &str, tenant: &TenantId, rows: String) -> Result<(), LedgerError> {
    let values: [Value; 2] = [tenant.as_str().into(), rows.into()];
    tx.execute(sql, values).await?;
    Ok(())
}

fn unfit(table: &str, rule: &str) -> LedgerError {
    StoreError::damaged("patch", format!("{table} {rule}")).into()
}

fn arrange(
    table: &Table,
    fields: Vec<(&'static str, Field)>,
) -> Result<(Vec<Field>, Row), LedgerError> {
    let mut row: Row = vec![None; table.columns.len()];
    for (name, field) in fields {
        let place = table.columns.iter().position(|column| column.name == name);
        let place = place.ok_or_else(|| unfit(table.name, &format!("has no column {name}")))?;
        if !fits(&table.columns[place], &field) {
            return Err(unfit(table.name, &format!("takes no such {name}")));
        }
        row[place] = Some(field);
    }
    let mut key = Vec::new();
    for (column, field) in table.columns.iter().zip(&row) {
        if column.rule == Rule::Key {
            let field = field.clone();
            key.push(field.ok_or_else(|| unfit(table.name, &format!("needs {}", column.name)))?);
        }
    }
    Ok((key, row))
}

fn fits(column: &Column, field: &Field) -> bool {
    matches!(
        (column.kind, field),
        (Kind::Text, Field::Text(_)) | (Kind::Int, Field::Int(_))
    )
}

fn merge(table: &Table, known: &mut Row, later: Row) {
    for ((column, known), later) in table.columns.iter().zip(known).zip(later) {
        match column.rule {
            Rule::Key => {}
            Rule::First => {
                if known.is_none() {
                    *known = later;
                }
            }
            Rule::Latest => {
                if later.is_some() {
                    *known = later;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(key: &str) -> Patch {
        Patch {
            table: "lineage_node",
            fields: vec![("node_key", key.into())],
        }
    }

    #[test]
    fn the_first_value_of_a_first_column_and_the_latest_of_a_latest_one_stay() {
        let mut folded = Folded::default();
        for (kind, state) in [(None, "A"), (Some("Run"), "B"), (Some("Build"), "C")] {
            let patch = node("x").set_some("kind", kind).set("state", state);
            folded.add(patch).unwrap();
        }
        folded.add(node("x")).unwrap();
        let (table, rows) = folded.0.remove("lineage_node").unwrap();
        let row = rows.into_values().next().unwrap();
        let value = |name: &str| {
            let place = table.columns.iter().position(|c| c.name == name);
            row[place.unwrap()].clone()
        };
        assert_eq!(value("kind"), Some("Run".into()));
        assert_eq!(value("state"), Some("C".into()));
    }

    #[test]
    fn what_does_not_fit_its_table_is_refused() {
        for (patch, rule) in [
            (node("x").set("colour", "red"), "has no column colour"),
            (node("x").set("sequence", "one"), "takes no such sequence"),
            (node("x").set("kind", 1_i64), "takes no such kind"),
            (
                Patch {
                    table: "lineage_node",
                    fields: vec![],
                },
                "needs node_key",
            ),
            (
                Patch {
                    table: "nowhere",
                    fields: vec![],
                },
                "is not declared",
            ),
        ] {
            let refused = Folded::default().add(patch).unwrap_err();
            assert!(refused.to_string().contains(rule), "{refused}");
        }
    }
}
