//! The commands on environments.

use super::{DefineEnvironmentInput, Environment, HoldEnvironmentInput, ResumeEnvironmentInput};
use crate::declare::mutations;

mutations! {
    /// Commands on environments.
    EnvironmentMutation;

    /// Defines an environment of a project, or replaces its whole definition.
    define_environment(DefineEnvironmentInput) -> DefineEnvironmentPayload {
        /// The environment, as defined now or before.
        environment: Environment
    } = environments.define;

    /// Holds promotions into an environment until somebody resumes it.
    hold_environment(HoldEnvironmentInput) -> HoldEnvironmentPayload {
        /// The environment, held.
        environment: Environment
    } = environments.hold;

    /// Ends holds of an environment, so that promotions go on.
    resume_environment(ResumeEnvironmentInput) -> ResumeEnvironmentPayload {
        /// The environment after it.
        environment: Environment
    } = environments.resume;
}
