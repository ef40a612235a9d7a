//! Writing and reading commits.

use chrono::{DateTime, Utc};
use gix::objs::{Kind, Write as _};

use crate::error::{Doing, GitHostError, Result};
use crate::limits::Limits;
use crate::names::Oid;
use crate::types::{CommitInfo, CommitSpec, Signature};

use super::message;

const READING: &str = "reading a commit";
const WRITING: &str = "writing a commit";

/// A commit by id. `NotFound` when there is no such object or it is something else.
pub(super) fn find(repo: &gix::Repository, id: Oid) -> Result<gix::Commit<'_>> {
    let object = repo.try_find_object(id.raw()).doing(READING)?;
    object
        .filter(|object| object.kind == Kind::Commit)
        .map(gix::Object::into_commit)
        .ok_or_else(|| GitHostError::not_found(format_args!("commit {id}")))
}

pub(super) fn tree_of(repo: &gix::Repository, id: Oid) -> Result<gix::ObjectId> {
    Ok(find(repo, id)?.tree_id().doing(READING)?.detach())
}

pub(super) fn write_empty_tree(repo: &gix::Repository) -> Result<Oid> {
    // Straight into the store: the library takes the empty tree as given and would not write it.
    let id = repo
        .objects
        .write_buf(Kind::Tree, &[])
        .doing("writing a tree")?;
    Ok(id.into())
}

pub(super) fn write(repo: &gix::Repository, spec: &CommitSpec, limits: &Limits) -> Result<Oid> {
    let header = repo.try_find_header(spec.tree.raw()).doing(WRITING)?;
    if header.is_none_or(|header| header.kind() != Kind::Tree) {
        return Err(GitHostError::not_found(format_args!("tree {}", spec.tree)));
    }
    for parent in &spec.parents {
        find(repo, *parent)?;
    }
    let commit = gix::objs::Commit {
        tree: spec.tree.raw(),
        parents: spec.parents.iter().map(|parent| parent.raw()).collect(),
        author: actor("author", &spec.author)?,
        committer: actor("committer", &spec.committer)?,
        encoding: None,
        message: message::compose(&spec.message, &spec.trailers, limits.max_message_bytes)?.into(),
        extra_headers: Vec::new(),
    };
    Ok(repo.write_object(&commit).doing(WRITING)?.into())
}

/// The signature in the library's form. Errors with `InvalidCommit`, naming the field.
pub(super) fn actor(role: &str, signature: &Signature) -> Result<gix::actor::Signature> {
    let text = |part: &str, value: &str| {
        let value = value.trim();
        let bad = |c: char| c.is_control() || c == '<' || c == '>';
        let rule = if value.is_empty() || value.chars().count() > 200 {
            "it must have 1 to 200 characters"
        } else if value.chars().any(bad) {
            "it must not hold `<`, `>` or control characters"
        } else {
            return Ok(value.into());
        };
        Err(GitHostError::InvalidCommit {
            field: format!("{role}.{part}"),
            rule,
        })
    };
    let seconds = signature.time.timestamp();
    // Git reads times as unsigned, and its checks refuse what does not fit a year of four digits.
    if !(0..=253_402_300_799).contains(&seconds) {
        let field = format!("{role}.time");
        let rule = "it must lie between the years 1970 and 9999";
        return Err(GitHostError::InvalidCommit { field, rule });
    }
    Ok(gix::actor::Signature {
        name: text("name", &signature.name)?,
        email: text("email", &signature.email)?,
        time: gix::date::Time { seconds, offset: 0 },
    })
}

pub(super) fn info(commit: &gix::Commit<'_>) -> Result<CommitInfo> {
    let decoded = commit.decode().doing(READING)?;
    let (subject, body, trailers) = message::split(decoded.message);
    Ok(CommitInfo {
        id: commit.id.into(),
        tree: decoded.tree().into(),
        parents: decoded.parents().map(Oid::from).collect(),
        author: signature(decoded.author().doing(READING)?),
        committer: signature(decoded.committer().doing(READING)?),
        message: decoded.message.to_string(),
        subject,
        body,
        trailers,
    })
}

fn signature(actor: gix::actor::SignatureRef<'_>) -> Signature {
    Signature {
        name: actor.name.to_string(),
        email: actor.email.to_string(),
        time: DateTime::<Utc>::from_timestamp(actor.seconds(), 0).unwrap_or_default(),
    }
}
