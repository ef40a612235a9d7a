//! Each kind, on the real thing.

use std::process::Command;
use std::sync::Arc;

use redis::Commands;
use sluice_infrastructure_engine::{EngineError, InfrastructureEngine, NoSink};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::servers::{Postgres, Redis};
use crate::{Bench, steps};

#[tokio::test]
async fn a_repository_is_one_that_git_takes() {
    let bench = Bench::new();
    bench.good("resources: {r: {kind: gitRepository, path: r.git, defaultBranch: trunk, description: Hello}}").await;
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(bench.path("r.git"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(git(&["rev-parse", "--is-bare-repository"]).trim(), "true");
    assert_eq!(git(&["symbolic-ref", "HEAD"]).trim(), "refs/heads/trunk");
    git(&["fsck", "--strict"]);
    assert_eq!(bench.read("r.git/description"), "Hello\n");
    bench
        .good("resources: {r: {kind: gitRepository, path: r.git, defaultBranch: main}}")
        .await;
    assert_eq!(git(&["symbolic-ref", "HEAD"]).trim(), "refs/heads/main");
    bench.good("resources: {}").await;
    assert!(!bench.path("r.git").exists());
}

#[tokio::test]
async fn a_repository_of_someone_else_is_not_taken_over() {
    let bench = Bench::new();
    bench.good("resources: {}").await;
    gix::init_bare(bench.path("r")).unwrap();
    let failed = bench.up("resources: {r: {kind: gitRepository}}").await;
    assert!(failed.outcome.failure.unwrap().message.contains("taken"));
}

#[tokio::test]
async fn a_database_gets_its_schema_and_later_ones_while_it_keeps_its_rows() {
    let bench = Bench::new().file(
        "schema.sql",
        "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (7);",
    );
    bench
        .good("resources: {db: {kind: sqliteDatabase, path: app.sqlite, schemaFile: schema.sql}}")
        .await;
    let url = format!("sqlite://{}", bench.path("app.sqlite").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let text = "resources: {db: {kind: sqliteDatabase, path: app.sqlite, schema: 'CREATE TABLE IF NOT EXISTS u (b)'}}";
    let plan = bench.plan(text).await;
    assert_eq!(steps(&plan), [("db", "update")]);
    bench.good(text).await;
    let (a,): (i64,) = sqlx::query_as("SELECT a FROM t")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(a, 7);
    sqlx::query("INSERT INTO u VALUES (1)")
        .execute(&mut database)
        .await
        .unwrap();
    database.close().await.unwrap();
    bench.good("resources: {}").await;
    assert!(!bench.path("app.sqlite").exists());
}

#[tokio::test]
async fn a_schema_that_fails_leaves_the_database_as_it_was() {
    let bench = Bench::new();
    bench
        .good("resources: {db: {kind: sqliteDatabase, schema: CREATE TABLE t (a)}}")
        .await;
    let bad =
        "resources: {db: {kind: sqliteDatabase, schema: 'CREATE TABLE u (b); CREATE TABLE t (a)'}}";
    let failed = bench.up(bad).await;
    assert!(
        failed
            .outcome
            .failure
            .unwrap()
            .message
            .contains("already exists")
    );
    let url = format!("sqlite://{}", bench.path("db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    assert!(
        sqlx::query("SELECT * FROM u")
            .execute(&mut database)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_namespace_is_a_directory_of_manifests() {
    let bench = Bench::new();
    let text = "
resources:
  ns:
    kind: kubernetesNamespace
    namespace: shop-prod
    labels: {team: web}
    quota: {requests.cpu: 500m, pods: 10}
";
    bench.good(text).await;
    let manifest = bench.read("namespaces/shop-prod/namespace.yaml");
    assert!(manifest.contains("name: \"shop-prod\"") && manifest.contains("\"team\": \"web\""));
    let quota = bench.read("namespaces/shop-prod/resourcequota.yaml");
    assert!(quota.contains("\"requests.cpu\": \"500m\"") && quota.contains("\"pods\": \"10\""));
    bench
        .good("resources: {ns: {kind: kubernetesNamespace, namespace: shop-prod}}")
        .await;
    assert!(
        !bench
            .path("namespaces/shop-prod/resourcequota.yaml")
            .exists()
    );
    bench.good("resources: {}").await;
    assert!(!bench.path("namespaces/shop-prod").exists());
}

#[tokio::test]
async fn kinds_that_need_a_server_are_refused_when_there_is_none() {
    let bench = Bench::new();
    for (text, server) in [
        (
            "resources: {db: {kind: postgresDatabase}}",
            "a PostgreSQL server",
        ),
        ("resources: {ns: {kind: redisNamespace}}", "a Redis server"),
    ] {
        let refused = bench.engine.plan(&bench.program(text)).await.unwrap_err();
        assert!(
            matches!(&refused, EngineError::NotConfigured { server: found, .. } if *found == server),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_database_is_made_changed_found_missing_and_dropped() {
    let postgres = Postgres::start();
    let bench = Bench::with(Some(postgres.url("postgres")), None);
    let text = "resources: {orders: {kind: postgresDatabase, connectionLimit: 5}}\noutputs: {db: '${orders.databaseName}'}";
    let applied = bench.good(text).await;
    let name = applied.outputs["db"].clone();
    assert!(
        name.starts_with("sluice_") && name.ends_with("_orders"),
        "{name}"
    );
    PgConnection::connect(&postgres.url(&name))
        .await
        .unwrap()
        .close()
        .await
        .unwrap();
    bench
        .good(&text.replace("connectionLimit: 5", "connectionLimit: 7"))
        .await;
    let refresh = || bench.engine.refresh(&bench.stack, Arc::new(NoSink));
    assert_eq!(refresh().await.unwrap().drifts, []);
    let mut server = PgConnection::connect(&postgres.url("postgres"))
        .await
        .unwrap();
    let drop = format!("DROP DATABASE \"{name}\"");
    sqlx::raw_sql(sqlx::AssertSqlSafe(drop))
        .execute(&mut server)
        .await
        .unwrap();
    assert_eq!(refresh().await.unwrap().drifts.len(), 1);
    bench.good(text).await;
    // A comment of someone else's: from here on the database is theirs.
    let steal = format!("COMMENT ON DATABASE \"{name}\" IS 'theirs'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(steal))
        .execute(&mut server)
        .await
        .unwrap();
    assert!(!bench.up("resources: {}").await.outcome.succeeded());
    let back = format!(
        "COMMENT ON DATABASE \"{name}\" IS 'sluice:acme/web/shop/prod:postgresDatabase:orders'"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(back))
        .execute(&mut server)
        .await
        .unwrap();
    bench.good("resources: {}").await;
    assert!(PgConnection::connect(&postgres.url(&name)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_namespace_takes_its_keys_with_it_and_no_others() {
    let server = Redis::start();
    let bench = Bench::with(None, Some(server.url()));
    let text = "resources: {cache: {kind: redisNamespace, description: x}}\noutputs: {prefix: '${cache.prefix}'}";
    let prefix = bench.good(text).await.outputs["prefix"].clone();
    assert_eq!(prefix, "sluice:acme:web:shop:prod:cache:");
    let mut client = redis::Client::open(server.url())
        .unwrap()
        .get_connection()
        .unwrap();
    for at in 0..2_000 {
        let _: () = client.set(format!("{prefix}{at}"), at).unwrap();
    }
    let _: () = client.set("sluice:acme:web:shop:prod:cache2:x", 1).unwrap();
    let _: () = client
        .hset(format!("{prefix}@resource"), "description", "edited")
        .unwrap();
    let refreshed = bench
        .engine
        .refresh(&bench.stack, Arc::new(NoSink))
        .await
        .unwrap();
    assert_eq!(
        refreshed.drifts[0].diffs.keys().collect::<Vec<_>>(),
        ["description"]
    );
    bench.good(text).await;
    bench.good("resources: {}").await;
    let left: Vec<String> = client.keys("*").unwrap();
    assert_eq!(left, ["sluice:acme:web:shop:prod:cache2:x"]);
}
