//! Infrastructure that releases declare.

mod event;
mod input;
mod mutation;
mod object;
mod parts;
mod query;

pub use event::{InfrastructureEvent, InfrastructureEventKind};
pub use input::{
    DestroyInfrastructureInput, InfrastructurePlanFilter, PlanInfrastructureInput,
    ProvisionInfrastructureInput, RefreshInfrastructureInput,
};
pub use mutation::{
    DestroyInfrastructurePayload, InfrastructureMutation, PlanInfrastructurePayload,
    ProvisionInfrastructurePayload, RefreshInfrastructurePayload,
};
pub use object::{
    EventsOfPlan, InfrastructurePlan, InfrastructurePlanOrder, InfrastructurePlanOrderField,
    PlanById, PlansOfCommit, PlansOfEnvironment, PlansOfRelease, PlansOfRepository,
};
pub use parts::{
    InfrastructureOperation, InfrastructureStatus, PropertyChange, PropertyChangeKind,
    ResourceChanges, ResourceDrift, ResourceDriftChange, ResourceOp, ResourceStep,
};
pub use query::InfrastructureQuery;
