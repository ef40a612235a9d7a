//! Changing what a branch demands of changes.

use std::sync::Arc;

use sluice_kernel::{Ctx, Outcome};
use sluice_schema::Scope;

use super::{ATTEMPTS, Branches, Result, event_of};
use crate::{Branch, BranchError, BranchStatus, SetBranchPolicy};

impl Branches {
    /// Replaces a branch's policy.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `FAILED_PRECONDITION` when the branch is deleted
    /// or the repository archived, `VERSION_CONFLICT` when it is not at `expected_version`.
    pub async fn set_policy(
        &self,
        ctx: &Ctx,
        command: SetBranchPolicy,
    ) -> Result<Outcome<Arc<Branch>>> {
        ctx.require(Scope::BranchesWrite)?;
        let policy = command.validate()?;
        for _ in 0..ATTEMPTS {
            let mut branch = self.load(ctx, command.branch_id).await?;
            if branch.status == BranchStatus::Creating {
                self.finish_creating(ctx, branch).await?;
                continue;
            }
            let read = branch.clone();
            let Some(change) = branch.set_policy(policy.clone())? else {
                return Ok(Outcome::replayed(Arc::new(branch)));
            };
            if let Some(expected) = command.expected_version {
                read.meta.ensure_version("Branch", expected)?;
            }
            self.ensure_writable(ctx, branch.repository_id).await?;
            let event = event_of(&branch, &change)?;
            if self.save(ctx, &mut branch, Some(event)).await? {
                return Ok(Outcome::done(Arc::new(branch)));
            }
        }
        Err(BranchError::Contended)
    }
}
