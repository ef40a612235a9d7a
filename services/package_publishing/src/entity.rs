//! The `package_publication` table.

use sea_orm::entity::prelude::*;
use sluice_kernel::{micros, time_of_micros};
use sluice_package_feed::{PackageId as FeedId, PackageVersion};
use sluice_schema::ErrorCode;
use sluice_store::{StoreError, aggregate_entity, meta_of, row_with_meta};

use crate::{PackagePublication, PackageStatus, model::version_key};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "package_publication")]
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
    pub feed: String,
    pub name: String,
    pub name_key: String,
    pub package_version: String,
    pub version_key: String,
    pub base_version: String,
    pub automatic: bool,
    pub origin: String,
    pub build_id: Option<String>,
    pub repository_id: Option<String>,
    pub commit_sha: Option<String>,
    pub status: String,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub attempts: i32,
    pub digest: Option<String>,
    pub sha512: Option<String>,
    pub size: i64,
    pub files: i32,
    pub listed: bool,
    pub published_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

aggregate_entity!("PackagePublication");

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged("PackagePublication", error)
}

/// What names are compared by.
pub(crate) fn name_key(name: &str) -> String {
    name.parse::<FeedId>()
        .map_or_else(|_| name.to_lowercase(), |id| id.lower().to_owned())
}

/// What versions are unique by. One that failed holds no version, so its key is its own.
fn unique_version(publication: &PackagePublication) -> String {
    let version = &publication.version;
    let key = version
        .parse::<PackageVersion>()
        .map_or_else(|_| version.to_lowercase(), |version| version_key(&version));
    match publication.status {
        PackageStatus::Failed => format!("{key}#{}", publication.id),
        _ => key,
    }
}

impl From<&PackagePublication> for Model {
    fn from(publication: &PackagePublication) -> Self {
        row_with_meta!(
            publication.meta,
            Model {
                id: publication.id.to_string(),
                feed: publication.feed.clone(),
                name: publication.name.clone(),
                name_key: name_key(&publication.name),
                package_version: publication.version.clone(),
                version_key: unique_version(publication),
                base_version: publication.base_version.clone(),
                automatic: publication.automatic,
                origin: publication.origin.as_str().to_owned(),
                build_id: publication.build_id.map(|id| id.to_string()),
                repository_id: publication.repository_id.map(|id| id.to_string()),
                commit_sha: publication.commit_sha.clone(),
                status: publication.status.as_str().to_owned(),
                code: publication.code.map(|code| code.as_str().to_owned()),
                reason: publication.reason.clone(),
                attempts: i32::try_from(publication.attempts).unwrap_or(i32::MAX),
                digest: publication.digest.clone(),
                sha512: publication.sha512.clone(),
                size: i64::try_from(publication.size).unwrap_or(i64::MAX),
                files: i32::try_from(publication.files).unwrap_or(i32::MAX),
                listed: publication.listed,
                published_at: publication.published_at.map(micros),
            }
        )
    }
}

impl TryFrom<Model> for PackagePublication {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            meta: meta_of!("PackagePublication", row)?,
            id: row.id.parse().map_err(damaged)?,
            origin: row.origin.parse().map_err(damaged)?,
            status: row.status.parse().map_err(damaged)?,
            build_id: row
                .build_id
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(damaged)?,
            repository_id: row
                .repository_id
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(damaged)?,
            code: row.code.as_deref().map(code).transpose()?,
            attempts: u32::try_from(row.attempts).map_err(damaged)?,
            size: u64::try_from(row.size).map_err(damaged)?,
            files: u32::try_from(row.files).map_err(damaged)?,
            published_at: row.published_at.map(time_of_micros),
            feed: row.feed,
            name: row.name,
            version: row.package_version,
            base_version: row.base_version,
            automatic: row.automatic,
            commit_sha: row.commit_sha,
            reason: row.reason,
            digest: row.digest,
            sha512: row.sha512,
            listed: row.listed,
        })
    }
}

fn code(text: &str) -> Result<ErrorCode, StoreError> {
    let known = ErrorCode::ALL.iter().find(|code| code.as_str() == text);
    known
        .copied()
        .ok_or_else(|| damaged(format!("unknown error code '{text}'")))
}
