//! Gathering what the gates look at.

use chrono::{DateTime, Utc};
use sluice_kernel::{
    AnyFault, Blocker, Ctx,
    directory::{InfrastructureView, ManifestView, ReleaseView},
};
use sluice_schema::RepositoryId;

use super::{Promotions, Result};
use crate::{
    Environment, EnvironmentPromotion, PromotionError, PromotionItem, PromotionKind, RequiredCheck,
    model::{
        Slot,
        gates::{self, Before, Facts, Other},
        graph, node,
    },
    store,
};

/// What is known of a promotion that may run, read at one time.
pub(super) struct Scene {
    pub(super) environment: Environment,
    pub(super) release: ReleaseView,
    kind: PromotionKind,
    modules: Vec<String>,
    manifests: Vec<ManifestView>,
    infrastructure: Vec<InfrastructureView>,
    before: Vec<Before>,
    others: Vec<Other>,
    pub(super) slots: Vec<Slot>,
    /// Older promotions that wait and give way to this one.
    pub(super) giving_way: Vec<EnvironmentPromotion>,
}

/// The modules of a release, sorted.
pub(super) fn modules(release: &ReleaseView) -> Vec<String> {
    let mut modules: Vec<String> = release
        .items
        .iter()
        .map(|it| it.module.id.clone())
        .collect();
    modules.sort();
    modules.dedup();
    modules
}

/// Whether the promotion declared what the release's newest manifests say: a release whose image
/// was built anew has proved nothing where the earlier one ran.
fn is_content(promotion: &EnvironmentPromotion, manifests: &[ManifestView]) -> bool {
    promotion.items.iter().all(|item| {
        let mut newest = manifests.iter().filter(|it| it.module == item.module);
        newest.all(|it| it.content_digest == item.manifest_digest)
    })
}

impl Scene {
    pub(super) fn blockers(&self, now: DateTime<Utc>) -> Vec<Blocker> {
        gates::blockers(&Facts {
            now,
            kind: self.kind,
            environment: &self.environment,
            release: &self.release,
            modules: &self.modules,
            manifests: &self.manifests,
            infrastructure: &self.infrastructure,
            before: &self.before,
            others: &self.others,
        })
    }

    /// What is to be declared, and the repository that holds it.
    pub(super) fn content(&self) -> Result<(Vec<PromotionItem>, (RepositoryId, String))> {
        let bad = |module: &str, why: &str| PromotionError::BadContent {
            module: module.to_owned(),
            why: why.to_owned(),
        };
        let mut items = Vec::new();
        let mut repository: Option<(RepositoryId, String)> = None;
        for module in &self.modules {
            let manifest = self.manifests.iter().find(|it| it.module == *module);
            let manifest = manifest.ok_or_else(|| bad(module, "it is not rendered"))?;
            let place = (
                manifest.gitops_repository_id,
                manifest.gitops_repository.clone(),
            );
            if repository.get_or_insert_with(|| place.clone()).0 != place.0 {
                let why = "its manifests stand in several repositories; render them again";
                return Err(bad(module, why));
            }
            items.push(PromotionItem::of(manifest));
        }
        let repository = repository.ok_or_else(|| bad(&self.release.name, "it has no modules"))?;
        Ok((items, repository))
    }

    /// Whether Git declares exactly the newest manifests of the release by `promotion`.
    pub(super) fn is_declared_by(&self, promotion: &EnvironmentPromotion) -> bool {
        self.modules.iter().all(|module| {
            let slot = self.slots.iter().find(|slot| slot.module == *module);
            let item = promotion.items.iter().find(|item| item.module == *module);
            let manifest = self.manifests.iter().find(|it| it.module == *module);
            let declared = slot.is_some_and(|slot| slot.declared == Some(promotion.id));
            let same = match (item, manifest) {
                (Some(item), Some(manifest)) => item.manifest_digest == manifest.content_digest,
                (item, None) => item.is_some(),
                (None, Some(_)) => false,
            };
            declared && same
        })
    }
}

impl Promotions {
    /// Gathers the facts. `than` is the promotion that is judged, when it waits already.
    pub(super) async fn scene(
        &self,
        ctx: &Ctx,
        kind: PromotionKind,
        environment: Environment,
        release: ReleaseView,
        modules: Vec<String>,
        than: Option<&EnvironmentPromotion>,
    ) -> Result<Scene> {
        let id = environment.id;
        // The places are read first: who takes one has seen all that followed.
        let slots = store::slots_of(&self.store, ctx, id, &modules).await?;
        let waiting = store::waiting(&self.store, ctx, id)
            .await?
            .before(than, &modules);
        let (giving_way, waiting) = match kind {
            PromotionKind::Rollback => (Vec::new(), Vec::new()),
            PromotionKind::Promotion if environment.spec.gates.supersede_waiting => {
                (waiting, Vec::new())
            }
            PromotionKind::Promotion => (Vec::new(), waiting),
        };
        let others = self.others(ctx, &slots, &waiting, than).await?;
        let neighbours = &self.neighbours;
        let (manifests, infrastructure, before) = match kind {
            PromotionKind::Rollback => Default::default(),
            PromotionKind::Promotion => {
                let manifests = neighbours.manifests.manifests(ctx, release.id, id);
                let manifests = manifests.await.map_err(AnyFault)?;
                let plans = neighbours
                    .infrastructure
                    .infrastructure(ctx, release.id, id);
                let plans = plans.await.map_err(AnyFault)?;
                let before = self.before(ctx, &environment, &release).await?;
                (manifests, plans, before)
            }
        };
        Ok(Scene {
            environment,
            release,
            kind,
            modules,
            manifests,
            infrastructure,
            before,
            others,
            slots,
            giving_way,
        })
    }

    async fn before(
        &self,
        ctx: &Ctx,
        environment: &Environment,
        release: &ReleaseView,
    ) -> Result<Vec<Before>> {
        let all = self
            .environments
            .ensure(ctx, &environment.meta.project_id)
            .await?;
        let nodes: Vec<_> = all.iter().map(node).collect();
        let names = graph::effective_upstream(&environment.name, &nodes);
        let upstream: Vec<&Environment> =
            all.iter().filter(|it| names.contains(&it.name)).collect();
        let ids: Vec<_> = upstream.iter().map(|it| it.id).collect();
        let succeeded = store::succeeded_in(&self.store, ctx, release.id, &ids).await?;
        let checks = &environment.spec.gates.required_checks;
        let mut before = Vec::new();
        for environment in upstream {
            let manifests = &self.neighbours.manifests;
            let manifests = manifests.manifests(ctx, release.id, environment.id).await;
            let manifests = manifests.map_err(AnyFault)?;
            let promotions = succeeded.get(&environment.id).into_iter().flatten();
            let same = promotions.filter(|it| is_content(it, &manifests));
            let syncs = if checks.contains(&RequiredCheck::Sync) {
                let syncs = self.neighbours.syncs.syncs(ctx, environment.id);
                syncs.await.map_err(AnyFault)?
            } else {
                Vec::new()
            };
            before.push(Before {
                id: environment.id,
                name: environment.name.clone(),
                succeeded_at: same.filter_map(|it| it.succeeded_at).max(),
                syncs,
            });
        }
        Ok(before)
    }

    async fn others(
        &self,
        ctx: &Ctx,
        slots: &[Slot],
        waiting: &[EnvironmentPromotion],
        than: Option<&EnvironmentPromotion>,
    ) -> Result<Vec<Other>> {
        let own = than.map(|it| it.id);
        let taken = slots
            .iter()
            .filter(|slot| slot.active.is_some() && slot.active != own);
        let taken: Vec<_> = taken
            .filter_map(|slot| Some((slot, slot.active?)))
            .collect();
        let ids: Vec<_> = taken.iter().map(|(_, id)| *id).collect();
        let active = match ids.is_empty() {
            true => Vec::new(),
            false => {
                self.store
                    .list::<store::PromotionList>(ctx)
                    .by_ids(&ids)
                    .await?
            }
        };
        let under_way = taken.into_iter().map(|(slot, id)| Other {
            id,
            module: slot.module.clone(),
            version: active
                .iter()
                .find(|it| it.id == id)
                .map_or_else(String::new, |it| it.release_version.clone()),
            waits: false,
        });
        let first_in_line = waiting.iter().map(|it| Other {
            id: it.id,
            module: it.release_name.clone(),
            version: it.release_version.clone(),
            waits: true,
        });
        Ok(under_way.chain(first_in_line).collect())
    }
}
