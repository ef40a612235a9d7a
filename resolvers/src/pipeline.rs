//! Pipeline definitions.

mod input;
mod mutation;
mod object;
mod query;

pub use input::{GeneratePipelineInput, PipelineFilter};
pub use mutation::{GeneratePipelinePayload, PipelineMutation};
pub use object::{
    FindingSeverity, ModuleDescription, PipelineById, PipelineDefinition, PipelineFinding,
    PipelineOfCommit, PipelineOrder, PipelineOrderField, PipelineStatus, PipelinesOfRepository,
};
pub use query::{ModuleLint, PipelineQuery};
