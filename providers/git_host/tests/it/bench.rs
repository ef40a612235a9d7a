//! What the tests share: a provider in a temporary folder, and the real `git` beside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sluice_git_host::{
    BranchName, CommitSpec, FileChange, GitHost, Limits, LocalGitHost, MergeSpec, MergeStrategy,
    Oid, RefChange, RepoPath, Signature,
};

pub(crate) struct Bench {
    pub(crate) root: tempfile::TempDir,
    pub(crate) host: LocalGitHost,
    pub(crate) repo: RepoPath,
    /// The first commit, with an empty tree.
    pub(crate) first: Oid,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let root = tempfile::tempdir().unwrap();
        let host = LocalGitHost::new(root.path().join("repos"), limits).unwrap();
        let repo = RepoPath::new("tenant", "project", "app").unwrap();
        let first = host
            .provision(&repo, &branch("main"), &signature(0))
            .await
            .unwrap()
            .head;
        Self {
            root,
            host,
            repo,
            first,
        }
    }

    pub(crate) fn git_dir(&self) -> PathBuf {
        self.host.git_dir(&self.repo)
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git(&self.git_dir(), args)
    }

    /// A commit on top of `parent`; `at` sets its time.
    pub(crate) async fn commit(&self, parent: Oid, at: i64, changes: &[FileChange]) -> Oid {
        let tree = self
            .host
            .stage(&self.repo, &parent, changes)
            .await
            .unwrap()
            .tree;
        self.commit_tree(tree, vec![parent], at).await
    }

    pub(crate) async fn commit_tree(&self, tree: Oid, parents: Vec<Oid>, at: i64) -> Oid {
        let spec = commit_spec(tree, parents, at);
        self.host.write_commit(&self.repo, &spec).await.unwrap()
    }

    pub(crate) async fn set_branch(&self, name: &str, to: Oid) {
        let expected = self.host.head(&self.repo, &branch(name)).await.unwrap();
        let change = RefChange {
            expected,
            new: Some(to),
        };
        self.host
            .update_ref(&self.repo, &branch(name), change)
            .await
            .unwrap();
    }

    /// Every object, also those that no branch reaches, is sound in Git's own eyes.
    pub(crate) fn assert_sound(&self) {
        self.git(&["fsck", "--strict", "--no-dangling", "--unreachable"]);
        let clone = tempfile::tempdir_in(self.root.path()).unwrap();
        let url = format!("file://{}", self.git_dir().display());
        git(
            clone.path(),
            &[
                "-c",
                "protocol.file.allow=always",
                "clone",
                "--quiet",
                &url,
                "copy",
            ],
        );
    }
}

pub(crate) fn branch(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

pub(crate) fn signature(at: i64) -> Signature {
    Signature {
        name: "Ada Lovelace".to_owned(),
        email: "ada@example.com".to_owned(),
        time: DateTime::<Utc>::from_timestamp(1_700_000_000 + at, 0).unwrap(),
    }
}

pub(crate) fn commit_spec(tree: Oid, parents: Vec<Oid>, at: i64) -> CommitSpec {
    CommitSpec {
        tree,
        parents,
        author: signature(at),
        committer: signature(at),
        message: format!("Change {at}"),
        trailers: Vec::new(),
    }
}

pub(crate) fn merge_spec(target: Oid, source: Oid, strategy: MergeStrategy) -> MergeSpec {
    MergeSpec {
        target,
        source,
        strategy,
        signature: signature(10_000),
        message: "Merge it".to_owned(),
        trailers: vec![("Trace-Id".to_owned(), "trace-1".to_owned())],
    }
}

pub(crate) fn put(path: &str, content: impl AsRef<[u8]>) -> FileChange {
    let content = Bytes::copy_from_slice(content.as_ref());
    FileChange::Put {
        path: path.to_owned(),
        content,
        executable: None,
    }
}

pub(crate) fn delete(path: &str) -> FileChange {
    FileChange::Delete {
        path: path.to_owned(),
    }
}

pub(crate) fn rename(from: &str, to: &str) -> FileChange {
    FileChange::Rename {
        from: from.to_owned(),
        to: to.to_owned(),
        content: None,
    }
}

pub(crate) fn executable(path: &str, executable: bool) -> FileChange {
    FileChange::SetExecutable {
        path: path.to_owned(),
        executable,
    }
}

pub(crate) fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("line {n}\n")).collect()
}

pub(crate) fn try_git(dir: &Path, args: &[&str]) -> Output {
    Command::new("git")
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("HOME", "/nonexistent")
        .output()
        .unwrap()
}

/// Standard output of a `git` command that must succeed.
pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let output = try_git(dir, args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {stderr}");
    assert!(!stderr.contains("warning"), "git {args:?}: {stderr}");
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}
