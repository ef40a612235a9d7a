//! The commands of the pipeline generator.

use super::{GeneratePipelineInput, PipelineDefinition};
use crate::declare::mutations;

mutations! {
    /// Commands of the pipeline generator.
    PipelineMutation;

    /// Generates the pipeline of a commit's `module.yaml`; what is wrong in it is refused as
    /// `INVALID_PIPELINE` with findings.
    generate_pipeline(GeneratePipelineInput) -> GeneratePipelinePayload {
        /// The definition, generated now or before.
        pipeline: PipelineDefinition
    } = pipelines.generate;
}
