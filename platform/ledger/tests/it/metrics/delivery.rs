//! The delivery side of a made-up history: builds, releases, promotions, told as events.

use sluice_schema::{
    ApprovalId, BuildId, EnvironmentId, ManifestId, PromotionId, ReleaseId, RepositoryId, TypedId,
    events::{
        ApprovalSummary, BuildCompleted, DeploymentPromoted, EnvironmentDefined,
        EnvironmentRolledBack, ModuleDescription, PromotedItem, PromotionFailed,
        PromotionRequested, PromotionSucceeded, ReleaseApproved, ReleaseItem, ReleasePlanned,
    },
};

use super::source::Story;

/// A build of a module.
#[derive(Debug, Clone)]
pub(super) struct Built {
    id: BuildId,
    repository: RepositoryId,
    sha: String,
    module: String,
}

/// A release.
#[derive(Debug, Clone)]
pub(super) struct Released {
    pub(super) id: ReleaseId,
    pub(super) modules: Vec<String>,
    items: Vec<ReleaseItem>,
}

/// A promotion or rollback that Git declared.
#[derive(Debug, Clone)]
pub(super) struct Promoted {
    pub(super) id: PromotionId,
    pub(super) release: Released,
    pub(super) modules: Vec<String>,
    pub(super) environment: EnvironmentId,
    rolls_back: Option<PromotionId>,
}

fn described(module: &str) -> ModuleDescription {
    ModuleDescription {
        id: module.to_owned(),
        ..ModuleDescription::default()
    }
}

impl Story<'_> {
    pub(super) fn environment(&mut self, name: &str) -> EnvironmentId {
        let environment_id = EnvironmentId::generate();
        self.tell(&EnvironmentDefined {
            environment_id,
            environment: name.to_owned(),
            upstream: Vec::new(),
            target_digest: "sha256:0".into(),
            retired: false,
        });
        environment_id
    }

    pub(super) fn build(&mut self, repo: usize, sha: &str, module: &str) -> Built {
        let built = Built {
            id: BuildId::generate(),
            repository: self.repos[repo].id,
            sha: sha.to_owned(),
            module: module.to_owned(),
        };
        self.tell(&BuildCompleted {
            build_id: built.id,
            run_id: None,
            pipeline_id: None,
            repository_id: built.repository,
            branch: "main".into(),
            commit_sha: built.sha.clone(),
            status: "SUCCEEDED".into(),
            reason: None,
            tests: None,
            coverage: None,
            artifacts: Vec::new(),
            module: Some(described(module)),
            logs_uri: None,
        });
        built
    }

    pub(super) fn plan(&mut self, builds: &[Built]) -> Released {
        let items = builds.iter().map(|build| ReleaseItem {
            module: described(&build.module),
            build_id: build.id,
            repository_id: build.repository,
            repository_name: "repo".into(),
            commit_sha: build.sha.clone(),
            artifacts: Vec::new(),
        });
        let released = Released {
            id: ReleaseId::generate(),
            modules: builds.iter().map(|build| build.module.clone()).collect(),
            items: items.collect(),
        };
        self.tell(&ReleasePlanned {
            release_id: released.id,
            name: released.modules.join("+"),
            version: "1.0.0".into(),
            content_digest: "sha256:0".into(),
            items: released.items.clone(),
            planned_by: "ada".into(),
            automatic: false,
        });
        released
    }

    pub(super) fn approve(&mut self, release: &Released) {
        self.tell(&ReleaseApproved {
            release_id: release.id,
            name: release.modules.join("+"),
            version: "1.0.0".into(),
            content_digest: "sha256:0".into(),
            items: release.items.clone(),
            approvals: vec![ApprovalSummary {
                approval_id: ApprovalId::generate(),
                approver: "bob".into(),
                reason: "fine".into(),
                approved_at: self.now,
                expires_at: None,
            }],
        });
    }

    /// Asks for a promotion; nothing is declared yet.
    pub(super) fn request(&mut self, environment: EnvironmentId, release: &Released) -> Promoted {
        let promoted = Promoted {
            id: PromotionId::generate(),
            release: release.clone(),
            modules: release.modules.clone(),
            environment,
            rolls_back: None,
        };
        self.requested(&promoted);
        promoted
    }

    fn requested(&mut self, it: &Promoted) {
        self.tell(&PromotionRequested {
            promotion_id: it.id,
            release_id: it.release.id,
            version: "1.0.0".into(),
            environment_id: it.environment,
            environment: "prod".into(),
            attempt: 1,
            kind: it.kind(),
            automatic: false,
            status: "REQUESTED".into(),
            blockers: Vec::new(),
        });
    }

    pub(super) fn declare(&mut self, it: &Promoted) {
        let items = it.modules.iter().map(|module| PromotedItem {
            module: module.clone(),
            manifest_id: ManifestId::generate(),
            manifest_digest: "sha256:0".into(),
            path: module.clone(),
        });
        let event = DeploymentPromoted {
            promotion_id: it.id,
            release_id: it.release.id,
            version: "1.0.0".into(),
            environment_id: it.environment,
            environment: "prod".into(),
            attempt: 1,
            kind: it.kind(),
            items: items.collect(),
            gitops_repository_id: RepositoryId::generate(),
            gitops_repository: "gitops".into(),
            branch: "main".into(),
            commit_sha: "0".repeat(40),
            previous: None,
            rollback_of: it.rolls_back,
        };
        self.tell(&event);
    }

    pub(super) fn succeed(&mut self, it: &Promoted) {
        self.tell(&PromotionSucceeded {
            promotion_id: it.id,
            release_id: it.release.id,
            version: "1.0.0".into(),
            environment_id: it.environment,
            environment: "prod".into(),
            attempt: 1,
            kind: it.kind(),
            commit_sha: "0".repeat(40),
            modules: it.modules.clone(),
        });
    }

    pub(super) fn fail(&mut self, it: &Promoted, status: &str) {
        self.tell(&PromotionFailed {
            promotion_id: it.id,
            release_id: it.release.id,
            version: "1.0.0".into(),
            environment_id: it.environment,
            environment: "prod".into(),
            attempt: 1,
            kind: it.kind(),
            status: status.to_owned(),
            code: status.to_owned(),
            reason: "it did not become healthy".into(),
        });
    }

    /// Declares again what `restored` declared of these modules, and leaves `left`.
    pub(super) fn roll_back(
        &mut self,
        left: &Promoted,
        restored: &Promoted,
        modules: &[String],
    ) -> Promoted {
        let it = Promoted {
            id: PromotionId::generate(),
            release: restored.release.clone(),
            modules: modules.to_vec(),
            environment: left.environment,
            rolls_back: Some(left.id),
        };
        self.requested(&it);
        self.wait(1_500);
        self.declare(&it);
        self.tell(&EnvironmentRolledBack {
            promotion_id: it.id,
            release_id: it.release.id,
            version: "1.0.0".into(),
            environment_id: it.environment,
            environment: "prod".into(),
            attempt: 1,
            kind: it.kind(),
            rolled_back: left.id,
            restored: restored.id,
            reason: "worse than before".into(),
        });
        it
    }
}

impl Promoted {
    fn kind(&self) -> String {
        match self.rolls_back {
            Some(_) => "ROLLBACK".to_owned(),
            None => "PROMOTION".to_owned(),
        }
    }
}
