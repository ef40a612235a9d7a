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
    let sql = match backend {
        DbBackend::Postgres => format!("\"{column}\" = ANY($1)"),
        _ => format!("\"{column}\" IN (SELECT value FROM json_each(?))"),
    };
    Expr::cust_with_values(sql, [bind(backend, values)])
}

/// Whether `column`, a JSON list of texts, has a member in the set. No index helps: restrict the
/// rows by others.
pub fn list_meets_set(
    backend: DbBackend,
    column: &str,
    values: impl IntoIterator<Item = String>,
) -> SimpleExpr {
    let sql = match backend {
        DbBackend::Postgres => format!(
            "EXISTS (SELECT 1 FROM json_array_elements_text(\"{column}\"::json) AS element(value) \
             WHERE element.value = ANY($1))"
        ),
        _ => format!(
            "EXISTS (SELECT 1 FROM json_each(\"{column}\") AS element \
             WHERE element.value IN (SELECT value FROM json_each(?)))"
        ),
    };
    Expr::cust_with_values(sql, [bind(backend, values)])
}

/// The same as SQL text, with the set at the `position`th bind, from 1; bind [`set_value`] there.
pub fn in_set_sql(backend: DbBackend, column: &str, position: u32) -> String {
    match backend {
        DbBackend::Postgres => format!("{column} = ANY(${position})"),
        _ => format!("{column} IN (SELECT value FROM json_each(${position}))"),
    }
}

/// A set of texts as one bind value.
pub fn set_value(backend: DbBackend, values: impl IntoIterator<Item = String>) -> Value {
    bind(backend, values)
}

fn bind(backend: DbBackend, values: impl IntoIterator<Item = String>) -> Value {
    match backend {
        DbBackend::Postgres => {
            let values = values.into_iter().map(|v| Value::String(Some(v))).collect();
            Value::Array(ArrayType::String, Some(Box::new(values)))
        }
        _ => {
            let values: Vec<String> = values.into_iter().collect();
            Value::String(Some(serde_json::Value::from(values).to_string()))
        }
    }
}
