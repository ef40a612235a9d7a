//! The `pipeline_run_log_part` table: which lines of a step's log stand where in the log of the
//! whole run. A row's id is its run and its first line, so that a place is given once; a row
//! without lines ends the log.

use sea_orm::entity::prelude::*;
use sluice_store::{StoreError, aggregate_entity};

use crate::{PipelineRun, store::LogPart};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pipeline_run_log_part")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub project_id: String,
    pub version: i64,
    pub run_id: String,
    pub first_line: i64,
    pub last_line: i64,
    pub step_id: String,
    pub step_line: i64,
    pub line_count: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("PipelineRunLogPart");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("PipelineRunLogPart", error)
}

/// The row of a part.
pub(crate) fn row(run: &PipelineRun, part: &LogPart) -> Result<Model, StoreError> {
    let number = |value: u64| i64::try_from(value).map_err(damaged);
    Ok(Model {
        tenant_id: run.meta.tenant_id.to_string(),
        id: format!("{}/{:012}", run.id, part.first),
        project_id: run.meta.project_id.to_string(),
        version: 1,
        run_id: run.id.to_string(),
        first_line: number(part.first)?,
        // A row that ends the log is found by whoever asks for the line behind the last.
        last_line: number(part.next().saturating_sub(1).max(part.first))?,
        step_id: part.step.clone(),
        step_line: number(part.step_line)?,
        line_count: number(part.lines)?,
    })
}

impl TryFrom<Model> for LogPart {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let number = |value: i64| u64::try_from(value).map_err(damaged);
        Ok(Self {
            first: number(row.first_line)?,
            step: row.step_id,
            step_line: number(row.step_line)?,
            lines: number(row.line_count)?,
        })
    }
}
