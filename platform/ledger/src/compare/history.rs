//! Which commits one point of a history has and another lacks: pure.
//!
//! A commit of the default branch's first-parent line has everything that landed up to it. Any other
//! commit has what it is made of off that line, down to where it meets the line.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Change;

/// Commits of a list at most.
pub(super) const MAX_CHANGES: usize = 500;

/// A commit as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) change: Change,
    /// 0 when it has not landed.
    pub(super) landing: i64,
    pub(super) mainline: bool,
    /// Greater than that of each of its parents.
    pub(super) position: i64,
}

/// All that a commit has in its history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// Everything that landed up to here.
    pub(super) landing: i64,
    /// What is not of the first-parent line, by its id.
    pub(super) off: BTreeMap<String, Commit>,
    /// Whether the history is not known to its end.
    pub(super) incomplete: bool,
}

/// Landings after `low`, up to `high`, of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub(super) struct Range {
    pub(super) repository_id: String,
    pub(super) low: i64,
    pub(super) high: i64,
}

/// The commits of a range, the newest landing first and in each its commit of the first-parent
/// line first; `cut` when there are more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Landed {
    pub(super) commits: Vec<Commit>,
    pub(super) cut: bool,
}

impl Reached {
    /// What a commit of the first-parent line has.
    pub(super) fn mainline(landing: i64) -> Self {
        Self {
            landing,
            ..Self::default()
        }
    }

    /// Adds a commit that a walk from the point came by; none when the history lacks it.
    pub(super) fn add(&mut self, sha: String, commit: Option<Commit>) {
        match commit {
            None => self.incomplete = true,
            Some(commit) if commit.mainline => self.landing = self.landing.max(commit.landing),
            Some(commit) => {
                self.off.insert(sha, commit);
            }
        }
    }

    fn has(&self, commit: &Commit) -> bool {
        let landed = commit.landing > 0 && commit.landing <= self.landing;
        landed || self.off.contains_key(&commit.change.sha)
    }
}

/// The landings that `one` has and `other` lacks; each has a commit at least, so that no more of
/// them are needed than a list holds.
pub(super) fn range(repository: &str, one: &Reached, other: &Reached) -> Option<Range> {
    let low = other.landing.max(one.landing.saturating_sub(MAX_LANDINGS));
    (one.landing > low).then(|| Range {
        repository_id: repository.to_owned(),
        low,
        high: one.landing,
    })
}

/// What `other` has off the line may be taken from a list: that many more are read.
const MAX_LANDINGS: i64 = 2 * MAX_CHANGES as i64;
/// Rows that are read of a range.
pub(super) const MAX_ROWS: i64 = MAX_LANDINGS + 1;

/// What `one` has and `other` lacks, the newest first, and whether there is more.
pub(super) fn only_in_first(
    one: &Reached,
    other: &Reached,
    landed: &Landed,
) -> (Vec<Change>, bool) {
    let mut off: Vec<&Commit> = one.off.values().filter(|it| !other.has(it)).collect();
    off.sort_by(|a, b| (b.position, &b.change.sha).cmp(&(a.position, &a.change.sha)));
    let pulls = pulls(landed);
    let in_list: HashSet<&str> = landed
        .commits
        .iter()
        .map(|it| it.change.sha.as_str())
        .collect();
    off.retain(|it| !in_list.contains(it.change.sha.as_str()));
    let line = landed.commits.iter().filter(|it| !other.has(it));
    let all = off.into_iter().chain(line).map(|it| with_pull(it, &pulls));
    let mut all: Vec<Change> = all.collect();
    let far = one.landing.saturating_sub(MAX_LANDINGS) > other.landing;
    let more = landed.cut || far || all.len() > MAX_CHANGES || one.incomplete || other.incomplete;
    all.truncate(MAX_CHANGES);
    (all, more)
}

type Pull = (Option<String>, Option<u64>);

/// The pull request of each landing: that of its commit of the first-parent line.
fn pulls(landed: &Landed) -> HashMap<i64, Pull> {
    let line = landed.commits.iter().filter(|it| it.mainline);
    let pull = |it: &Commit| {
        let change = &it.change;
        (change.pull_request_id.clone(), change.pull_request_number)
    };
    line.map(|it| (it.landing, pull(it))).collect()
}

fn with_pull(commit: &Commit, pulls: &HashMap<i64, Pull>) -> Change {
    let mut change = commit.change.clone();
    if change.pull_request_id.is_none()
        && let Some((id, number)) = pulls.get(&commit.landing)
    {
        change.pull_request_id.clone_from(id);
        change.pull_request_number = *number;
    }
    change
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn commit(sha: &str, landing: i64, mainline: bool) -> Commit {
        let change = Change {
            repository_id: "repo".to_owned(),
            sha: sha.to_owned(),
            subject_line: sha.to_owned(),
            author: "Ada".to_owned(),
            committed_at: DateTime::UNIX_EPOCH,
            pull_request_id: None,
            pull_request_number: None,
        };
        Commit {
            change,
            landing,
            mainline,
            position: 0,
        }
    }

    fn shas(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|it| it.sha.as_str()).collect()
    }

    fn walked(commits: &[Commit]) -> Reached {
        let mut reached = Reached::default();
        for it in commits {
            reached.add(it.change.sha.clone(), Some(it.clone()));
        }
        reached
    }

    #[test]
    fn a_branch_has_its_own_commits_and_lacks_what_landed_since_it_left() {
        let branch = walked(&[commit("b1", 0, false), commit("m2", 2, true)]);
        let main = Reached::mainline(4);
        let landed = Landed {
            commits: vec![commit("m4", 4, true), commit("m3", 3, true)],
            cut: false,
        };
        assert_eq!(range("repo", &main, &branch).unwrap().low, 2);
        assert_eq!(range("repo", &branch, &main), None);
        let (only, more) = only_in_first(&main, &branch, &landed);
        assert_eq!((shas(&only), more), (vec!["m4", "m3"], false));
        let (only, _) = only_in_first(&branch, &main, &Landed::default());
        assert_eq!(shas(&only), ["b1"]);
    }

    #[test]
    fn a_branch_that_landed_is_not_told_again() {
        let branch = walked(&[commit("b1", 3, false), commit("m2", 2, true)]);
        let main = Reached::mainline(3);
        let landed = Landed {
            commits: vec![commit("m3", 3, true), commit("b1", 3, false)],
            cut: false,
        };
        let (only, _) = only_in_first(&main, &branch, &landed);
        assert_eq!(shas(&only), ["m3"]);
        assert!(
            only_in_first(&branch, &main, &Landed::default())
                .0
                .is_empty()
        );
    }

    #[test]
    fn commits_have_the_pull_request_that_landed_them() {
        let mut merge = commit("m1", 1, true);
        merge.change.pull_request_id = Some("pr_1".to_owned());
        merge.change.pull_request_number = Some(7);
        let landed = Landed {
            commits: vec![merge, commit("b1", 1, false)],
            cut: false,
        };
        let (only, _) = only_in_first(&Reached::mainline(1), &Reached::default(), &landed);
        assert_eq!(only[1].pull_request_number, Some(7));
    }

    #[test]
    fn lists_are_cut_and_say_so() {
        let landed = Landed {
            commits: (0..501)
                .map(|at| commit(&format!("{at:03}"), 501 - at, true))
                .collect(),
            cut: false,
        };
        let (only, more) = only_in_first(&Reached::mainline(501), &Reached::default(), &landed);
        assert_eq!((only.len(), more), (MAX_CHANGES, true));
        let far = range("repo", &Reached::mainline(9_000), &Reached::mainline(1)).unwrap();
        assert_eq!((far.low, far.high), (8_000, 9_000));
    }

    #[test]
    fn a_history_with_holes_is_told_as_incomplete() {
        let mut branch = walked(&[commit("b1", 0, false)]);
        branch.add("gone".to_owned(), None);
        let (only, more) = only_in_first(&branch, &Reached::mainline(1), &Landed::default());
        assert_eq!((shas(&only), more), (vec!["b1"], true));
    }
}
