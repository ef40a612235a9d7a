//! Set look-ups and pages.

use sea_orm::Condition;
use sluice_kernel::{Ctx, Cursor, Direction, PageRequest};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, User, on_both_databases};

use crate::thing::{Column, Entity, Model, by_name, thing};

on_both_databases!(
    a_set_of_forty_thousand_values_is_one_statement,
    pages_neither_skip_nor_repeat_while_rows_are_added,
    a_page_from_the_end_is_in_the_lists_order,
    pages_per_parent_take_one_statement,
);

async fn fill(store: &Store, ctx: &Ctx, project: &str, names: impl IntoIterator<Item = String>) {
    let tx = store.begin(ctx).await.unwrap();
    for name in names {
        tx.insert::<Entity>(thing(ctx, project, &name))
            .await
            .unwrap();
    }
    tx.commit([]).await.unwrap();
}

fn names(rows: &[Model]) -> Vec<&str> {
    rows.iter().map(|row| row.name.as_str()).collect()
}

fn after(cursor: Option<Cursor>, limit: u64) -> PageRequest {
    PageRequest {
        after: cursor,
        ..PageRequest::first(limit)
    }
}

async fn a_set_of_forty_thousand_values_is_one_statement(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    fill(&store, &ctx, "web", ["a".to_owned(), "b, 'c'".to_owned()]).await;
    let wanted = (0..40_000)
        .map(|n| format!("x{n}"))
        .chain(["a".to_owned(), "b, 'c'".to_owned()]);
    let before = ctx.statements().get();
    let found = store
        .find::<Entity>(&ctx)
        .by_values(Column::Name, wanted, Condition::all())
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(ctx.statements().get() - before, 1);
}

async fn pages_neither_skip_nor_repeat_while_rows_are_added(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    fill(&store, &ctx, "web", (0..30).map(|n| format!("n{n:02}"))).await;
    let order = by_name(Direction::Ascending);
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let request = after(cursor, 7);
        let page = store
            .find::<Entity>(&ctx)
            .page(Condition::all(), &order, &request)
            .await
            .unwrap();
        seen.extend(names(&page.items).into_iter().map(str::to_owned));
        // A row before the cursor and one after it, while the list is being read.
        let round = seen.len();
        fill(
            &store,
            &ctx,
            "web",
            [format!("a{round}"), format!("z{round:02}")],
        )
        .await;
        cursor = page.cursors.last().cloned();
        if !page.has_next {
            break;
        }
    }
    let originals: Vec<String> = (0..30).map(|n| format!("n{n:02}")).collect();
    assert!(seen.is_sorted(), "{seen:?}");
    assert_eq!(
        seen.iter()
            .filter(|name| name.starts_with('n'))
            .cloned()
            .collect::<Vec<_>>(),
        originals
    );
    let mut unique = seen.clone();
    unique.dedup();
    assert_eq!(unique.len(), seen.len());
}

async fn a_page_from_the_end_is_in_the_lists_order(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    fill(&store, &ctx, "web", (0..10).map(|n| format!("n{n}"))).await;
    let order = by_name(Direction::Descending);
    let request = PageRequest {
        backward: true,
        ..PageRequest::first(3)
    };
    let page = store
        .find::<Entity>(&ctx)
        .page(Condition::all(), &order, &request)
        .await
        .unwrap();
    assert_eq!(names(&page.items), ["n2", "n1", "n0"]);
    assert!(page.has_previous && !page.has_next);
    let request = PageRequest {
        before: page.cursors.first().cloned(),
        ..request
    };
    let page = store
        .find::<Entity>(&ctx)
        .page(Condition::all(), &order, &request)
        .await
        .unwrap();
    assert_eq!(names(&page.items), ["n5", "n4", "n3"]);
    assert!(page.has_previous && page.has_next);
}

async fn pages_per_parent_take_one_statement(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    for project in ["p0", "p1", "p2"] {
        fill(&store, &ctx, project, (0..5).map(|n| format!("n{n}"))).await;
    }
    let before = ctx.statements().get();
    let parents = ["p0", "p2", "p9"].map(str::to_owned);
    let finder = store.find::<Entity>(&ctx);
    let order = by_name(Direction::Ascending);
    let pages = finder
        .page_per_parent(
            Column::ProjectId,
            parents.clone(),
            |row| row.project_id.clone(),
            Condition::all(),
            &order,
            &PageRequest::first(2),
        )
        .await
        .unwrap();
    let counts = finder
        .count_per_parent(Column::ProjectId, parents, Condition::all())
        .await
        .unwrap();
    assert_eq!(ctx.statements().get() - before, 2);
    assert_eq!(pages.len(), 2);
    assert_eq!(names(&pages["p2"].items), ["n0", "n1"]);
    assert!(pages["p0"].has_next);
    assert_eq!(counts.get("p0"), Some(&5));
    assert_eq!(counts.get("p9"), None);
}
