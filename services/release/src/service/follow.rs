//! Following what changes under releases: artifacts, targets, manifests.

use sluice_kernel::{AnyFault, Ctx, Meta};
use sluice_schema::{
    BuildId, Envelope, EventId, ProjectId, ReleaseId,
    events::{DeploymentManifestRendered, ReleaseArtifact},
};

use super::{ATTEMPTS, CONSUMER, Releases, Result, is_race};
use crate::{
    ReleaseError, ReleasePlan,
    entity::artifact::BuildArtifact,
    model::Effect,
    store::{self, artifacts},
};

impl Releases {
    /// Keeps what became of a build's package or image, and tells the releases that hold it.
    ///
    /// The two are separate on purpose: a release that is being planned reads what is kept after
    /// it is saved, and what is kept is told after it is kept, so that one of both sees the other.
    pub(crate) async fn learn(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        build: BuildId,
        artifact: ReleaseArtifact,
    ) -> Result<()> {
        let now = self.store().clock().now();
        let (project, module) = (event.project_id.clone(), event.module_id.clone());
        let told = BuildArtifact {
            meta: Meta::new(ctx, now, project, module),
            build_id: build,
            artifact,
            at: event.occurred_at,
            event_id: Some(event.event_id),
        };
        for _ in 0..ATTEMPTS {
            match self.keep(ctx, event.event_id, &told).await {
                Ok(()) => return self.settle_build(ctx, build).await,
                Err(error) if is_race(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ReleaseError::Contended)
    }

    async fn keep(&self, ctx: &Ctx, event: EventId, told: &BuildArtifact) -> Result<()> {
        let tx = self.store().begin(ctx).await?;
        if tx.first_delivery(CONSUMER, event).await? {
            artifacts::put(&tx, told).await?;
            tx.commit([]).await?;
        }
        Ok(())
    }

    async fn settle_build(&self, ctx: &Ctx, build: BuildId) -> Result<()> {
        for release in store::open_with(self.store(), ctx, build).await? {
            self.settle(ctx, release.id).await?;
        }
        Ok(())
    }

    /// Puts a release in step with what is known of its artifacts.
    pub(crate) async fn settle(&self, ctx: &Ctx, id: ReleaseId) -> Result<()> {
        for _ in 0..ATTEMPTS {
            match self.try_settle(ctx, id, &[]).await {
                Err(error) if is_race(&error) => {}
                done => return done.map(|_| ()),
            }
        }
        Err(ReleaseError::Contended)
    }

    /// Whether anything changed by what is kept and by what else was asked.
    async fn try_settle(
        &self,
        ctx: &Ctx,
        id: ReleaseId,
        asked: &[(BuildId, ReleaseArtifact)],
    ) -> Result<bool> {
        let tx = self.store().begin(ctx).await?;
        let Some(mut release) = store::find_in(&tx, id).await? else {
            return Ok(false);
        };
        let mut effect = Effect::default();
        for known in artifacts::of_builds(&tx, &release.builds()).await? {
            effect.and(release.learn(known.build_id, &known.artifact, known.at));
        }
        let now = self.store().clock().now();
        // What was asked may be older than what was told since.
        for (build, artifact) in asked {
            if !release.has_ready(*build, &artifact.kind) {
                effect.and(release.learn(*build, artifact, now));
            }
        }
        let events = self.absorb(&tx, &mut release, &effect).await?;
        if effect.changed {
            tx.commit(events).await?;
        }
        Ok(effect.changed)
    }

    /// Asks what became of the artifacts that a release waits for: whatever kept the events
    /// from coming, it goes on. Whether anything was new.
    pub(crate) async fn ask(&self, ctx: &Ctx, release: &ReleasePlan) -> Result<bool> {
        let builds = release.builds();
        let mut asked = Vec::new();
        for directory in &self.ports().artifacts {
            let found = directory.artifacts(ctx, &builds).await;
            asked.extend(found.map_err(AnyFault)?);
        }
        asked.retain(|(_, artifact)| artifact.state != "PENDING");
        for _ in 0..ATTEMPTS {
            match self.try_settle(ctx, release.id, &asked).await {
                Err(error) if is_race(&error) => {}
                done => return done,
            }
        }
        Err(ReleaseError::Contended)
    }

    /// Holds the newest releases of a project against its environments as they are now.
    ///
    /// What counts are the definitions, not the event, so that the order of events does not.
    /// Releases are read before the definitions: who saves last has looked last. Older releases
    /// than the newest twenty are looked at when somebody approves them.
    pub(crate) async fn retarget(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        project: &ProjectId,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            match self.try_retarget(ctx, event, project).await {
                Err(error) if is_race(&error) => {}
                done => return done,
            }
        }
        Err(ReleaseError::Contended)
    }

    async fn try_retarget(&self, ctx: &Ctx, event: &Envelope, project: &ProjectId) -> Result<()> {
        let releases = store::recent(self.store(), ctx, project).await?;
        let environments = self.environments(ctx, project).await?;
        let tx = self.store().begin(ctx).await?;
        if !tx.first_delivery(CONSUMER, event.event_id).await? {
            return Ok(());
        }
        let mut events = Vec::new();
        for mut release in releases {
            let effect = release.retarget(&environments, event.occurred_at);
            events.extend(self.absorb(&tx, &mut release, &effect).await?);
        }
        tx.commit(events).await?;
        Ok(())
    }

    /// Notes the manifests of a release; others than those that approvals stand for void them.
    pub(crate) async fn pin(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        rendered: &DeploymentManifestRendered,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            match self.try_pin(ctx, event, rendered).await {
                Err(error) if is_race(&error) => {}
                done => return done,
            }
        }
        Err(ReleaseError::Contended)
    }

    async fn try_pin(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        rendered: &DeploymentManifestRendered,
    ) -> Result<()> {
        let tx = self.store().begin(ctx).await?;
        if !tx.first_delivery(CONSUMER, event.event_id).await? {
            return Ok(());
        }
        let mut events = Vec::new();
        if let Some(mut release) = store::find_in(&tx, rendered.release_id).await? {
            let effect = release.pin(rendered, event.occurred_at);
            events = self.absorb(&tx, &mut release, &effect).await?;
        }
        tx.commit(events).await?;
        Ok(())
    }
}
