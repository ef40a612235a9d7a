//! Releases and what people think of them.

mod approval;
mod input;
mod item;
mod mutation;
mod object;
mod parts;
mod query;

pub use approval::{
    ApprovalById, ApprovalDecision, ApprovalState, ApprovalsOfRelease, DecisionOf, ReleaseApproval,
};
pub use input::{
    ApproveReleaseInput, CancelReleaseInput, PlanReleaseInput, RejectReleaseInput, ReleaseFilter,
};
pub use item::{ArtifactKind, ArtifactState, ReleaseArtifact, ReleaseItem};
pub use mutation::{
    ApproveReleasePayload, CancelReleasePayload, PlanReleasePayload, RejectReleasePayload,
    ReleaseMutation,
};
pub use object::{
    ReleaseById, ReleaseOrder, ReleaseOrderField, ReleasePlan, ReleasesOfBuild, ReleasesOfCommit,
    ReleasesOfProject,
};
pub use parts::{
    ReleaseBump, ReleaseCheck, ReleaseManifestPin, ReleaseNote, ReleaseStatus, ReleaseTarget,
};
pub use query::ReleaseQuery;
