//! What the service does without a caller: it follows repositories, commits, merges and what is
//! declared to environments, and it finishes what a crash left half done.

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx, Reaction, ReactionError, Reconciler, directory::RepositoryView,
};
use sluice_schema::{
    Envelope, EventPayload,
    events::{
        CommitCreated, DeploymentManifestRendered, DeploymentPromoted, PullRequestMerged,
        RepositoryProvisioned,
    },
};

use crate::{BranchError, Branches, store};

pub(crate) const CONSUMER: &str = "branch";
const BATCH: u64 = 100;

/// Records default branches, and where the Git host has the heads.
pub struct Reactions(pub Branches);

#[async_trait]
impl Reaction for Reactions {
    fn consumer(&self) -> &'static str {
        CONSUMER
    }

    fn event_types(&self) -> &'static [&'static str] {
        &[
            RepositoryProvisioned::TYPE,
            CommitCreated::TYPE,
            PullRequestMerged::TYPE,
            DeploymentManifestRendered::TYPE,
            DeploymentPromoted::TYPE,
        ]
    }

    async fn handle(&self, ctx: &Ctx, event: &Envelope) -> Result<(), ReactionError> {
        let handled = if let Some(payload) = event.decode::<RepositoryProvisioned>()? {
            let repository = provisioned(event, payload);
            self.0
                .record_default(ctx, &repository, Some(event.event_id))
                .await
        } else if let Some(created) = event.decode::<CommitCreated>()? {
            self.0
                .follow_head(ctx, event.event_id, created.repository_id, &created.branch)
                .await
        } else if let Some(merged) = event.decode::<PullRequestMerged>()? {
            self.0.follow_merge(ctx, event.event_id, &merged).await
        } else if let Some(rendered) = event.decode::<DeploymentManifestRendered>()? {
            self.0
                .follow_repository(ctx, event.event_id, rendered.gitops_repository_id)
                .await
        } else if let Some(promoted) = event.decode::<DeploymentPromoted>()? {
            self.0
                .follow_repository(ctx, event.event_id, promoted.gitops_repository_id)
                .await
        } else {
            Ok(())
        };
        handled.map_err(|error| BoxFault::from(error).into())
    }
}

fn provisioned(event: &Envelope, payload: RepositoryProvisioned) -> RepositoryView {
    RepositoryView {
        id: payload.repository_id,
        tenant_id: event.tenant_id.clone(),
        project_id: event.project_id.clone(),
        module_id: event.module_id.clone(),
        name: payload.name,
        default_branch: payload.default_branch,
        is_writable: true,
    }
}

/// Finishes branches whose creation or deletion the Git host has not confirmed.
pub struct Recovery(pub Branches);

#[async_trait]
impl Reconciler for Recovery {
    fn name(&self) -> &'static str {
        "branch.intents"
    }

    async fn reconcile(&self) -> Result<usize, BoxFault> {
        let unfinished = store::unfinished(self.0.store(), BATCH).await?;
        let mut finished = 0;
        for branch in unfinished {
            let ctx = branch.meta.system_ctx(CONSUMER);
            let id = branch.id;
            match self.0.finish(&ctx, branch).await {
                Ok(_) | Err(BranchError::Refused { .. }) => finished += 1,
                // One that fails must not keep the others waiting.
                Err(error) => tracing::warn!(%error, branch = %id, "a branch stays unfinished"),
            }
        }
        Ok(finished)
    }
}
