//! Bringing a recorded intent to its end.

use std::sync::Arc;

use chrono::TimeDelta;
use sluice_git_host::{
    GitHostError, MergeOutcome, MergeSpec, MergeStrategy, Oid, RefChange, RepoPath,
};
use sluice_kernel::Ctx;

use super::{ATTEMPTS, Commits, Result, event_of, place};
use crate::{
    Commit, CommitError, CommitStatus,
    commands::Draft,
    store::{self, Same},
};

/// Who brings a commit to its end.
#[derive(Clone, Copy)]
pub(crate) enum Work<'a> {
    /// A command, which has the files.
    Command(&'a Draft),
    /// The recovery loop, which has the trees alone.
    Recovery,
}

/// What the state of the branch asks for.
enum Step {
    /// The branch has the commit.
    Stands(Oid),
    /// The commit shall stand on a new head.
    Restage(Oid, Oid, Option<u32>),
    /// The branch has the content already; with the commit that brought it, if one is recorded.
    Superseded(Option<Arc<Commit>>),
    /// The branch will not have it.
    Refused(CommitError),
    /// A command may still be at work, and it knows more.
    Wait,
}

/// A command that is at work touches its commit more often than this.
const AT_WORK: TimeDelta = TimeDelta::minutes(1);

impl Commits {
    /// Acts on the intent and records the outcome; whoever finds a commit that is pending helps
    /// to finish it, and exactly one of the helpers announces it. What comes back is the commit,
    /// or the one that brought the same content first; it is pending only if it is left to a
    /// command that is at work.
    pub(crate) async fn finish(
        &self,
        ctx: &Ctx,
        mut commit: Commit,
        work: Work<'_>,
    ) -> Result<Arc<Commit>> {
        for _ in 0..ATTEMPTS {
            match commit.status {
                CommitStatus::Created => return Ok(Arc::new(commit)),
                CommitStatus::Failed => {
                    let reason = commit.reason.unwrap_or_default();
                    return Err(CommitError::Failed { reason });
                }
                CommitStatus::Pending => {}
            }
            let saved = match self.next_step(ctx, &commit, work).await? {
                Step::Stands(sha) => {
                    let created = commit.created(sha);
                    let event = event_of(&commit, &created)?;
                    self.save(ctx, &mut commit, Some(event)).await?
                }
                Step::Restage(head, tree, changed) => {
                    commit.restage(head, tree, changed);
                    self.save(ctx, &mut commit, None).await?
                }
                Step::Superseded(by) => {
                    commit.failed(CommitError::NothingChanges.to_string());
                    if self.save(ctx, &mut commit, None).await? {
                        return by.ok_or(CommitError::NothingChanges);
                    }
                    false
                }
                Step::Refused(error) => {
                    commit.failed(error.to_string());
                    if self.save(ctx, &mut commit, None).await? {
                        return Err(error);
                    }
                    false
                }
                Step::Wait => return Ok(Arc::new(commit)),
            };
            if !saved {
                commit = self.load(ctx, commit.id).await?;
            }
        }
        Err(CommitError::Contended)
    }

    async fn next_step(&self, ctx: &Ctx, commit: &Commit, work: Work<'_>) -> Result<Step> {
        let (path, branch) = place(commit)?;
        let sha = match self.git.write_commit(&path, &commit.spec()?).await {
            Ok(sha) => sha,
            Err(error @ (GitHostError::InvalidCommit { .. } | GitHostError::TooLarge { .. })) => {
                return Ok(Step::Refused(error.into()));
            }
            Err(error) => return Err(error.into()),
        };
        let change = RefChange {
            expected: commit.base()?,
            new: Some(sha),
        };
        let head = match self.git.update_ref(&path, &branch, change).await {
            Ok(()) => return Ok(Step::Stands(sha)),
            Err(GitHostError::RefMoved { actual, .. }) => actual,
            Err(error) => return Err(error.into()),
        };
        let Some(head) = head else {
            return Ok(Step::Refused(CommitError::BranchGone));
        };
        if self.git.is_ancestor(&path, &sha, &head).await? {
            return Ok(Step::Stands(sha));
        }
        if commit.expected_head.is_some() {
            let actual = head.to_string();
            return Ok(Step::Refused(CommitError::HeadMoved { actual }));
        }
        let step = match work {
            Work::Command(draft) => self.staged_again(&path, draft, head).await?,
            Work::Recovery if self.may_be_at_work(commit) => Step::Wait,
            Work::Recovery => self.merged_onto(&path, commit, sha, head).await?,
        };
        self.unless_superseded(ctx, &path, commit, step).await
    }

    fn may_be_at_work(&self, commit: &Commit) -> bool {
        self.store.clock().now() - commit.meta.updated_at < AT_WORK
    }

    async fn staged_again(&self, path: &RepoPath, draft: &Draft, head: Oid) -> Result<Step> {
        match self.git.stage(path, &head, &draft.changes).await {
            Ok(staged) => {
                let changed = u32::try_from(staged.changed.len()).unwrap_or(u32::MAX);
                Ok(Step::Restage(head, staged.tree, Some(changed)))
            }
            Err(error @ GitHostError::InvalidPath { .. }) => {
                Ok(Step::Refused(draft.refusal(error)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Without the files, the change is the difference of two trees: it is merged.
    async fn merged_onto(
        &self,
        path: &RepoPath,
        commit: &Commit,
        sha: Oid,
        head: Oid,
    ) -> Result<Step> {
        let spec = MergeSpec {
            target: head,
            source: sha,
            strategy: MergeStrategy::Squash,
            signature: commit.committer(),
            message: commit.message.clone(),
            trailers: Vec::new(),
        };
        Ok(match self.git.merge(path, &spec).await {
            Ok(MergeOutcome::Merged { tree, .. }) => Step::Restage(head, tree, None),
            Ok(MergeOutcome::UpToDate) => {
                let tree = self.tree_of(path, &head).await?;
                Step::Restage(head, tree, None)
            }
            Ok(MergeOutcome::Conflicts { paths }) => {
                Step::Refused(CommitError::Conflicts { paths })
            }
            Err(error @ GitHostError::Unrelated { .. }) => Step::Refused(error.into()),
            Err(error) => return Err(error.into()),
        })
    }

    async fn unless_superseded(
        &self,
        ctx: &Ctx,
        path: &RepoPath,
        commit: &Commit,
        step: Step,
    ) -> Result<Step> {
        let Step::Restage(head, tree, _) = step else {
            return Ok(step);
        };
        if self.tree_of(path, &head).await? != tree {
            return Ok(step);
        }
        let on = (commit.repository_id, commit.branch.as_str());
        let (artifact, tree) = (commit.artifact_id.as_deref(), tree.to_string());
        let same = Same::Tree(&tree);
        let by = store::newest(&self.store, ctx, on, artifact, same, Some(commit.id)).await?;
        match by {
            Some(by) if self.stands(&by).await? => Ok(Step::Superseded(Some(Arc::new(by)))),
            _ => Ok(Step::Superseded(None)),
        }
    }
}
