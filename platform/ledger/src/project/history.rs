//! Git history: commits with their landings, branches, and what reverts what.

use super::Recorded;
use crate::patch::{Patch, Table, tables};

pub(crate) const TABLES: &[&Table] = &[&COMMIT, &REVERT, &MEMBER, &BRANCH];

tables! {
    /// Commits. `parents` are separated by spaces; `landing` and `mainline` are as the event says
    /// (a landing of 0 is none).
    COMMIT = "history_commit" {
        key repository_id: Text; key sha: Text; first project_id: Text; first parents: Text;
        first subject_line: Text; first author: Text; first authored_at: Int;
        first committed_at: Int; latest patch_id: Text; latest landing: Int; latest mainline: Int;
        first picked_from: Text;
    }
    /// What reverts what.
    REVERT = "history_revert" {
        key repository_id: Text; key reverted_sha: Text; key by_sha: Text; first sequence: Int;
    }
    /// Which commits a branch told as its own; the default branch's are known by their landing.
    MEMBER = "history_member" {
        key repository_id: Text; key sha: Text; key branch: Text; first sequence: Int;
    }
    /// Branches.
    BRANCH = "history_branch" {
        key repository_id: Text; key branch: Text; first project_id: Text; latest head_sha: Text;
        latest is_default: Int; latest landings: Int; latest merge_base: Text;
        latest squash_patch_id: Text;
    }
}

/// The patches that an event amounts to.
pub(super) fn patches(_recorded: &Recorded<'_>) -> Vec<Patch> {
    Vec::new()
}
