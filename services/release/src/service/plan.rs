//! Planning: by command and by policy.

use std::sync::Arc;

use semver::Version;
use sluice_kernel::{AnyFault, Ctx, Outcome, directory::BuildView};
use sluice_schema::{BuildId, Envelope, EventId, ProjectId, Scope, events::BuildCompleted};

use super::{
    ATTEMPTS, CONSUMER, Releases, Result, announced,
    draft::Wanted,
    gather::{Chosen, choose},
    is_race,
};
use crate::{
    PlanRelease, ReleaseError, ReleasePlan,
    model::Effect,
    store::{self, artifacts},
};

const COMMAND: &str = "planRelease";

/// What became of a draft.
enum Saved {
    Own,
    /// A release of the same builds was there first.
    Found(Arc<ReleasePlan>),
    /// The event was handled before.
    Handled,
}

impl Wanted {
    fn ids(&self) -> Vec<BuildId> {
        let ids = self.builds.iter().map(|it| it.view.build.build_id);
        ids.collect()
    }
}

impl Releases {
    /// Plans a release of successful builds. The same builds again, without a version or with
    /// the same one, are the same release.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_INPUT`, `NOT_FOUND` for builds, `FAILED_PRECONDITION` for builds
    /// that did not succeed or do not say what they built, `CONFLICT` when the version is taken
    /// by other builds.
    pub async fn plan(&self, ctx: &Ctx, command: PlanRelease) -> Result<Outcome<Arc<ReleasePlan>>> {
        ctx.require(Scope::ReleasesPlan)?;
        let version = command.validate()?;
        if let Some(release) = self.recalled(ctx, COMMAND).await? {
            return Ok(Outcome::replayed(release));
        }
        let (project, builds) = self.choose(ctx, &command.build_ids).await?;
        let wanted = Wanted {
            project,
            builds,
            version,
            summary: command.notes,
            automatic: false,
        };
        for _ in 0..ATTEMPTS {
            if let Some(existing) = self.matching(ctx, &wanted).await? {
                return Ok(Outcome::replayed(existing));
            }
            let mut draft = self.draft(ctx, &wanted).await?;
            match self.save_draft(ctx, &wanted, &mut draft, None).await {
                Ok(Saved::Found(existing)) => return Ok(Outcome::replayed(existing)),
                Ok(Saved::Own | Saved::Handled) => {
                    self.settle(ctx, draft.id).await?;
                    let release = self.load(ctx, draft.id).await?;
                    return Ok(Outcome::done(Arc::new(release)));
                }
                Err(error) if is_race(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ReleaseError::Contended)
    }

    async fn choose(&self, ctx: &Ctx, ids: &[BuildId]) -> Result<(ProjectId, Vec<Chosen>)> {
        let found = self.ports().builds.builds(ctx, ids).await;
        choose(ctx, ids, &found.map_err(AnyFault)?)
    }

    /// The release that answers the wish, when there is one.
    async fn matching(&self, ctx: &Ctx, wanted: &Wanted) -> Result<Option<Arc<ReleasePlan>>> {
        let ids = wanted.ids();
        let name = wanted.name();
        if let Some(version) = &wanted.version {
            return self.of_version(ctx, wanted, version, &name).await;
        }
        let Some(first) = ids.first() else {
            return Ok(None);
        };
        let found = store::open_with(self.store(), ctx, *first).await?;
        Ok(found.into_iter().find(|release| release.is_of(&ids)))
    }

    async fn of_version(
        &self,
        ctx: &Ctx,
        wanted: &Wanted,
        version: &Version,
        name: &str,
    ) -> Result<Option<Arc<ReleasePlan>>> {
        let key = (&wanted.project, name);
        let taken = store::find_by_version(self.store(), ctx, key, version).await?;
        match taken {
            Some(taken) if !taken.is_of(&wanted.ids()) => Err(ReleaseError::Taken {
                name: name.to_owned(),
                version: version.to_string(),
            }),
            taken => Ok(taken.map(Arc::new)),
        }
    }

    /// Saves the draft with what is known of its artifacts by then.
    async fn save_draft(
        &self,
        ctx: &Ctx,
        wanted: &Wanted,
        draft: &mut ReleasePlan,
        event: Option<EventId>,
    ) -> Result<Saved> {
        let ids = wanted.ids();
        let tx = self.store().begin(ctx).await?;
        if let Some(event) = event
            && !tx.first_delivery(CONSUMER, event).await?
        {
            return Ok(Saved::Handled);
        }
        // Who proposed another version has seen the release that took the first one, and finds
        // it here; who proposed the same one meets the unique key.
        if wanted.version.is_none()
            && let Some(existing) = store::open_of(&tx, &ids).await?
        {
            tx.commit([]).await?;
            return Ok(Saved::Found(existing));
        }
        let mut effect = Effect::default();
        for known in artifacts::of_builds(&tx, &ids).await? {
            effect.and(draft.learn(known.build_id, &known.artifact, known.at));
        }
        draft.seal()?;
        let mut events = vec![announced(draft, &draft.planned())?];
        if let Some(ready) = draft.settle() {
            events.push(announced(draft, &ready)?);
        }
        store::insert(&tx, draft).await?;
        tx.remember(COMMAND, &draft.id.to_string()).await?;
        tx.commit(events).await?;
        Ok(Saved::Own)
    }

    /// Plans a release of a build when the policies of its project say so.
    pub(crate) async fn plan_by_policy(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        build: BuildCompleted,
    ) -> Result<()> {
        let Some(wanted) = self.wish(ctx, event, build).await? else {
            return self.note_delivery(ctx, event.event_id).await;
        };
        for _ in 0..ATTEMPTS {
            if self.matching(ctx, &wanted).await?.is_some() {
                return self.note_delivery(ctx, event.event_id).await;
            }
            let mut draft = self.draft(ctx, &wanted).await?;
            let saved = self.save_draft(ctx, &wanted, &mut draft, Some(event.event_id));
            match saved.await {
                Ok(Saved::Own) => return self.settle(ctx, draft.id).await,
                Ok(Saved::Found(_) | Saved::Handled) => return Ok(()),
                Err(error) if is_race(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ReleaseError::Contended)
    }

    /// What a completed build asks for by policy; nothing when it did not succeed, nobody knows
    /// what it built, or its branch is none to release from.
    async fn wish(
        &self,
        ctx: &Ctx,
        event: &Envelope,
        build: BuildCompleted,
    ) -> Result<Option<Wanted>> {
        if build.status != "SUCCEEDED" || build.module.is_none() {
            return Ok(None);
        }
        let policies = self.policies(ctx, &event.project_id).await?;
        if !policies.auto_plan_releases {
            return Ok(None);
        }
        let repositories = &self.ports().repositories;
        let repository = repositories.repository(ctx, build.repository_id).await;
        let Some(repository) = repository.map_err(AnyFault)? else {
            return Ok(None);
        };
        if !policies.releases_from(&build.branch, &repository.default_branch) {
            return Ok(None);
        }
        let ids = [build.build_id];
        let view = BuildView {
            project_id: event.project_id.clone(),
            module_id: event.module_id.clone(),
            build,
        };
        let (project, builds) = choose(ctx, &ids, &[view])?;
        Ok(Some(Wanted {
            project,
            builds,
            version: None,
            summary: None,
            automatic: true,
        }))
    }
}
