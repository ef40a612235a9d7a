//! Where pipeline definitions are found.

use async_graphql::{Context, SimpleObject};
use sluice_pipeline_generator::{self as service, module_yaml::Severity};

use super::{ModuleDescription, PipelineById, PipelineDefinition, PipelineFinding};
use crate::{declare::queries, fault::Result, loaders::Call};

/// What a `module.yaml` would lead to.
#[derive(SimpleObject, Debug, Clone)]
pub struct ModuleLint {
    /// Whether a pipeline can be generated.
    pub valid: bool,
    /// Everything found, in the order of the file.
    pub findings: Vec<PipelineFinding>,
    /// The module, when valid.
    pub module: Option<ModuleDescription>,
    /// The stages that its pipeline has, in order.
    pub stages: Vec<String>,
    /// The pipeline's YAML, when valid.
    pub yaml: Option<String>,
}

impl From<service::Lint> for ModuleLint {
    fn from(lint: service::Lint) -> Self {
        let mut severities = lint.findings.iter().map(|finding| finding.severity);
        Self {
            valid: !severities.any(|severity| severity == Severity::Error),
            findings: lint.findings.iter().map(Into::into).collect(),
            module: lint.description().as_ref().map(Into::into),
            stages: lint
                .stages
                .iter()
                .map(|stage| stage.as_str().to_owned())
                .collect(),
            yaml: lint.yaml,
        }
    }
}

queries! {
    /// Pipeline definitions.
    PipelineQuery;
    /// The definition with this id; null when there is none that the caller may see.
    one pipeline: PipelineDefinition by PipelineById;
    /// The definitions that the caller may see.
    list pipelines;
    also {
        /// What a `module.yaml` with this text would lead to, for a default branch `main`;
        /// nothing is kept.
        #[graphql(complexity = "50")]
        async fn lint_module(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "The text of `module.yaml`.")] content: String,
        ) -> Result<ModuleLint> {
            let call = Call::of(context)?;
            let lint = call.services.pipelines.lint(&call.ctx, &content);
            Ok(lint.map_err(|fault| call.failure(fault))?.into())
        }
    }
}
