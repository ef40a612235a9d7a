//! A database on the configured PostgreSQL server, marked by its comment.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::error::{OfServer, StepError};
use crate::spec::{Properties, database_name, text};

use super::folder::taken;
use super::{Target, Wanted, World};

const WHAT: &str = "PostgreSQL";
const LIMIT: &str = "connectionLimit";

async fn connect(world: &World) -> Result<PgConnection, StepError> {
    let Some(url) = &world.postgres else {
        let server = "a PostgreSQL server";
        return Err(StepError::NotConfigured { server });
    };
    let connected = timed(world.timeout, PgConnection::connect(url)).await;
    connected.of(WHAT, "connecting")
}

async fn timed<T>(
    time: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(time, work)
        .await
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// Comment and connection limit of the database; None when there is none.
async fn find(
    world: &World,
    server: &mut PgConnection,
    name: &str,
) -> Result<Option<(Option<String>, i32)>, StepError> {
    let query = "SELECT shobj_description(oid, 'pg_database'), datconnlimit FROM pg_database WHERE datname = $1";
    let found = sqlx::query_as(query).bind(name).fetch_optional(server);
    timed(world.timeout, found)
        .await
        .of(WHAT, "looking for a database")
}

/// Runs a statement that takes no parameters. Names are of letters, digits and underscores, marks
/// of those and the few signs that names of tenants and modules have: nothing needs more than quotes.
async fn run(world: &World, server: &mut PgConnection, sql: String) -> Result<(), StepError> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(server);
    timed(world.timeout, done)
        .await
        .of(WHAT, "changing a database")?;
    Ok(())
}

pub(super) fn make(
    world: &World,
    target: &Target<'_>,
    wanted: Wanted<'_>,
) -> Result<(), StepError> {
    let own = text(wanted.properties, "database");
    let name = database_name(target.stack, own);
    let limit = wanted
        .properties
        .get(LIMIT)
        .and_then(serde_json::Value::as_i64);
    let limit = limit.unwrap_or(-1);
    world.runtime.block_on(async {
        let mut server = connect(world).await?;
        match find(world, &mut server, &name).await? {
            Some((Some(mark), _)) if mark == target.mark => {}
            // Made by an attempt that ended before it could leave its mark.
            Some((None, _)) if wanted.resuming => {}
            Some(_) => return Err(taken(own)),
            None => {
                let create =
                    format!("CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'");
                run(world, &mut server, create).await?;
            }
        }
        let comment = format!(
            "COMMENT ON DATABASE \"{name}\" IS '{}'",
            target.mark.replace('\'', "''")
        );
        run(world, &mut server, comment).await?;
        let limit = format!("ALTER DATABASE \"{name}\" CONNECTION LIMIT {limit}");
        run(world, &mut server, limit).await
    })
}

pub(super) fn delete(
    world: &World,
    target: &Target<'_>,
    old: &Properties,
) -> Result<(), StepError> {
    let own = text(old, "database");
    let name = database_name(target.stack, own);
    world.runtime.block_on(async {
        let mut server = connect(world).await?;
        match find(world, &mut server, &name).await? {
            None => Ok(()),
            Some((Some(mark), _)) if mark == target.mark => {
                let drop = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
                run(world, &mut server, drop).await
            }
            Some(_) => Err(taken(own)),
        }
    })
}

pub(super) fn observe(
    world: &World,
    target: &Target<'_>,
    recorded: &Properties,
) -> Result<Option<Properties>, StepError> {
    let name = database_name(target.stack, text(recorded, "database"));
    let found = world.runtime.block_on(async {
        let mut server = connect(world).await?;
        find(world, &mut server, &name).await
    })?;
    let Some((Some(mark), limit)) = found else {
        return Ok(None);
    };
    if mark != target.mark {
        return Ok(None);
    }
    let mut seen = recorded.clone();
    match limit {
        -1 => seen.remove(LIMIT),
        limit => seen.insert(LIMIT.to_owned(), limit.into()),
    };
    Ok(Some(seen))
}
