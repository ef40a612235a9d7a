//! The `pipeline_run` table.

use sea_orm::entity::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use sluice_kernel::{micros, time_of_micros};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

pub(crate) mod log_part;

use crate::{CancelRequest, Lease, PipelineRun, RunOutputs};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pipeline_run")]
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
    pub pipeline_id: String,
    pub repository_id: String,
    pub repository_name: String,
    pub branch: String,
    pub commit_sha: String,
    pub attempt: i64,
    pub number: i64,
    pub build_number: String,
    pub status: String,
    pub outcome: Option<String>,
    pub reason: Option<String>,
    pub findings: String,
    pub module: String,
    pub timeline: String,
    pub variables: String,
    pub tags: String,
    pub queued_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub cancel_requested_by: Option<String>,
    pub cancel_requested_at: Option<i64>,
    pub cancel_reason: Option<String>,
    pub lease_holder: Option<String>,
    pub lease_incarnation: Option<String>,
    pub lease_until: Option<i64>,
    pub retried_from: Option<String>,
    pub caused_by: Option<String>,
    pub logs_prefix: String,
    pub test_results: String,
    pub coverage: String,
    pub artifacts: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("PipelineRun");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("PipelineRun", error)
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(damaged)
}

fn of_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(damaged)
}

impl TryFrom<&PipelineRun> for Model {
    type Error = StoreError;

    fn try_from(run: &PipelineRun) -> Result<Self, StoreError> {
        let (cancel, lease) = (run.cancel.as_ref(), run.lease.as_ref());
        Ok(row_with_meta!(
            run.meta,
            Model {
                id: run.id.to_string(),
                pipeline_id: run.pipeline_id.to_string(),
                repository_id: run.repository_id.to_string(),
                repository_name: run.repository_name.clone(),
                branch: run.branch.clone(),
                commit_sha: run.commit_sha.clone(),
                attempt: i64::from(run.attempt),
                number: i64::try_from(run.number).map_err(damaged)?,
                build_number: run.build_number.clone(),
                status: run.status.as_str().to_owned(),
                outcome: run.outcome.map(|outcome| outcome.as_str().to_owned()),
                reason: run.reason.clone(),
                findings: json(&run.findings)?,
                module: json(&run.module)?,
                timeline: json(&run.timeline)?,
                variables: json(&run.variables)?,
                tags: json(&run.tags)?,
                queued_at: micros(run.queued_at),
                started_at: run.started_at.map(micros),
                finished_at: run.finished_at.map(micros),
                cancel_requested_by: cancel.map(|cancel| cancel.by.clone()),
                cancel_requested_at: cancel.map(|cancel| micros(cancel.at)),
                cancel_reason: cancel.and_then(|cancel| cancel.reason.clone()),
                lease_holder: lease.map(|lease| lease.holder.clone()),
                lease_incarnation: lease.map(|lease| lease.incarnation.clone()),
                lease_until: lease.map(|lease| micros(lease.until)),
                retried_from: run.retried_from.map(|id| id.to_string()),
                caused_by: run.caused_by.map(|id| id.to_string()),
                logs_prefix: run.logs_prefix.clone(),
                test_results: json(&run.outputs.test_results)?,
                coverage: json(&run.outputs.coverage)?,
                artifacts: json(&run.outputs.artifacts)?,
            }
        ))
    }
}

impl TryFrom<Model> for PipelineRun {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let cancel = cancel_of(&row);
        let lease = lease_of(&row);
        Ok(Self {
            meta: meta_of!("PipelineRun", row)?,
            id: row.id.parse().map_err(damaged)?,
            pipeline_id: row.pipeline_id.parse().map_err(damaged)?,
            repository_id: row.repository_id.parse().map_err(damaged)?,
            attempt: u32::try_from(row.attempt).map_err(damaged)?,
            number: u64::try_from(row.number).map_err(damaged)?,
            status: row.status.parse().map_err(damaged)?,
            outcome: row
                .outcome
                .map(|text| text.parse())
                .transpose()
                .map_err(damaged)?,
            findings: of_json(&row.findings)?,
            module: of_json(&row.module)?,
            timeline: of_json(&row.timeline)?,
            variables: of_json(&row.variables)?,
            tags: of_json(&row.tags)?,
            queued_at: time_of_micros(row.queued_at),
            started_at: row.started_at.map(time_of_micros),
            finished_at: row.finished_at.map(time_of_micros),
            retried_from: row
                .retried_from
                .map(|id| id.parse())
                .transpose()
                .map_err(damaged)?,
            caused_by: row
                .caused_by
                .map(|id| id.parse())
                .transpose()
                .map_err(damaged)?,
            outputs: RunOutputs {
                test_results: of_json(&row.test_results)?,
                coverage: of_json(&row.coverage)?,
                artifacts: of_json(&row.artifacts)?,
            },
            cancel,
            lease,
            repository_name: row.repository_name,
            branch: row.branch,
            commit_sha: row.commit_sha,
            build_number: row.build_number,
            reason: row.reason,
            logs_prefix: row.logs_prefix,
        })
    }
}

fn cancel_of(row: &Model) -> Option<CancelRequest> {
    Some(CancelRequest {
        by: row.cancel_requested_by.clone()?,
        at: time_of_micros(row.cancel_requested_at?),
        reason: row.cancel_reason.clone(),
    })
}

fn lease_of(row: &Model) -> Option<Lease> {
    Some(Lease {
        holder: row.lease_holder.clone()?,
        incarnation: row.lease_incarnation.clone()?,
        until: time_of_micros(row.lease_until?),
    })
}
