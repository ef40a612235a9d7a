//! Reading history and files.

use std::collections::HashSet;

use gix::ObjectId;
use gix::objs::Kind;
use gix::objs::tree::EntryKind;
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use crate::error::{Doing, GitHostError, Result};
use crate::names::{BranchName, Oid};
use crate::path::check_path;
use crate::types::{CommitInfo, FileContent, TreeFile};

use super::tree_view::TreeView;
use super::{commit, merge, refs};

pub(super) fn log(
    repo: &gix::Repository,
    from: Oid,
    not: Option<Oid>,
    limit: usize,
) -> Result<Vec<CommitInfo>> {
    let doing = "reading the log";
    commit::find(repo, from)?;
    if let Some(not) = not {
        commit::find(repo, not)?;
    }
    let walk = repo
        .rev_walk([from.raw()])
        .sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst))
        .with_hidden(not.map(Oid::raw))
        .all()
        .doing(doing)?;
    let mut commits = Vec::new();
    for step in walk.take(limit) {
        commits.push(commit::info(&step.doing(doing)?.object().doing(doing)?)?);
    }
    Ok(commits)
}

pub(super) fn is_ancestor(repo: &gix::Repository, ancestor: Oid, descendant: Oid) -> Result<bool> {
    commit::find(repo, ancestor)?;
    commit::find(repo, descendant)?;
    Ok(merge::merge_bases(repo, ancestor, descendant)?.contains(&ancestor))
}

pub(super) fn resolve(repo: &gix::Repository, rev: &str) -> Result<Option<Oid>> {
    let hex = !rev.is_empty() && rev.bytes().all(|b| b.is_ascii_hexdigit());
    if hex && rev.len() == 40 {
        return match commit::find(repo, rev.parse()?) {
            Ok(found) => Ok(Some(found.id.into())),
            Err(GitHostError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        };
    }
    if rev == "HEAD" {
        let head = repo.head().doing("reading HEAD")?;
        return Ok(head.id().map(Oid::from));
    }
    let short = rev.strip_prefix("refs/heads/").unwrap_or(rev);
    match BranchName::new(short) {
        Ok(branch) => match refs::head(repo, &branch)? {
            None if hex && rev.len() >= 7 => by_prefix(repo, rev),
            found => Ok(found),
        },
        Err(error) => Err(error),
    }
}

fn by_prefix(repo: &gix::Repository, rev: &str) -> Result<Option<Oid>> {
    let doing = "looking up an abbreviated commit";
    // Over-long prefixes cannot name an object.
    let Ok(prefix) = gix::hash::Prefix::from_hex(rev) else {
        return Ok(None);
    };
    let mut candidates = HashSet::new();
    repo.objects
        .lookup_prefix(prefix, Some(&mut candidates))
        .doing(doing)?;
    let mut commits = Vec::new();
    for id in candidates {
        if repo.find_header(id).doing(doing)?.kind() == Kind::Commit {
            commits.push(Oid::from(id));
        }
    }
    match commits[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(GitHostError::name("revision", rev, "it is ambiguous")),
    }
}

pub(super) fn file(
    repo: &gix::Repository,
    commit: Oid,
    path: &str,
    max_bytes: u64,
) -> Result<Option<FileContent>> {
    let doing = "reading a file";
    check_path(path)?;
    let root = commit::tree_of(repo, commit)?;
    let entry = TreeView::new(repo, root).entry(path)?;
    let Some(entry) = entry.filter(|entry| is_file(entry.kind)) else {
        return Ok(None);
    };
    if repo.find_header(entry.id).doing(doing)?.size() > max_bytes {
        return Err(GitHostError::too_large(
            format!("bytes of `{path}`"),
            max_bytes,
        ));
    }
    let mut blob = repo.find_blob(entry.id).doing(doing)?;
    Ok(Some(FileContent {
        bytes: blob.take_data().into(),
        executable: entry.kind == EntryKind::BlobExecutable,
        oid: entry.id.into(),
    }))
}

pub(super) fn files(repo: &gix::Repository, commit: Oid, limit: usize) -> Result<Vec<TreeFile>> {
    let doing = "listing files";
    let root = commit::tree_of(repo, commit)?;
    let mut found = Vec::new();
    let mut open = entries(repo, root, "")?;
    while let Some((path, kind, id)) = open.pop() {
        if found.len() == limit {
            break;
        }
        if kind == EntryKind::Tree {
            open.extend(entries(repo, id, &path)?);
        } else if is_file(kind) {
            let size = repo.find_header(id).doing(doing)?.size();
            let executable = kind == EntryKind::BlobExecutable;
            found.push(TreeFile {
                path,
                oid: id.into(),
                size,
                executable,
            });
        }
    }
    Ok(found)
}

/// A folder's entries with their full paths, last first, so that a stack gives them in order.
fn entries(
    repo: &gix::Repository,
    tree: ObjectId,
    prefix: &str,
) -> Result<Vec<(String, EntryKind, ObjectId)>> {
    let doing = "listing files";
    let tree = repo.find_tree(tree).doing(doing)?;
    let mut entries = Vec::new();
    for entry in tree.iter() {
        let entry = entry.doing(doing)?;
        let slash = if prefix.is_empty() { "" } else { "/" };
        let path = format!("{prefix}{slash}{}", entry.filename());
        entries.push((path, entry.kind(), entry.object_id()));
    }
    entries.reverse();
    Ok(entries)
}

fn is_file(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::Blob | EntryKind::BlobExecutable | EntryKind::Link
    )
}
