//! Drafting a release: its version, its notes, what it covers.

use semver::Version;
use sluice_kernel::{Ctx, Meta};
use sluice_schema::{ProjectId, TypedId};

use super::{
    Releases, Result,
    gather::{Before, Chosen, Gathered},
};
use crate::{
    PlannedItem, ReleaseError, ReleaseNote, ReleasePlan, ReleaseStatus, ReleaseTarget,
    model::{MAX_NOTES, name_of, version, weight},
    store,
};

/// How many versions in a row may be taken by releases that ended.
const MAX_TAKEN: usize = 1_000;

/// What somebody, or a policy, asks for.
pub(super) struct Wanted {
    pub(super) project: ProjectId,
    /// By module.
    pub(super) builds: Vec<Chosen>,
    /// Proposed when absent.
    pub(super) version: Option<Version>,
    pub(super) summary: Option<String>,
    /// Whether a policy asks.
    pub(super) automatic: bool,
}

impl Wanted {
    /// The name that a release of these builds has.
    pub(super) fn name(&self) -> String {
        let ids: Vec<&str> = self.builds.iter().map(|it| it.module.id.as_str()).collect();
        name_of(&ids)
    }
}

impl Releases {
    /// The release as it is to be planned; nothing is saved.
    pub(super) async fn draft(&self, ctx: &Ctx, wanted: &Wanted) -> Result<ReleasePlan> {
        let name = wanted.name();
        let key = (&wanted.project, name.as_str());
        let of =
            |statuses: &'static [ReleaseStatus]| store::last_of(self.store(), ctx, key, statuses);
        let planned = of(&ReleaseStatus::OPEN).await?;
        let approved = of(&[ReleaseStatus::Approved]).await?;
        let before = Before {
            planned: planned.as_ref(),
            approved: approved.as_ref(),
        };
        let mut gathered = Vec::new();
        for chosen in &wanted.builds {
            gathered.push(self.gather(ctx, chosen, &before).await?);
        }
        let mut draft = self.assemble(ctx, wanted, name.clone(), gathered).await?;
        draft.version = self.version(ctx, wanted, key, &draft).await?.to_string();
        Ok(draft)
    }

    async fn assemble(
        &self,
        ctx: &Ctx,
        wanted: &Wanted,
        name: String,
        gathered: Vec<Gathered>,
    ) -> Result<ReleasePlan> {
        let mut items: Vec<PlannedItem> = Vec::new();
        let mut notes: Vec<ReleaseNote> = Vec::new();
        let (mut authors, mut truncated) = (Vec::new(), false);
        let mut planner = (ctx.actor().id.clone(), Vec::new());
        for one in gathered {
            items.push(one.item);
            notes.extend(one.brought.notes);
            authors.extend(one.brought.authors);
            truncated |= one.brought.truncated;
            if wanted.automatic {
                planner = one.planner;
            }
        }
        authors.sort_unstable();
        authors.dedup();
        let proposed_bump = weight(&notes);
        truncated |= notes.len() > MAX_NOTES;
        notes.truncate(MAX_NOTES);
        let policies = self.policies(ctx, &wanted.project).await?;
        let targets = self.targets(ctx, &wanted.project).await?;
        let module = match items.as_slice() {
            [only] => only.item.module.id.parse().ok(),
            _ => None,
        };
        let now = self.store().clock().now();
        Ok(ReleasePlan {
            id: TypedId::generate(),
            meta: Meta::new(ctx, now, wanted.project.clone(), module),
            name,
            version: String::new(),
            status: ReleaseStatus::Planned,
            items,
            summary: wanted.summary.clone(),
            notes,
            notes_truncated: truncated,
            proposed_bump,
            content_digest: String::new(),
            targets,
            manifests: Vec::new(),
            authors,
            planned_by: planner.0,
            planner_names: planner.1,
            automatic: wanted.automatic,
            required_approvals: policies.required_approvals,
            void_cause: None,
            approved_at: None,
            closed_by: None,
            closed_reason: None,
        })
    }

    async fn targets(&self, ctx: &Ctx, project: &ProjectId) -> Result<Vec<ReleaseTarget>> {
        let environments = self.environments(ctx, project).await?;
        let live = environments.into_iter().filter(|view| !view.retired);
        let targets = live.map(|view| ReleaseTarget {
            environment_id: view.id,
            environment: view.name,
            digest: view.target_digest,
        });
        Ok(targets.collect())
    }

    /// The version that was asked for, or the one to propose.
    async fn version(
        &self,
        ctx: &Ctx,
        wanted: &Wanted,
        key: (&ProjectId, &str),
        draft: &ReleasePlan,
    ) -> Result<Version> {
        let store = self.store();
        let greatest =
            |statuses: &'static [ReleaseStatus]| store::greatest_version(store, ctx, key, statuses);
        if let Some(version) = &wanted.version {
            let released = greatest(&[ReleaseStatus::Approved]).await?;
            return match released {
                Some(last) if *version <= last => {
                    let name = key.1;
                    let rule = format!("version must be greater than {last}, the last of {name}");
                    Err(ReleaseError::invalid("version", rule))
                }
                _ => Ok(version.clone()),
            };
        }
        let last = greatest(&ReleaseStatus::OPEN).await?;
        let stated = draft.items.iter().map(|it| it.item.module.version.as_str());
        let bump = draft.proposed_bump;
        let mut proposed = version::propose(stated, last.as_ref(), bump);
        // What was rejected or cancelled keeps its version: two things never share one.
        for _ in 0..MAX_TAKEN {
            let taken = store::find_by_version(store, ctx, key, &proposed).await?;
            if taken.is_none_or(|taken| taken.status.is_open()) {
                return Ok(proposed);
            }
            proposed = version::next(&proposed, crate::Bump::Patch);
        }
        Err(ReleaseError::Contended)
    }
}
