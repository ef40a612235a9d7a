//! The PipelineDefinition aggregate: pure, without store or provider.

mod generation;
mod inspect;

use sluice_kernel::{Meta, text_enum};
use sluice_schema::{
    PipelineId, PullRequestId, RepositoryId,
    events::{ModuleDescription, PipelineGenerated},
};

use crate::module_yaml::Finding;

pub(crate) use generation::{Generation, GenerationKey, GenerationStatus, Source};
pub use inspect::Lint;
pub(crate) use inspect::{Generated, Reading, Refused, inspect, lint};

text_enum! {
    /// Whether a definition can be run.
    PipelineStatus {
        /// `module.yaml` is right, and the YAML is generated from it.
        Valid = "VALID",
        /// `module.yaml` is missing or wrong; the findings say why.
        Invalid = "INVALID",
    }
}

/// A pipeline definition: one per content in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineDefinition {
    /// Its id.
    pub id: PipelineId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// The repository whose module it builds.
    pub repository_id: RepositoryId,
    /// The repository's name.
    pub repository_name: String,
    /// The branch of `commit_sha`.
    pub branch: String,
    /// The newest commit that it was generated for.
    pub commit_sha: String,
    /// The module that it builds; absent when `module.yaml` is not right.
    pub module: Option<ModuleDescription>,
    /// `sha256:<hex>` of `module.yaml`; absent when that is missing or too large.
    pub module_digest: Option<String>,
    /// `sha256:<hex>` of the YAML; of `module.yaml`, or of the commit's name without one, when the
    /// definition is invalid. Unique in the repository.
    pub content_digest: String,
    /// The Azure Pipelines YAML; absent when invalid.
    pub yaml: Option<String>,
    /// Where the YAML stands on the pipelines branch; absent when invalid.
    pub yaml_path: Option<String>,
    /// The commit that carries the YAML there; absent until it is written, and when invalid.
    pub definition_sha: Option<String>,
    /// Whether it can be run.
    pub status: PipelineStatus,
    /// What is wrong with `module.yaml`, or, for a valid one, should be looked at.
    pub findings: Vec<Finding>,
    /// The pull request whose merge caused the newest generation.
    pub pull_request_id: Option<PullRequestId>,
    /// Whether a run starts without a command, as the project had it at the newest generation.
    pub auto_run: bool,
}

impl PipelineDefinition {
    /// What `inspect` made of a commit, before the YAML is written to the repository.
    pub(crate) fn valid(
        id: PipelineId,
        meta: Meta,
        source: &Source,
        generated: &Generated,
        auto_run: bool,
    ) -> Self {
        let module = &generated.module;
        Self {
            module: Some(inspect::described(module)),
            module_digest: Some(module.digest.clone()),
            content_digest: generated.content_digest.clone(),
            yaml: Some(generated.yaml.clone()),
            yaml_path: Some(format!("pipelines/{}/azure-pipelines.yml", module.id)),
            status: PipelineStatus::Valid,
            findings: generated.warnings.clone(),
            auto_run,
            ..Self::empty(id, meta, source)
        }
    }

    /// A commit without a right `module.yaml`.
    pub(crate) fn invalid(id: PipelineId, meta: Meta, source: &Source, refused: &Refused) -> Self {
        Self {
            module_digest: refused.module_digest.clone(),
            content_digest: refused.content_digest.clone(),
            findings: refused.findings.clone(),
            ..Self::empty(id, meta, source)
        }
    }

    fn empty(id: PipelineId, meta: Meta, source: &Source) -> Self {
        Self {
            id,
            meta,
            repository_id: source.repository.id,
            repository_name: source.repository.name.clone(),
            branch: source.branch.clone(),
            commit_sha: source.commit_sha.clone(),
            module: None,
            module_digest: None,
            content_digest: String::new(),
            yaml: None,
            yaml_path: None,
            definition_sha: None,
            status: PipelineStatus::Invalid,
            findings: Vec::new(),
            pull_request_id: source.pull_request_id,
            auto_run: false,
        }
    }

    /// The invalid definition stands for a newer commit too.
    pub(crate) fn invalid_again(&mut self, source: &Source, refused: &Refused) {
        self.branch.clone_from(&source.branch);
        self.commit_sha.clone_from(&source.commit_sha);
        self.pull_request_id = source.pull_request_id;
        self.findings.clone_from(&refused.findings);
    }

    /// The YAML stands in the repository for this generation's commit: it may be announced.
    /// A commit older than the one that the definition has does not take it back.
    pub(crate) fn written(
        &mut self,
        generation: &Generation,
        definition_sha: &str,
        is_older: bool,
    ) -> Option<PipelineGenerated> {
        let event = PipelineGenerated {
            pipeline_id: self.id,
            repository_id: self.repository_id,
            repository_name: self.repository_name.clone(),
            branch: generation.branch.clone(),
            commit_sha: generation.key.commit_sha.clone(),
            content_digest: self.content_digest.clone(),
            definition_sha: definition_sha.to_owned(),
            yaml_path: self.yaml_path.clone()?,
            module: self.module.clone()?,
            auto_run: self.auto_run,
            pull_request_id: generation.pull_request_id,
        };
        if !is_older {
            self.branch.clone_from(&generation.branch);
            self.commit_sha.clone_from(&generation.key.commit_sha);
            self.pull_request_id = generation.pull_request_id;
        }
        if !is_older || self.definition_sha.is_none() {
            self.definition_sha = Some(definition_sha.to_owned());
        }
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_kernel::{Ctx, directory::RepositoryView};
    use sluice_schema::TypedId;

    fn source(commit: &str) -> Source {
        Source {
            repository: RepositoryView {
                id: TypedId::generate(),
                tenant_id: "acme".parse().unwrap(),
                project_id: "web".parse().unwrap(),
                module_id: None,
                name: "shop".into(),
                default_branch: "main".into(),
                is_writable: true,
            },
            branch: "main".into(),
            commit_sha: commit.repeat(40),
            pull_request_id: None,
        }
    }

    fn meta() -> Meta {
        let ctx = Ctx::for_system("test", "acme".parse().unwrap(), "t", "c");
        let epoch = sluice_kernel::time_of_micros(0);
        Meta::new(&ctx, epoch, "web".parse().unwrap(), None)
    }

    #[test]
    fn an_older_commit_is_announced_and_does_not_move_the_definition() {
        let text = "id: shop\nkind: worker\nstack: node\n";
        let reading = Reading::File(text.into());
        let (newer, older) = (source("b"), source("a"));
        let generated = inspect(&reading, &newer.commit_sha, "main").unwrap();
        let id = PipelineId::generate();
        let mut definition = PipelineDefinition::valid(id, meta(), &newer, &generated, true);
        let late = Generation::new(meta(), &older, id);
        let event = definition.written(&late, "c1", true).unwrap();
        assert_eq!(event.commit_sha, older.commit_sha);
        assert_eq!(definition.commit_sha, newer.commit_sha);
        assert_eq!(definition.definition_sha.as_deref(), Some("c1"));
        let newest = Generation::new(meta(), &source("d"), id);
        definition.written(&newest, "c2", false).unwrap();
        assert_eq!(definition.commit_sha, "d".repeat(40));
        definition.written(&late, "c3", true).unwrap();
        assert_eq!(definition.definition_sha.as_deref(), Some("c2"));
    }

    #[test]
    fn an_invalid_definition_is_never_announced() {
        let source = source("a");
        let refused = inspect(&Reading::Missing, &source.commit_sha, "main").unwrap_err();
        let id = PipelineId::generate();
        let mut definition = PipelineDefinition::invalid(id, meta(), &source, &refused);
        let generation = Generation::new(meta(), &source, id);
        assert_eq!(definition.written(&generation, "c", false), None);
    }

    #[test]
    fn a_generation_key_reads_back() {
        let key = source("a").key();
        assert_eq!(key.to_string().parse(), Ok(key));
        assert!("repo_x@a".parse::<GenerationKey>().is_err());
    }
}
