//! From a draft to a manifest that stands in the GitOps repository and is announced.

use std::sync::Arc;

use sluice_kernel::{AnyFault, Ctx, Meta, Outcome, directory::ReleaseView};
use sluice_schema::{
    EventId, ManifestId, NewEvent, Scope, TypedId,
    events::{DeploymentManifestRendered, ReleaseApproved},
};

use super::{APPROVED, ATTEMPTS, CONSUMER, DeploymentManifests, Found, Result, unless_race};
use crate::{
    DeploymentManifest, ManifestError, ManifestStatus, Preview, RenderDeploymentManifest,
    model::{Carrier, Draft, Kept, Subject, stream},
    store,
};

const COMMAND: &str = "renderDeploymentManifest";

impl DeploymentManifests {
    /// Renders the manifests of a module of an approved release for an environment, keeps them in the project's
    /// GitOps repository and announces them. The same content again is a replay.
    ///
    /// # Errors
    /// `FORBIDDEN`; `NOT_FOUND` for the release or the environment; `INVALID_INPUT`; `FAILED_PRECONDITION` for a
    /// release that is not approved, an artifact that is not ready, a retired environment; `INVALID_MANIFEST`
    /// with the findings when manifests or overlays are wrong, in which case a failed manifest is kept.
    pub async fn render(
        &self,
        ctx: &Ctx,
        command: RenderDeploymentManifest,
    ) -> Result<Outcome<Arc<DeploymentManifest>>> {
        ctx.require(Scope::ManifestsRender)?;
        command.named()?;
        if let Some(id) = self.store.recall(ctx, COMMAND).await? {
            let id: ManifestId = id.parse().map_err(|_| ManifestError::NotFound)?;
            let manifest = self.load(ctx, id).await?;
            let value = self.finish(ctx, manifest).await?;
            return answer(Outcome::replayed(value));
        }
        let Found {
            release,
            item,
            environment,
        } = self.found(ctx, &command).await?;
        if environment.retired {
            return Err(ManifestError::EnvironmentRetired(environment.name));
        }
        if release.status != APPROVED {
            let status = release.status;
            return Err(ManifestError::NotApproved { status });
        }
        let subject = Subject {
            release: &release,
            item: &item,
            environment: &environment,
        };
        answer(self.render_one(ctx, subject).await?)
    }

    /// What rendering would come to, for a release that has not ended; nothing is kept.
    ///
    /// # Errors
    /// As [`DeploymentManifests::render`]; the release need not be approved.
    pub async fn preview(&self, ctx: &Ctx, command: RenderDeploymentManifest) -> Result<Preview> {
        ctx.require(Scope::Read)?;
        let found = self.found(ctx, &command).await?;
        let status = found.release.status.clone();
        if matches!(status.as_str(), "REJECTED" | "CANCELLED") {
            return Err(ManifestError::ReleaseEnded { status });
        }
        let subject = Subject {
            release: &found.release,
            item: &found.item,
            environment: &found.environment,
        };
        let draft = self.draft(ctx, subject).await?;
        let content = draft
            .content
            .map_err(|findings| ManifestError::InvalidManifest {
                module: found.item.module.id.clone(),
                environment: found.environment.name.clone(),
                findings,
            })?;
        Ok(Preview {
            content_digest: draft.digest,
            overlay: draft.overlay,
            objects: content.objects,
            text: stream(&content.files),
        })
    }

    /// Renders every module of a release that was approved, for every environment.
    pub(crate) async fn follow_approval(
        &self,
        ctx: &Ctx,
        event: EventId,
        approved: &ReleaseApproved,
    ) -> Result<()> {
        let release = self.release(ctx, approved.release_id).await?;
        // A release that changed since is approved anew, and that is told too.
        let meant = |release: &ReleaseView| {
            release.status == APPROVED && release.content_digest == approved.content_digest
        };
        let Some(release) = release.filter(meant) else {
            return self.note_delivery(ctx, event).await;
        };
        let policies = self.ports.projects.policies(ctx, &release.project_id).await;
        if !policies.map_err(AnyFault)?.auto_render_manifests {
            return self.note_delivery(ctx, event).await;
        }
        let environments = self.environments(ctx, &release).await?;
        for environment in environments.iter().filter(|it| !it.retired) {
            for item in &release.items {
                let subject = Subject {
                    release: &release,
                    item,
                    environment,
                };
                self.render_one(ctx, subject).await?;
            }
        }
        self.note_delivery(ctx, event).await
    }

    /// Renders, and keeps what that came to, a failure too.
    async fn render_one(
        &self,
        ctx: &Ctx,
        subject: Subject<'_>,
    ) -> Result<Outcome<Arc<DeploymentManifest>>> {
        let draft = self.draft(ctx, subject).await?;
        for _ in 0..ATTEMPTS {
            if let Some(decided) = self.decide(ctx, subject, &draft).await? {
                let value = self.finish(ctx, decided.value).await?;
                return Ok(Outcome {
                    value,
                    replayed: decided.replayed,
                });
            }
        }
        Err(ManifestError::Contended)
    }

    /// The intent: from here on a crash is found and finished by the recovery loop. `None` when somebody else
    /// changed the same things first.
    async fn decide(
        &self,
        ctx: &Ctx,
        subject: Subject<'_>,
        draft: &Draft,
    ) -> Result<Option<Outcome<DeploymentManifest>>> {
        let (release, module) = (subject.release, &subject.item.module.id);
        let tx = self.store.begin(ctx).await?;
        let known = store::contents_in(&tx, release.id, subject.environment.id, module).await?;
        let highest = known
            .iter()
            .map(|manifest| manifest.rank)
            .max()
            .unwrap_or(0);
        let same = known
            .iter()
            .find(|manifest| manifest.content_digest == draft.digest);
        if let Some(same) = same.filter(|same| same.is_current(release, highest)) {
            return Ok(Some(Outcome::replayed(DeploymentManifest::clone(same))));
        }
        let now = self.store.clock().now();
        let (manifest, event) = match same {
            Some(same) => {
                let mut manifest = DeploymentManifest::clone(same);
                let event = manifest.renew(release, highest + 1);
                manifest.meta.touch(ctx, now);
                if !unless_race(store::update(&tx, &mut manifest).await)? {
                    return Ok(None);
                }
                (manifest, event)
            }
            None => {
                let module_id = module.parse().ok();
                let meta = Meta::new(ctx, now, release.project_id.clone(), module_id);
                let id = ManifestId::generate();
                let manifest = DeploymentManifest::new(id, meta, subject, draft, highest + 1);
                let kept = draft.content.as_ref().ok().map(|content| Kept {
                    files: content.files.clone(),
                });
                if !unless_race(store::insert(&tx, &manifest, kept.as_ref()).await)? {
                    return Ok(None);
                }
                (manifest, None)
            }
        };
        tx.remember(COMMAND, &manifest.id.to_string()).await?;
        let event = event
            .map(|event| announcement(&manifest, &event))
            .transpose()?;
        if !unless_race(tx.commit(event).await.map(|_| ()))? {
            return Ok(None);
        }
        Ok(Some(Outcome::done(manifest)))
    }

    /// Acts on the intent and records the outcome; whoever finds a manifest that does not stand in the
    /// repository yet helps to bring it there, and exactly one of the helpers announces it.
    pub(crate) async fn finish(
        &self,
        ctx: &Ctx,
        mut manifest: DeploymentManifest,
    ) -> Result<Arc<DeploymentManifest>> {
        for _ in 0..ATTEMPTS {
            if manifest.status != ManifestStatus::Rendering {
                return Ok(Arc::new(manifest));
            }
            // The repository of manifests is the server's own: the caller need not be allowed to make it.
            let system = manifest.meta.system_ctx(CONSUMER);
            let carrier = self.publish(&system, &manifest).await?;
            if self.record(ctx, &mut manifest, carrier).await? {
                return Ok(Arc::new(manifest));
            }
            manifest = self.load(ctx, manifest.id).await?;
        }
        Err(ManifestError::Contended)
    }

    /// Records the outcome; `false` when somebody else was first.
    async fn record(
        &self,
        ctx: &Ctx,
        manifest: &mut DeploymentManifest,
        carrier: Carrier,
    ) -> Result<bool> {
        let Some(event) = manifest.stands(carrier) else {
            return Ok(true);
        };
        manifest.meta.touch(ctx, self.store.clock().now());
        let event = announcement(manifest, &event)?;
        let tx = self.store.begin(ctx).await?;
        if !unless_race(store::update(&tx, manifest).await)? {
            return Ok(false);
        }
        unless_race(tx.commit([event]).await.map(|_| ()))
    }
}

fn announcement(
    manifest: &DeploymentManifest,
    event: &DeploymentManifestRendered,
) -> Result<NewEvent> {
    let meta = &manifest.meta;
    Ok(NewEvent::of(
        &meta.project_id,
        meta.module_id.as_ref(),
        event,
    )?)
}

/// One that failed is an error to whoever asked for it.
fn answer(outcome: Outcome<Arc<DeploymentManifest>>) -> Result<Outcome<Arc<DeploymentManifest>>> {
    let manifest = &outcome.value;
    if manifest.status != ManifestStatus::Failed {
        return Ok(outcome);
    }
    Err(ManifestError::InvalidManifest {
        module: manifest.module.clone(),
        environment: manifest.environment.clone(),
        findings: manifest.findings.clone(),
    })
}
