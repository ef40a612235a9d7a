//! Defining environments.

use std::sync::Arc;

use sluice_kernel::{Ctx, Meta, Outcome};
use sluice_schema::{EnvironmentId, Scope, TypedId};

use super::{ATTEMPTS, Environments, Result, announced};
use crate::{
    DefineEnvironment, Environment, EnvironmentSpec, PromotionError,
    model::{
        graph::{self, BadGraph, Node},
        node,
    },
    store,
};

const COMMAND: &str = "defineEnvironment";
const MAX_ENVIRONMENTS: usize = 100;

impl Environments {
    /// Defines an environment, or replaces its whole definition. The same definition again
    /// changes nothing.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_INPUT` with the field (a name that is no slug, an unknown environment
    /// before it, a circle, a freeze that cannot be), `LIMIT_EXCEEDED` with 100 environments.
    pub async fn define(
        &self,
        ctx: &Ctx,
        command: DefineEnvironment,
    ) -> Result<Outcome<Arc<Environment>>> {
        ctx.require(Scope::EnvironmentsWrite)?;
        ctx.require_project(&command.project_id)?;
        command.validate()?;
        for _ in 0..ATTEMPTS {
            if let Some(id) = self.store().recall(ctx, COMMAND).await? {
                let id = id.parse().map_err(|_| PromotionError::NotFound)?;
                return Ok(Outcome::replayed(Arc::new(self.load(ctx, id).await?)));
            }
            match self.try_define(ctx, command.clone()).await {
                Err(error) if error.is_race() => {}
                done => return done,
            }
        }
        Err(PromotionError::Contended)
    }

    async fn try_define(
        &self,
        ctx: &Ctx,
        command: DefineEnvironment,
    ) -> Result<Outcome<Arc<Environment>>> {
        let (project, name) = (command.project_id.clone(), command.name.clone());
        self.ensure(ctx, &project).await?;
        // The set's version is read before the environments: who saves has seen them all.
        let set = store::set_of(self.store(), ctx, &project).await?;
        let all = store::every_of(self.store(), ctx, &project).await?;
        let spec = placed(command, &all);
        check_graph(&name, &spec, &all)?;
        let count = all.len();
        let existing = all.into_iter().find(|it| it.name == name);
        let now = self.store().clock().now();
        let (environment, event, is_new) = match existing {
            Some(mut environment) => {
                let Some(event) = environment.redefine(spec) else {
                    return Ok(Outcome::replayed(Arc::new(environment)));
                };
                environment.meta.touch(ctx, now);
                (environment, event, false)
            }
            None if count >= MAX_ENVIRONMENTS => {
                return Err(PromotionError::TooMany {
                    limit: MAX_ENVIRONMENTS,
                });
            }
            None => {
                let meta = Meta::new(ctx, now, project, None);
                let made = Environment::new(EnvironmentId::generate(), meta, name, spec);
                let event = made.defined();
                (made, event, true)
            }
        };
        let mut environment = environment;
        let event = announced(&environment.meta, &event)?;
        let tx = self.store().begin(ctx).await?;
        store::raise_set(&tx, &environment.meta, set).await?;
        if is_new {
            store::insert_environment(&tx, &environment).await?;
        } else {
            store::update_environment(&tx, &mut environment).await?;
        }
        tx.remember(COMMAND, &environment.id.to_string()).await?;
        tx.commit([event]).await?;
        Ok(Outcome::done(Arc::new(environment)))
    }
}

/// The definition, placed after what comes before it where the command leaves that open.
fn placed(command: DefineEnvironment, all: &[Environment]) -> EnvironmentSpec {
    let before = all.iter().filter(|it| command.upstream.contains(&it.name));
    let order = before.map(|it| it.spec.order).max().unwrap_or(0) + 10;
    command.spec(order)
}

fn check_graph(name: &str, spec: &EnvironmentSpec, all: &[Environment]) -> Result<()> {
    let others: Vec<Node<'_>> = all.iter().filter(|it| it.name != name).map(node).collect();
    let own = Node {
        name,
        upstream: &spec.upstream,
        rank: spec.order,
        retired: spec.retired,
    };
    match graph::check(&own, &others) {
        Ok(()) => Ok(()),
        Err(BadGraph::Unknown(unknown)) => {
            let index = spec.upstream.iter().position(|it| *it == unknown);
            let field = format!("upstream[{}]", index.unwrap_or_default());
            let rule = format!("the project has no environment '{unknown}'");
            Err(PromotionError::invalid(field, rule))
        }
        Err(BadGraph::Cycle(names)) => {
            let circle = names.join(" after ");
            let rule = format!("an environment cannot come before itself: {circle}");
            Err(PromotionError::invalid("upstream", rule))
        }
    }
}
