//! What a plan of infrastructure is made of.

use async_graphql::{Enum, SimpleObject};
use sluice_iac_provisioning as service;
use sluice_infrastructure_engine as engine;
use sluice_schema::events;

/// Where a plan is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::InfrastructureStatus")]
pub enum InfrastructureStatus {
    /// Announced; nothing is compared yet.
    Planning,
    /// It is known what it would change.
    Planned,
    /// It is being carried out.
    Applying,
    /// It was carried out.
    Provisioned,
    /// It could not be made, or one of its steps failed.
    Failed,
    /// The resources or the program changed since it was made.
    Stale,
    /// Everything was deleted.
    Destroyed,
}

/// What a plan is for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::InfrastructureOperation")]
pub enum InfrastructureOperation {
    /// Brings the resources to what the release declares.
    Provision,
    /// Deletes everything.
    Destroy,
}

/// What is done to one resource.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "engine::Op")]
pub enum ResourceOp {
    /// Nothing.
    Same,
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is deleted and made anew.
    Replace,
    /// It is deleted.
    Delete,
}

/// How one property differs.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "engine::DiffKind")]
pub enum PropertyChangeKind {
    /// It is new.
    Add,
    /// It is new, and the resource is replaced for it.
    AddReplace,
    /// It goes.
    Delete,
    /// It goes, and the resource is replaced for it.
    DeleteReplace,
    /// It has another value.
    Update,
    /// It has another value, and the resource is replaced for it.
    UpdateReplace,
}

/// How one property differs.
#[derive(SimpleObject, Debug, Clone)]
pub struct PropertyChange {
    /// Name of the property.
    pub path: String,
    /// In which way.
    pub kind: PropertyChangeKind,
    /// The value before, as text; `[secret]` for secrets.
    pub old: Option<String>,
    /// The value afterwards, as text; `[secret]` for secrets.
    pub new: Option<String>,
}

/// One step of a plan.
#[derive(SimpleObject, Debug, Clone)]
pub struct ResourceStep {
    /// URN of the resource.
    pub urn: String,
    /// Its name in `infra.yaml`.
    pub name: String,
    /// Its type, such as `sluice:local:File`.
    #[graphql(name = "type")]
    pub resource_type: String,
    /// What is done.
    pub op: ResourceOp,
    /// The properties that differ; all of them when it is created or deleted.
    pub diffs: Vec<PropertyChange>,
    /// Whether the step is refused because the resource is protected.
    pub protected: bool,
}

impl From<service::PlanStep> for ResourceStep {
    fn from(step: service::PlanStep) -> Self {
        let diffs = step.diffs.into_iter().map(|diff| PropertyChange {
            path: diff.path,
            kind: diff.kind.into(),
            old: diff.old,
            new: diff.new,
        });
        Self {
            urn: step.urn,
            name: step.name,
            resource_type: step.resource_type,
            op: step.op.into(),
            diffs: diffs.collect(),
            protected: step.protected,
        }
    }
}

/// Numbers of resources by what is done to them.
#[derive(SimpleObject, Debug, Clone, Copy)]
pub struct ResourceChanges {
    /// Made.
    pub create: u32,
    /// Changed in place.
    pub update: u32,
    /// Made anew.
    pub replace: u32,
    /// Removed.
    pub delete: u32,
    /// Left alone.
    pub same: u32,
}

impl From<events::ResourceChanges> for ResourceChanges {
    fn from(it: events::ResourceChanges) -> Self {
        Self {
            create: it.create,
            update: it.update,
            replace: it.replace,
            delete: it.delete,
            same: it.same,
        }
    }
}

/// What was found of a resource that somebody else changed.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceDriftChange {
    /// It is gone, or something else is in its place.
    Missing,
    /// It has other properties.
    Modified,
    /// It could not be looked at.
    Unreadable,
}

/// A resource that somebody else changed.
#[derive(SimpleObject, Debug, Clone)]
pub struct ResourceDrift {
    /// Its URN.
    pub urn: String,
    /// What was found.
    pub change: ResourceDriftChange,
    /// Names of the properties that differ.
    pub properties: Vec<String>,
    /// Why it could not be looked at.
    pub message: Option<String>,
}

impl From<&engine::Drift> for ResourceDrift {
    fn from(it: &engine::Drift) -> Self {
        let (change, message) = match &it.change {
            engine::DriftChange::Missing => (ResourceDriftChange::Missing, None),
            engine::DriftChange::Modified => (ResourceDriftChange::Modified, None),
            engine::DriftChange::Unreadable { message } => {
                (ResourceDriftChange::Unreadable, Some(message.clone()))
            }
        };
        Self {
            urn: it.urn.clone(),
            change,
            properties: it.diffs.keys().cloned().collect(),
            message,
        }
    }
}
