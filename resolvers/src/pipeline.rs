//! Pipeline definitions.

mod input;
mod module;
mod mutation;
mod object;
mod query;

pub use input::{GeneratePipelineInput, PipelineFilter};
pub(crate) use module::settings;
pub use module::{ModuleConfiguration, ModuleDescription, ModuleImage, ModulePackage, Setting};
pub use mutation::{GeneratePipelinePayload, PipelineMutation};
pub use object::{
    FindingSeverity, PipelineById, PipelineDefinition, PipelineFinding, PipelineOfCommit,
    PipelineOrder, PipelineOrderField, PipelineStatus, PipelinesOfPullRequest,
    PipelinesOfRepository,
};
pub use query::{ModuleLint, PipelineQuery};
