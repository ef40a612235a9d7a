//! Git history: commits with their landings, branches, and what reverts what.

use sluice_kernel::micros;
use sluice_schema::events::{HistoryCommit, HistoryRecorded, PullRequestMerged};

use super::Recorded;
use crate::patch::{Patch, Table, tables};

pub(crate) const TABLES: &[&Table] = &[&COMMIT, &PARENT, &REVERT, &MEMBER, &HEAD, &MERGE, &BRANCH];

tables! {
    /// Commits. `parents` are separated by spaces; `landing` and `mainline` are as the default
    /// branch's events say: a landing of 0 is none any more. `position` orders commits so that
    /// each stands after its parents.
    COMMIT = "history_commit" {
        key repository_id: Text; key sha: Text; first project_id: Text; first parents: Text;
        first subject_line: Text; first author: Text; first authored_at: Int;
        first committed_at: Int; latest patch_id: Text; latest landing: Int; latest mainline: Int;
        first picked_from: Text; first position: Int;
    }
    /// Parents of commits that are, or were, beside the default branch's line.
    PARENT = "history_parent" {
        key repository_id: Text; key sha: Text; key parent: Text; first place: Int;
    }
    /// What reverts what.
    REVERT = "history_revert" {
        key repository_id: Text; key reverted_sha: Text; key by_sha: Text; first sequence: Int;
    }
    /// Which commits a branch told as its own; the default branch's are known by their landing.
    MEMBER = "history_member" {
        key repository_id: Text; key sha: Text; key branch: Text; first sequence: Int;
    }
    /// Exactly which commits a branch had beside the default branch when it stood at a head, and
    /// the patch id of all of them as one.
    HEAD = "history_head" {
        key repository_id: Text; key sha: Text; key head_sha: Text; latest squash_patch_id: Text;
    }
    /// What the merge of a pull request wrote for the source that stood at a head.
    MERGE = "history_merge" {
        key repository_id: Text; key head_sha: Text; key sha: Text; first strategy: Text;
    }
    /// Branches.
    BRANCH = "history_branch" {
        key repository_id: Text; key branch: Text; first project_id: Text; latest head_sha: Text;
        latest is_default: Int; latest landings: Int; latest merge_base: Text;
        latest squash_patch_id: Text;
    }
}

/// More than an event has commits.
const POSITIONS: i64 = 1_000;

/// The patches that an event amounts to.
pub(super) fn patches(recorded: &Recorded<'_>) -> Vec<Patch> {
    match recorded.event.event_type.as_str() {
        "HistoryRecorded" => recorded
            .payload::<HistoryRecorded>()
            .map(|history| history_recorded(recorded, &history))
            .unwrap_or_default(),
        "PullRequestMerged" => recorded
            .payload::<PullRequestMerged>()
            .map(|merged| pull_request_merged(&merged))
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn history_recorded(recorded: &Recorded<'_>, history: &HistoryRecorded) -> Vec<Patch> {
    let repository = history.repository_id.to_string();
    let mut patches = vec![branch(recorded, history, &repository)];
    for (place, commit) in (0..).zip(&history.commits) {
        let position = recorded.sequence * POSITIONS + place;
        patches.push(self::commit(recorded, history, commit, position));
        patches.extend(parents(&repository, commit));
        patches.extend(commit.reverts.iter().map(|reverted| {
            Patch::of(&REVERT)
                .set("repository_id", &repository)
                .set("reverted_sha", reverted)
                .set("by_sha", &commit.sha)
                .set("sequence", recorded.sequence)
        }));
        if !history.default_branch {
            patches.extend(membership(recorded, history, commit, &repository));
        }
    }
    patches
}

fn branch(recorded: &Recorded<'_>, history: &HistoryRecorded, repository: &str) -> Patch {
    // An empty text clears what an earlier head had.
    let squash = history.squash_patch_id.clone().unwrap_or_default();
    Patch::of(&BRANCH)
        .set("repository_id", repository)
        .set("branch", &history.branch)
        .set("project_id", recorded.event.project_id.as_str())
        .set("head_sha", &history.head_sha)
        .set("is_default", history.default_branch)
        .set_some("landings", history.landings.map(number))
        .set_some("merge_base", history.merge_base.as_ref())
        .set("squash_patch_id", squash)
}

fn commit(
    recorded: &Recorded<'_>,
    history: &HistoryRecorded,
    commit: &HistoryCommit,
    position: i64,
) -> Patch {
    let patch = Patch::of(&COMMIT)
        .set("repository_id", history.repository_id.to_string())
        .set("sha", &commit.sha)
        .set("project_id", recorded.event.project_id.as_str())
        .set("parents", commit.parents.join(" "))
        .set("subject_line", &commit.subject_line)
        .set("author", &commit.author)
        .set("authored_at", micros(commit.authored_at))
        .set("committed_at", micros(commit.committed_at))
        .set_some("patch_id", commit.patch_id.as_ref())
        .set_some("picked_from", commit.picked_from.as_ref())
        .set("position", position);
    // Only the default branch knows: an event of another one may be older than the landing.
    if history.default_branch {
        return patch
            .set("landing", commit.landing.map_or(0, number))
            .set("mainline", commit.mainline);
    }
    patch
}

/// Walks stop at the default branch's line, so that parents there are not needed.
fn parents(repository: &str, commit: &HistoryCommit) -> Vec<Patch> {
    if commit.mainline {
        return Vec::new();
    }
    let parents = (0_i64..).zip(&commit.parents).map(|(place, parent)| {
        Patch::of(&PARENT)
            .set("repository_id", repository)
            .set("sha", &commit.sha)
            .set("parent", parent)
            .set("place", place)
    });
    parents.collect()
}

fn membership(
    recorded: &Recorded<'_>,
    history: &HistoryRecorded,
    commit: &HistoryCommit,
    repository: &str,
) -> Vec<Patch> {
    let member = Patch::of(&MEMBER)
        .set("repository_id", repository)
        .set("sha", &commit.sha)
        .set("branch", &history.branch)
        .set("sequence", recorded.sequence);
    let head = history.squash_patch_id.as_ref().map(|squash| {
        Patch::of(&HEAD)
            .set("repository_id", repository)
            .set("sha", &commit.sha)
            .set("head_sha", &history.head_sha)
            .set("squash_patch_id", squash)
    });
    std::iter::once(member).chain(head).collect()
}

fn pull_request_merged(merged: &PullRequestMerged) -> Vec<Patch> {
    let written = match merged.strategy.as_str() {
        "SQUASH" => std::slice::from_ref(&merged.merge_commit_sha),
        "REBASE" => &merged.created_shas,
        // A merge commit leaves the source's commits as they are.
        _ => return Vec::new(),
    };
    let patches = written.iter().map(|sha| {
        Patch::of(&MERGE)
            .set("repository_id", merged.repository_id.to_string())
            .set("head_sha", &merged.source_sha)
            .set("sha", sha)
            .set("strategy", &merged.strategy)
    });
    patches.collect()
}
