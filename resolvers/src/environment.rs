//! Environments of projects.

mod input;
mod mutation;
mod object;
mod parts;
mod query;

pub use input::{
    AutoscaleInput, DefineEnvironmentInput, EnvironmentFilter, EnvironmentGatesInput,
    EnvironmentSettingInput, FreezeInput, HoldEnvironmentInput, ResumeEnvironmentInput,
};
pub use mutation::{
    DefineEnvironmentPayload, EnvironmentMutation, HoldEnvironmentPayload, ResumeEnvironmentPayload,
};
pub(crate) use object::freeze;
pub use object::{
    Environment, EnvironmentById, EnvironmentOrder, EnvironmentOrderField, EnvironmentsOfProject,
    RunningIn,
};
pub use parts::{
    ActiveFreeze, Autoscale, EnvironmentGates, EnvironmentHold, Freeze, RequiredCheck,
    RunningModule,
};
pub use query::EnvironmentQuery;
