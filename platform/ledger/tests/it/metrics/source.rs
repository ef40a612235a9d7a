//! The source side of a made-up history: commits and pull requests, told as events.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sluice_schema::{
    Envelope, EventPayload, PullRequestId, RepositoryId, TypedId,
    events::{HistoryCommit, HistoryRecorded, PullRequestMerged, PullRequestOpened},
};

use crate::world::{World, start};

/// How a pull request is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strategy {
    Merge,
    Squash,
    Rebase,
}

impl Strategy {
    fn name(self) -> &'static str {
        match self {
            Self::Merge => "MERGE",
            Self::Squash => "SQUASH",
            Self::Rebase => "REBASE",
        }
    }
}

/// A repository with what stands in it.
pub(super) struct Repo {
    pub(super) id: RepositoryId,
    /// The default branch's first-parent line, oldest first.
    pub(super) main: Vec<String>,
    pub(super) commits: BTreeMap<String, HistoryCommit>,
    pulls: u64,
}

/// A pull request that is open.
pub(super) struct Pull {
    pub(super) id: PullRequestId,
    number: u64,
    pub(super) branch: String,
    pub(super) commits: Vec<String>,
    target: String,
}

/// Events of a made-up history, in order, and the clock that they happen by.
pub(super) struct Story<'w> {
    pub(super) world: &'w World,
    pub(super) now: DateTime<Utc>,
    pub(super) events: Vec<Envelope>,
    pub(super) repos: Vec<Repo>,
    shas: u64,
}

impl<'w> Story<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Self {
            world,
            now: start(),
            events: Vec::new(),
            repos: Vec::new(),
            shas: 0,
        }
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, ms: i64) -> &mut Self {
        self.now += TimeDelta::milliseconds(ms);
        self
    }

    pub(super) fn tell<P: EventPayload>(&mut self, payload: &P) {
        let draft = self.world.event(payload).at(self.now);
        self.events.push(draft.0);
    }

    pub(super) fn repo(&mut self) -> usize {
        self.repos.push(Repo {
            id: RepositoryId::generate(),
            main: Vec::new(),
            commits: BTreeMap::new(),
            pulls: 0,
        });
        let repo = self.repos.len() - 1;
        self.commit(repo, &[]);
        repo
    }

    fn made(&mut self, parents: Vec<String>, reverts: &[String]) -> HistoryCommit {
        self.shas += 1;
        HistoryCommit {
            sha: format!("{:040x}", self.shas),
            parents,
            subject_line: "a change".into(),
            author: "ada".into(),
            authored_at: self.now,
            committed_at: self.now,
            patch_id: None,
            reverts: reverts.to_vec(),
            picked_from: None,
            landing: None,
            mainline: false,
        }
    }

    // Puts a commit on the default branch and tells it with all that lands by it.
    fn land(&mut self, repo: usize, mut commit: HistoryCommit) -> String {
        let it = &mut self.repos[repo];
        let landing = it.main.len() as u64 + 1;
        let mut known: BTreeSet<String> = it.main.last().map_or_else(BTreeSet::new, |head| {
            super::graph::ancestors(&it.commits, head)
        });
        let mut told = Vec::new();
        let mut ahead: Vec<String> = commit.parents.clone();
        while let Some(sha) = ahead.pop() {
            if known.insert(sha.clone()) {
                let lands = it.commits.get_mut(&sha).unwrap();
                lands.landing = Some(landing);
                ahead.extend(lands.parents.clone());
                told.push(lands.clone());
            }
        }
        told.reverse();
        (commit.landing, commit.mainline) = (Some(landing), true);
        it.main.push(commit.sha.clone());
        it.commits.insert(commit.sha.clone(), commit.clone());
        told.push(commit.clone());
        self.history(repo, "main", told, Some(landing));
        commit.sha
    }

    fn history(
        &mut self,
        repo: usize,
        branch: &str,
        commits: Vec<HistoryCommit>,
        landings: Option<u64>,
    ) {
        let event = HistoryRecorded {
            repository_id: self.repos[repo].id,
            branch: branch.to_owned(),
            default_branch: landings.is_some(),
            head_sha: commits.last().unwrap().sha.clone(),
            landings,
            merge_base: None,
            squash_patch_id: None,
            rewritten: false,
            commits,
            more: false,
        };
        self.tell(&event);
    }

    /// A commit on the default branch itself.
    pub(super) fn commit(&mut self, repo: usize, reverts: &[String]) -> String {
        let parents = self.repos[repo].main.last().cloned();
        let commit = self.made(parents.into_iter().collect(), reverts);
        self.land(repo, commit)
    }

    /// Opens a pull request of a branch that leaves the default branch now.
    pub(super) fn open(&mut self, repo: usize, branch: &str) -> Pull {
        let it = &mut self.repos[repo];
        it.pulls += 1;
        Pull {
            id: PullRequestId::generate(),
            number: it.pulls,
            branch: branch.to_owned(),
            commits: Vec::new(),
            target: it.main.last().unwrap().clone(),
        }
    }

    /// Adds a commit to the branch of a pull request; the first one opens it.
    pub(super) fn push(&mut self, repo: usize, pull: &mut Pull, reverts: &[String]) -> String {
        let parent = pull.commits.last().unwrap_or(&pull.target).clone();
        let commit = self.made(vec![parent], reverts);
        let sha = commit.sha.clone();
        self.repos[repo].commits.insert(sha.clone(), commit.clone());
        self.history(repo, &pull.branch, vec![commit], None);
        pull.commits.push(sha.clone());
        if pull.commits.len() == 1 {
            let event = PullRequestOpened {
                pull_request_id: pull.id,
                repository_id: self.repos[repo].id,
                number: pull.number,
                title: "a change".into(),
                source_branch: pull.branch.clone(),
                target_branch: "main".into(),
                source_sha: sha.clone(),
                target_sha: pull.target.clone(),
            };
            self.tell(&event);
        }
        sha
    }

    /// Merges; the commits that it wrote, oldest first.
    pub(super) fn merge(&mut self, repo: usize, pull: &Pull, strategy: Strategy) -> Vec<String> {
        let tip = pull.commits.last().unwrap().clone();
        let head = |story: &Self| story.repos[repo].main.last().unwrap().clone();
        let written = match strategy {
            Strategy::Merge => {
                let commit = self.made(vec![head(self), tip.clone()], &[]);
                vec![self.land(repo, commit)]
            }
            Strategy::Squash => {
                let commit = self.made(vec![head(self)], &[]);
                vec![self.land(repo, commit)]
            }
            Strategy::Rebase => {
                let rebase = |sha: &String| {
                    let old = self.repos[repo].commits[sha].clone();
                    let mut new = self.made(vec![head(self)], &old.reverts);
                    new.authored_at = old.authored_at;
                    self.land(repo, new)
                };
                pull.commits.iter().map(rebase).collect()
            }
        };
        let event = PullRequestMerged {
            pull_request_id: pull.id,
            repository_id: self.repos[repo].id,
            repository_name: "repo".into(),
            number: pull.number,
            title: "a change".into(),
            source_branch: pull.branch.clone(),
            target_branch: "main".into(),
            source_sha: tip,
            merge_commit_sha: written.last().unwrap().clone(),
            tree_hash: "0".repeat(40),
            parent_shas: Vec::new(),
            created_shas: written.clone(),
            strategy: strategy.name().to_owned(),
            merged_by: "ada".into(),
            delete_source_branch: true,
        };
        self.tell(&event);
        written
    }
}
