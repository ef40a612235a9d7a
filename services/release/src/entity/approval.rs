//! The table `release_approval`.

use sea_orm::entity::prelude::*;
use sluice_kernel::{micros, time_of_micros};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::{ApprovalDecision, ApprovalState, ReleaseApproval};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "release_approval")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub project_id: String,
    pub module_id: Option<String>,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub created_by: String,
    pub updated_by: String,
    pub trace_id: String,
    pub correlation_id: String,
    pub release_id: String,
    pub approver: String,
    pub decision: String,
    pub reason: String,
    pub content_digest: String,
    pub at: i64,
    pub expires_at: Option<i64>,
    pub state: String,
    pub cause: Option<String>,
    pub ended_marker: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("ReleaseApproval");

fn ended_marker(approval: &ReleaseApproval) -> String {
    match (approval.decision, approval.state) {
        (ApprovalDecision::Approved, ApprovalState::Valid) => String::new(),
        _ => approval.id.to_string(),
    }
}

impl From<&ReleaseApproval> for Model {
    fn from(it: &ReleaseApproval) -> Self {
        row_with_meta!(
            it.meta,
            Model {
                id: it.id.to_string(),
                release_id: it.release_id.to_string(),
                approver: it.approver.clone(),
                decision: it.decision.as_str().to_owned(),
                reason: it.reason.clone(),
                content_digest: it.content_digest.clone(),
                at: micros(it.at),
                expires_at: it.expires_at.map(micros),
                state: it.state.as_str().to_owned(),
                cause: it.cause.clone(),
                ended_marker: ended_marker(it),
            }
        )
    }
}

impl TryFrom<Model> for ReleaseApproval {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        fn damaged(error: impl std::fmt::Display) -> StoreError {
            StoreError::damaged("ReleaseApproval", error)
        }
        Ok(Self {
            meta: meta_of!("ReleaseApproval", row)?,
            id: row.id.parse().map_err(damaged)?,
            release_id: row.release_id.parse().map_err(damaged)?,
            decision: row.decision.parse().map_err(damaged)?,
            at: time_of_micros(row.at),
            expires_at: row.expires_at.map(time_of_micros),
            state: row.state.parse().map_err(damaged)?,
            approver: row.approver,
            reason: row.reason,
            content_digest: row.content_digest,
            cause: row.cause,
        })
    }
}
