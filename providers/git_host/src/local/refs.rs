//! Branches: reading, and the one way to change them.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use gix::refs::transaction::{PreviousValue, RefEdit};
use gix::refs::{FullName, Target};

use crate::error::{Doing, DoingIo, GitHostError, Result};
use crate::limits::Limits;
use crate::names::{BranchName, Oid};
use crate::types::RefChange;

use super::commit;

const DOING: &str = "changing a branch";
/// A lock file of Git's own lives for milliseconds; one this old was left by a killed process.
const STALE: Duration = Duration::from_secs(10);

pub(super) fn branches(repo: &gix::Repository) -> Result<Vec<(BranchName, Oid)>> {
    let doing = "listing branches";
    let mut found = Vec::new();
    let platform = repo.references().doing(doing)?;
    for reference in platform.local_branches().doing(doing)? {
        let reference = reference.doing(doing)?;
        let name = reference.name().shorten().to_string();
        if let (Ok(name), Some(id)) = (BranchName::new(&name), reference.try_id()) {
            found.push((name, id.into()));
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn head(repo: &gix::Repository, branch: &BranchName) -> Result<Option<Oid>> {
    let doing = "reading a branch";
    let reference = repo.try_find_reference(&full_name(branch)?).doing(doing)?;
    Ok(reference.and_then(|reference| reference.try_id().map(Oid::from)))
}

pub(super) fn update(
    repo: &gix::Repository,
    branch: &BranchName,
    change: RefChange,
    limits: &Limits,
) -> Result<()> {
    if let Some(new) = change.new {
        commit::find(repo, new)?;
    }
    let deadline = Instant::now() + limits.lock_timeout;
    let _guard = lock(repo.path(), deadline)?;
    let edit = edit(branch, change)?;
    loop {
        let actual = head(repo, branch)?;
        if actual != change.expected {
            return Err(GitHostError::RefMoved {
                branch: branch.to_string(),
                actual,
            });
        }
        let Some(edit) = edit.clone() else {
            return Ok(());
        };
        if change.new.is_some() && actual.is_none() {
            refuse_clash(repo, branch)?;
        }
        let Err(error) = repo.edit_references_as([edit], None) else {
            return Ok(());
        };
        // The guard keeps out everyone who comes through here; what remains are other programs
        // holding Git's own lock, and lock files whose owner was killed.
        if remove_stale_lock(repo.path(), branch) {
            continue;
        }
        if Instant::now() >= deadline {
            return match head(repo, branch)? {
                actual if actual != change.expected => Err(GitHostError::RefMoved {
                    branch: branch.to_string(),
                    actual,
                }),
                _ if lock_files(repo.path(), branch).any(|file| file.exists()) => {
                    Err(GitHostError::Busy)
                }
                _ => Err(error).doing(DOING),
            };
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn full_name(branch: &BranchName) -> Result<FullName> {
    FullName::try_from(branch.full()).doing("reading a branch name")
}

/// `None` when the change only asks that the branch not exist.
fn edit(branch: &BranchName, change: RefChange) -> Result<Option<RefEdit>> {
    let name = full_name(branch)?;
    let expected = match change.expected {
        Some(id) => PreviousValue::MustExistAndMatch(Target::Object(id.raw())),
        None => PreviousValue::MustNotExist,
    };
    Ok(match (change.expected, change.new) {
        (_, Some(new)) => Some(RefEdit::update(name, new.raw(), expected, "")),
        (Some(_), None) => Some(RefEdit::delete(name, expected)),
        (None, None) => None,
    })
}

/// Takes the repository's advisory lock, which the system frees when its holder dies.
fn lock(git_dir: &Path, deadline: Instant) -> Result<File> {
    let path = git_dir.join("branches.guard");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .doing_io(DOING)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(2));
            }
            Err(TryLockError::WouldBlock) => return Err(GitHostError::Busy),
            Err(TryLockError::Error(source)) => {
                return Err(GitHostError::Io {
                    doing: DOING,
                    source,
                });
            }
        }
    }
}

/// Git stores `a/b` as a file in the folder `a`, so a branch `a` cannot stand beside it.
fn refuse_clash(repo: &gix::Repository, branch: &BranchName) -> Result<()> {
    let name = branch.as_str();
    let clashes = |other: &str| {
        let inside = |long: &str, short: &str| {
            long.strip_prefix(short)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        inside(name, other) || inside(other, name)
    };
    match branches(repo)?
        .into_iter()
        .find(|(other, _)| clashes(other.as_str()))
    {
        Some((existing, _)) => Err(GitHostError::RefClash {
            branch: branch.to_string(),
            existing: existing.to_string(),
        }),
        None => Ok(()),
    }
}

fn lock_files(git_dir: &Path, branch: &BranchName) -> impl Iterator<Item = std::path::PathBuf> {
    let own = git_dir.join(format!("{}.lock", branch.full()));
    [own, git_dir.join("packed-refs.lock")].into_iter()
}

/// Removes lock files that a killed process left. Call with the guard held.
fn remove_stale_lock(git_dir: &Path, branch: &BranchName) -> bool {
    let stale = |file: &Path| {
        let modified = file.metadata().and_then(|meta| meta.modified()).ok();
        modified
            .and_then(|time| time.elapsed().ok())
            .is_some_and(|age| age > STALE)
    };
    lock_files(git_dir, branch)
        .filter(|file| stale(file) && std::fs::remove_file(file).is_ok())
        .count()
        > 0
}
