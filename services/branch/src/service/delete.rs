//! Deleting a branch.

use std::sync::Arc;

use sluice_git_host::{GitHostError, Oid, RefChange};
use sluice_kernel::{Ctx, Outcome};
use sluice_schema::Scope;

use super::{ATTEMPTS, Branches, Result, event_of, place};
use crate::{Branch, BranchError, BranchStatus, DeleteBranch};

impl Branches {
    /// Removes a branch that is neither the default one nor protected.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `FAILED_PRECONDITION` for the default branch or an archived
    /// repository, `BRANCH_PROTECTED`, `VERSION_CONFLICT` while commits keep coming.
    pub async fn delete(&self, ctx: &Ctx, command: DeleteBranch) -> Result<Outcome<Arc<Branch>>> {
        ctx.require(Scope::BranchesWrite)?;
        for _ in 0..ATTEMPTS {
            let mut branch = self.load(ctx, command.branch_id).await?;
            let ours = match branch.status {
                BranchStatus::Deleted => return Ok(Outcome::replayed(Arc::new(branch))),
                BranchStatus::Creating => {
                    self.finish_creating(ctx, branch).await?;
                    continue;
                }
                BranchStatus::Deleting => false,
                BranchStatus::Active => {
                    branch.ensure_deletable()?;
                    self.ensure_writable(ctx, branch.repository_id).await?;
                    let (path, name) = place(&branch)?;
                    let head = self.git.head(&path, &name).await?;
                    let head = head.map_or_else(|| branch.head_sha.clone(), |h| h.to_string());
                    branch.begin_deleting(head);
                    if !self.save(ctx, &mut branch, None).await? {
                        continue;
                    }
                    true
                }
            };
            let branch = self.finish_deleting(ctx, branch).await?;
            if branch.status == BranchStatus::Deleted {
                return Ok(Outcome {
                    value: branch,
                    replayed: !ours,
                });
            }
        }
        Err(BranchError::Contended)
    }

    /// Acts on the intent and records the outcome. A branch whose head moved since the intent is
    /// kept and comes back `ACTIVE`: nobody's commit is lost with it.
    pub(crate) async fn finish_deleting(
        &self,
        ctx: &Ctx,
        mut branch: Branch,
    ) -> Result<Arc<Branch>> {
        if branch.status != BranchStatus::Deleting {
            return Ok(Arc::new(branch));
        }
        let (path, name) = place(&branch)?;
        let head: Oid = branch.head_sha.parse()?;
        let change = RefChange {
            expected: Some(head),
            new: None,
        };
        let (removed, moved_to) = match self.git.update_ref(&path, &name, change).await {
            Ok(()) => (true, None),
            Err(GitHostError::RefMoved { actual, .. }) => (false, actual),
            Err(error) => return Err(error.into()),
        };
        let event = match moved_to {
            Some(head) => {
                branch.keep(head.to_string());
                None
            }
            None => {
                let deleted = branch.deleted();
                Some(event_of(&branch, &deleted)?)
            }
        };
        if self.save(ctx, &mut branch, event).await? {
            return Ok(Arc::new(branch));
        }
        if removed {
            self.repair(ctx, &branch, head).await?;
        }
        Ok(Arc::new(self.load(ctx, branch.id).await?))
    }
}
