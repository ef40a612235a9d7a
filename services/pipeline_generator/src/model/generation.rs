//! One generation: a commit for which the pipeline was, or is being, generated.

use std::{fmt, str::FromStr};

use sluice_kernel::{Meta, directory::RepositoryView, text_enum};
use sluice_schema::{PipelineId, PullRequestId, RepositoryId};

/// What to generate for.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) repository: RepositoryView,
    pub(crate) branch: String,
    pub(crate) commit_sha: String,
    pub(crate) pull_request_id: Option<PullRequestId>,
}

impl Source {
    pub(crate) fn key(&self) -> GenerationKey {
        GenerationKey {
            repository_id: self.repository.id,
            commit_sha: self.commit_sha.clone(),
        }
    }
}

/// A commit of a repository: it is generated for once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct GenerationKey {
    pub(crate) repository_id: RepositoryId,
    pub(crate) commit_sha: String,
}

impl fmt::Display for GenerationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository_id, self.commit_sha)
    }
}

impl FromStr for GenerationKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (repository, commit) = text.split_once('@').ok_or("without a commit")?;
        Ok(Self {
            repository_id: repository.parse().map_err(|e| format!("{e}"))?,
            commit_sha: commit.to_owned(),
        })
    }
}

text_enum! {
    /// How far a generation is.
    GenerationStatus {
        /// Decided; the repository may not have the YAML yet.
        Pending = "PENDING",
        /// The YAML is in the repository, and announced.
        Done = "DONE",
    }
}

/// A generation, from intent to outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Generation {
    pub(crate) key: GenerationKey,
    /// Who asked, when and under which trace: what the commit of the YAML says.
    pub(crate) meta: Meta,
    pub(crate) pipeline_id: PipelineId,
    pub(crate) branch: String,
    pub(crate) default_branch: String,
    pub(crate) pull_request_id: Option<PullRequestId>,
    pub(crate) status: GenerationStatus,
}

impl Generation {
    pub(crate) fn new(meta: Meta, source: &Source, pipeline_id: PipelineId) -> Self {
        Self {
            key: source.key(),
            meta,
            pipeline_id,
            branch: source.branch.clone(),
            default_branch: source.repository.default_branch.clone(),
            pull_request_id: source.pull_request_id,
            status: GenerationStatus::Pending,
        }
    }
}
