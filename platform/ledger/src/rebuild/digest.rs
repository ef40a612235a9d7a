//! Digests of read models.

use sea_orm::{QueryResult, Value};
use sha2::{Digest, Sha256};
use sluice_schema::TenantId;
use sluice_store::RawTx;

use crate::{
    LedgerError,
    patch::{Column, Field, Kind, Rule, Table},
    rows,
};

const CHUNK: i64 = 5_000;

/// The number of rows of a tenant in a table, and SHA-256 over all of them in the order of their
/// keys, hexadecimal. Rows are read in chunks, so that it takes little memory.
pub(super) async fn of(
    tx: &RawTx,
    tenant: &TenantId,
    table: &Table,
) -> Result<(u64, String), LedgerError> {
    let keys: Vec<&Column> = table
        .columns
        .iter()
        .filter(|column| column.rule == Rule::Key)
        .collect();
    let (start, following) = statements(table, &keys);
    let mut hasher = Sha256::new();
    let (mut rows, mut last): (u64, Option<Vec<Field>>) = (0, None);
    loop {
        let mut values: Vec<Value> = vec![tenant.as_str().into(), CHUNK.into()];
        let sql = if last.is_some() { &following } else { &start };
        values.extend(last.into_iter().flatten().map(|field| match field {
            Field::Text(text) => text.into(),
            Field::Int(number) => number.into(),
        }));
        let found = tx.query(sql, values).await?;
        let Some(end) = found.last() else {
            return Ok((rows, hex::encode(hasher.finalize())));
        };
        let key = keys
            .iter()
            .filter_map(|column| field(end, column).transpose());
        last = Some(key.collect::<Result<_, _>>()?);
        for row in &found {
            take(&mut hasher, table, row)?;
            rows += 1;
        }
    }
}

// The first chunk, and those that follow a key.
fn statements(table: &Table, keys: &[&Column]) -> (String, String) {
    let quoted = |column: &Column| format!("\"{}\"", column.name);
    let columns: Vec<_> = table.columns.iter().map(quoted).collect();
    let keys: Vec<_> = keys.iter().map(|column| quoted(column)).collect();
    let binds: Vec<_> = (3..3 + keys.len()).map(|bind| format!("${bind}")).collect();
    let (columns, keys, binds) = (columns.join(", "), keys.join(", "), binds.join(", "));
    let from = format!("SELECT {columns} FROM {} WHERE tenant_id = $1", table.name);
    let order = format!("ORDER BY {keys} LIMIT $2");
    (
        format!("{from} {order}"),
        format!("{from} AND ({keys}) > ({binds}) {order}"),
    )
}

fn field(row: &QueryResult, column: &Column) -> Result<Option<Field>, LedgerError> {
    Ok(match column.kind {
        Kind::Text => rows::text_opt(row, column.name)?.map(Field::Text),
        Kind::Int => rows::int_opt(row, column.name)?.map(Field::Int),
    })
}

fn take(hasher: &mut Sha256, table: &Table, row: &QueryResult) -> Result<(), LedgerError> {
    for column in table.columns {
        match field(row, column)? {
            Some(Field::Text(text)) => {
                hasher.update([1]);
                hasher.update((text.len() as u64).to_be_bytes());
                hasher.update(text);
            }
            Some(Field::Int(number)) => {
                hasher.update([2]);
                hasher.update(number.to_be_bytes());
            }
            None => hasher.update([0]),
        }
    }
    Ok(())
}
