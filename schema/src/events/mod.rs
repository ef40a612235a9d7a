//! Event payloads: one struct per event type, each with enough to act on without a callback.

pub mod audit;
pub mod branch;
pub mod build;
pub mod commit;
pub mod gitops;
pub mod history;
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

pub use audit::*;
pub use branch::*;
pub use build::*;
pub use commit::*;
pub use gitops::*;
pub use history::*;
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

macro_rules! event_types {
    ($($name:ident,)*) => {
        /// Every event type of the contract: what the ledger takes.
        pub const ALL: &[&str] = &[$(<$name as EventPayload>::TYPE,)*];

        fn payload_schemas() -> Vec<(&'static str, Schema)> {
            vec![$(schema_of::<$name>(),)*]
        }
    };
}

event_types! {
    RepositoryProvisioned,
    RepositoryUpdated,
    RepositoryArchived,
    BranchCreated,
    BranchPolicyChanged,
    BranchDeleted,
    CommitCreated,
    PullRequestOpened,
    PullRequestReviewed,
    PullRequestMerged,
    PullRequestAbandoned,
    PipelineGenerated,
    PipelineRunStarted,
    PipelineRunProgressed,
    PipelineRunCompleted,
    BuildCompleted,
    PackagePublished,
    PackagePublicationFailed,
    ContainerImageBuilt,
    ContainerImageFailed,
    ReleasePlanned,
    ReleaseReady,
    ReleaseApproved,
    ReleaseApprovalVoided,
    ReleaseRejected,
    ReleaseCancelled,
    InfrastructurePlanned,
    InfrastructureProvisioned,
    InfrastructureFailed,
    DeploymentManifestRendered,
    EnvironmentDefined,
    PromotionRequested,
    DeploymentPromoted,
    PromotionSucceeded,
    PromotionFailed,
    EnvironmentRolledBack,
    EnvironmentHeld,
    EnvironmentResumed,
    GitOpsSynced,
    DriftDetected,
    GitOpsSyncFailed,
    ProjectConfigured,
    HistoryRecorded,
    CommandRefused,
}

/// The JSON Schema (2020-12) of the envelope and of every payload, by event type.
pub fn json_schemas() -> Vec<(&'static str, Schema)> {
    let envelope = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Envelope>();
    let mut schemas = vec![("Envelope", envelope)];
    schemas.extend(payload_schemas());
    schemas
}
