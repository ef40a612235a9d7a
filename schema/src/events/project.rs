//! Events of projects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::payload;
use crate::ProjectId;

/// The policies of a project changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectConfigured {
    /// The project.
    pub project_id: ProjectId,
    /// Names of the settings that changed.
    pub changed: Vec<String>,
}
payload!(ProjectConfigured on "Project" by project_id);
