//! Where the board is found.

use async_graphql::{Context, ID, Object};
use sluice_schema::{ErrorCode, Fault, ProjectId};

use super::DeliveryBoard;
use crate::{
    fault::{self, Result},
    loaders::Call,
};

/// The delivery board.
#[derive(Debug, Default)]
pub struct BoardQuery;

/// The delivery board.
#[Object]
impl BoardQuery {
    /// The delivery board of the project; null when it is not one that the caller sees. Empty
    /// while nothing was promoted. Its cells show ids and versions as they are; each edge of all
    /// cells costs one statement.
    #[graphql(complexity = "child_complexity + 500")]
    async fn delivery_board(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The project's name.")] project_id: ID,
    ) -> Result<Option<DeliveryBoard>> {
        let call = Call::of(context)?;
        let project: ProjectId =
            fault::name("projectId", &project_id).map_err(|fault| call.failure(fault))?;
        match call.services.ledger.board(&call.ctx, &project).await {
            Ok(board) => Ok(Some(DeliveryBoard(board))),
            Err(fault) if fault.code() == ErrorCode::NotFound => Ok(None),
            Err(fault) => Err(call.failure(fault)),
        }
    }
}
