//! Events of the repository service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::RepositoryId;

/// A repository exists at its provider, with its default branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryProvisioned {
    /// The repository.
    pub repository_id: RepositoryId,
    /// Unique in the project.
    pub name: String,
    /// `LOCAL`, `AZURE_DEVOPS` or `GITHUB`.
    pub provider: String,
    /// Where `git clone` finds it.
    pub remote_url: String,
    /// The branch that pull requests target by default.
    pub default_branch: String,
    /// The default branch's first commit.
    pub head_sha: String,
    /// `PRIVATE` or `INTERNAL`.
    pub visibility: String,
}
payload!(RepositoryProvisioned on "Repository" by repository_id);

/// Settings of a repository changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryUpdated {
    /// The repository.
    pub repository_id: RepositoryId,
    /// Its name.
    pub name: String,
    /// The description after the change.
    pub description: Option<String>,
    /// The visibility after the change.
    pub visibility: String,
}
payload!(RepositoryUpdated on "Repository" by repository_id);

/// A repository takes no more changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryArchived {
    /// The repository.
    pub repository_id: RepositoryId,
    /// Its name.
    pub name: String,
}
payload!(RepositoryArchived on "Repository" by repository_id);
