//! What a promotion is made of.

use async_graphql::{Context, Enum, Object, SimpleObject};
use sluice_environment_promotion as service;

use crate::{
    blocker::{Blocker, BlockerCode},
    fault::Result,
    loaders::Call,
    manifest::{DeploymentManifest, ManifestById},
};

/// Which way a promotion goes.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::PromotionKind")]
pub enum PromotionKind {
    /// A release comes into the environment.
    Promotion,
    /// What ran before comes back.
    Rollback,
}

/// Where a promotion is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::PromotionStatus")]
pub enum PromotionStatus {
    /// Asked for; its gates are not looked at yet.
    Requested,
    /// It waits for its gates.
    Gated,
    /// Infrastructure is provisioned and the content is written to Git.
    Running,
    /// Git declares it; the target is not known to follow yet.
    Verifying,
    /// The target holds it and is healthy.
    Succeeded,
    /// It was refused, or the target did not become healthy.
    Failed,
    /// Something technical kept it from taking place.
    Errored,
    /// A person ended it while it waited.
    Cancelled,
    /// A newer promotion took its place while it waited.
    Superseded,
    /// It had taken effect and was left by a rollback.
    RolledBack,
}

/// Gates that a person passed although they were closed.
#[derive(SimpleObject, Debug, Clone)]
pub struct PromotionOverride {
    /// The kinds of blockers that do not count.
    pub codes: Vec<BlockerCode>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: String,
    /// The blockers that were passed by it when it last mattered.
    pub passed: Vec<Blocker>,
}

impl From<&service::Override> for PromotionOverride {
    fn from(it: &service::Override) -> Self {
        Self {
            codes: it.codes.iter().copied().map(Into::into).collect(),
            reason: it.reason.clone(),
            by: it.by.clone(),
            passed: it.passed.iter().cloned().map(Into::into).collect(),
        }
    }
}

/// What a promotion declares of one module.
#[derive(Debug, Clone)]
pub struct PromotionItem(pub(crate) service::PromotionItem);

/// What a promotion declares of one module.
#[Object]
impl PromotionItem {
    /// The module.
    async fn module(&self) -> &str {
        &self.0.module
    }
    /// The manifest.
    async fn manifest(&self, context: &Context<'_>) -> Result<Option<DeploymentManifest>> {
        let key = Some(ManifestById(self.0.manifest_id));
        let found = Call::of(context)?.one(key).await?;
        Ok(found.map(DeploymentManifest))
    }
    /// `sha256:<hex>` of the manifest's objects.
    async fn manifest_digest(&self) -> &str {
        &self.0.manifest_digest
    }
    /// The commit of the GitOps repository that holds it rendered.
    async fn source_commit(&self) -> &str {
        &self.0.source_commit
    }
    /// Its folder in that commit, and on the branch that environments follow.
    async fn path(&self) -> &str {
        &self.0.path
    }
}
