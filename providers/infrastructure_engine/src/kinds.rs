//! What is done in the world, kind by kind.
//!
//! Every act may come twice: making finds what the first attempt made, deleting finds it gone. What
//! the engine made is told from what it did not by its content or by a mark; the latter is never
//! taken over and never deleted.

mod directory;
mod file;
mod folder;
mod git;
mod kubernetes;
mod postgres;
mod redis_namespace;
mod sqlite;

use std::time::Duration;

use crate::error::StepError;
use crate::plan::mark;
use crate::seal::Seal;
use crate::spec::{Content, Kind, Properties};
use crate::stack::StackId;

pub(crate) use folder::Folder;

/// Everything that acts need of their surroundings.
#[derive(Clone)]
pub(crate) struct World {
    /// The stack's folder.
    pub(crate) folder: Folder,
    /// The engine's key.
    pub(crate) seal: Seal,
    /// URL of the PostgreSQL server.
    pub(crate) postgres: Option<String>,
    /// The Redis server.
    pub(crate) redis: Option<redis::Client>,
    /// Acts run on a thread that may block; this drives what is asynchronous.
    pub(crate) runtime: tokio::runtime::Handle,
    /// Time for one statement or command.
    pub(crate) timeout: Duration,
}

/// One resource of one stack.
#[derive(Debug, Clone)]
pub(crate) struct Target<'t> {
    pub(crate) stack: &'t StackId,
    pub(crate) kind: Kind,
    /// The mark on what belongs to it.
    pub(crate) mark: String,
}

impl<'t> Target<'t> {
    pub(crate) fn new(stack: &'t StackId, kind: Kind, name: &str) -> Self {
        let mark = mark(stack, kind, name);
        Self { stack, kind, mark }
    }
}

/// What is to be there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'w> {
    pub(crate) properties: &'w Properties,
    pub(crate) content: Option<&'w Content>,
    /// Whether it is there already, with other properties, as far as is known.
    pub(crate) update: bool,
    /// Whether an earlier attempt may have come half way.
    pub(crate) resuming: bool,
}

/// Makes a resource, or brings it in line.
pub(crate) fn make(
    world: &World,
    target: &Target<'_>,
    wanted: Wanted<'_>,
) -> Result<(), StepError> {
    match target.kind {
        Kind::Directory => directory::make(world, wanted),
        Kind::File => file::make(world, target, wanted),
        Kind::GitRepository => git::make(world, target, wanted),
        Kind::SqliteDatabase => sqlite::make(world, target, wanted),
        Kind::PostgresDatabase => postgres::make(world, target, wanted),
        Kind::RedisNamespace => redis_namespace::make(world, target, wanted),
        Kind::KubernetesNamespace => kubernetes::make(world, target, wanted),
    }
}

/// Deletes a resource of these properties.
pub(crate) fn delete(
    world: &World,
    target: &Target<'_>,
    old: &Properties,
) -> Result<(), StepError> {
    match target.kind {
        Kind::Directory => directory::delete(world, old),
        Kind::File => file::delete(world, old),
        Kind::GitRepository => git::delete(world, target, old),
        Kind::SqliteDatabase => sqlite::delete(world, target, old),
        Kind::PostgresDatabase => postgres::delete(world, target, old),
        Kind::RedisNamespace => redis_namespace::delete(world, target, old),
        Kind::KubernetesNamespace => kubernetes::delete(world, old),
    }
}

/// The properties of what is there, in the terms of those on record; None when nothing of ours is.
pub(crate) fn observe(
    world: &World,
    target: &Target<'_>,
    recorded: &Properties,
) -> Result<Option<Properties>, StepError> {
    match target.kind {
        Kind::Directory => directory::observe(world, recorded),
        Kind::File => file::observe(world, target, recorded),
        Kind::GitRepository => git::observe(world, target, recorded),
        Kind::SqliteDatabase => sqlite::observe(world, target, recorded),
        Kind::PostgresDatabase => postgres::observe(world, target, recorded),
        Kind::RedisNamespace => redis_namespace::observe(world, target, recorded),
        Kind::KubernetesNamespace => kubernetes::observe(world, target, recorded),
    }
}
