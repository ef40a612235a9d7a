//! The commands of the projects.

use super::{ConfigureProjectInput, Project};
use crate::declare::mutations;

mutations! {
    /// Commands of the projects.
    ProjectMutation;

    /// Changes which steps of the chain run by themselves in a project, and who approves.
    configure_project(ConfigureProjectInput) -> ConfigureProjectPayload {
        /// The project after the change.
        project: Project
    } = projects.configure;
}
