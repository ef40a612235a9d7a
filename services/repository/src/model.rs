//! The Repository aggregate: pure, without store or provider.

use sluice_kernel::{Meta, text_enum};
use sluice_schema::{
    RepositoryId,
    events::{RepositoryArchived, RepositoryProvisioned, RepositoryUpdated},
};

use crate::RepositoryError;

text_enum! {
    /// Where the repository is hosted; fixed once provisioned.
    Provider {
        /// A bare repository on this server's disk.
        Local = "LOCAL",
        /// Azure DevOps Services.
        AzureDevOps = "AZURE_DEVOPS",
        /// GitHub.
        GitHub = "GITHUB",
    }
}

text_enum! {
    /// Who may find the repository.
    Visibility {
        /// Members of the project.
        Private = "PRIVATE",
        /// Everyone in the tenant.
        Internal = "INTERNAL",
    }
}

text_enum! {
    /// Where the repository is in its life.
    RepositoryStatus {
        /// Announced; the provider has not confirmed it.
        Provisioning = "PROVISIONING",
        /// It exists and takes changes.
        Provisioned = "PROVISIONED",
        /// It takes no more changes.
        Archived = "ARCHIVED",
    }
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its id.
    pub id: RepositoryId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// Unique in the project.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where it is hosted.
    pub provider: Provider,
    /// Where `git clone` finds it.
    pub remote_url: String,
    /// The branch that pull requests target by default.
    pub default_branch: String,
    /// Who may find it.
    pub visibility: Visibility,
    /// Where it is in its life.
    pub status: RepositoryStatus,
}

impl Repository {
    /// The provider has it: it may be announced.
    pub(crate) fn provisioned(&mut self, head_sha: String) -> RepositoryProvisioned {
        self.status = RepositoryStatus::Provisioned;
        RepositoryProvisioned {
            repository_id: self.id,
            name: self.name.clone(),
            provider: self.provider.as_str().to_owned(),
            remote_url: self.remote_url.clone(),
            default_branch: self.default_branch.clone(),
            head_sha,
            visibility: self.visibility.as_str().to_owned(),
        }
    }

    /// Changes settings; `None` when they are as asked already.
    pub(crate) fn update(
        &mut self,
        description: Option<Option<String>>,
        visibility: Option<Visibility>,
    ) -> Result<Option<RepositoryUpdated>, RepositoryError> {
        self.ensure_writable()?;
        let description = description.unwrap_or_else(|| self.description.clone());
        let visibility = visibility.unwrap_or(self.visibility);
        if description == self.description && visibility == self.visibility {
            return Ok(None);
        }
        self.description = description;
        self.visibility = visibility;
        Ok(Some(RepositoryUpdated {
            repository_id: self.id,
            name: self.name.clone(),
            description: self.description.clone(),
            visibility: self.visibility.as_str().to_owned(),
        }))
    }

    /// Takes no more changes; `None` when it took none already.
    pub(crate) fn archive(&mut self) -> Result<Option<RepositoryArchived>, RepositoryError> {
        match self.status {
            RepositoryStatus::Archived => Ok(None),
            RepositoryStatus::Provisioning => Err(RepositoryError::NotProvisioned),
            RepositoryStatus::Provisioned => {
                self.status = RepositoryStatus::Archived;
                Ok(Some(RepositoryArchived {
                    repository_id: self.id,
                    name: self.name.clone(),
                }))
            }
        }
    }

    fn ensure_writable(&self) -> Result<(), RepositoryError> {
        match self.status {
            RepositoryStatus::Provisioned => Ok(()),
            RepositoryStatus::Provisioning => Err(RepositoryError::NotProvisioned),
            RepositoryStatus::Archived => Err(RepositoryError::Archived),
        }
    }
}
