//! Three-way merges, computed on objects alone.

use gix::ObjectId;
use gix::bstr::BString;
use gix::merge::blob::pipeline::WorktreeRoots;
use gix::merge::plumbing::tree::apply_index_entries::RemovalMode;
use gix::merge::plumbing::tree::{
    Conflict, Outcome, Resolution, ResolutionFailure, TreatAsUnresolved, treat_as_unresolved,
};
use gix::merge::plumbing::{self, blob};
use gix::objs::Write as _;
use gix::worktree::stack::state::attributes::Source;

use crate::error::{Doing, GitHostError, Result};
use crate::limits::Limits;
use crate::names::Oid;
use crate::types::{CommitSpec, MergeOutcome, MergeSpec, MergeStrategy, Mergeability};

use super::{commit, rebase};

const DOING: &str = "merging";

/// Files above this are merged as binary files are: one side may change them, not both.
const LARGE_FILE: u64 = 16 * 1024 * 1024;

pub(super) fn merge(
    repo: &gix::Repository,
    spec: &MergeSpec,
    limits: &Limits,
) -> Result<MergeOutcome> {
    let target_tree = commit::tree_of(repo, spec.target)?;
    if is_merged(repo, spec.target, spec.source)? {
        return Ok(MergeOutcome::UpToDate);
    }
    let mut engine = Engine::new(repo, target_tree)?;
    if spec.strategy == MergeStrategy::Rebase {
        return rebase::rebase(repo, &mut engine, spec, limits);
    }
    let tree = match engine.commits(spec.target, spec.source)? {
        Merged::Clean(tree) => tree,
        Merged::Conflicts(paths) => return Ok(MergeOutcome::Conflicts { paths }),
    };
    let parents = match spec.strategy {
        // The target holds the source's changes already, from an earlier squash for example.
        MergeStrategy::Squash if tree == target_tree => return Ok(MergeOutcome::UpToDate),
        MergeStrategy::Squash => vec![spec.target],
        _ => vec![spec.target, spec.source],
    };
    let spec = CommitSpec {
        tree: tree.into(),
        parents,
        author: spec.signature.clone(),
        committer: spec.signature.clone(),
        message: spec.message.clone(),
        trailers: spec.trailers.clone(),
    };
    let commit = commit::write(repo, &spec, limits)?;
    Ok(MergeOutcome::Merged {
        commit,
        tree: spec.tree,
        created: vec![commit],
    })
}

pub(super) fn mergeable(repo: &gix::Repository, target: Oid, source: Oid) -> Result<Mergeability> {
    // What the merge writes stays in memory.
    let repo = &repo.clone().with_object_memory();
    let target_tree = commit::tree_of(repo, target)?;
    if is_merged(repo, target, source)? {
        return Ok(Mergeability::UpToDate);
    }
    Ok(
        match Engine::new(repo, target_tree)?.commits(target, source)? {
            Merged::Clean(_) => Mergeability::Clean,
            Merged::Conflicts(paths) => Mergeability::Conflicts { paths },
        },
    )
}

/// Whether the source is part of the target. Errors with `Unrelated` without a common ancestor.
fn is_merged(repo: &gix::Repository, target: Oid, source: Oid) -> Result<bool> {
    commit::find(repo, source)?;
    let bases = merge_bases(repo, target, source)?;
    if bases.is_empty() {
        return Err(GitHostError::Unrelated {
            target,
            source_commit: source,
        });
    }
    Ok(bases.contains(&source))
}

pub(super) fn merge_bases(repo: &gix::Repository, one: Oid, two: Oid) -> Result<Vec<Oid>> {
    let bases = repo
        .merge_bases_many(one.raw(), &[two.raw()])
        .doing(DOING)?;
    Ok(bases.into_iter().map(Oid::from).collect())
}

/// What merging trees came to.
pub(super) enum Merged {
    Clean(ObjectId),
    Conflicts(Vec<String>),
}

/// Merges trees of one repository.
///
/// Attributes (`merge=union`, `binary`) come from one given tree and never from the branch that
/// `HEAD` names, so that the same merge gives the same result later. No external merge or filter
/// program is ever run.
pub(super) struct Engine<'repo> {
    repo: &'repo gix::Repository,
    diffs: gix::diff::blob::Platform,
    blobs: blob::Platform,
    options: plumbing::tree::Options,
}

impl<'repo> Engine<'repo> {
    pub(super) fn new(repo: &'repo gix::Repository, attributes: ObjectId) -> Result<Self> {
        let index = repo.index_from_tree(&attributes).doing(DOING)?;
        let attributes = repo
            .attributes_only(&index, Source::IdMapping)
            .doing(DOING)?
            .detach();
        let filter = gix::filter::plumbing::Pipeline::new(
            repo.command_context().doing(DOING)?,
            repo.object_hash(),
            gix::filter::Pipeline::options(repo).doing(DOING)?,
        );
        let pipeline = blob::Pipeline::new(
            WorktreeRoots::default(),
            filter,
            blob::pipeline::Options {
                large_file_threshold_bytes: LARGE_FILE,
            },
        );
        let diffs = gix::diff::resource_cache(
            repo,
            gix::diff::blob::pipeline::Mode::ToGit,
            attributes.clone(),
            gix::diff::blob::pipeline::WorktreeRoots::default(),
        )
        .doing(DOING)?;
        let blobs = blob::Platform::new(
            pipeline,
            blob::pipeline::Mode::ToGit,
            attributes,
            Vec::new(),
            blob::platform::Options::default(),
        );
        let options = repo.tree_merge_options().doing(DOING)?.into();
        Ok(Self {
            repo,
            diffs,
            blobs,
            options,
        })
    }

    /// Merges two commits over their merge base; several bases are merged first, as Git does.
    pub(super) fn commits(&mut self, ours: Oid, theirs: Oid) -> Result<Merged> {
        let mut graph = self.repo.revision_graph(None);
        let options = plumbing::commit::Options {
            allow_missing_merge_base: false,
            tree_merge: self.options.clone(),
            use_first_merge_base: false,
        };
        let outcome = plumbing::commit(
            ours.raw(),
            theirs.raw(),
            labels(),
            &mut graph,
            &mut self.diffs,
            &mut self.blobs,
            self.repo,
            &mut |id| id.to_hex_with_len(7).to_string(),
            options,
        )
        .doing(DOING)?;
        self.finish(outcome.tree_merge)
    }

    /// Merges two trees over a base.
    pub(super) fn trees(
        &mut self,
        base: ObjectId,
        ours: ObjectId,
        theirs: ObjectId,
    ) -> Result<Merged> {
        let repo = self.repo;
        let outcome = plumbing::tree(
            &base,
            &ours,
            &theirs,
            labels(),
            repo,
            |bytes| repo.write_buf(gix::objs::Kind::Blob, bytes),
            &mut gix::diff::tree::State::default(),
            &mut self.diffs,
            &mut self.blobs,
            self.options.clone(),
        )
        .doing(DOING)?;
        self.finish(outcome)
    }

    fn finish(&self, mut outcome: Outcome<'_>) -> Result<Merged> {
        let tree = outcome
            .tree
            .write(|tree| self.repo.write(tree))
            .doing(DOING)?;
        let open: Vec<&Conflict> = outcome.conflicts.iter().filter(|c| is_open(c)).collect();
        if open.is_empty() {
            return Ok(Merged::Clean(tree));
        }
        let mut index = self.repo.index_from_tree(&tree).doing(DOING)?;
        outcome.index_changed_after_applying_conflicts(&mut index, HOW, RemovalMode::Prune);
        let staged = index
            .entries()
            .iter()
            .filter(|entry| entry.stage_raw() != 0);
        let mut paths: Vec<String> = staged.map(|entry| entry.path(&index).to_string()).collect();
        for conflict in &open {
            match made_up_path(conflict) {
                Some(made_up) => {
                    paths.retain(|path| path != made_up);
                    paths.push(conflict.ours.location().to_string());
                }
                None => paths.extend(moved_into(conflict).map(ToString::to_string)),
            }
        }
        if paths.is_empty() {
            let both = open
                .iter()
                .flat_map(|c| [c.ours.location(), c.theirs.location()]);
            paths = both.map(ToString::to_string).collect();
        }
        paths.sort();
        paths.dedup();
        Ok(Merged::Conflicts(paths))
    }
}

const HOW: TreatAsUnresolved = TreatAsUnresolved {
    content_merge: treat_as_unresolved::ContentMerge::Markers,
    tree_merge: treat_as_unresolved::TreeMerge::EvasiveRenames,
};

/// Conflicts as Git counts them by default.
fn is_open(conflict: &Conflict) -> bool {
    conflict.is_unresolved(HOW) || moved_into(conflict).is_some()
}

/// Where a new file went because its folder was renamed on the other side. Git asks before it
/// follows such a rename.
fn moved_into(conflict: &Conflict) -> Option<&BString> {
    match &conflict.resolution {
        Ok(Resolution::SourceLocationAffectedByRename { final_location }) => Some(final_location),
        _ => None,
    }
}

/// A name like `file~target` that one side got because a file and a folder want the same place.
fn made_up_path(conflict: &Conflict) -> Option<&BString> {
    match conflict.resolution.as_ref().err()? {
        ResolutionFailure::OursModifiedTheirsDirectoryThenOursRenamed {
            renamed_unique_path_to_modified_blob: path,
        }
        | ResolutionFailure::OursDirectoryTheirsNonDirectoryTheirsRenamed {
            renamed_unique_path_of_theirs: path,
        }
        | ResolutionFailure::OursAddedTheirsAddedTypeMismatch {
            their_unique_location: path,
        } => Some(path),
        _ => None,
    }
}

fn labels<'a>() -> blob::builtin_driver::text::Labels<'a> {
    blob::builtin_driver::text::Labels {
        ancestor: Some("base".into()),
        current: Some("target".into()),
        other: Some("source".into()),
    }
}
