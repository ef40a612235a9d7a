//! Where deployment manifests are found.

use async_graphql::{Context, SimpleObject};
use sluice_kernel::Outcome;

use super::{DeploymentManifest, ManifestById, ManifestObject, RenderDeploymentManifestInput};
use crate::{
    declare::queries,
    fault::{Result, UserError},
    loaders::Call,
    mutation::{command, settle},
};

/// What rendering would come to; nothing is kept of it.
#[derive(SimpleObject, Debug)]
pub struct DeploymentManifestPreview {
    /// `sha256:<hex>` of the objects; null when they cannot be rendered.
    pub content_digest: Option<String>,
    /// Whether an overlay of the module's repository would be used.
    pub overlay: bool,
    /// The objects, in the order in which they would be applied.
    pub objects: Vec<ManifestObject>,
    /// All of them as one YAML stream; null when they cannot be rendered.
    pub text: Option<String>,
    /// Why it cannot be rendered; empty when it can.
    pub user_errors: Vec<UserError>,
}

queries! {
    /// Deployment manifests.
    ManifestQuery;
    /// The manifest with this id; null when there is none that the caller may see.
    one deployment_manifest: DeploymentManifest by ManifestById;
    /// The manifests that the caller may see.
    list deployment_manifests;
    also {
        /// What rendering would come to, for a release that has not ended; nothing is kept.
        #[graphql(complexity = "1000")]
        async fn preview_deployment_manifest(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "What to render.")] input: RenderDeploymentManifestInput,
        ) -> Result<DeploymentManifestPreview> {
            let call = Call::of(context)?;
            let preview = async {
                let preview = call.services.manifests.preview(&call.ctx, command(input)?).await?;
                Ok(Outcome::done(preview))
            };
            let settled = settle(call, preview.await)?;
            let user_errors = settled.user_errors;
            Ok(match settled.value {
                Some(preview) => DeploymentManifestPreview {
                    content_digest: Some(preview.content_digest),
                    overlay: preview.overlay,
                    objects: preview.objects.iter().map(Into::into).collect(),
                    text: Some(preview.text),
                    user_errors,
                },
                None => DeploymentManifestPreview {
                    content_digest: None,
                    overlay: false,
                    objects: Vec::new(),
                    text: None,
                    user_errors,
                },
            })
        }
    }
}
