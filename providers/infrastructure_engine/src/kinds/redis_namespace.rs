//! A key prefix on the configured Redis server, marked by a hash under the prefix itself.

use redis::{Commands, Connection};

use crate::error::{OfServer, StepError};
use crate::spec::{Properties, redis_prefix, text};

use super::folder::taken;
use super::{Target, Wanted, World};

const WHAT: &str = "Redis";
const BATCH: usize = 500;

fn connect(world: &World) -> Result<Connection, StepError> {
    let Some(client) = &world.redis else {
        let server = "a Redis server";
        return Err(StepError::NotConfigured { server });
    };
    let connection = client
        .get_connection_with_timeout(world.timeout)
        .of(WHAT, "connecting")?;
    let time = Some(world.timeout);
    connection.set_read_timeout(time).of(WHAT, "connecting")?;
    connection.set_write_timeout(time).of(WHAT, "connecting")?;
    Ok(connection)
}

/// The key of the hash that marks a namespace.
fn marker(prefix: &str) -> String {
    format!("{prefix}@resource")
}

/// Mark and description; None when there is no namespace.
fn find(
    server: &mut Connection,
    prefix: &str,
) -> Result<Option<(String, Option<String>)>, StepError> {
    let (mark, description): (Option<String>, Option<String>) = server
        .hmget(marker(prefix), &["mark", "description"])
        .of(WHAT, "looking for a namespace")?;
    Ok(mark.map(|mark| (mark, description)))
}

pub(super) fn make(
    world: &World,
    target: &Target<'_>,
    wanted: Wanted<'_>,
) -> Result<(), StepError> {
    const DOING: &str = "making a namespace";
    let own = text(wanted.properties, "namespace");
    let prefix = redis_prefix(target.stack, own);
    let mut server = connect(world)?;
    if find(&mut server, &prefix)?.is_some_and(|(mark, _)| mark != target.mark) {
        return Err(taken(own));
    }
    let marker = marker(&prefix);
    // One transaction: a marker without its mark would look like someone else's.
    let mut change = redis::pipe();
    change.atomic().hset(&marker, "mark", &target.mark).ignore();
    match text(wanted.properties, "description") {
        "" => change.hdel(&marker, "description").ignore(),
        text => change.hset(&marker, "description", text).ignore(),
    };
    change.query::<()>(&mut server).of(WHAT, DOING)
}

pub(super) fn delete(
    world: &World,
    target: &Target<'_>,
    old: &Properties,
) -> Result<(), StepError> {
    const DOING: &str = "deleting a namespace";
    let own = text(old, "namespace");
    let prefix = redis_prefix(target.stack, own);
    let mut server = connect(world)?;
    match find(&mut server, &prefix)? {
        None => return Ok(()),
        Some((mark, _)) if mark != target.mark => return Err(taken(own)),
        Some(_) => {}
    }
    // The marker goes last, so that a deletion that was cut short is taken up again. Names hold no
    // character that has a meaning in patterns.
    let marker = marker(&prefix);
    let mut cursor = 0_u64;
    loop {
        let (next, mut keys): (u64, Vec<Vec<u8>>) = redis::cmd("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(format!("{prefix}*"))
            .arg("COUNT")
            .arg(BATCH)
            .query(&mut server)
            .of(WHAT, DOING)?;
        keys.retain(|key| key != marker.as_bytes());
        if !keys.is_empty() {
            let _: u64 = redis::cmd("UNLINK")
                .arg(&keys)
                .query(&mut server)
                .of(WHAT, DOING)?;
        }
        if next == 0 {
            break;
        }
        cursor = next;
    }
    server.del(&marker).of(WHAT, DOING)
}

pub(super) fn observe(
    world: &World,
    target: &Target<'_>,
    recorded: &Properties,
) -> Result<Option<Properties>, StepError> {
    let prefix = redis_prefix(target.stack, text(recorded, "namespace"));
    let found = find(&mut connect(world)?, &prefix)?;
    let Some((mark, description)) = found else {
        return Ok(None);
    };
    if mark != target.mark {
        return Ok(None);
    }
    let mut seen = recorded.clone();
    match description {
        None => seen.remove("description"),
        Some(text) => seen.insert("description".to_owned(), text.into()),
    };
    Ok(Some(seen))
}
