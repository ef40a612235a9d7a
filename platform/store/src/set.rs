//! Membership in a set with one stable SQL text, whatever the set's size.

use sea_orm::{
    DbBackend,
    sea_query::{ArrayType, Expr, SimpleExpr, Value},
};

/// `column IN set` as one bind: `= ANY($1)` on PostgreSQL, `json_each` on SQLite. A bind list
/// whose length varies would make a new statement for each length and overflow the bind limit.
pub fn in_set(
    backend: DbBackend,
    column: &str,
    values: impl IntoIterator<Item = String>,
) -> SimpleExpr {
    let values: Vec<String> = values.into_iter().collect();
    match backend {
        DbBackend::Postgres => {
            let values = values.into_iter().map(|v| Value::String(Some(v))).collect();
            let array = Value::Array(ArrayType::String, Some(Box::new(values)));
            Expr::cust_with_values(format!("\"{column}\" = ANY($1)"), [array])
        }
        _ => {
            let json = serde_json::Value::from(values).to_string();
            Expr::cust_with_values(
                format!("\"{column}\" IN (SELECT value FROM json_each(?))"),
                [Value::String(Some(json))],
            )
        }
    }
}
