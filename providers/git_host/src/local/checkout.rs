//! Work trees for builds.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use crate::error::{Doing, DoingIo, GitHostError, Result};
use crate::names::Oid;

use super::process::{bare_git, run};

const DOING: &str = "checking out a commit";

/// The new `.git` borrows the repository's objects instead of copying them, and has no remote, so
/// nothing done in the work tree can reach the repository.
pub(super) async fn checkout(
    repo: &Path,
    commit: &Oid,
    dir: &Path,
    timeout: Duration,
) -> Result<()> {
    prepare(dir)?;
    let outcome = fill(repo, commit, dir, timeout).await;
    if outcome.is_err() {
        // Everything in there is ours; emptied, the folder can be tried again.
        empty(dir);
    }
    outcome
}

async fn fill(repo: &Path, commit: &Oid, dir: &Path, timeout: Duration) -> Result<()> {
    let mut init = bare_git(dir);
    init.args([
        "init",
        "--quiet",
        "--template=",
        "--object-format=sha1",
        "--initial-branch=main",
    ]);
    run(init, &[], 4096, timeout, DOING).await?;
    borrow_objects(repo, &dir.join(".git"))?;
    let mut checkout = bare_git(dir);
    // Not wherever a search upwards would find a repository.
    checkout
        .arg("--git-dir")
        .arg(dir.join(".git"))
        .arg("--work-tree")
        .arg(dir);
    checkout.args([
        "checkout",
        "--quiet",
        "--detach",
        "--force",
        &commit.to_string(),
    ]);
    run(checkout, &[], 4096, timeout, DOING).await?;
    Ok(())
}

/// Best effort: what cannot be removed shows as `NotEmpty` at the next try.
fn empty(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = entry.path();
        let _ = if folder {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
    }
}

fn prepare(dir: &Path) -> Result<()> {
    match fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(GitHostError::NotEmpty),
            None => Ok(()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(dir).doing_io(DOING)
        }
        Err(source) => Err(GitHostError::Io {
            doing: DOING,
            source,
        }),
    }
}

fn borrow_objects(repo: &Path, work_git: &Path) -> Result<()> {
    let objects = repo.join("objects");
    let line = objects
        .to_str()
        .filter(|path| !path.contains('\n') && !path.starts_with('"'));
    let line = line
        .ok_or("the path of the repository cannot be recorded")
        .doing(DOING)?;
    let info = work_git.join("objects").join("info");
    fs::create_dir_all(&info).doing_io(DOING)?;
    fs::write(info.join("alternates"), format!("{line}\n")).doing_io(DOING)
}
