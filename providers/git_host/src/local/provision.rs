//! Making a repository, all of it or nothing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::error::{DoingIo, GitHostError, Result};
use crate::limits::Limits;
use crate::names::{BranchName, Oid};
use crate::types::{CommitSpec, Provisioned, RefChange, Signature};

use super::{commit, open, refs};

const DOING: &str = "provisioning the repository";

/// Read-only over HTTP; never collects garbage on its own, because staged objects have no branch
/// yet; serves any reachable commit and partial clones, which build tools ask for.
const CONFIG: &str = "\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogallrefupdates = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[http]
\treceivepack = false
\tuploadpack = true
[receive]
\tdenyDeletes = true
\tdenyNonFastForwards = true
[transfer]
\tfsckObjects = true
[uploadpack]
\tallowReachableSHA1InWant = true
\tallowFilter = true
";

pub(super) fn provision(
    dir: &Path,
    default_branch: &BranchName,
    signature: &Signature,
) -> Result<Provisioned> {
    if dir.join("HEAD").is_file() {
        return existing(dir, default_branch);
    }
    let parent = dir.parent().unwrap_or(dir);
    fs::create_dir_all(parent).doing_io(DOING)?;
    sweep(parent);
    // Built beside its place and moved there whole: a crash leaves nothing half made under its name.
    let building = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir_in(parent)
        .doing_io(DOING)?;
    let built = building.path().join("repo.git");
    let head = build(&built, default_branch, signature)?;
    match fs::rename(&built, dir) {
        Ok(()) => Ok(Provisioned {
            path: dir.to_owned(),
            head,
            created: true,
        }),
        Err(_) if dir.join("HEAD").is_file() => existing(dir, default_branch),
        Err(source) => Err(GitHostError::Io {
            doing: DOING,
            source,
        }),
    }
}

/// No repository starts with a dot, so this never meets one.
const PREFIX: &str = ".building-";

/// Removes what crashed attempts left behind.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = entry
            .metadata()
            .and_then(|m| m.modified())
            .ok()
            .and_then(|t| t.elapsed().ok());
        if ours && age.is_some_and(|age| age > Duration::from_secs(3600)) {
            // Best effort: another process may be sweeping too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn build(dir: &Path, default_branch: &BranchName, signature: &Signature) -> Result<Oid> {
    for folder in [
        "objects/info",
        "objects/pack",
        "refs/heads",
        "refs/tags",
        "info",
    ] {
        fs::create_dir_all(dir.join(folder)).doing_io(DOING)?;
    }
    fs::write(dir.join("config"), CONFIG).doing_io(DOING)?;
    fs::write(
        dir.join("HEAD"),
        format!("ref: {}\n", default_branch.full()),
    )
    .doing_io(DOING)?;
    let repo = open(dir)?;
    let limits = Limits::default();
    let tree = commit::write_empty_tree(&repo)?;
    let spec = CommitSpec {
        tree,
        parents: Vec::new(),
        author: signature.clone(),
        committer: signature.clone(),
        message: "Provision the repository".to_owned(),
        trailers: Vec::new(),
    };
    let head = commit::write(&repo, &spec, &limits)?;
    refs::update(
        &repo,
        default_branch,
        RefChange {
            expected: None,
            new: Some(head),
        },
        &limits,
    )?;
    Ok(head)
}

fn existing(dir: &Path, default_branch: &BranchName) -> Result<Provisioned> {
    let text = fs::read_to_string(dir.join("HEAD")).doing_io(DOING)?;
    let actual = text
        .trim()
        .strip_prefix("ref: refs/heads/")
        .unwrap_or(text.trim());
    if actual != default_branch.as_str() {
        let default_branch = actual.to_owned();
        return Err(GitHostError::ProvisionedDifferently { default_branch });
    }
    let head = refs::head(&open(dir)?, default_branch)?
        .ok_or_else(|| GitHostError::not_found(format_args!("branch `{default_branch}`")))?;
    Ok(Provisioned {
        path: dir.to_owned(),
        head,
        created: false,
    })
}
