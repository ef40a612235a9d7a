//! Differences between commits, as Git shows them.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::error::{GitHostError, Result};
use crate::limits::{DiffLimits, Limits};
use crate::names::Oid;
use crate::types::{ChangeKind, FileDiff};

use super::process::{git, run};

const DOING: &str = "comparing commits";
const LIST_LIMIT: u64 = 64 * 1024 * 1024;
const PATCH_ID_LIMIT: u64 = 256 * 1024 * 1024;
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

pub(super) async fn diff(
    repo: &Path,
    from: Option<&Oid>,
    to: &Oid,
    limits: DiffLimits,
    timeout: Duration,
) -> Result<Vec<FileDiff>> {
    let from = from.map_or(EMPTY_TREE.to_owned(), Oid::to_string);
    let mut list = diff_tree(repo, VERBATIM);
    list.args(["-z", "--raw", "--numstat", "--no-abbrev", "--find-renames"]);
    list.arg(&from).arg(to.to_string());
    let listed = run(list, &[], LIST_LIMIT, timeout, DOING).await?;
    if listed.cut {
        return Err(GitHostError::too_large(
            "bytes of the list of changed files",
            LIST_LIMIT,
        ));
    }
    let mut files = parse_list(&listed.bytes).ok_or(GitHostError::Command {
        doing: DOING,
        stderr: "unreadable output".to_owned(),
    })?;
    let mut patch = diff_tree(repo, VERBATIM);
    patch
        .args(["--patch", "--find-renames"])
        .arg(from)
        .arg(to.to_string());
    let patch = run(patch, &[], limits.max_total_bytes as u64, timeout, DOING).await?;
    assign(&mut files, &patch.bytes, patch.cut, limits.max_patch_bytes);
    files.truncate(limits.max_files);
    Ok(files)
}

pub(super) async fn patch_id(repo: &Path, commit: &Oid, limits: &Limits) -> Result<Option<String>> {
    let timeout = limits.command_timeout;
    let mut patch = diff_tree(repo, QUOTED);
    // Renames are not detected: whether they are is a matter of thresholds, not of the change.
    patch
        .args(["--patch", "--root", "--no-renames", "--full-index"])
        .arg(commit.to_string());
    let patch = run(patch, &[], PATCH_ID_LIMIT, timeout, DOING).await?;
    if patch.cut {
        return Err(GitHostError::too_large(
            "bytes of the patch",
            PATCH_ID_LIMIT,
        ));
    }
    let mut id = git(repo);
    id.args(["patch-id", "--stable"]);
    let output = run(id, &patch.bytes, 4096, timeout, DOING).await?;
    let text = String::from_utf8_lossy(&output.bytes);
    Ok(text.split_whitespace().next().map(str::to_owned))
}

/// How names outside ASCII stand in patches. They are part of what a patch id covers, so that one
/// needs Git's default.
pub(super) const QUOTED: &str = "core.quotePath=true";
const VERBATIM: &str = "core.quotePath=false";

pub(super) fn diff_tree(repo: &Path, quoting: &str) -> Command {
    let mut command = git(repo);
    command.args(["-c", quoting, "diff-tree", "-r"]);
    command.args(["--no-ext-diff", "--no-textconv", "--no-color"]);
    command
}

/// Reads `--raw --numstat -z`: first every change, then the counts in the same order.
fn parse_list(output: &[u8]) -> Option<Vec<FileDiff>> {
    let mut fields = output
        .split(|b| *b == 0)
        .map(|field| String::from_utf8_lossy(field).into_owned())
        .peekable();
    let mut files = Vec::new();
    while let Some(head) = fields.next_if(|field| field.starts_with(':')) {
        files.push(parse_change(&head, &mut fields)?);
    }
    for file in &mut files {
        let counts = fields.next()?;
        let mut counts = counts.splitn(3, '\t');
        let (added, deleted, path) = (counts.next()?, counts.next()?, counts.next()?);
        if path.is_empty() {
            // A rename: its two paths follow.
            fields.next()?;
            fields.next()?;
        }
        file.binary = added == "-";
        file.additions = added.parse().unwrap_or(0);
        file.deletions = deleted.parse().unwrap_or(0);
    }
    Some(files)
}

fn parse_change(head: &str, fields: &mut impl Iterator<Item = String>) -> Option<FileDiff> {
    let columns: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
    let [_old_mode, _new_mode, old, new, status] = columns[..] else {
        return None;
    };
    let (path, old_path) = match status.as_bytes().first()? {
        b'R' | b'C' => {
            let from = fields.next()?;
            (fields.next()?, Some(from))
        }
        _ => (fields.next()?, None),
    };
    let kind = match status.as_bytes().first()? {
        b'A' | b'C' => ChangeKind::Added,
        b'D' => ChangeKind::Deleted,
        b'R' => ChangeKind::Renamed,
        b'T' => ChangeKind::TypeChanged,
        _ if old == new => ChangeKind::ModeChanged,
        _ => ChangeKind::Modified,
    };
    Some(FileDiff {
        path,
        old_path,
        kind,
        binary: false,
        additions: 0,
        deletions: 0,
        patch: None,
    })
}

/// Gives each file its part of the patch. The parts come in the order of the list; only a change
/// of type has two, for what goes and what comes.
fn assign(files: &mut [FileDiff], patch: &[u8], cut: bool, max: usize) {
    let mut parts = split_patch(patch);
    if cut {
        // The last one is not whole.
        parts.pop();
    }
    let mut parts = parts.into_iter();
    for file in files {
        let count = if file.kind == ChangeKind::TypeChanged {
            2
        } else {
            1
        };
        let own: Vec<&[u8]> = parts.by_ref().take(count).collect();
        let size: usize = own.iter().map(|part| part.len()).sum();
        if own.len() == count && size <= max {
            file.patch = Some(String::from_utf8_lossy(&own.concat()).into_owned());
        }
    }
}

/// Content lines start with a blank, a sign or a backslash, so this head starts a file.
fn split_patch(patch: &[u8]) -> Vec<&[u8]> {
    const HEAD: &[u8] = b"diff --git ";
    let mut starts = Vec::new();
    let mut at = 0;
    for line in patch.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(HEAD) {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([patch.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &patch[*start..end])
        .collect()
}
