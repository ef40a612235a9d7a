//! Asking for promotions: by command, and by an environment that promotes by itself.

use std::sync::Arc;

use semver::Version;
use sluice_kernel::{Blocker, Ctx, Meta, Outcome, directory::ReleaseView};
use sluice_schema::{
    BlockerCode, EventId, PromotionId, Scope, TypedId, events::DeploymentManifestRendered,
};

use super::{
    ATTEMPTS, Promotions, Result, SERVICE, announced, lost,
    record::Saved,
    scene::{Scene, modules},
};
use crate::{
    Environment, EnvironmentPromotion, Override, PromoteRelease, PromotionError, PromotionKind,
    PromotionStatus,
    model::NewPromotion,
    store::{self, PromotionList},
};

const COMMAND: &str = "promoteRelease";

pub(super) fn passing(
    ctx: &Ctx,
    codes: &[BlockerCode],
    reason: Option<&String>,
) -> Option<Override> {
    Some(Override {
        codes: codes.to_vec(),
        reason: reason?.clone(),
        by: ctx.actor().id.clone(),
        passed: Vec::new(),
    })
}

pub(super) fn blocked(
    environment: &Environment,
    release: &ReleaseView,
    blockers: Vec<Blocker>,
) -> PromotionError {
    PromotionError::Blocked {
        environment: environment.name.clone(),
        release: format!("{} {}", release.name, release.version),
        blockers,
    }
}

impl Promotions {
    /// Brings a release into an environment: at once when its gates are open, and otherwise, as
    /// the command says, refused with every blocker or waiting for them. The same release again
    /// is the same promotion, while it is under way or what the environment declares.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `PROMOTION_BLOCKED` with every blocker.
    pub async fn promote(
        &self,
        ctx: &Ctx,
        command: PromoteRelease,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>> {
        ctx.require(Scope::PromotionsWrite)?;
        command.validate()?;
        if !command.overrides.is_empty() {
            ctx.require(Scope::PromotionsOverride)?;
        }
        for _ in 0..ATTEMPTS {
            if let Some(id) = self.store.recall(ctx, COMMAND).await? {
                let id = id.parse().map_err(|_| PromotionError::NotFound)?;
                let promotion = self.drive(self.load(ctx, id).await?, false).await?;
                return Ok(Outcome::replayed(Arc::new(promotion)));
            }
            match self.try_promote(ctx, &command).await {
                Err(error) if error.is_race() => {}
                done => return done,
            }
        }
        Err(PromotionError::Contended)
    }

    async fn try_promote(
        &self,
        ctx: &Ctx,
        command: &PromoteRelease,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>> {
        let release = self.release(ctx, command.release_id).await?;
        let project = Some(&release.project_id);
        let named = command.validate()?;
        let environment = self.environments.resolve(ctx, named, project).await?;
        let newest = store::newest_attempt(&self.store, ctx, release.id, environment.id).await?;
        let passing = passing(ctx, &command.overrides, command.override_reason.as_ref());
        let waits = newest.as_ref().filter(|it| it.status.is_waiting());
        if let Some(waiting) = waits {
            let advanced = self.advance(ctx, waiting.clone(), passing.as_ref()).await?;
            if advanced.value.status.is_waiting() && !command.waits() {
                let blockers = advanced.value.blockers.clone();
                return Err(blocked(&environment, &release, blockers));
            }
            return Ok(advanced);
        }
        let modules = modules(&release);
        let kind = PromotionKind::Promotion;
        let scene = self
            .scene(ctx, kind, environment, release, modules, None)
            .await?;
        let attempt = match newest {
            None => 1,
            Some(newest) if newest.status.is_active() => {
                let driven = self.drive(newest, false).await?;
                return Ok(Outcome::replayed(Arc::new(driven)));
            }
            Some(newest)
                if newest.status == PromotionStatus::Succeeded && scene.is_declared_by(&newest) =>
            {
                return Ok(Outcome::replayed(Arc::new(newest)));
            }
            Some(newest) => newest.attempt + 1,
        };
        self.begin(ctx, command, &scene, attempt, passing).await
    }

    async fn begin(
        &self,
        ctx: &Ctx,
        command: &PromoteRelease,
        scene: &Scene,
        attempt: u32,
        passing: Option<Override>,
    ) -> Result<Outcome<Arc<EnvironmentPromotion>>> {
        let (environment, release) = (&scene.environment, &scene.release);
        let mut promotion = self.promotion_of(ctx, environment, release, attempt);
        promotion.overridden = passing;
        self.judge(&mut promotion, scene)?;
        match promotion.status {
            PromotionStatus::Running => {}
            PromotionStatus::Gated if command.waits() => {}
            // What cannot be declared is refused before anything is asked for.
            PromotionStatus::Failed if promotion.blockers.is_empty() => {
                scene.content()?;
            }
            _ => {
                self.ensure_newest(ctx, scene, attempt).await?;
                let blockers = promotion.blockers;
                return Err(blocked(&scene.environment, &scene.release, blockers));
            }
        }
        let promotion = self
            .save_judged(ctx, promotion, scene, Saved::New(Some(COMMAND)))
            .await?;
        let promotion = self.drive(promotion, true).await?;
        Ok(Outcome::done(Arc::new(promotion)))
    }

    /// A race when the release was asked for meanwhile: it may be what stands in its own way.
    async fn ensure_newest(&self, ctx: &Ctx, scene: &Scene, attempt: u32) -> Result<()> {
        let (release, environment) = (scene.release.id, scene.environment.id);
        let newest = store::newest_attempt(&self.store, ctx, release, environment).await?;
        match newest.map_or(0, |newest| newest.attempt) < attempt {
            true => Ok(()),
            false => Err(lost("EnvironmentPromotion", release)),
        }
    }

    fn promotion_of(
        &self,
        ctx: &Ctx,
        environment: &Environment,
        release: &ReleaseView,
        attempt: u32,
    ) -> EnvironmentPromotion {
        let (project, module) = (release.project_id.clone(), release.module_id.clone());
        let mut promotion = EnvironmentPromotion::requested(NewPromotion {
            id: PromotionId::generate(),
            meta: Meta::new(ctx, self.store.clock().now(), project, module),
            release: (release.id, release.name.clone(), release.version.clone()),
            environment: (environment.id, environment.name.clone()),
            attempt,
            kind: PromotionKind::Promotion,
            modules: modules(release),
        });
        promotion.caused_by = ctx.causation_id();
        promotion
    }

    /// A manifest is rendered: an environment that promotes by itself asks for its release. What
    /// ended is not asked for again, and nothing older than what is declared or waits.
    pub(crate) async fn ask_by_itself(
        &self,
        ctx: &Ctx,
        event: EventId,
        rendered: &DeploymentManifestRendered,
    ) -> Result<()> {
        let wanted = self.wanted(ctx, rendered).await?;
        let tx = self.store.begin(ctx).await?;
        if !tx.first_delivery(SERVICE, event).await? {
            return Ok(());
        }
        let mut events = Vec::new();
        if let Some((promotion, giving_way)) = wanted {
            store::insert_promotion(&tx, &promotion).await?;
            events.push(announced(&promotion.meta, &promotion.request_event())?);
            events.extend(self.give_way(&tx, giving_way, promotion.id).await?);
        }
        tx.commit(events).await?;
        Ok(())
    }

    async fn wanted(
        &self,
        ctx: &Ctx,
        rendered: &DeploymentManifestRendered,
    ) -> Result<Option<(EnvironmentPromotion, Vec<EnvironmentPromotion>)>> {
        let environment = match self.environments.load(ctx, rendered.environment_id).await {
            Ok(environment) => environment,
            Err(PromotionError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        if !environment.spec.auto_promote || environment.spec.retired {
            return Ok(None);
        }
        let release = match self.release(ctx, rendered.release_id).await {
            Ok(release) => release,
            Err(PromotionError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let newest = store::newest_attempt(&self.store, ctx, release.id, environment.id).await?;
        let slots = store::slots_of(&self.store, ctx, environment.id, &modules(&release)).await?;
        let attempt = match &newest {
            None => 1,
            Some(newest) if is_other_content(newest, rendered) => {
                let declared = slots.iter().any(|slot| slot.declared == Some(newest.id));
                if !declared {
                    return Ok(None);
                }
                newest.attempt + 1
            }
            Some(_) => return Ok(None),
        };
        let waiting = store::waiting(&self.store, ctx, environment.id).await?;
        let waiting = waiting.before(None, &modules(&release));
        let declared: Vec<PromotionId> = slots.iter().filter_map(|slot| slot.declared).collect();
        let declared = self
            .store
            .list::<PromotionList>(ctx)
            .by_ids(&declared)
            .await?;
        let mut others = waiting.iter().chain(declared.iter().map(AsRef::as_ref));
        if others.any(|other| is_newer(other, &release)) {
            return Ok(None);
        }
        let mut promotion = self.promotion_of(ctx, &environment, &release, attempt);
        promotion.automatic = true;
        let gives_way = environment.spec.gates.supersede_waiting;
        Ok(Some((
            promotion,
            if gives_way { waiting } else { Vec::new() },
        )))
    }
}

/// Whether it succeeded with another manifest of the module than the one rendered now.
fn is_other_content(
    promotion: &EnvironmentPromotion,
    rendered: &DeploymentManifestRendered,
) -> bool {
    let mut items = promotion.items.iter();
    promotion.status == PromotionStatus::Succeeded
        && items.any(|item| {
            item.module == rendered.module && item.manifest_digest != rendered.content_digest
        })
}

/// Whether it is of a later version of the same release. What a rollback declares is no bar: its
/// hold is.
fn is_newer(other: &EnvironmentPromotion, release: &ReleaseView) -> bool {
    if other.release_name != release.name {
        return false;
    }
    match (
        Version::parse(&other.release_version),
        Version::parse(&release.version),
    ) {
        (Ok(other), Ok(own)) => other > own,
        _ => false,
    }
}
