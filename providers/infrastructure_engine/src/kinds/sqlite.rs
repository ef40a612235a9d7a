//! An SQLite database: built beside its place and moved there whole; later schemas run in one
//! transaction on the live file.

use std::path::{Path, PathBuf};
use std::time::Instant;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{Connection, SqliteConnection};

use crate::error::{OfServer, StepError};
use crate::spec::{Properties, text};

use super::folder::{Found, mode, remove, set_mode, shown_mode, taken};
use super::{Target, Wanted, World};

const WHAT: &str = "SQLite";
const SCHEMA: &str = "schemaDigest";
const TABLE: &str = "_sluice_resource";

pub(super) fn make(
    world: &World,
    target: &Target<'_>,
    wanted: Wanted<'_>,
) -> Result<(), StepError> {
    let path = text(wanted.properties, "path");
    let (place, found) = world.folder.find(path)?;
    let mode = mode(wanted.properties, 0o640);
    match found {
        Found::Nothing => {
            let file = world.folder.new_file()?;
            let made = async {
                let mut database = open(file.path(), world, SqliteJournalMode::Delete).await?;
                apply(&mut database, world, target, wanted).await?;
                database.close().await.of(WHAT, "closing a database")
            };
            world.runtime.block_on(made)?;
            world.folder.put(file, path, &place, mode, false)
        }
        Found::File(_) => {
            world.runtime.block_on(async {
                let mut database = open(&place, world, SqliteJournalMode::Wal).await?;
                match recorded(&mut database).await {
                    Some((mark, _)) if mark == target.mark => {}
                    _ => return Err(taken(path)),
                }
                apply(&mut database, world, target, wanted).await?;
                database.close().await.of(WHAT, "closing a database")
            })?;
            set_mode(&place, mode)
        }
        Found::Directory(_) | Found::Other => Err(taken(path)),
    }
}

/// Opens the file for writing. The mode of its journal is set only on a new one.
async fn open(
    place: &Path,
    world: &World,
    journal: SqliteJournalMode,
) -> Result<SqliteConnection, StepError> {
    let options = SqliteConnectOptions::new()
        .filename(place)
        .create_if_missing(false)
        .busy_timeout(world.timeout);
    let options = match journal {
        SqliteJournalMode::Delete => options.journal_mode(journal),
        _ => options,
    };
    SqliteConnection::connect_with(&options)
        .await
        .of(WHAT, "opening a database")
}

/// The mark and the digest of the schema in the database; None when it is none of ours.
async fn recorded(database: &mut SqliteConnection) -> Option<(String, String)> {
    let query = sqlx::AssertSqlSafe(format!("SELECT mark, schema_digest FROM {TABLE}"));
    sqlx::query_as(query)
        .fetch_optional(database)
        .await
        .ok()
        .flatten()
}

/// Runs the schema and notes it, both or neither. A schema that is noted is not run again.
async fn apply(
    database: &mut SqliteConnection,
    world: &World,
    target: &Target<'_>,
    wanted: Wanted<'_>,
) -> Result<(), StepError> {
    const DOING: &str = "applying a schema";
    let digest = text(wanted.properties, SCHEMA);
    if recorded(database).await == Some((target.mark.clone(), digest.to_owned())) {
        return Ok(());
    }
    limit(database, world).await?;
    let mut change = database
        .begin_with("BEGIN IMMEDIATE")
        .await
        .of(WHAT, DOING)?;
    if let Some(content) = wanted.content {
        let schema = String::from_utf8_lossy(&content.bytes).into_owned();
        let run = sqlx::raw_sql(sqlx::AssertSqlSafe(schema)).execute(&mut *change);
        run.await.map_err(|error| StepError::Schema {
            message: error.to_string().chars().take(500).collect(),
        })?;
    }
    let create = format!(
        "CREATE TABLE IF NOT EXISTS {TABLE} (mark TEXT NOT NULL, schema_digest TEXT NOT NULL)"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(create))
        .execute(&mut *change)
        .await
        .of(WHAT, DOING)?;
    let clear = format!("DELETE FROM {TABLE}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(clear))
        .execute(&mut *change)
        .await
        .of(WHAT, DOING)?;
    let note = sqlx::AssertSqlSafe(format!("INSERT INTO {TABLE} VALUES (?, ?)"));
    let note = sqlx::query(note).bind(&target.mark).bind(digest);
    note.execute(&mut *change).await.of(WHAT, DOING)?;
    change.commit().await.of(WHAT, DOING)
}

/// A schema may hold a query without end; this ends it.
async fn limit(database: &mut SqliteConnection, world: &World) -> Result<(), StepError> {
    let end = Instant::now() + world.timeout;
    let mut handle = database.lock_handle().await.of(WHAT, "limiting a schema")?;
    handle.set_progress_handler(10_000, move || Instant::now() < end);
    Ok(())
}

/// The files that SQLite keeps beside a database.
fn beside(place: &Path) -> impl Iterator<Item = PathBuf> {
    ["-wal", "-shm", "-journal"].into_iter().map(|suffix| {
        let mut name = place.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

pub(super) fn delete(
    world: &World,
    target: &Target<'_>,
    old: &Properties,
) -> Result<(), StepError> {
    let path = text(old, "path");
    match world.folder.find(path)? {
        (_, Found::Nothing) => Ok(()),
        (place, Found::File(_)) => {
            let ours = world.runtime.block_on(look(&place, world));
            if ours.is_none_or(|(mark, _)| mark != target.mark) {
                return Err(taken(path));
            }
            beside(&place).try_for_each(|place| remove(&place))?;
            remove(&place)
        }
        (_, Found::Directory(_) | Found::Other) => Err(taken(path)),
    }
}

async fn look(place: &Path, world: &World) -> Option<(String, String)> {
    let options = SqliteConnectOptions::new()
        .filename(place)
        .read_only(true)
        .busy_timeout(world.timeout);
    let mut database = SqliteConnection::connect_with(&options).await.ok()?;
    let found = recorded(&mut database).await;
    // Nothing was written, so nothing can be lost by an error here.
    let _ = database.close().await;
    found
}

pub(super) fn observe(
    world: &World,
    target: &Target<'_>,
    on_record: &Properties,
) -> Result<Option<Properties>, StepError> {
    let (place, found) = world.folder.find(text(on_record, "path"))?;
    let Found::File(data) = found else {
        return Ok(None);
    };
    let mut seen = on_record.clone();
    seen.insert("mode".to_owned(), shown_mode(&data).into());
    match world.runtime.block_on(look(&place, world)) {
        Some((mark, digest)) if mark == target.mark => {
            match digest.as_str() {
                "" => seen.remove(SCHEMA),
                digest => seen.insert(SCHEMA.to_owned(), digest.into()),
            };
            Ok(Some(seen))
        }
        _ => Ok(None),
    }
}
