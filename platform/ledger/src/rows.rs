//! Columns of rows.

use chrono::{DateTime, Utc};
use sea_orm::{QueryResult, TryGetable};
use sluice_kernel::time_of_micros;
use sluice_store::StoreError;

use crate::LedgerError;

fn get<T: TryGetable>(row: &QueryResult, column: &str) -> Result<T, LedgerError> {
    Ok(row.try_get("", column).map_err(StoreError::from)?)
}

/// A text.
pub(crate) fn text(row: &QueryResult, column: &str) -> Result<String, LedgerError> {
    get(row, column)
}

/// A text that may be absent.
pub(crate) fn text_opt(row: &QueryResult, column: &str) -> Result<Option<String>, LedgerError> {
    get(row, column)
}

/// A number.
pub(crate) fn int(row: &QueryResult, column: &str) -> Result<i64, LedgerError> {
    get(row, column)
}

/// A number that may be absent.
pub(crate) fn int_opt(row: &QueryResult, column: &str) -> Result<Option<i64>, LedgerError> {
    get(row, column)
}

/// A time in microseconds.
pub(crate) fn time(row: &QueryResult, column: &str) -> Result<DateTime<Utc>, LedgerError> {
    Ok(time_of_micros(int(row, column)?))
}

/// A time that may be absent.
pub(crate) fn time_opt(
    row: &QueryResult,
    column: &str,
) -> Result<Option<DateTime<Utc>>, LedgerError> {
    Ok(int_opt(row, column)?.map(time_of_micros))
}
