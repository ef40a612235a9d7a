//! What the service does without a caller: it plans what policies want planned, follows what
//! changes under releases, and looks after those that wait.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sluice_kernel::{BoxFault, Ctx, Reaction, ReactionError, Reconciler};
use sluice_schema::{
    BuildId, Envelope, EventPayload, ReleaseId,
    events::{
        BuildCompleted, ContainerImageBuilt, ContainerImageFailed, DeploymentManifestRendered,
        EnvironmentDefined, PackagePublicationFailed, PackagePublished, ReleaseArtifact,
    },
};

use crate::{
    ReleaseError, Releases,
    service::CONSUMER,
    store::{self, approvals},
};

const BATCH: u64 = 100;
/// A release that waits is asked for after a second, then after twice as long each time.
const MAX_WAIT: i64 = 60;

/// Plans releases of builds; keeps artifacts, targets and manifests of releases in step.
pub struct Reactions(pub Releases);

#[async_trait]
impl Reaction for Reactions {
    fn consumer(&self) -> &'static str {
        CONSUMER
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[
            BuildCompleted::TYPE,
            PackagePublished::TYPE,
            PackagePublicationFailed::TYPE,
            ContainerImageBuilt::TYPE,
            ContainerImageFailed::TYPE,
            EnvironmentDefined::TYPE,
            DeploymentManifestRendered::TYPE,
        ]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let service = &self.0;
        let handled = if let Some(build) = event.decode::<BuildCompleted>()? {
            service.plan_by_policy(ctx, event, build).await
        } else if let Some((build, artifact)) = artifact_of(event)? {
            service.learn(ctx, event, build, artifact).await
        } else if event.decode::<EnvironmentDefined>()?.is_some() {
            service.retarget(ctx, event, &event.project_id).await
        } else if let Some(rendered) = event.decode::<DeploymentManifestRendered>()? {
            service.pin(ctx, event, &rendered).await
        } else {
            Ok(())
        };
        handled.map_err(|error| BoxFault::from(error).into())
    }
}

/// What an event tells of a build's package or image. A package that was pushed is of no build.
fn artifact_of(event: &Envelope) -> Result<Option<(BuildId, ReleaseArtifact)>, serde_json::Error> {
    let told = if let Some(it) = event.decode::<PackagePublished>()? {
        let artifact = ready("PACKAGE", it.package_id.to_string(), it.name);
        it.build_id
            .map(|build| (build, artifact.with(it.version, it.digest)))
    } else if let Some(it) = event.decode::<PackagePublicationFailed>()? {
        let artifact = failed("PACKAGE", it.package_id.to_string(), it.name, it.reason);
        it.build_id.map(|build| (build, artifact))
    } else if let Some(it) = event.decode::<ContainerImageBuilt>()? {
        let artifact = ready("IMAGE", it.image_id.to_string(), it.name);
        Some((it.build_id, artifact.with(it.reference, it.digest)))
    } else if let Some(it) = event.decode::<ContainerImageFailed>()? {
        let artifact = failed("IMAGE", it.image_id.to_string(), it.name, it.reason);
        Some((it.build_id, artifact))
    } else {
        None
    };
    Ok(told)
}

struct Ready(ReleaseArtifact);

impl Ready {
    fn with(self, reference: String, digest: String) -> ReleaseArtifact {
        ReleaseArtifact {
            reference: Some(reference),
            digest: Some(digest),
            ..self.0
        }
    }
}

fn ready(kind: &str, id: String, name: String) -> Ready {
    Ready(ReleaseArtifact {
        kind: kind.to_owned(),
        id: Some(id),
        name,
        state: "READY".to_owned(),
        reference: None,
        digest: None,
        reason: None,
    })
}

fn failed(kind: &str, id: String, name: String, reason: String) -> ReleaseArtifact {
    ReleaseArtifact {
        state: "FAILED".to_owned(),
        reason: Some(reason),
        ..ready(kind, id, name).0
    }
}

/// When releases that wait are asked for next.
#[derive(Default)]
struct Waiting {
    /// Where the last round ended.
    after: Option<ReleaseId>,
    /// When to ask, and how long to wait then, in seconds.
    next: HashMap<ReleaseId, (DateTime<Utc>, i64)>,
}

/// Ends overdue approvals, and asks what became of artifacts whose events did not come.
pub struct Recovery {
    service: Releases,
    waiting: Mutex<Waiting>,
}

impl Recovery {
    /// The recovery loop of `service`.
    pub fn new(service: Releases) -> Self {
        Self {
            service,
            waiting: Mutex::default(),
        }
    }

    async fn expire(&self) -> Result<usize, ReleaseError> {
        let store = self.service.store();
        let overdue = approvals::overdue(store, store.clock().now(), BATCH).await?;
        let mut seen = BTreeSet::new();
        for approval in overdue {
            if !seen.insert(approval.release_id) {
                continue;
            }
            let ctx = approval.meta.system_ctx(CONSUMER);
            // One that fails must not keep the others waiting.
            if let Err(error) = self.service.expire(&ctx, approval.release_id).await {
                tracing::warn!(%error, release = %approval.release_id, "approvals stay overdue");
            }
        }
        Ok(seen.len())
    }

    async fn ask(&self) -> Result<usize, ReleaseError> {
        let store = self.service.store();
        let after = self.lock().after;
        let releases = store::waiting(store, after, BATCH).await?;
        let more = u64::try_from(releases.len()).is_ok_and(|count| count == BATCH);
        let last = releases.last().map(|release| release.id);
        {
            let mut waiting = self.lock();
            waiting.after = last.filter(|_| more);
            // One that waits no longer is not put off again.
            let old = store.clock().now() - TimeDelta::seconds(10 * MAX_WAIT);
            waiting.next.retain(|_, (at, _)| *at > old);
        }
        let mut changed = 0;
        for release in releases {
            if !self.is_due(release.id, store.clock().now()) {
                continue;
            }
            let ctx = release.meta.system_ctx(CONSUMER);
            match self.service.ask(&ctx, &release).await {
                Ok(new) => changed += usize::from(new),
                Err(error) => {
                    tracing::warn!(%error, release = %release.id, "artifacts stay unknown");
                }
            }
        }
        Ok(changed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_due(&self, id: ReleaseId, now: DateTime<Utc>) -> bool {
        let mut waiting = self.lock();
        let (at, wait) = waiting.next.get(&id).copied().unwrap_or((now, 1));
        if at > now {
            return false;
        }
        let next = (now + TimeDelta::seconds(wait), (wait * 2).min(MAX_WAIT));
        waiting.next.insert(id, next);
        true
    }
}

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "release.waiting"
    }

    // People wait for the release whose artifacts are there.
    fn period(&self) -> std::time::Duration {
        std::time::Duration::from_secs(5)
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let expired = self.expire().await?;
        Ok(expired + self.ask().await?)
    }
}
