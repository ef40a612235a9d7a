//! Making a tree of a base commit and file changes.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bytes::Bytes;
use gix::ObjectId;
use gix::objs::tree::EntryKind;

use crate::error::{Doing, GitHostError, PathRule, Result};
use crate::limits::Limits;
use crate::names::Oid;
use crate::path::check_path;
use crate::types::{ChangeKind, ChangedPath, FileChange, Staged};

use super::commit;
use super::tree_view::{Entry, TreeView};

const DOING: &str = "writing a tree";

pub(super) fn stage(
    repo: &gix::Repository,
    base: Oid,
    changes: &[FileChange],
    limits: &Limits,
) -> Result<Staged> {
    check_sizes(changes, limits)?;
    let root = commit::tree_of(repo, base)?;
    let mut view = TreeView::new(repo, root);
    let mut plan = Plan::default();
    for change in changes {
        plan.take(change, &mut view)?;
    }
    plan.refuse_clashes(&mut view)?;
    plan.write(repo, root, &mut view)
}

fn content_of(change: &FileChange) -> Option<(&str, &Bytes)> {
    match change {
        FileChange::Put { path, content, .. }
        | FileChange::Create { path, content, .. }
        | FileChange::Update { path, content, .. } => Some((path, content)),
        FileChange::Rename { to, content, .. } => content.as_ref().map(|content| (&**to, content)),
        FileChange::Delete { .. } | FileChange::SetExecutable { .. } => None,
    }
}

fn check_sizes(changes: &[FileChange], limits: &Limits) -> Result<()> {
    if changes.len() > limits.max_files {
        let limit = limits.max_files as u64;
        return Err(GitHostError::too_large(
            "the number of files in one request",
            limit,
        ));
    }
    let mut total = 0u64;
    for (path, content) in changes.iter().filter_map(content_of) {
        let size = content.len() as u64;
        total += size;
        if size > limits.max_file_bytes {
            let what = format!("bytes of `{}`", path.chars().take(200).collect::<String>());
            return Err(GitHostError::too_large(what, limits.max_file_bytes));
        }
        check_attributes(path, content)?;
    }
    if total > limits.max_request_bytes {
        return Err(GitHostError::too_large(
            "bytes of one request",
            limits.max_request_bytes,
        ));
    }
    Ok(())
}

/// Git's own checks refuse a repository that holds such a file.
fn check_attributes(path: &str, content: &Bytes) -> Result<()> {
    let named = path
        .rsplit('/')
        .next()
        .is_some_and(|n| n.eq_ignore_ascii_case(".gitattributes"));
    if named
        && content
            .split(|b| *b == b'\n')
            .any(|line| line.len() >= 2_048)
    {
        return Err(GitHostError::path(path, PathRule::AttributesLine));
    }
    Ok(())
}

enum Blob<'a> {
    New(&'a Bytes),
    Kept(ObjectId),
}

/// A file as it is to be.
struct Target<'a> {
    kind: EntryKind,
    blob: Blob<'a>,
    old: Option<Entry>,
    old_path: Option<&'a str>,
}

/// The changes against the base, checked one by one.
#[derive(Default)]
struct Plan<'a> {
    touched: HashSet<&'a str>,
    removed: BTreeSet<&'a str>,
    added: BTreeMap<&'a str, Target<'a>>,
}

impl<'a> Plan<'a> {
    fn take(&mut self, change: &'a FileChange, view: &mut TreeView<'_>) -> Result<()> {
        match change {
            FileChange::Put {
                path,
                content,
                executable,
            } => {
                let old = self.file(path, view)?;
                self.put(path, content, old, *executable);
            }
            FileChange::Create {
                path,
                content,
                executable,
            } => {
                self.absent(path, view)?;
                self.put(path, content, None, Some(*executable));
            }
            FileChange::Update {
                path,
                content,
                executable,
            } => {
                let old = self.present(path, view)?;
                self.put(path, content, Some(old), *executable);
            }
            FileChange::Delete { path } => {
                self.present(path, view)?;
                self.removed.insert(path);
            }
            FileChange::Rename { from, to, content } => {
                let old = self.present(from, view)?;
                self.absent(to, view)?;
                self.removed.insert(from);
                let (kind, blob) = match content {
                    Some(content) => (regular(old.kind), Blob::New(content)),
                    None => (old.kind, Blob::Kept(old.id)),
                };
                let target = Target {
                    kind,
                    blob,
                    old: Some(old),
                    old_path: Some(from),
                };
                self.added.insert(to, target);
            }
            FileChange::SetExecutable { path, executable } => {
                let old = self.present(path, view)?;
                if !matches!(old.kind, EntryKind::Blob | EntryKind::BlobExecutable) {
                    return Err(GitHostError::path(path, PathRule::NotRegular));
                }
                let (kind, blob) = (blob_kind(*executable), Blob::Kept(old.id));
                self.added.insert(
                    path,
                    Target {
                        kind,
                        blob,
                        old: Some(old),
                        old_path: None,
                    },
                );
            }
        }
        Ok(())
    }

    fn put(
        &mut self,
        path: &'a str,
        content: &'a Bytes,
        old: Option<Entry>,
        executable: Option<bool>,
    ) {
        let kept = old.map_or(EntryKind::Blob, |old| regular(old.kind));
        let kind = executable.map_or(kept, blob_kind);
        self.added.insert(
            path,
            Target {
                kind,
                blob: Blob::New(content),
                old,
                old_path: None,
            },
        );
    }

    /// Checks and claims a path; the file there, if any. A folder there is judged later, when it
    /// is known what remains in it.
    fn file(&mut self, path: &'a str, view: &mut TreeView<'_>) -> Result<Option<Entry>> {
        check_path(path)?;
        if !self.touched.insert(path) {
            return Err(GitHostError::path(path, PathRule::Duplicate));
        }
        Ok(view.entry(path)?.filter(|entry| !entry.is_tree()))
    }

    fn absent(&mut self, path: &'a str, view: &mut TreeView<'_>) -> Result<()> {
        match self.file(path, view)? {
            Some(_) => Err(GitHostError::path(path, PathRule::Exists)),
            None => Ok(()),
        }
    }

    fn present(&mut self, path: &'a str, view: &mut TreeView<'_>) -> Result<Entry> {
        let found = self.file(path, view)?;
        let rule = match view.entry(path)? {
            Some(entry) if entry.is_tree() => PathRule::IsDirectory,
            _ => PathRule::Missing,
        };
        found.ok_or_else(|| GitHostError::path(path, rule))
    }

    /// A path cannot be both a file and a folder in the outcome.
    fn refuse_clashes(&self, view: &mut TreeView<'_>) -> Result<()> {
        for path in self.added.keys() {
            for (end, _) in path.match_indices('/') {
                let parent = &path[..end];
                let stays = view.entry(parent)?.is_some_and(|entry| !entry.is_tree())
                    && !self.removed.contains(parent);
                if stays || self.added.contains_key(parent) {
                    return Err(GitHostError::path(path, PathRule::ParentIsFile));
                }
            }
            if !self.empties(path, view)? {
                return Err(GitHostError::path(path, PathRule::IsDirectory));
            }
        }
        Ok(())
    }

    /// Whether every file below `path` is removed; true when it is no folder.
    fn empties(&self, path: &str, view: &mut TreeView<'_>) -> Result<bool> {
        let mut open = vec![path.to_owned()];
        while let Some(path) = open.pop() {
            let Some(folder) = view.folder(&path)? else {
                continue;
            };
            for (name, entry) in folder.iter() {
                let Ok(name) = std::str::from_utf8(name) else {
                    return Ok(false);
                };
                let inner = format!("{path}/{name}");
                if entry.is_tree() {
                    open.push(inner);
                } else if !self.removed.contains(&*inner) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn write(
        self,
        repo: &gix::Repository,
        root: ObjectId,
        view: &mut TreeView<'_>,
    ) -> Result<Staged> {
        let mut editor = repo.edit_tree(root).doing(DOING)?;
        let renamed: HashSet<&str> = self.added.values().filter_map(|t| t.old_path).collect();
        let mut changed = Vec::new();
        for path in &self.removed {
            editor.remove(*path).doing(DOING)?;
            if !renamed.contains(path) {
                changed.push(changed_path(path, None, ChangeKind::Deleted));
            }
        }
        for (path, target) in &self.added {
            let id = match target.blob {
                Blob::New(content) => repo.write_blob(content).doing(DOING)?.detach(),
                Blob::Kept(id) => id,
            };
            let Some(kind) = effect(target, id) else {
                continue;
            };
            if view.entry(path)?.is_some_and(|entry| entry.is_tree()) {
                editor.remove(*path).doing(DOING)?;
            }
            editor.upsert(*path, target.kind, id).doing(DOING)?;
            changed.push(changed_path(path, target.old_path, kind));
        }
        let tree = editor.write().doing(DOING)?.into();
        changed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Staged { tree, changed })
    }
}

/// How the target differs from what is there; `None` when it does not.
fn effect(target: &Target<'_>, id: ObjectId) -> Option<ChangeKind> {
    let old = target.old;
    let was_regular = |kind| matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable);
    match old {
        _ if target.old_path.is_some() => Some(ChangeKind::Renamed),
        None => Some(ChangeKind::Added),
        Some(old) if old.id == id && old.kind == target.kind => None,
        Some(old) if was_regular(old.kind) != was_regular(target.kind) => {
            Some(ChangeKind::TypeChanged)
        }
        Some(old) if old.id == id => Some(ChangeKind::ModeChanged),
        Some(_) => Some(ChangeKind::Modified),
    }
}

fn changed_path(path: &str, old_path: Option<&str>, kind: ChangeKind) -> ChangedPath {
    ChangedPath {
        path: path.to_owned(),
        old_path: old_path.map(str::to_owned),
        kind,
    }
}

fn blob_kind(executable: bool) -> EntryKind {
    if executable {
        EntryKind::BlobExecutable
    } else {
        EntryKind::Blob
    }
}

/// The kind that new content gets: links and submodules become plain files.
fn regular(kind: EntryKind) -> EntryKind {
    blob_kind(kind == EntryKind::BlobExecutable)
}
