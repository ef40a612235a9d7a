//! A real repository, and what is told of it.

use std::{path::Path, process::Command};

use chrono::DateTime;
use sluice_schema::{
    RepositoryId,
    events::{HistoryCommit, HistoryRecorded},
};

/// A repository in a folder of its own.
pub(super) struct GitHistory {
    folder: tempfile::TempDir,
}

/// Runs Git away from the settings of whoever runs the test.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs([
            ("GIT_AUTHOR_NAME", "Ada"),
            ("GIT_AUTHOR_EMAIL", "ada@example.com"),
        ])
        .envs([
            ("GIT_COMMITTER_NAME", "Ada"),
            ("GIT_COMMITTER_EMAIL", "ada@example.com"),
        ])
        .args(arguments)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

impl GitHistory {
    /// Branches that left at several places: `a` has landed, with a branch of its own; `b` took up
    /// the default branch and has not landed; `c` was built on `b` and left early; `a` went on.
    pub(super) fn tangled() -> Self {
        let history = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        history.git(&["init", "-q", "-b", "main"]);
        history.commit("root");
        history.git(&["checkout", "-q", "-b", "a"]);
        history.commit("a1");
        history.git(&["checkout", "-q", "-b", "aa"]);
        history.commit("aa1");
        history.git(&["checkout", "-q", "a"]);
        history.merge("aa", "merge-aa");
        history.commit("a2");
        history.git(&["checkout", "-q", "main"]);
        history.commit("main-1");
        history.git(&["checkout", "-q", "-b", "b"]);
        history.commit("b1");
        history.git(&["checkout", "-q", "-b", "c"]);
        history.commit("c1");
        history.git(&["checkout", "-q", "main"]);
        history.merge("a", "merge-a");
        history.commit("main-2");
        history.git(&["checkout", "-q", "b"]);
        history.merge("main", "b-takes-main");
        history.commit("b2");
        history.git(&["checkout", "-q", "a"]);
        history.commit("a3");
        history.git(&["checkout", "-q", "main"]);
        history.commit("main-3");
        history
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.folder.path(), arguments)
    }

    fn commit(&self, name: &str) {
        self.git(&["commit", "-q", "--allow-empty", "-m", name]);
        self.git(&["tag", name]);
    }

    fn merge(&self, branch: &str, name: &str) {
        self.git(&["merge", "-q", "--no-ff", "-m", name, branch]);
        self.git(&["tag", name]);
    }

    pub(super) fn named(&self, tag: &str) -> String {
        self.git(&["rev-parse", &format!("refs/tags/{tag}")])
            .trim()
            .to_owned()
    }

    /// Every commit.
    pub(super) fn all(&self) -> Vec<String> {
        lines(&self.git(&["rev-list", "--all"]))
    }

    /// What `one` has in its history and `other` lacks, sorted.
    pub(super) fn only_in(&self, one: &str, other: &str) -> Vec<String> {
        let mut found = lines(&self.git(&["rev-list", &format!("{other}..{one}")]));
        found.sort();
        found
    }

    /// The history as it is told: the default branch, then the others.
    pub(super) fn events(&self, repository: RepositoryId) -> Vec<HistoryRecorded> {
        let line = lines(&self.git(&["rev-list", "--first-parent", "--reverse", "main"]));
        let mut commits = Vec::new();
        for (at, sha) in line.iter().enumerate() {
            let mut range = vec!["rev-list", "--topo-order", "--reverse", sha];
            let before = at.checked_sub(1).map(|before| format!("^{}", line[before]));
            range.extend(before.as_deref());
            let landing = u64::try_from(at + 1).unwrap();
            for landed in lines(&self.git(&range)) {
                let mainline = landed == *sha;
                commits.push(self.told(&landed, Some(landing), mainline));
            }
        }
        let landings = u64::try_from(line.len()).unwrap();
        let mut events = vec![self.event(repository, "main", commits, Some(landings))];
        for branch in ["a", "b", "c"] {
            let range = ["rev-list", "--topo-order", "--reverse", branch, "^main"];
            let own = lines(&self.git(&range));
            let own = own.iter().map(|sha| self.told(sha, None, false)).collect();
            events.push(self.event(repository, branch, own, None));
        }
        events
    }

    fn told(&self, sha: &str, landing: Option<u64>, mainline: bool) -> HistoryCommit {
        let shown = lines(&self.git(&["show", "-s", "--format=%P%n%s%n%an%n%at%n%ct", sha]));
        let time = |text: &str| DateTime::from_timestamp(text.parse().unwrap(), 0).unwrap();
        HistoryCommit {
            sha: sha.to_owned(),
            parents: shown[0].split_whitespace().map(str::to_owned).collect(),
            subject_line: shown[1].clone(),
            author: shown[2].clone(),
            authored_at: time(&shown[3]),
            committed_at: time(&shown[4]),
            patch_id: None,
            reverts: Vec::new(),
            picked_from: None,
            landing,
            mainline,
        }
    }

    fn event(
        &self,
        repository: RepositoryId,
        branch: &str,
        commits: Vec<HistoryCommit>,
        landings: Option<u64>,
    ) -> HistoryRecorded {
        HistoryRecorded {
            repository_id: repository,
            branch: branch.to_owned(),
            default_branch: landings.is_some(),
            head_sha: self.git(&["rev-parse", branch]).trim().to_owned(),
            landings,
            merge_base: None,
            squash_patch_id: None,
            rewritten: false,
            commits,
            more: false,
        }
    }
}
