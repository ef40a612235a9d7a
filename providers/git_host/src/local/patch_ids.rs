//! Patch ids of many commits with few commands.

use std::collections::HashMap;
use std::path::Path;

use crate::error::{GitHostError, Result};
use crate::limits::Limits;
use crate::names::Oid;

use super::diff::{QUOTED, diff_tree};
use super::process::{git, run};

const DOING: &str = "computing patch ids";
/// Bytes of patches held at once, which is also the largest patch that gets an id.
const MAX_PATCHES: u64 = 32 * 1024 * 1024;
/// Commits of one command.
const CHUNK: usize = 500;
const ID_DIGITS: usize = 40;

/// The patch ids of those commits that have one: no merges, no empty changes, none whose patch is
/// above the limit.
pub(super) async fn of_commits(
    repo: &Path,
    commits: &[Oid],
    limits: &Limits,
) -> Result<HashMap<Oid, String>> {
    of_commits_within(repo, commits, MAX_PATCHES, limits).await
}

async fn of_commits_within(
    repo: &Path,
    commits: &[Oid],
    max: u64,
    limits: &Limits,
) -> Result<HashMap<Oid, String>> {
    let mut found = HashMap::new();
    let mut rest = commits;
    while !rest.is_empty() {
        let (chunk, later) = rest.split_at(rest.len().min(CHUNK));
        let input: String = chunk.iter().map(|id| format!("{id}\n")).collect();
        let mut patches = diff_tree(repo, QUOTED);
        patches.args([
            "--stdin",
            "--patch",
            "--root",
            "--no-renames",
            "--full-index",
        ]);
        let timeout = limits.command_timeout;
        let mut output = run(patches, input.as_bytes(), max, timeout, DOING).await?;
        rest = later;
        if output.cut {
            let (start, cut) = last_head(&output.bytes).ok_or_else(unreadable)?;
            output.bytes.truncate(start);
            let at = chunk
                .iter()
                .position(|id| *id == cut)
                .ok_or_else(unreadable)?;
            // The one that was cut is tried again at the head of the next chunk; cut there too, it
            // is too large.
            let next = if start == 0 { at + 1 } else { at };
            let done = commits.len() - rest.len() - chunk.len();
            rest = commits.get(done + next..).unwrap_or_default();
        }
        found.extend(ids(repo, &output.bytes, limits).await?);
    }
    Ok(found)
}

/// The patch id of everything that changed from one commit to another, as one change.
pub(super) async fn of_range(
    repo: &Path,
    from: Oid,
    to: Oid,
    limits: &Limits,
) -> Result<Option<String>> {
    let mut patch = diff_tree(repo, QUOTED);
    patch.args(["--patch", "--no-renames", "--full-index"]);
    patch.arg(from.to_string()).arg(to.to_string());
    let output = run(patch, &[], MAX_PATCHES, limits.command_timeout, DOING).await?;
    if output.cut {
        return Ok(None);
    }
    let id = patch_id(repo, &output.bytes, limits).await?;
    Ok(id.split_whitespace().next().map(str::to_owned))
}

async fn ids(repo: &Path, patches: &[u8], limits: &Limits) -> Result<Vec<(Oid, String)>> {
    let text = patch_id(repo, patches, limits).await?;
    let lines = text.lines().map(|line| {
        let (patch, commit) = line.split_once(' ').ok_or_else(unreadable)?;
        Ok((commit.trim().parse()?, patch.to_owned()))
    });
    lines.collect()
}

async fn patch_id(repo: &Path, patches: &[u8], limits: &Limits) -> Result<String> {
    if patches.is_empty() {
        return Ok(String::new());
    }
    let mut command = git(repo);
    command.args(["patch-id", "--stable"]);
    let most = (CHUNK as u64 + 1) * 128;
    let output = run(command, patches, most, limits.command_timeout, DOING).await?;
    Ok(String::from_utf8_lossy(&output.bytes).into_owned())
}

/// Where the last commit's part begins: a line that is an object id. Lines of patches begin with
/// a sign, a blank or a word.
fn last_head(patches: &[u8]) -> Option<(usize, Oid)> {
    let mut at = 0;
    let mut last = None;
    for line in patches.split_inclusive(|b| *b == b'\n') {
        let id = line.strip_suffix(b"\n").filter(|id| id.len() == ID_DIGITS);
        let id = id.and_then(|id| std::str::from_utf8(id).ok()?.parse().ok());
        last = id.map(|id| (at, id)).or(last);
        at += line.len();
    }
    last
}

fn unreadable() -> GitHostError {
    GitHostError::Command {
        doing: DOING,
        stderr: "unreadable output".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BranchName, CommitSpec, FileChange, GitHost, LocalGitHost, RepoPath, Signature};

    async fn write(host: &LocalGitHost, repo: &RepoPath, parent: Oid, bytes: usize) -> Oid {
        let change = FileChange::Put {
            path: format!("file-{bytes}"),
            content: "x\n".repeat(bytes / 2).into(),
            executable: None,
        };
        let staged = host.stage(repo, &parent, &[change]).await.unwrap();
        let spec = CommitSpec {
            tree: staged.tree,
            parents: vec![parent],
            author: somebody(),
            committer: somebody(),
            message: "Write".to_owned(),
            trailers: Vec::new(),
        };
        host.write_commit(repo, &spec).await.unwrap()
    }

    fn somebody() -> Signature {
        Signature {
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            time: chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        }
    }

    #[tokio::test]
    async fn only_patches_above_the_limit_get_no_id() {
        let folder = tempfile::tempdir().unwrap();
        let host = LocalGitHost::new(folder.path(), Limits::default()).unwrap();
        let repo = RepoPath::new("t", "p", "r").unwrap();
        let main: BranchName = "main".parse().unwrap();
        let made = host.provision(&repo, &main, &somebody()).await.unwrap();
        let mut commits = vec![made.head];
        for bytes in [10, 12, 4_000, 14, 600, 602, 604, 5_000, 4_500] {
            let parent = *commits.last().unwrap();
            commits.push(write(&host, &repo, parent, bytes).await);
        }
        let dir = host.git_dir(&repo);
        let limits = Limits::default();
        let all = of_commits(&dir, &commits, &limits).await.unwrap();
        assert_eq!(all.len(), 9);
        let within = of_commits_within(&dir, &commits, 2_500, &limits).await;
        let within = within.unwrap();
        let missing: Vec<usize> = (1..commits.len())
            .filter(|at| !within.contains_key(&commits[*at]))
            .collect();
        assert_eq!(missing, [3, 8, 9]);
        assert!(within.iter().all(|(id, patch)| all[id] == *patch));
    }
}
