//! From the release to what runs.

use sluice_ledger::{NodeKind, Relation};
use sluice_schema::{events::*, *};

use super::{Change, ENVIRONMENTS, Module, Release, Story, description, sha};

impl Story<'_> {
    /// A release of these changes, ready and approved, planned and rendered for every environment.
    pub(in crate::lineage) fn release(&mut self, version: &str, changes: &[Change]) -> Release {
        let mut release = Release {
            id: ReleaseId::generate(),
            version: version.to_owned(),
            changes: changes.to_vec(),
            approval: ApprovalId::generate(),
            promotions: Vec::new(),
            manifests: Vec::new(),
            plans: Vec::new(),
            declared: Vec::new(),
        };
        self.decide(&release);
        self.node(release.id, NodeKind::ReleasePlan);
        self.node(release.approval, NodeKind::ReleaseApproval);
        self.edge(release.id, Relation::DecidedBy, release.approval);
        for change in changes {
            self.edge(change.build, Relation::ReleasedIn, release.id);
            self.edge(change.package, Relation::ReleasedIn, release.id);
            self.edge(change.image, Relation::ReleasedIn, release.id);
        }
        for place in 0..ENVIRONMENTS.len() {
            for change in changes {
                self.prepare(&mut release, change, place);
            }
        }
        release
    }

    fn decide(&mut self, release: &Release) {
        let (name, digest) = ("greeter".to_owned(), "sha256:2".to_owned());
        let (release_id, version) = (release.id, release.version.clone());
        let items: Vec<_> = release.changes.iter().map(item).collect();
        self.tell(&ReleasePlanned {
            release_id,
            name: name.clone(),
            version: version.clone(),
            content_digest: digest.clone(),
            items: items.clone(),
            planned_by: "ada".into(),
            automatic: false,
        });
        self.tell(&ReleaseReady {
            release_id,
            name: name.clone(),
            version: version.clone(),
            content_digest: digest.clone(),
            items: items.clone(),
        });
        let approval = ApprovalSummary {
            approval_id: release.approval,
            approver: "grace".into(),
            reason: "fine".into(),
            approved_at: crate::world::start(),
            expires_at: None,
        };
        self.tell(&ReleaseApproved {
            release_id,
            name,
            version,
            content_digest: digest,
            items,
            approvals: vec![approval],
        });
    }

    fn prepare(&mut self, release: &mut Release, change: &Change, place: usize) {
        let (plan, manifest) = (InfrastructureId::generate(), ManifestId::generate());
        self.tell(&InfrastructurePlanned {
            infrastructure_id: plan,
            release_id: release.id,
            environment_id: self.environments[place],
            environment: ENVIRONMENTS[place].into(),
            module: change.module.name.clone(),
            repository_id: change.module.repository,
            commit_sha: change.merged.clone(),
            program_digest: String::new(),
            state_serial: 1,
            changes: ResourceChanges::default(),
        });
        self.tell(&DeploymentManifestRendered {
            manifest_id: manifest,
            release_id: release.id,
            version: release.version.clone(),
            environment_id: self.environments[place],
            environment: ENVIRONMENTS[place].into(),
            module: change.module.name.clone(),
            content_digest: String::new(),
            gitops_repository_id: self.gitops,
            gitops_repository: "gitops".into(),
            commit_sha: sha(0xb000),
            path: String::new(),
            objects: 1,
            configuration: std::collections::BTreeMap::default(),
        });
        self.node(plan, NodeKind::InfrastructurePlan);
        self.node(manifest, NodeKind::DeploymentManifest);
        self.edge(release.id, Relation::PlannedAs, plan);
        self.edge(release.id, Relation::RenderedAs, manifest);
        release.plans.push(plan);
        release.manifests.push(manifest);
    }

    /// The release comes into the next environment, after `previous`.
    pub(in crate::lineage) fn promote(
        &mut self,
        release: &mut Release,
        previous: Option<PromotionId>,
    ) {
        let place = release.promotions.len();
        let promotion = PromotionId::generate();
        let declared = self.next_sha();
        let modules = release.changes.len();
        let manifests = release.manifests[place * modules..][..modules].to_vec();
        let plans = release.plans[place * modules..][..modules].to_vec();
        self.declare(release, place, promotion, &manifests, &declared, previous);
        self.run(release, place, promotion, &declared);
        self.node(promotion, NodeKind::EnvironmentPromotion);
        self.edge(release.id, Relation::PromotedAs, promotion);
        self.edge(promotion, Relation::ReceivedBy, self.environments[place]);
        for manifest in manifests {
            self.edge(manifest, Relation::DeclaredBy, promotion);
        }
        for plan in plans {
            self.edge(plan, Relation::Provisions, promotion);
        }
        let commit = self.commit(self.gitops, "main", &declared);
        self.edge(promotion, Relation::DeclaredIn, commit);
        if let Some(previous) = previous {
            self.edge(previous, Relation::FollowedBy, promotion);
        }
        release.promotions.push(promotion);
        release.declared.push(declared);
    }

    fn declare(
        &mut self,
        release: &Release,
        place: usize,
        promotion: PromotionId,
        manifests: &[ManifestId],
        declared: &str,
        previous: Option<PromotionId>,
    ) {
        let environment_id = self.environments[place];
        self.tell(&PromotionRequested {
            promotion_id: promotion,
            release_id: release.id,
            version: release.version.clone(),
            environment_id,
            environment: ENVIRONMENTS[place].into(),
            attempt: 1,
            kind: "PROMOTION".into(),
            automatic: false,
            status: "REQUESTED".into(),
            blockers: Vec::new(),
        });
        let named = release.changes.iter().zip(manifests);
        let items = named.map(|(change, manifest)| PromotedItem {
            module: change.module.name.clone(),
            manifest_id: *manifest,
            manifest_digest: String::new(),
            path: String::new(),
        });
        self.tell(&DeploymentPromoted {
            promotion_id: promotion,
            release_id: release.id,
            version: release.version.clone(),
            environment_id,
            environment: ENVIRONMENTS[place].into(),
            attempt: 1,
            kind: "PROMOTION".into(),
            items: items.collect(),
            gitops_repository_id: self.gitops,
            gitops_repository: "gitops".into(),
            branch: "main".into(),
            commit_sha: declared.to_owned(),
            previous,
            rollback_of: None,
        });
    }

    fn run(&mut self, release: &Release, place: usize, promotion: PromotionId, declared: &str) {
        for change in &release.changes {
            self.synced(&change.module, place, promotion, declared);
        }
        self.tell(&PromotionSucceeded {
            promotion_id: promotion,
            release_id: release.id,
            version: release.version.clone(),
            environment_id: self.environments[place],
            environment: ENVIRONMENTS[place].into(),
            attempt: 1,
            kind: "PROMOTION".into(),
            commit_sha: declared.to_owned(),
            modules: Vec::new(),
        });
    }

    /// The environment holds what the promotion declares of the module.
    pub(in crate::lineage) fn synced(
        &mut self,
        module: &Module,
        place: usize,
        promotion: PromotionId,
        revision: &str,
    ) {
        let sync = module.syncs[place];
        self.tell(&GitOpsSynced {
            sync_id: sync,
            environment_id: self.environments[place],
            environment: ENVIRONMENTS[place].into(),
            module: module.name.clone(),
            revision: revision.to_owned(),
            manifest_digest: String::new(),
            promotion_id: Some(promotion),
            health: "HEALTHY".into(),
            cause: "PROMOTION".into(),
            attempt: 1,
            applied: 1,
            pruned: 0,
        });
        self.node(sync, NodeKind::GitOpsSyncState);
        self.edge(promotion, Relation::SyncedAs, sync);
        self.edge(sync, Relation::RunsIn, self.environments[place]);
    }
}

fn item(change: &Change) -> ReleaseItem {
    let artifact = |kind: &str, id: String| ReleaseArtifact {
        kind: kind.to_owned(),
        id: Some(id),
        name: change.module.name.clone(),
        state: "READY".into(),
        reference: None,
        digest: None,
        reason: None,
    };
    ReleaseItem {
        module: description(&change.module.name),
        build_id: change.build,
        repository_id: change.module.repository,
        repository_name: change.module.name.clone(),
        commit_sha: change.merged.clone(),
        artifacts: vec![
            artifact("PACKAGE", change.package.to_string()),
            artifact("IMAGE", change.image.to_string()),
        ],
    }
}
