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

fn text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        "[a-c]{1,2}".prop_map(Some),
        any::<String>().prop_map(Some)
    ]
}

fn patch() -> impl Strategy<Value = Patch> {
    let edge = (
        "[a-b]",
        "[r-s]",
        "[a-b]",
        text(),
        proptest::option::of(any::<i64>()),
    )
        .prop_map(|(from, relation, to, actor, number)| {
            Patch::named("lineage_edge")
                .set("from_key", from)
                .set("relation", relation)
                .set("to_key", to)
                .set_some("actor", actor)
                .set_some("sequence", number)
                .set_some("latest_sequence", number)
        });
    let node = ("[a-c]", text(), text(), any::<i64>()).prop_map(|(key, kind, state, at)| {
        Patch::named("lineage_node")
            .set("node_key", key)
            .set_some("kind", kind)
            .set_some("state", state)
            .set("at", at)
    });
    prop_oneof![edge, node]
}

impl Patch {
    fn named(table: &'static str) -> Self {
        Self {
            table,
            fields: Vec::new(),
        }
    }
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
    let patches = proptest::collection::vec(patch(), 1..60);
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
    let patches = texts.iter().map(|text| {
        let patch = Patch::named("lineage_node").set("node_key", *text);
        patch
            .set("kind", *text)
            .set("state", *text)
            .set("at", i64::MAX)
    });
    let patches: Vec<_> = patches.collect();
    write(&store, [patches.as_slice()].into_iter()).await;
    let tx = store.begin_raw().await.unwrap();
    let sql = "SELECT node_key, kind, state, at FROM lineage_node";
    let rows = tx.query(sql, []).await.unwrap();
    assert_eq!(rows.len(), texts.len());
    for row in rows {
        let get = |column: &str| row.try_get::<String>("", column).unwrap();
        assert!(texts.contains(&get("node_key").as_str()));
        assert_eq!(
            (get("kind"), get("state")),
            (get("node_key"), get("node_key"))
        );
        assert_eq!(row.try_get::<i64>("", "at").unwrap(), i64::MAX);
    }
}
