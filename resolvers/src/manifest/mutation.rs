//! The commands of the deployment manifest service.

use super::{DeploymentManifest, RenderDeploymentManifestInput};
use crate::declare::mutations;

mutations! {
    /// Commands of the deployment manifest service.
    ManifestMutation;

    /// Renders the manifest of a module of an approved release for an environment, and commits it
    /// to the project's GitOps repository. Nothing is declared by it: that is what promotions do.
    render_deployment_manifest(RenderDeploymentManifestInput) -> RenderDeploymentManifestPayload {
        /// The manifest, rendered now or before.
        deployment_manifest: DeploymentManifest
    } = manifests.render;
}
