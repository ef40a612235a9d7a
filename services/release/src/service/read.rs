//! Reads.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use sluice_kernel::{
    BoxFault, Ctx,
    directory::{ReleaseDirectory, ReleaseView},
};
use sluice_schema::{ApprovalId, BuildId, ProjectId, ReleaseId, RepositoryId, Scope};
use sluice_store::reads;

use super::{CONSUMER, Releases, Result};
use crate::{
    ReleaseApproval, ReleaseError, ReleaseFilter, ReleaseOrder, ReleasePlan, ReleaseStatus,
    entity::{Column, name_key},
    store::{self, ApprovalList, ReleaseList, approvals},
};

/// A commit of a repository.
type CommitKey = (RepositoryId, String);

impl Releases {
    /// The releases of each build, oldest first, in two statements; builds without any are left
    /// out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn find_by_builds(
        &self,
        ctx: &Ctx,
        builds: &[BuildId],
    ) -> Result<HashMap<BuildId, Vec<Arc<ReleasePlan>>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_by_builds(self.store(), ctx, builds).await?)
    }

    /// The releases of builds of each commit, oldest first, in two statements; commits without
    /// any are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn find_by_commits(
        &self,
        ctx: &Ctx,
        commits: &[CommitKey],
    ) -> Result<HashMap<CommitKey, Vec<Arc<ReleasePlan>>>> {
        ctx.require(Scope::Read)?;
        Ok(store::find_by_commits(self.store(), ctx, commits).await?)
    }

    /// The decisions on each release, those that do not count any more too, oldest first, the
    /// newest 200 of each, in one statement; releases without any are left out.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn find_approvals(
        &self,
        ctx: &Ctx,
        releases: &[ReleaseId],
    ) -> Result<HashMap<ReleaseId, Vec<Arc<ReleaseApproval>>>> {
        ctx.require(Scope::Read)?;
        Ok(approvals::of_releases(self.store(), ctx, releases).await?)
    }

    /// A decision on a release.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`.
    pub async fn get_approval(&self, ctx: &Ctx, id: ApprovalId) -> Result<Arc<ReleaseApproval>> {
        let found = self.find_many_approvals(ctx, &[id]).await?;
        found.into_iter().next().ok_or(ReleaseError::NoApproval)
    }

    /// The decisions with these ids that the caller may see, in any order.
    ///
    /// # Errors
    /// `FORBIDDEN`, and what the store fails with.
    pub async fn find_many_approvals(
        &self,
        ctx: &Ctx,
        ids: &[ApprovalId],
    ) -> Result<Vec<Arc<ReleaseApproval>>> {
        ctx.require(Scope::Read)?;
        Ok(self.store().list::<ApprovalList>(ctx).by_ids(ids).await?)
    }

    async fn view(&self, ctx: &Ctx, id: ReleaseId) -> Result<Option<ReleaseView>> {
        let list = self.store().list::<ReleaseList>(ctx);
        let Some(mut release) = list.by_id(id).await? else {
            return Ok(None);
        };
        let is_void = self.look_at_targets(&mut release).await?;
        let policies = self.policies(ctx, &release.meta.project_id).await?;
        let now = self.store().clock().now();
        let decisions = approvals::of_releases(self.store(), ctx, &[id]).await?;
        let counted: Vec<_> = decisions
            .into_values()
            .flatten()
            .filter(|approval| !is_void && approval.counts(now))
            .map(|approval| approval.summary())
            .collect();
        // The time of an approval may be over before anybody noted it.
        let enough = counted.len() >= usize::try_from(release.required_approvals).unwrap_or(0);
        let status = match release.status {
            ReleaseStatus::Approved if !enough => ReleaseStatus::PendingApproval,
            status => status,
        };
        Ok(Some(ReleaseView {
            id: release.id,
            project_id: release.meta.project_id.clone(),
            module_id: release.meta.module_id.clone(),
            items: release.event_items(),
            checks: release.checks(),
            name: release.name,
            version: release.version,
            status: status.as_str().to_owned(),
            content_digest: release.content_digest,
            approvals: counted,
            required_approvals: policies.required_approvals,
            void_cause: release.void_cause,
            planned_by: release.planned_by,
        }))
    }

    /// Takes in how the environments are defined now; whether that voids the approvals. Approvals
    /// become void on record only once the event of the definition is handled, and those of older
    /// releases than the newest when somebody approves them: until then nobody may act on them.
    async fn look_at_targets(&self, release: &mut ReleasePlan) -> Result<bool> {
        if release.status != ReleaseStatus::Approved {
            return Ok(false);
        }
        let own = release.meta.system_ctx(CONSUMER);
        let environments = self.environments(&own, &release.meta.project_id).await?;
        let effect = release.retarget(&environments, self.store().clock().now());
        let Some(cause) = effect.cause() else {
            return Ok(false);
        };
        release.seal()?;
        release.void(&cause, Vec::new(), 0);
        Ok(true)
    }
}

/// A project, and the name of a release in it: the module, or the modules joined by `+`.
type NameKey = (ProjectId, String);

reads! {
    Releases: ReleaseList(ReleaseFilter, ReleaseOrder) of ReleasePlan by ReleaseId or ReleaseError, else ReleaseError::NotFound;
    pages_by_project, counts_by_project: ProjectId in Column::ProjectId, key |id| id.to_string(), of |row| row.project_id.clone();
    pages_by_module, counts_by_module: NameKey in Column::NameKey, key |(project, name)| name_key(project, name), of |row| row.name_key.clone();
}

#[async_trait]
impl ReleaseDirectory for Releases {
    async fn release(
        &self,
        ctx: &Ctx,
        id: ReleaseId,
    ) -> std::result::Result<Option<ReleaseView>, BoxFault> {
        Ok(self.view(ctx, id).await?)
    }
}
