//! Making the commits of a source again on top of a target.

use gix::ObjectId;

use crate::error::{Doing, GitHostError, Result};
use crate::limits::Limits;
use crate::names::Oid;
use crate::types::{MergeOutcome, MergeSpec};

use super::commit;
use super::merge::{Engine, Merged, merge_bases};

const DOING: &str = "rebasing";

pub(super) fn rebase(
    repo: &gix::Repository,
    engine: &mut Engine<'_>,
    spec: &MergeSpec,
    limits: &Limits,
) -> Result<MergeOutcome> {
    let committer = commit::actor("committer", &spec.signature)?;
    let mut head = spec.target;
    let mut tree = commit::tree_of(repo, head)?;
    let mut created = Vec::new();
    for (pick, parent) in to_pick(repo, spec.target, spec.source, limits.max_commits)? {
        let picked = commit::tree_of(repo, pick)?;
        let base = commit::tree_of(repo, parent)?;
        let merged = match engine.trees(base, tree, picked)? {
            Merged::Clean(merged) => merged,
            Merged::Conflicts(paths) => return Ok(MergeOutcome::Conflicts { paths }),
        };
        // Its change is in the target already. A commit that was empty from the start stays.
        if merged == tree && picked != base {
            continue;
        }
        head = pick_onto(repo, pick, head, merged, &committer)?;
        tree = merged;
        created.push(head);
    }
    if created.is_empty() {
        return Ok(MergeOutcome::UpToDate);
    }
    Ok(MergeOutcome::Merged {
        commit: head,
        tree: tree.into(),
        created,
    })
}

/// The source's commits that the target lacks, each with its parent, oldest first.
///
/// Without merge commits the source is one line down to the only merge base.
fn to_pick(
    repo: &gix::Repository,
    target: Oid,
    source: Oid,
    max: usize,
) -> Result<Vec<(Oid, Oid)>> {
    let bases = merge_bases(repo, target, source)?;
    let mut picks = Vec::new();
    let mut at = source;
    while !bases.contains(&at) {
        let commit = commit::find(repo, at)?;
        let parents: Vec<Oid> = commit.parent_ids().map(Oid::from).collect();
        let parent = match parents[..] {
            [parent] => parent,
            [] => {
                return Err(GitHostError::Unrelated {
                    target,
                    source_commit: source,
                });
            }
            _ => return Err(GitHostError::MergeCommitInSource { commit: at }),
        };
        if picks.len() == max {
            return Err(GitHostError::too_large(
                "the number of commits to rebase",
                max as u64,
            ));
        }
        picks.push((at, parent));
        at = parent;
    }
    picks.reverse();
    Ok(picks)
}

/// Writes the picked commit again: same author and message, new parent, tree and committer.
fn pick_onto(
    repo: &gix::Repository,
    pick: Oid,
    parent: Oid,
    tree: ObjectId,
    committer: &gix::actor::Signature,
) -> Result<Oid> {
    let found = commit::find(repo, pick)?;
    let mut copy = found.decode().doing(DOING)?.to_owned().doing(DOING)?;
    copy.parents = [parent.raw()].into_iter().collect();
    copy.tree = tree;
    copy.committer = committer.clone();
    // Signatures cover the old content.
    copy.extra_headers.clear();
    Ok(repo.write_object(&copy).doing(DOING)?.into())
}
