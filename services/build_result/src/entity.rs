//! The tables `build_result` and `test_case`.

use sea_orm::entity::prelude::*;
use sluice_kernel::{micros, time_of_micros};
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::BuildResult;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "build_result")]
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
    pub run_key: String,
    pub content_digest: String,
    pub run_id: Option<String>,
    pub pipeline_id: Option<String>,
    pub repository_id: String,
    pub branch: String,
    pub commit_sha: String,
    pub status: String,
    pub reason: Option<String>,
    pub tests: Option<String>,
    pub coverage: Option<String>,
    pub artifacts: String,
    pub findings: String,
    pub module: Option<String>,
    pub logs_uri: Option<String>,
    pub external_url: Option<String>,
    pub started_at: Option<i64>,
    pub finished_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("BuildResult");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("BuildResult", error)
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(damaged)
}

impl TryFrom<&BuildResult> for Model {
    type Error = StoreError;

    fn try_from(build: &BuildResult) -> Result<Self, StoreError> {
        Ok(row_with_meta!(
            build.meta,
            Model {
                id: build.id.to_string(),
                run_key: build.run_key.clone(),
                content_digest: build.content_digest.clone(),
                run_id: build.run_id.map(|id| id.to_string()),
                pipeline_id: build.pipeline_id.map(|id| id.to_string()),
                repository_id: build.repository_id.to_string(),
                branch: build.branch.clone(),
                commit_sha: build.commit_sha.clone(),
                status: build.status.as_str().to_owned(),
                reason: build.reason.clone(),
                tests: build.tests.as_ref().map(json).transpose()?,
                coverage: build.coverage.as_ref().map(json).transpose()?,
                artifacts: json(&build.artifacts)?,
                findings: json(&build.findings)?,
                module: build.module.as_ref().map(json).transpose()?,
                logs_uri: build.logs_uri.clone(),
                external_url: build.external_url.clone(),
                started_at: build.started_at.map(micros),
                finished_at: micros(build.finished_at),
            }
        ))
    }
}

impl TryFrom<Model> for BuildResult {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        fn from<T: serde::de::DeserializeOwned>(
            text: Option<&String>,
        ) -> Result<Option<T>, StoreError> {
            text.map(|text| serde_json::from_str(text).map_err(damaged))
                .transpose()
        }
        Ok(Self {
            meta: meta_of!("BuildResult", row)?,
            id: row.id.parse().map_err(damaged)?,
            run_id: row
                .run_id
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(damaged)?,
            pipeline_id: row
                .pipeline_id
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(damaged)?,
            repository_id: row.repository_id.parse().map_err(damaged)?,
            status: row.status.parse().map_err(damaged)?,
            tests: from(row.tests.as_ref())?,
            coverage: from(row.coverage.as_ref())?,
            artifacts: from(Some(&row.artifacts))?.unwrap_or_default(),
            findings: from(Some(&row.findings))?.unwrap_or_default(),
            module: from(row.module.as_ref())?,
            started_at: row.started_at.map(time_of_micros),
            finished_at: time_of_micros(row.finished_at),
            run_key: row.run_key,
            content_digest: row.content_digest,
            branch: row.branch,
            commit_sha: row.commit_sha,
            reason: row.reason,
            logs_uri: row.logs_uri,
            external_url: row.external_url,
        })
    }
}

/// Test cases: part of their build, kept in a table of their own because there may be many.
pub(crate) mod test_case {
    use sea_orm::entity::prelude::*;
    use sluice_kernel::Meta;
    use sluice_store::{StoreError, aggregate_entity, row_with_meta};

    use crate::TestCase;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "test_case")]
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
        pub build_id: String,
        pub rank: i32,
        pub suite: String,
        pub class: String,
        pub name: String,
        pub outcome: String,
        pub duration_ms: Option<i64>,
        pub message: Option<String>,
        pub details: Option<String>,
        pub file: Option<String>,
        pub line: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    aggregate_entity!("TestCase");

    pub(crate) fn row(meta: &Meta, build_id: &str, case: &TestCase) -> Model {
        row_with_meta!(
            meta,
            Model {
                id: case.id.clone(),
                build_id: build_id.to_owned(),
                rank: case.outcome.rank(),
                suite: case.suite.clone(),
                class: case.class.clone(),
                name: case.name.clone(),
                outcome: case.outcome.as_str().to_owned(),
                duration_ms: case
                    .duration_ms
                    .map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)),
                message: case.message.clone(),
                details: case.details.clone(),
                file: case.file.clone(),
                line: case.line.map(i64::from),
            }
        )
    }

    impl TryFrom<Model> for TestCase {
        type Error = StoreError;

        fn try_from(row: Model) -> Result<Self, StoreError> {
            let outcome = row
                .outcome
                .parse()
                .map_err(|e: String| StoreError::damaged("TestCase", e))?;
            Ok(Self {
                id: row.id,
                suite: row.suite,
                class: row.class,
                name: row.name,
                outcome,
                duration_ms: row.duration_ms.map(i64::unsigned_abs),
                message: row.message,
                details: row.details,
                file: row.file,
                line: row.line.and_then(|line| u32::try_from(line).ok()),
            })
        }
    }
}
