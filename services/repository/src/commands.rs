//! Validated inputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_git_host::{BranchName, RepoPath};
use sluice_kernel::{Ctx, reserved_branch, reserved_project};
use sluice_schema::{ModuleId, ProjectId, RepositoryId};

use crate::{Provider, Repository, RepositoryError, Visibility};

/// Makes a repository at its provider.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvisionRepository {
    /// The project that owns it.
    pub project_id: ProjectId,
    /// The module whose source it holds.
    pub module_id: Option<ModuleId>,
    /// Unique in the project.
    pub name: String,
    /// What it is for, up to 1,000 characters.
    pub description: Option<String>,
    /// Where it is hosted; this server's disk when absent.
    pub provider: Option<Provider>,
    /// `main` when absent.
    pub default_branch: Option<String>,
    /// `PRIVATE` when absent.
    pub visibility: Option<Visibility>,
}

/// Changes a repository's settings; absent fields stay.
#[derive(Debug, Clone)]
pub struct UpdateRepository {
    /// The repository.
    pub repository_id: RepositoryId,
    /// The description; `Some(None)` removes it.
    pub description: Option<Option<String>>,
    /// Who may find it.
    pub visibility: Option<Visibility>,
    /// Refuse when the repository is not at this version.
    pub expected_version: Option<i64>,
}

/// Ends a repository's changes.
#[derive(Debug, Clone)]
pub struct ArchiveRepository {
    /// The repository.
    pub repository_id: RepositoryId,
}

const MAX_DESCRIPTION: usize = 1_000;

impl ProvisionRepository {
    pub(crate) fn default_branch(&self) -> &str {
        self.default_branch.as_deref().unwrap_or("main")
    }

    pub(crate) fn provider(&self) -> Provider {
        self.provider.unwrap_or(Provider::Local)
    }

    pub(crate) fn visibility(&self) -> Visibility {
        self.visibility.unwrap_or(Visibility::Private)
    }

    /// Checks every field; what it returns is where the repository lives and its first branch.
    pub(crate) fn validate(&self, ctx: &Ctx) -> Result<(RepoPath, BranchName), RepositoryError> {
        let path = RepoPath::new(ctx.tenant().as_str(), self.project_id.as_str(), &self.name)
            .map_err(|e| RepositoryError::invalid("name", e.to_string()))?;
        let branch: BranchName =
            self.default_branch()
                .parse()
                .map_err(|e: sluice_git_host::GitHostError| {
                    RepositoryError::invalid("defaultBranch", e.to_string())
                })?;
        if let Some(rule) = reserved_project(self.project_id.as_str()) {
            return Err(RepositoryError::invalid("projectId", rule));
        }
        if let Some(rule) = reserved_branch(self.default_branch()) {
            return Err(RepositoryError::invalid("defaultBranch", rule));
        }
        check_description(self.description.as_deref())?;
        if self.provider() != Provider::Local {
            let rule = "this server hosts repositories of the provider LOCAL only";
            return Err(RepositoryError::invalid("provider", rule));
        }
        Ok((path, branch))
    }

    /// Whether `existing` is what this command asks for; otherwise what differs.
    pub(crate) fn matches(&self, existing: &Repository) -> Result<(), &'static str> {
        if existing.provider != self.provider() {
            Err("provider")
        } else if existing.default_branch != self.default_branch() {
            Err("defaultBranch")
        } else if existing.meta.module_id != self.module_id {
            Err("moduleId")
        } else {
            Ok(())
        }
    }
}

pub(crate) fn check_description(description: Option<&str>) -> Result<(), RepositoryError> {
    match description {
        Some(text) if text.chars().count() > MAX_DESCRIPTION => Err(RepositoryError::invalid(
            "description",
            format!("description must have at most {MAX_DESCRIPTION} characters"),
        )),
        _ => Ok(()),
    }
}
