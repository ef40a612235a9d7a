//! Where a change has got to, by its content.

mod contained;
mod decide;
mod facts;
mod model;
mod read;
mod sql;
mod web;

use sluice_kernel::Ctx;
use sluice_schema::Scope;

pub use model::{CommitKey, EnvironmentReach, Landing, LandingHow, ReachStage, ReachState};

use crate::{Ledger, LedgerError};

impl Ledger {
    /// Where a commit's change stands in every environment of its project, for every module that
    /// was released from its repository; without a module while none was. Environments stand in
    /// the order in which they were defined, modules by name.
    ///
    /// The change counts by its content: another commit with the same patch, the squash of a
    /// branch that had it, what a pull request wrote of it. Of all that applied it or took it
    /// back, the last in the history of what runs decides. A change that was taken back on the
    /// default branch before it got to an environment is `REVERTED` there, without a promotion.
    /// Eight statements, by the id of a record nine.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is no such commit for the caller;
    /// [`LedgerError::Invalid`] when the Git object id is none, or names several commits; what the
    /// database fails with.
    pub async fn reach(
        &self,
        ctx: &Ctx,
        commit: &CommitKey,
    ) -> Result<Vec<EnvironmentReach>, LedgerError> {
        ctx.require(Scope::Read)?;
        let read = self.store().read_raw(ctx).await?;
        let reads = read::Reads { read, ctx };
        let found = reads.find(commit).await?;
        let facts = reads.facts(&found).await?;
        Ok(decide::decide(&facts))
    }
}
