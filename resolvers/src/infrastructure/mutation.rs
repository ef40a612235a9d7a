//! The commands of infrastructure provisioning.

use super::{
    DestroyInfrastructureInput, InfrastructurePlan, PlanInfrastructureInput,
    ProvisionInfrastructureInput, RefreshInfrastructureInput,
};
use crate::declare::mutations;

mutations! {
    /// Commands of infrastructure provisioning.
    InfrastructureMutation;

    /// Tells what provisioning would change; changes nothing.
    plan_infrastructure(PlanInfrastructureInput) -> PlanInfrastructurePayload {
        /// The plan, made now or before.
        infrastructure_plan: InfrastructurePlan
    } = infrastructure.plan;

    /// Carries a plan out as it stands, or plans what a release declares and carries that out.
    provision_infrastructure(ProvisionInfrastructureInput) -> ProvisionInfrastructurePayload {
        /// The plan, carried out.
        infrastructure_plan: InfrastructurePlan
    } = infrastructure.provision;

    /// Compares a module's resources in an environment with what is there, and notes what others
    /// changed, so that the next plan brings it back.
    refresh_infrastructure(RefreshInfrastructureInput) -> RefreshInfrastructurePayload {
        /// The newest plan of the resources, with what was found.
        infrastructure_plan: InfrastructurePlan
    } = infrastructure.refresh;

    /// Deletes everything that a module has in an environment.
    destroy_infrastructure(DestroyInfrastructureInput) -> DestroyInfrastructurePayload {
        /// The plan of the deletion, carried out.
        infrastructure_plan: InfrastructurePlan
    } = infrastructure.destroy;
}
