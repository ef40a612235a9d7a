//! The board, its environments and its cells.

use async_graphql::{Context, ID, Object};
use sluice_ledger as service;

use super::{BoardHold, BoardSync, DeployedVersion};
use crate::{
    declare::record,
    environment::{ActiveFreeze, Environment, EnvironmentById, freeze},
    fault::Result,
    ledger::Sequence,
    loaders::Call,
    project::{Project, ProjectById},
    promotion::{EnvironmentPromotion, PromotionById},
};

/// The delivery board of a project: what each environment declares, runs and was seen to hold of
/// each module.
#[derive(Debug, Clone)]
pub struct DeliveryBoard(pub(crate) service::Board);

/// The delivery board of a project: what each environment declares, runs and was seen to hold of
/// each module.
#[Object]
impl DeliveryBoard {
    /// The project's name.
    async fn project_id(&self) -> ID {
        self.0.project_id.as_str().into()
    }
    /// The place in the ledger that it reflects: it shows what happened up to there.
    async fn sequence(&self) -> Sequence {
        Sequence(self.0.sequence)
    }
    /// The environments, upstream before downstream.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn environments(&self) -> Vec<BoardEnvironment> {
        let environments = self.0.environments.iter().cloned();
        environments.map(BoardEnvironment).collect()
    }
    /// The modules, by name.
    async fn modules(&self) -> &[String] {
        &self.0.modules
    }
    /// What is known of each module in each environment, by module, then in the order of the
    /// environments; those that never had a promotion are left out.
    #[graphql(complexity = "100 * child_complexity + 1")]
    async fn cells(&self) -> Vec<BoardCell> {
        self.0.cells.iter().cloned().map(BoardCell).collect()
    }
    /// The project.
    async fn project(&self, context: &Context<'_>) -> Result<Option<Project>> {
        let key = self.0.project_id.parse().ok().map(ProjectById);
        Ok(Call::of(context)?.one(key).await?.map(Project))
    }
}

/// The freeze that is on now, which the environment itself knows: the ledger holds events, and no
/// event says that a freeze begins.
async fn freeze_of(context: &Context<'_>, environment: &str) -> Result<Option<ActiveFreeze>> {
    let call = Call::of(context)?;
    let key = environment.parse().ok().map(EnvironmentById);
    let found = call.one(key).await?;
    Ok(found.and_then(|environment| freeze(call, &environment)))
}

record! {
    /// An environment of the board.
    BoardEnvironment(service::BoardEnvironment);
    fields {
        /// The environment's global id.
        async fn id(&self) -> ID {
            self.0.id.as_str().into()
        }
        /// Its name.
        async fn name(&self) -> &str {
            &self.0.name
        }
        /// Names of the environments that a release must have succeeded in before.
        async fn upstream(&self) -> &[String] {
            &self.0.upstream
        }
        /// The hold on all its modules.
        async fn hold(&self) -> Option<BoardHold> {
            self.0.hold.clone().map(BoardHold)
        }
        /// The freeze that is on now; of several the one that ends last.
        async fn freeze(&self, context: &Context<'_>) -> Result<Option<ActiveFreeze>> {
            freeze_of(context, &self.0.id).await
        }
    }
    one {
        /// The environment.
        environment: Environment by |it| it.id.parse().ok().map(EnvironmentById);
    }

    /// A module in an environment.
    BoardCell(service::BoardCell);
    fields {
        /// The module.
        async fn module(&self) -> &str {
            &self.0.module
        }
        /// Id of the environment.
        async fn environment_id(&self) -> ID {
            self.0.environment_id.as_str().into()
        }
        /// What Git declares.
        async fn desired(&self) -> Option<DeployedVersion> {
            self.0.desired.clone().map(DeployedVersion)
        }
        /// What last ran there synchronised and healthy.
        async fn deployed(&self) -> Option<DeployedVersion> {
            self.0.deployed.clone().map(DeployedVersion)
        }
        /// What the target was last synchronised to; null when no promotion declared it.
        async fn observed(&self) -> Option<DeployedVersion> {
            self.0.observed.clone().map(DeployedVersion)
        }
        /// How the target was last seen; null while it never was.
        async fn sync(&self) -> Option<BoardSync> {
            self.0.sync.clone().map(BoardSync)
        }
        /// How many changes landed on the default branch that what is declared does not hold;
        /// null when the history is not known.
        async fn changes_waiting(&self) -> Option<u64> {
            self.0.changes_waiting
        }
        /// The hold on the module, or on all modules of the environment.
        async fn hold(&self) -> Option<BoardHold> {
            self.0.hold.clone().map(BoardHold)
        }
        /// The freeze of the environment that is on now; of several the one that ends last.
        async fn freeze(&self, context: &Context<'_>) -> Result<Option<ActiveFreeze>> {
            freeze_of(context, &self.0.environment_id).await
        }
        /// Id of the promotion that is under way.
        async fn promotion_id(&self) -> Option<ID> {
            self.0.promotion_id.as_deref().map(Into::into)
        }
    }
    one {
        /// The environment.
        environment: Environment by |it| it.environment_id.parse().ok().map(EnvironmentById);
        /// The promotion that is under way.
        promotion: EnvironmentPromotion
            by |it| it.promotion_id.as_ref()?.parse().ok().map(PromotionById);
    }
}
