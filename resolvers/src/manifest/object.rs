//! What a deployment manifest shows and where it leads.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, SimpleObject};
use sluice_deployment_manifest as service;
use sluice_schema::{EnvironmentId, ManifestId, ReleaseId, RepositoryId};

use super::DeploymentManifestFilter;
use crate::{
    commit::{Commit, CommitBySha},
    declare::{aggregate, children, listed},
    environment::{Environment, EnvironmentById},
    fault::{self, Finding, Result},
    loaders::{Call, lookups},
    promotion::{EnvironmentPromotion, PromotionsOfManifest},
    release::{ReleaseById, ReleasePlan},
    repository::{Repository, RepositoryById},
    text,
};

/// Where a manifest is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ManifestStatus")]
pub enum ManifestStatus {
    /// Rendered, and on its way to the GitOps repository.
    Rendering,
    /// In the GitOps repository, and announced.
    Rendered,
    /// It cannot be rendered; the findings say why.
    Failed,
}

/// An object of a manifest.
#[derive(SimpleObject, Debug, Clone)]
pub struct ManifestObject {
    /// For example `apps/v1`.
    pub api_version: String,
    /// For example `Deployment`.
    pub kind: String,
    /// Its namespace, when it names one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The images of its containers, each once.
    pub images: Vec<String>,
}

impl From<&service::ObjectSummary> for ManifestObject {
    fn from(it: &service::ObjectSummary) -> Self {
        Self {
            api_version: it.api_version.clone(),
            kind: it.kind.clone(),
            namespace: it.namespace.clone(),
            name: it.name.clone(),
            images: it.images.clone(),
        }
    }
}

lookups! {
    /// A manifest by its id.
    ManifestById(ManifestId) -> Arc<service::DeploymentManifest> = list manifests.find_many;
    /// The objects of a manifest as one YAML stream.
    TextOfManifest(ManifestId) -> String = map manifests.find_texts;
    /// The manifests that were rendered from a commit, oldest first.
    ManifestsOfCommit((RepositoryId, String)) -> Vec<Arc<service::DeploymentManifest>>
        = map manifests.find_by_commits;
}

children! {
    /// An environment's manifests.
    ManifestsOfEnvironment: EnvironmentId => DeploymentManifest
        = manifests.pages_by_environment, counts_by_environment;
    /// A release's manifests.
    ManifestsOfRelease: ReleaseId => DeploymentManifest
        = manifests.pages_by_release, counts_by_release;
    /// The manifests of a repository's module.
    ManifestsOfRepository: RepositoryId => DeploymentManifest
        = manifests.pages_by_repository, counts_by_repository;
    /// The manifests that a GitOps repository holds.
    ManifestsInGitOpsRepository: RepositoryId => DeploymentManifest
        = manifests.pages_by_gitops_repository, counts_by_gitops_repository;
}

listed! {
    DeploymentManifest(service::DeploymentManifest) from manifests;
    filter DeploymentManifestFilter -> service::ManifestFilter;
    order DeploymentManifestOrder, DeploymentManifestOrderField -> service::ManifestOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
    }
}

aggregate! {
    /// A deployment manifest: the Kubernetes objects that an environment is to hold of a module of
    /// a release. Its content never changes.
    DeploymentManifest(service::DeploymentManifest);
    fields {
        /// Where it is in its life.
        async fn status(&self) -> ManifestStatus {
            self.0.status.into()
        }
        /// The module.
        async fn module(&self) -> &str {
            &self.0.module
        }
        /// Id of the release.
        async fn release_id(&self) -> ID {
            self.0.release_id.to_string().into()
        }
        /// The release's semantic version.
        async fn release_version(&self) -> &str {
            &self.0.version
        }
        /// Id of the environment.
        async fn environment_id(&self) -> ID {
            self.0.environment_id.to_string().into()
        }
        /// The environment's name.
        async fn environment_name(&self) -> &str {
            &self.0.environment
        }
        /// `sha256:<hex>` of the objects; of the findings when it cannot be rendered.
        async fn content_digest(&self) -> &str {
            &self.0.content_digest
        }
        /// What is wrong, when it cannot be rendered.
        async fn findings(&self) -> Vec<Finding> {
            self.0.findings.iter().cloned().map(Into::into).collect()
        }
        /// Whether the module's repository has an overlay for the environment, from which it was
        /// built.
        async fn overlay(&self) -> bool {
            self.0.overlay
        }
        /// The commit of the module that it was rendered from.
        async fn source_commit(&self) -> &str {
            &self.0.source_commit
        }
        /// The commit of the GitOps repository that holds it, once it stands there.
        async fn commit_sha(&self) -> Option<&str> {
            self.0.commit_sha.as_deref()
        }
        /// Its folder in that commit.
        async fn path(&self) -> &str {
            &self.0.path
        }
        /// The objects as one YAML stream; empty when it cannot be rendered.
        #[graphql(complexity = "1000")]
        async fn text(
            &self,
            context: &Context<'_>,
            #[graphql(
                desc = "Refuse a text of more bytes, 1 to 16,777,216.",
                default = 1_048_576
            )]
            max_bytes: usize,
        ) -> Result<String> {
            let call = Call::of(context)?;
            text::check_limit(call, max_bytes)?;
            let text = call.one(Some(TextOfManifest(self.0.id))).await?;
            text::bounded(call, text.unwrap_or_default(), max_bytes)
        }
        /// What changes from another manifest to this one, as a unified diff of at most 256 KiB;
        /// empty when nothing does.
        #[graphql(complexity = "1000")]
        async fn diff(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "The other manifest.")] from: ID,
        ) -> Result<String> {
            let call = Call::of(context)?;
            let from = fault::id("from", &from).map_err(|fault| call.failure(fault))?;
            let diff = call.services.manifests.diff(&call.ctx, from, self.0.id).await;
            diff.map_err(|fault| call.failure(fault))
        }
    }
    parts {
        /// The objects, in the order in which they are applied.
        objects: ManifestObject by |it| it.objects.iter().map(Into::into).collect();
    }
    one {
        /// The release.
        release: ReleasePlan by |it| Some(ReleaseById(it.release_id));
        /// The environment.
        environment: Environment by |it| Some(EnvironmentById(it.environment_id));
        /// The module's repository.
        repository: Repository by |it| Some(RepositoryById(it.repository_id));
        /// The commit that it was rendered from; null when only the Git host knows it.
        commit: Commit by |it| Some(CommitBySha((it.repository_id, it.source_commit.clone())));
        /// The project's GitOps repository, once it stands there.
        git_ops_repository: Repository by |it| it.gitops_repository_id.map(RepositoryById);
    }
    many {
        /// The promotions that declared it, oldest first.
        promotions: EnvironmentPromotion by |it| vec![PromotionsOfManifest {
            manifest: it.id,
            release: it.release_id,
        }];
    }
    lists {}
}
