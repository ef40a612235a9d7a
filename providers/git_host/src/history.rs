//! History as a host tells it: what a branch has that is not known yet.

use chrono::{DateTime, Utc};

use crate::names::Oid;

/// Which part of a history is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRequest {
    /// Where the history ends.
    pub head: Oid,
    /// What is known with all that it descends from; ids of commits that are gone count for nothing.
    pub not: Vec<Oid>,
    /// How many commits of the order to leave out, as they are known from an earlier call.
    pub skip: usize,
    /// How many commits to answer at most; the provider answers no more than 10,000.
    pub limit: usize,
    /// Of how many commits at the end of the order to compute patch ids.
    pub patch_ids: usize,
}

/// A part of a history. Equal requests have equal answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Its commits, step by step along the first-parent line, and in each step parents before
    /// children.
    pub commits: Vec<HistoryEntry>,
    /// How many commits the whole order has, those left out included.
    pub total: usize,
    /// How many steps the first-parent line has.
    pub steps: u64,
    /// The known commit that the first-parent line ends at; `None` when it reaches its root.
    pub line_start: Option<Oid>,
}

/// A commit of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its id.
    pub id: Oid,
    /// Its parents in order.
    pub parents: Vec<Oid>,
    /// First paragraph of the message on one line, at most 200 characters.
    pub subject: String,
    /// Name of the author, at most 200 characters.
    pub author: String,
    /// When the change was written.
    pub authored_at: DateTime<Utc>,
    /// When the commit was made.
    pub committed_at: DateTime<Utc>,
    /// What `git patch-id --stable` makes of it: absent for merges, for empty changes, for patches
    /// above 32 MiB, and where it was not asked for.
    pub patch_id: Option<String>,
    /// The commits that the message says it reverts, at most 100, in its order.
    pub reverts: Vec<Oid>,
    /// The commit that the message says it was picked from, the last when it names several.
    pub picked_from: Option<Oid>,
    /// The step, from 1: the number of the first commit of the first-parent line that has it.
    pub step: u64,
    /// Whether it is that commit itself.
    pub on_line: bool,
}

/// Where a branch left another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchPoint {
    /// The best common ancestor; `None` when there is none.
    pub merge_base: Option<Oid>,
    /// Patch id of all changes since then as one; absent when nothing changed, or too much.
    pub patch_id: Option<String>,
}

/// Where two first-parent lines part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinePoint {
    /// The last commit that both have at the same place.
    pub id: Oid,
    /// Its number on both, from 1 at the root.
    pub number: u64,
}
