//! Deployment manifests.

mod input;
mod mutation;
mod object;
mod query;

pub use input::{DeploymentManifestFilter, RenderDeploymentManifestInput};
pub use mutation::{ManifestMutation, RenderDeploymentManifestPayload};
pub use object::{
    DeploymentManifest, DeploymentManifestOrder, DeploymentManifestOrderField, ManifestById,
    ManifestObject, ManifestStatus, ManifestsInGitOpsRepository, ManifestsOfCommit,
    ManifestsOfEnvironment, ManifestsOfRelease, ManifestsOfRepository, TextOfManifest,
};
pub use query::{DeploymentManifestPreview, ManifestQuery};
