//! What a pipeline definition shows and where it leads.

use std::sync::Arc;

use async_graphql::{Enum, ID, SimpleObject};
use sluice_pipeline_generator::{self as service, module_yaml};
use sluice_schema::{PipelineId, PullRequestId, RepositoryId};

use super::{ModuleDescription, PipelineFilter};
use crate::{
    build_result::{BuildResult, BuildsOfPipeline},
    commit::{Commit, CommitBySha},
    declare::{aggregate, children, listed},
    loaders::lookups,
    pipeline_run::{PipelineRun, RunsOfPipeline},
    pull_request::{PullRequest, PullRequestById},
    repository::{Repository, RepositoryById},
};

/// Whether a definition can be run.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::PipelineStatus")]
pub enum PipelineStatus {
    /// `module.yaml` is right, and the YAML is generated from it.
    Valid,
    /// `module.yaml` is missing or wrong; the findings say why.
    Invalid,
}

/// How bad a finding is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "module_yaml::Severity")]
pub enum FindingSeverity {
    /// No pipeline can be generated.
    Error,
    /// A pipeline is generated, but probably not the one that was meant.
    Warning,
}

/// One thing to look at in `module.yaml`.
#[derive(SimpleObject, Debug, Clone)]
pub struct PipelineFinding {
    /// The file, from the root of the repository.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Stable kebab-case name of the rule.
    pub rule: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// How bad it is.
    pub severity: FindingSeverity,
}

impl From<&module_yaml::Finding> for PipelineFinding {
    fn from(finding: &module_yaml::Finding) -> Self {
        Self {
            file: finding.file.clone(),
            line: finding.line,
            column: finding.column,
            rule: finding.rule.clone(),
            message: finding.message.clone(),
            severity: finding.severity.into(),
        }
    }
}

lookups! {
    /// A definition by its id.
    PipelineById(PipelineId) -> Arc<service::PipelineDefinition> = list pipelines.find_many;
    /// The definition that was generated for a commit.
    PipelineOfCommit((RepositoryId, String)) -> Arc<service::PipelineDefinition>
        = map pipelines.find_by_commits;
    /// The definitions that the merge of a pull request generated last.
    PipelinesOfPullRequest(PullRequestId) -> Vec<Arc<service::PipelineDefinition>>
        = map pipelines.find_by_pull_requests;
}

children! {
    /// A repository's definitions.
    PipelinesOfRepository: RepositoryId => PipelineDefinition
        = pipelines.pages_by_repository, counts_by_repository;
}

listed! {
    PipelineDefinition(service::PipelineDefinition) from pipelines;
    filter PipelineFilter -> service::PipelineFilter;
    order PipelineOrder, PipelineOrderField -> service::PipelineOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
    }
}

aggregate! {
    /// A pipeline definition: how the module of a repository is built, generated from its
    /// `module.yaml`. Equal content is one definition, which moves on to newer commits.
    PipelineDefinition(service::PipelineDefinition);
    fields {
        /// Id of the repository.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.to_string().into()
        }
        /// The branch of `commitSha`.
        async fn branch(&self) -> &str {
            &self.0.branch
        }
        /// The newest commit that it was generated for.
        async fn commit_sha(&self) -> &str {
            &self.0.commit_sha
        }
        /// The module that it builds; null when `module.yaml` is not right.
        async fn module(&self) -> Option<ModuleDescription> {
            self.0.module.as_ref().map(Into::into)
        }
        /// `sha256:<hex>` of `module.yaml`; null when that is missing or too large.
        async fn module_digest(&self) -> Option<&str> {
            self.0.module_digest.as_deref()
        }
        /// `sha256:<hex>` of what the definition is made of; unique in the repository.
        async fn content_digest(&self) -> &str {
            &self.0.content_digest
        }
        /// The Azure Pipelines YAML; null when invalid.
        async fn yaml(&self) -> Option<&str> {
            self.0.yaml.as_deref()
        }
        /// Where the YAML stands on the pipelines branch; null when invalid.
        async fn yaml_path(&self) -> Option<&str> {
            self.0.yaml_path.as_deref()
        }
        /// The commit that carries the YAML there; null until it is written, and when invalid.
        async fn definition_sha(&self) -> Option<&str> {
            self.0.definition_sha.as_deref()
        }
        /// Whether it can be run.
        async fn status(&self) -> PipelineStatus {
            self.0.status.into()
        }
        /// What is wrong with `module.yaml`, or, for a valid one, should be looked at.
        async fn findings(&self) -> Vec<PipelineFinding> {
            self.0.findings.iter().map(Into::into).collect()
        }
        /// Whether a run starts without a command.
        async fn auto_run(&self) -> bool {
            self.0.auto_run
        }
    }
    one {
        /// The repository whose module it builds.
        repository: Repository by |it| Some(RepositoryById(it.repository_id));
        /// The newest commit that it was generated for.
        commit: Commit by |it| Some(CommitBySha((it.repository_id, it.commit_sha.clone())));
        /// The pull request whose merge caused the newest generation.
        pull_request: PullRequest by |it| it.pull_request_id.map(PullRequestById);
    }
    many {}
    lists {
        /// Its runs.
        runs: PipelineRun in RunsOfPipeline by |it| it.id;
        /// What its runs proved.
        builds: BuildResult in BuildsOfPipeline by |it| it.id;
    }
}
