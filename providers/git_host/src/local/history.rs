//! Walking what a branch has that is not known yet.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;

use crate::error::{Doing, GitHostError, Result};
use crate::history::{History, HistoryEntry, HistoryRequest, LinePoint};
use crate::names::Oid;

use super::{commit, said};

const DOING: &str = "reading a history";
/// Commits of one call in detail.
const MAX_PAGE: usize = 10_000;
/// Commits of one walk; more are refused.
const MAX_WALK: usize = 5_000_000;
/// Characters of one line.
const MAX_LINE: usize = 200;

/// Unknown commits and their parents.
type Parents = HashMap<ObjectId, Vec<ObjectId>>;

/// A place in the order: the commit, its step, whether it is the step's own.
type Place = (ObjectId, u64, bool);

pub(super) fn history(repo: &gix::Repository, request: &HistoryRequest) -> Result<History> {
    commit::find(repo, request.head)?;
    let parents = unknown(repo, request)?;
    let (line, line_start) = line(&parents, request.head.raw());
    let order = order(&parents, &line);
    let limit = request.limit.min(MAX_PAGE);
    let page = order.iter().skip(request.skip).take(limit);
    let commits = page.map(|place| entry(repo, place));
    Ok(History {
        commits: commits.collect::<Result<_>>()?,
        total: order.len(),
        steps: line.len() as u64,
        line_start: line_start.map(Oid::from),
    })
}

/// The commits that the head has and the known ones lack.
fn unknown(repo: &gix::Repository, request: &HistoryRequest) -> Result<Parents> {
    let known = request
        .not
        .iter()
        .filter(|id| commit::find(repo, **id).is_ok());
    let hidden: Vec<ObjectId> = known.map(|id| id.raw()).collect();
    // What is known is often the head itself.
    if hidden.contains(&request.head.raw()) {
        return Ok(Parents::new());
    }
    let walk = repo.rev_walk([request.head.raw()]).with_hidden(hidden);
    let mut parents = Parents::new();
    for step in walk.all().doing(DOING)? {
        let step = step.doing(DOING)?;
        if parents.len() == MAX_WALK {
            return Err(GitHostError::too_large(
                "the number of commits of a history",
                MAX_WALK as u64,
            ));
        }
        parents.insert(step.id, step.parent_ids.to_vec());
    }
    Ok(parents)
}

/// The unknown part of the first-parent line, oldest first, and what it stands on.
fn line(parents: &Parents, head: ObjectId) -> (Vec<ObjectId>, Option<ObjectId>) {
    let mut line = Vec::new();
    let mut at = Some(head);
    while let Some(id) = at {
        let Some(of) = parents.get(&id) else { break };
        line.push(id);
        at = of.first().copied();
    }
    line.reverse();
    (line, at)
}

/// Every unknown commit once: by the step that brings it, parents before children.
fn order(parents: &Parents, line: &[ObjectId]) -> Vec<Place> {
    let mut order = Vec::with_capacity(parents.len());
    let mut seen = HashSet::with_capacity(parents.len());
    for (step, on_line) in (1..).zip(line) {
        // A commit is left once all its parents have been: `next` counts those visited.
        let mut open = vec![(*on_line, 0)];
        seen.insert(*on_line);
        while let Some((id, next)) = open.pop() {
            let of = parents.get(&id).map_or(&[][..], Vec::as_slice);
            match of.get(next) {
                Some(parent) => {
                    open.push((id, next + 1));
                    if parents.contains_key(parent) && seen.insert(*parent) {
                        open.push((*parent, 0));
                    }
                }
                None => order.push((id, step, id == *on_line)),
            }
        }
    }
    order
}

fn entry(repo: &gix::Repository, (id, step, on_line): &Place) -> Result<HistoryEntry> {
    let info = commit::info(&commit::find(repo, Oid::from(*id))?)?;
    Ok(HistoryEntry {
        id: info.id,
        subject: info.subject.chars().take(MAX_LINE).collect(),
        author: info.author.name.chars().take(MAX_LINE).collect(),
        authored_at: info.author.time,
        committed_at: info.committer.time,
        patch_id: None,
        reverts: said::reverts(&info.message),
        picked_from: said::picked_from(&info.message),
        parents: info.parents,
        step: *step,
        on_line: *on_line,
    })
}

/// Where the first-parent lines of two commits part, seen from their roots.
pub(super) fn common_line(
    repo: &gix::Repository,
    one: Oid,
    other: Oid,
) -> Result<Option<LinePoint>> {
    let (one, other) = (whole_line(repo, one)?, whole_line(repo, other)?);
    let from_root = one.iter().rev().zip(other.iter().rev());
    let common = (1..)
        .zip(from_root)
        .take_while(|(_, (one, other))| one == other);
    Ok(common.last().map(|(number, (id, _))| LinePoint {
        id: Oid::from(*id),
        number,
    }))
}

/// The first-parent line down to its root, newest first.
fn whole_line(repo: &gix::Repository, head: Oid) -> Result<Vec<ObjectId>> {
    commit::find(repo, head)?;
    let walk = repo.rev_walk([head.raw()]).first_parent_only();
    let steps = walk.all().doing(DOING)?.take(MAX_WALK);
    steps.map(|step| Ok(step.doing(DOING)?.id)).collect()
}
