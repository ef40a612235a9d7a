//! Where plans of infrastructure are found.

use super::{InfrastructurePlan, PlanById};
use crate::declare::queries;

queries! {
    /// Plans of infrastructure.
    InfrastructureQuery;
    /// The plan with this id; null when there is none that the caller may see.
    one infrastructure_plan: InfrastructurePlan by PlanById;
    /// The plans that the caller may see.
    list infrastructure_plans;
    also {}
}
