//! Event payloads: one struct per event type, each with enough to act on without a callback.

pub mod branch;
pub mod build;
pub mod commit;
pub mod gitops;
pub mod image;
pub mod infrastructure;
pub mod manifest;
pub mod package;
pub mod pipeline;
pub mod project;
pub mod promotion;
pub mod pull_request;
pub mod release;
pub mod repository;

pub use branch::*;
pub use build::*;
pub use commit::*;
pub use gitops::*;
pub use image::*;
pub use infrastructure::*;
pub use manifest::*;
pub use package::*;
pub use pipeline::*;
pub use project::*;
pub use promotion::*;
pub use pull_request::*;
pub use release::*;
pub use repository::*;

use schemars::{JsonSchema, Schema, generate::SchemaSettings};

use crate::{Envelope, EventPayload};

macro_rules! payload {
    ($name:ident on $subject:literal by $id:ident) => {
        impl crate::EventPayload for $name {
            const TYPE: &'static str = stringify!($name);
            const SUBJECT: &'static str = $subject;
            fn subject_id(&self) -> String {
                self.$id.to_string()
            }
        }
    };
}
pub(crate) use payload;

/// A blob that an event refers to: where it is and what it must contain.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlobReference {
    /// Key in the blob store, or an absolute URI for what an external CI keeps.
    pub key: String,
    /// `sha256:<hex>` of the content.
    pub digest: String,
    /// Bytes.
    pub size: u64,
}

fn schema_of<P: EventPayload + JsonSchema>() -> (&'static str, Schema) {
    (
        P::TYPE,
        SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<P>(),
    )
}

/// The JSON Schema (2020-12) of the envelope and of every payload, by event type.
pub fn json_schemas() -> Vec<(&'static str, Schema)> {
    let envelope = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Envelope>();
    vec![
        ("Envelope", envelope),
        schema_of::<RepositoryProvisioned>(),
        schema_of::<RepositoryUpdated>(),
        schema_of::<RepositoryArchived>(),
        schema_of::<BranchCreated>(),
        schema_of::<BranchPolicyChanged>(),
        schema_of::<BranchDeleted>(),
        schema_of::<CommitCreated>(),
        schema_of::<PullRequestOpened>(),
        schema_of::<PullRequestReviewed>(),
        schema_of::<PullRequestMerged>(),
        schema_of::<PullRequestAbandoned>(),
        schema_of::<PipelineGenerated>(),
        schema_of::<PipelineRunStarted>(),
        schema_of::<PipelineRunProgressed>(),
        schema_of::<PipelineRunCompleted>(),
        schema_of::<BuildCompleted>(),
        schema_of::<PackagePublished>(),
        schema_of::<PackagePublicationFailed>(),
        schema_of::<ContainerImageBuilt>(),
        schema_of::<ContainerImageFailed>(),
        schema_of::<ReleasePlanned>(),
        schema_of::<ReleaseReady>(),
        schema_of::<ReleaseApproved>(),
        schema_of::<ReleaseApprovalVoided>(),
        schema_of::<ReleaseRejected>(),
        schema_of::<ReleaseCancelled>(),
        schema_of::<InfrastructurePlanned>(),
        schema_of::<InfrastructureProvisioned>(),
        schema_of::<InfrastructureFailed>(),
        schema_of::<DeploymentManifestRendered>(),
        schema_of::<EnvironmentDefined>(),
        schema_of::<PromotionRequested>(),
        schema_of::<DeploymentPromoted>(),
        schema_of::<PromotionSucceeded>(),
        schema_of::<PromotionFailed>(),
        schema_of::<EnvironmentRolledBack>(),
        schema_of::<EnvironmentHeld>(),
        schema_of::<EnvironmentResumed>(),
        schema_of::<GitOpsSynced>(),
        schema_of::<DriftDetected>(),
        schema_of::<GitOpsSyncFailed>(),
        schema_of::<ProjectConfigured>(),
    ]
}
