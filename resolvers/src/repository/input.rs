//! What callers say about repositories.

use async_graphql::{ID, InputObject, MaybeUndefined};
use sluice_repository as service;

use super::{RepositoryProvider, RepositoryStatus, RepositoryVisibility};
use crate::fault::{InputFault, id, name, optional_name};

/// Which repositories a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct RepositoryFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of exactly this name.
    pub name: Option<String>,
    /// Of this status.
    pub status: Option<RepositoryStatus>,
}

impl TryFrom<RepositoryFilter> for service::RepositoryFilter {
    type Error = InputFault;
    fn try_from(filter: RepositoryFilter) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            name: filter.name,
            status: filter.status.map(Into::into),
        })
    }
}

/// Makes a repository at its provider. The project and name are its natural key.
#[derive(InputObject, Debug, Clone)]
pub struct ProvisionRepositoryInput {
    /// The project that owns it.
    pub project_id: ID,
    /// The module whose source it holds.
    pub module_id: Option<ID>,
    /// Unique in the project.
    pub name: String,
    /// What it is for, up to 1,000 characters.
    pub description: Option<String>,
    /// Where it is hosted; this server's disk when absent.
    pub provider: Option<RepositoryProvider>,
    /// The first branch; `main` when absent.
    pub default_branch: Option<String>,
    /// `PRIVATE` when absent.
    pub visibility: Option<RepositoryVisibility>,
}

impl TryFrom<ProvisionRepositoryInput> for service::ProvisionRepository {
    type Error = InputFault;
    fn try_from(input: ProvisionRepositoryInput) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: name("projectId", &input.project_id)?,
            module_id: optional_name("moduleId", input.module_id.as_ref())?,
            name: input.name,
            description: input.description,
            provider: input.provider.map(Into::into),
            default_branch: input.default_branch,
            visibility: input.visibility.map(Into::into),
        })
    }
}

/// Changes a repository's settings; absent fields stay.
#[derive(InputObject, Debug, Clone)]
pub struct UpdateRepositoryInput {
    /// The repository.
    pub repository_id: ID,
    /// What it is for, up to 1,000 characters; null removes it.
    pub description: MaybeUndefined<String>,
    /// Who may find it.
    pub visibility: Option<RepositoryVisibility>,
    /// Refuse when the repository is not at this version.
    pub expected_version: Option<i64>,
}

impl TryFrom<UpdateRepositoryInput> for service::UpdateRepository {
    type Error = InputFault;
    fn try_from(input: UpdateRepositoryInput) -> Result<Self, InputFault> {
        Ok(Self {
            repository_id: id("repositoryId", &input.repository_id)?,
            description: match input.description {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(text) => Some(Some(text)),
            },
            visibility: input.visibility.map(Into::into),
            expected_version: input.expected_version,
        })
    }
}

/// Ends a repository's changes.
#[derive(InputObject, Debug, Clone)]
pub struct ArchiveRepositoryInput {
    /// The repository.
    pub repository_id: ID,
}

impl TryFrom<ArchiveRepositoryInput> for service::ArchiveRepository {
    type Error = InputFault;
    fn try_from(input: ArchiveRepositoryInput) -> Result<Self, InputFault> {
        Ok(Self {
            repository_id: id("repositoryId", &input.repository_id)?,
        })
    }
}
