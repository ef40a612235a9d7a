//! Modules and environments: what is declared, what runs, what was seen.

mod assemble;
mod model;
mod read;

pub use model::{Board, BoardCell, BoardEnvironment, BoardHold, Deployed, DriftState, SyncView};

use sluice_kernel::Ctx;
use sluice_schema::{ProjectId, Scope};

use crate::{Ledger, LedgerError};

impl Ledger {
    /// The project's board; empty for a project of which the ledger knows nothing.
    ///
    /// # Errors
    /// [`LedgerError::Denied`] without the scope to read; [`LedgerError::NotFound`] for a project
    /// that the caller may not see; what the database fails with.
    pub async fn board(&self, ctx: &Ctx, project: &ProjectId) -> Result<Board, LedgerError> {
        ctx.require(Scope::Read)?;
        if !ctx.sees(project) {
            return Err(LedgerError::NotFound("project", "projectId"));
        }
        let facts = read::facts(self, ctx, project).await?;
        Ok(assemble::board(project, facts))
    }
}
