//! The walls between tenants and projects.

use sea_orm::Condition;
use sluice_store::StoreConfig;
use sluice_testkit::{Backend, Databases, User, on_both_databases};
use sqlx::{Connection, PgConnection, Row};

use crate::thing::{Entity, thing};

on_both_databases!(
    another_tenant_finds_nothing,
    another_project_finds_nothing,
    another_tenant_changes_nothing,
);

async fn another_tenant_finds_nothing(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let row = thing(&ctx, "web", "one");
    let tx = store.begin(&ctx).await.unwrap();
    tx.insert::<Entity>(row.clone()).await.unwrap();
    tx.commit([]).await.unwrap();
    let other = User::of("globex", "bob").ctx();
    let find = store.find::<Entity>(&other);
    assert_eq!(find.by_id(&row.id).await.unwrap(), None);
    assert_eq!(find.by_ids([row.id.clone()]).await.unwrap(), []);
    assert_eq!(find.count(Condition::all()).await.unwrap(), 0);
    assert!(
        store
            .find::<Entity>(&ctx)
            .by_id(&row.id)
            .await
            .unwrap()
            .is_some()
    );
}

async fn another_project_finds_nothing(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let row = thing(&ctx, "web", "one");
    let tx = store.begin(&ctx).await.unwrap();
    tx.insert::<Entity>(row.clone()).await.unwrap();
    tx.commit([]).await.unwrap();
    let outsider = User::of("acme", "eve").in_projects(&["api", "ops"]).ctx();
    assert_eq!(
        store
            .find::<Entity>(&outsider)
            .by_id(&row.id)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .find::<Entity>(&outsider)
            .count(Condition::all())
            .await
            .unwrap(),
        0
    );
    let member = User::of("acme", "eve").in_projects(&["api", "web"]).ctx();
    assert_eq!(
        store
            .find::<Entity>(&member)
            .count(Condition::all())
            .await
            .unwrap(),
        1
    );
}

async fn another_tenant_changes_nothing(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let row = thing(&ctx, "web", "one");
    let tx = store.begin(&ctx).await.unwrap();
    tx.insert::<Entity>(row.clone()).await.unwrap();
    tx.commit([]).await.unwrap();
    let other = User::of("globex", "bob").ctx();
    let tx = store.begin(&other).await.unwrap();
    assert!(tx.update::<Entity>(row.clone()).await.is_err());
}

/// The second wall, with the first one removed: plain SQL without any tenant condition.
#[tokio::test]
async fn row_policies_hold_without_the_finders() {
    let databases = Databases::fresh(Backend::Postgres).await;
    let store = databases.open("repository").await;
    let ctx = User::of("acme", "ada").ctx();
    let row = thing(&ctx, "web", "one");
    let tx = store.begin(&ctx).await.unwrap();
    tx.insert::<Entity>(row).await.unwrap();
    tx.commit([]).await.unwrap();

    let StoreConfig::Postgres { url, .. } = databases.config() else {
        unreachable!()
    };
    let mut plain = PgConnection::connect(url).await.unwrap();
    let mut count = async |tenant: &str| -> i64 {
        let scope = "SELECT set_config('sluice.tenant', $1, false)";
        sqlx::query(scope)
            .bind(tenant)
            .execute(&mut plain)
            .await
            .unwrap();
        let counted = "SELECT count(*) FROM repository.repository";
        sqlx::query(counted)
            .fetch_one(&mut plain)
            .await
            .unwrap()
            .get(0)
    };
    assert_eq!(count("acme").await, 1);
    assert_eq!(count("globex").await, 0);
    assert_eq!(count("").await, 0);

    let foreign = "UPDATE repository.repository SET name = 'stolen'";
    let scope = "SELECT set_config('sluice.tenant', 'globex', false)";
    sqlx::query(scope).execute(&mut plain).await.unwrap();
    assert_eq!(
        sqlx::query(foreign)
            .execute(&mut plain)
            .await
            .unwrap()
            .rows_affected(),
        0
    );
    let smuggled = "INSERT INTO repository.repository SELECT 'acme', id || 'x', project_id, module_id, \
                    version, created_at, updated_at, created_by, updated_by, trace_id, correlation_id, \
                    name || 'x', description, provider, remote_url, default_branch, visibility, status \
                    FROM (SELECT 'x' AS id, 'p' AS project_id, NULL::text AS module_id, 1::bigint AS version, \
                    1::bigint AS created_at, 1::bigint AS updated_at, 'b' AS created_by, 'b' AS updated_by, \
                    't' AS trace_id, 'c' AS correlation_id, 'n' AS name, NULL::text AS description, \
                    'LOCAL' AS provider, '' AS remote_url, 'main' AS default_branch, \
                    'PRIVATE' AS visibility, 'PROVISIONED' AS status) AS row";
    let refused = sqlx::query(smuggled).execute(&mut plain).await.unwrap_err();
    assert!(
        refused.to_string().contains("row-level security"),
        "{refused}"
    );
}
