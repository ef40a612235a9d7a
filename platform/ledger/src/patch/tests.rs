//! Declarations against migrations, and folding against applying one by one, on both databases.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, on_both_databases};

use super::*;
use crate::{project, record::EVENT};

on_both_databases!(
    declared_tables_are_those_of_the_migrations,
    a_folded_batch_writes_what_its_patches_write_one_by_one,
    every_text_comes_back_as_it_was_given,
);

type Columns = BTreeMap<String, (Kind, bool)>;

fn declared(table: &Table) -> Columns {
    let columns = table.columns.iter();
    let tenant = ("tenant_id".to_owned(), (Kind::Text, true));
    columns
        .map(|c| (c.name.to_owned(), (c.kind, c.rule == Rule::Key)))
        .chain([tenant])
        .collect()
}

async fn migrated(store: &Store, table: &str) -> Columns {
    let sql = if store.is_shared() {
        "SELECT c.column_name::text AS name, upper(c.data_type) AS type, EXISTS ( \
           SELECT 1 FROM information_schema.key_column_usage k \
           JOIN information_schema.table_constraints t USING (constraint_schema, constraint_name) \
           WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema \
             AND k.table_name = c.table_name AND k.column_name = c.column_name)::int AS key \
         FROM information_schema.columns c \
         WHERE c.table_schema = 'ledger' AND c.table_name = $1"
    } else {
        "SELECT name, upper(type) AS type, CAST(pk > 0 AS INT) AS key FROM pragma_table_info($1)"
    };
    let tx = store.begin_raw().await.unwrap();
    let rows = tx.query(sql, [table.into()]).await.unwrap();
    let rows = rows.iter().map(|row| {
        let name: String = row.try_get("", "name").unwrap();
        let kind: String = row.try_get("", "type").unwrap();
        let kind = match kind.as_str() {
            "TEXT" => Kind::Text,
            "BIGINT" => Kind::Int,
            other => panic!("{table}.{name} is {other}"),
        };
        let key: i32 = row.try_get("", "key").unwrap();
        (name, (kind, key != 0))
    });
    rows.collect()
}

async fn declared_tables_are_those_of_the_migrations(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("ledger").await;
    for table in project::tables().into_iter().chain([&EVENT]) {
        assert_eq!(
            declared(table),
            migrated(&store, table.name).await,
            "{}",
            table.name
        );
    }
}

// Rows of a table in any order, every value as text.
async fn contents(store: &Store, table: &Table) -> Vec<Vec<Option<String>>> {
    let columns = table.columns.iter();
    let columns: Vec<_> = columns
        .map(|c| format!("CAST(\"{}\" AS TEXT)", c.name))
        .collect();
    let places: Vec<_> = (1..=columns.len()).map(|place| place.to_string()).collect();
    let (name, columns, places) = (table.name, columns.join(", "), places.join(", "));
    let sql = format!("SELECT {columns} FROM {name} ORDER BY {places}");
    let tx = store.begin_raw().await.unwrap();
    let rows = tx.query(&sql, []).await.unwrap();
    let read = |row: &sea_orm::QueryResult| {
        let cells = (0..table.columns.len()).map(|place| row.try_get_by_index(place).unwrap());
        cells.collect()
    };
    rows.iter().map(read).collect()
}

/// Patches of every table, as it is declared: few keys, so that they meet.
fn patch() -> impl Strategy<Value = Patch> {
    let widest = project::tables()
        .into_iter()
        .map(|table| table.columns.len());
    let widest = widest.max().unwrap();
    let cell = (
        0..3_i64,
        any::<String>(),
        proptest::option::of(any::<i64>()),
    );
    let cells = proptest::collection::vec(cell, widest);
    (0..project::tables().len(), cells).prop_map(|(table, cells)| {
        let table = project::tables()[table];
        let columns = table.columns.iter().zip(cells);
        columns.fold(
            Patch::of(table),
            |patch, (column, (key, text, number))| match (column.rule, column.kind, number) {
                (Rule::Key, Kind::Text, _) => patch.set(column.name, format!("k{key}")),
                (Rule::Key, Kind::Int, _) => patch.set(column.name, key),
                (_, Kind::Text, Some(_)) => patch.set(column.name, text),
                (_, Kind::Int, Some(number)) => patch.set(column.name, number),
                (_, _, None) => patch,
            },
        )
    })
}

async fn write(store: &Store, batches: impl Iterator<Item = &[Patch]>) {
    let tenant = "acme".parse().unwrap();
    let tx = store.begin_raw().await.unwrap();
    for batch in batches {
        let mut folded = Folded::default();
        for patch in batch {
            folded.add(patch.clone()).unwrap();
        }
        folded.write(&tx, &tenant).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn a_folded_batch_writes_what_its_patches_write_one_by_one(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("ledger").await;
    let mut runner = TestRunner::new(Config::default());
    let patches = proptest::collection::vec(patch(), 1..200);
    for _ in 0..12 {
        let tree = patches.new_tree(&mut runner).unwrap();
        let patches = tree.current();
        let mut outcomes = Vec::new();
        for batch in [1, 7, patches.len()] {
            write(&store, patches.chunks(batch)).await;
            let mut outcome = Vec::new();
            for table in project::tables() {
                outcome.push(contents(&store, table).await);
                let tx = store.begin_raw().await.unwrap();
                let sql = format!("DELETE FROM {}", table.name);
                tx.execute(&sql, []).await.unwrap();
                tx.commit().await.unwrap();
            }
            outcomes.push(outcome);
        }
        assert_eq!(outcomes[0], outcomes[1], "{patches:?}");
        assert_eq!(outcomes[0], outcomes[2], "{patches:?}");
        assert!(outcomes[0].iter().any(|rows| !rows.is_empty()));
    }
}

async fn every_text_comes_back_as_it_was_given(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("ledger").await;
    let texts = [
        "",
        "1",
        "1.0",
        "-0",
        "null",
        "true",
        "{\"a\":1}",
        "[1]",
        "\"q\"",
        "\\u0000",
        "\u{1}",
        "a'b",
        "✓ \u{10ffff}",
        "9223372036854775808",
        " 7 ",
        "1e5",
        "0x10",
    ];
    let node = project::tables()
        .into_iter()
        .find(|table| table.name == "lineage_node")
        .unwrap();
    let patches = texts.iter().map(|text| {
        let patch = Patch::of(node).set("node_key", *text).set("kind", *text);
        patch.set("title", *text).set("at", i64::MAX)
    });
    let patches: Vec<_> = patches.collect();
    write(&store, [patches.as_slice()].into_iter()).await;
    let tx = store.begin_raw().await.unwrap();
    let sql = "SELECT node_key, kind, title, at FROM lineage_node";
    let rows = tx.query(sql, []).await.unwrap();
    assert_eq!(rows.len(), texts.len());
    for row in rows {
        let get = |column: &str| row.try_get::<String>("", column).unwrap();
        assert!(texts.contains(&get("node_key").as_str()));
        assert_eq!(
            (get("kind"), get("title")),
            (get("node_key"), get("node_key"))
        );
        assert_eq!(row.try_get::<i64>("", "at").unwrap(), i64::MAX);
    }
}
