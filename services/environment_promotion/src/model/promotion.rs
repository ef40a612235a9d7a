//! The EnvironmentPromotion aggregate: its states and transitions.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sluice_kernel::{Blocker, Meta, directory::ManifestView, text_enum};
use sluice_schema::{
    BlockerCode, EnvironmentId, EventId, ManifestId, PromotionId, ReleaseId, RepositoryId,
};

text_enum! {
    /// Which way a promotion goes.
    PromotionKind {
        /// A release comes into the environment.
        Promotion = "PROMOTION",
        /// What ran before comes back.
        Rollback = "ROLLBACK",
    }
}

text_enum! {
    /// Where a promotion is in its life.
    PromotionStatus {
        /// Asked for; its gates are not looked at yet.
        Requested = "REQUESTED",
        /// It waits for its gates.
        Gated = "GATED",
        /// Infrastructure is provisioned and the content is written to Git.
        Running = "RUNNING",
        /// Git declares it; the target is not known to follow yet.
        Verifying = "VERIFYING",
        /// The target holds it and is healthy.
        Succeeded = "SUCCEEDED",
        /// It was refused, or the target did not become healthy.
        Failed = "FAILED",
        /// Something technical kept it from taking place.
        Errored = "ERRORED",
        /// A person ended it while it waited.
        Cancelled = "CANCELLED",
        /// A newer promotion took its place while it waited.
        Superseded = "SUPERSEDED",
        /// It had taken effect and was left by a rollback.
        RolledBack = "ROLLED_BACK",
    }
}

impl PromotionStatus {
    /// Whether it waits: for its gates to be looked at, or to open.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Requested | Self::Gated)
    }

    /// Whether it has its modules' places in the environment.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Verifying)
    }
}

/// What a promotion declares of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PromotionItem {
    /// The module.
    pub module: String,
    /// The manifest.
    pub manifest_id: ManifestId,
    /// `sha256:<hex>` of its objects.
    pub manifest_digest: String,
    /// The commit of the GitOps repository that holds it rendered.
    pub source_commit: String,
    /// Its folder in that commit, and on the branch that environments follow.
    pub path: String,
}

impl PromotionItem {
    pub(crate) fn of(manifest: &ManifestView) -> Self {
        Self {
            module: manifest.module.clone(),
            manifest_id: manifest.id,
            manifest_digest: manifest.content_digest.clone(),
            source_commit: manifest.commit_sha.clone(),
            path: manifest.path.clone(),
        }
    }
}

/// Gates that a person passed although they were closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// The kinds of blockers that do not count.
    pub codes: Vec<BlockerCode>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: String,
    /// The blockers that were passed by it when it last mattered.
    pub passed: Vec<Blocker>,
}

/// A promotion of a release into an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentPromotion {
    /// Its id.
    pub id: PromotionId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// The release.
    pub release_id: ReleaseId,
    /// The release's name.
    pub release_name: String,
    /// The release's semantic version.
    pub release_version: String,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// The environment's name.
    pub environment: String,
    /// Attempt for this release and environment, from 1.
    pub attempt: u32,
    /// Which way it goes.
    pub kind: PromotionKind,
    /// Whether the environment promotes by itself.
    pub automatic: bool,
    /// Where it is in its life.
    pub status: PromotionStatus,
    /// What it waits for, as last seen.
    pub blockers: Vec<Blocker>,
    /// Gates that a person passed.
    pub overridden: Option<Override>,
    /// The modules that it is about, sorted.
    pub modules: Vec<String>,
    /// What it declares, one entry per module, sorted; empty until it runs.
    pub items: Vec<PromotionItem>,
    /// The project's GitOps repository, once it runs.
    pub gitops_repository_id: Option<RepositoryId>,
    /// The repository's name.
    pub gitops_repository: Option<String>,
    /// The branch that environments follow, once Git declares it.
    pub branch: Option<String>,
    /// The commit that declares it.
    pub commit_sha: Option<String>,
    /// The promotion that was declared before.
    pub previous: Option<PromotionId>,
    /// The promotion that a rollback leaves.
    pub rollback_of: Option<PromotionId>,
    /// The promotion whose content a rollback declares again.
    pub restored: Option<PromotionId>,
    /// Why a rollback was asked for.
    pub rollback_reason: Option<String>,
    /// The error code of how it ended.
    pub code: Option<String>,
    /// Why it ended as it did.
    pub reason: Option<String>,
    /// When it began to run.
    pub started_at: Option<DateTime<Utc>>,
    /// When Git declared it.
    pub promoted_at: Option<DateTime<Utc>>,
    /// When the target was synchronised and healthy.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Until when it must be synchronised and healthy.
    pub verify_until: Option<DateTime<Utc>>,
    /// Event that asked for it.
    pub caused_by: Option<EventId>,
}

/// What a promotion begins with.
pub(crate) struct NewPromotion {
    pub(crate) id: PromotionId,
    pub(crate) meta: Meta,
    pub(crate) release: (ReleaseId, String, String),
    pub(crate) environment: (EnvironmentId, String),
    pub(crate) attempt: u32,
    pub(crate) kind: PromotionKind,
    pub(crate) modules: Vec<String>,
}

/// How a promotion ends without success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: PromotionStatus,
    pub(crate) code: String,
    pub(crate) reason: String,
}

impl EnvironmentPromotion {
    pub(crate) fn requested(new: NewPromotion) -> Self {
        let (release_id, release_name, release_version) = new.release;
        let (environment_id, environment) = new.environment;
        let mut modules = new.modules;
        modules.sort();
        modules.dedup();
        Self {
            id: new.id,
            meta: new.meta,
            release_id,
            release_name,
            release_version,
            environment_id,
            environment,
            attempt: new.attempt,
            kind: new.kind,
            automatic: false,
            status: PromotionStatus::Requested,
            blockers: Vec::new(),
            overridden: None,
            modules,
            items: Vec::new(),
            gitops_repository_id: None,
            gitops_repository: None,
            branch: None,
            commit_sha: None,
            previous: None,
            rollback_of: None,
            restored: None,
            rollback_reason: None,
            code: None,
            reason: None,
            started_at: None,
            promoted_at: None,
            succeeded_at: None,
            finished_at: None,
            verify_until: None,
            caused_by: None,
        }
    }

    /// The blockers that no override passes; those that one passes are noted with it.
    pub(crate) fn pass_overridden(&mut self, blockers: Vec<Blocker>) -> Vec<Blocker> {
        let Some(overridden) = &mut self.overridden else {
            return blockers;
        };
        let (passed, left): (Vec<_>, Vec<_>) = blockers
            .into_iter()
            .partition(|it| it.overridable && overridden.codes.contains(&it.code));
        if !passed.is_empty() {
            overridden.passed = passed;
        }
        left
    }

    /// It waits for `blockers`; `false` when that is known already.
    pub(crate) fn wait(&mut self, blockers: Vec<Blocker>) -> bool {
        let known = self.status == PromotionStatus::Gated && self.blockers == blockers;
        self.status = PromotionStatus::Gated;
        self.blockers = blockers;
        !known
    }

    /// Its gates are open: it runs, with the content that it will declare.
    pub(crate) fn run(
        &mut self,
        items: Vec<PromotionItem>,
        repository: (RepositoryId, String),
        now: DateTime<Utc>,
    ) {
        self.status = PromotionStatus::Running;
        self.blockers = Vec::new();
        self.items = items;
        self.items.sort_by(|a, b| a.module.cmp(&b.module));
        self.gitops_repository_id = Some(repository.0);
        self.gitops_repository = Some(repository.1);
        self.started_at = Some(now);
    }

    /// Git declares it.
    pub(crate) fn declared(
        &mut self,
        branch: &str,
        commit: &str,
        previous: Option<PromotionId>,
        timeout: TimeDelta,
        now: DateTime<Utc>,
    ) {
        self.status = PromotionStatus::Verifying;
        self.branch = Some(branch.to_owned());
        self.commit_sha = Some(commit.to_owned());
        self.previous = previous;
        self.promoted_at = Some(now);
        self.verify_until = Some(now + timeout);
    }

    /// The target holds it and is healthy.
    pub(crate) fn succeed(&mut self, now: DateTime<Utc>) {
        self.status = PromotionStatus::Succeeded;
        self.succeeded_at = Some(now);
        self.finished_at = Some(now);
    }

    /// It ends without success.
    pub(crate) fn end(&mut self, failure: Failure, now: DateTime<Utc>) {
        self.status = failure.status;
        self.code = Some(failure.code);
        self.reason = Some(failure.reason);
        self.finished_at = Some(now);
    }

    /// A rollback left it.
    pub(crate) fn roll_back(&mut self, by: PromotionId, reason: &str, now: DateTime<Utc>) {
        self.status = PromotionStatus::RolledBack;
        self.reason = Some(format!("rolled back by {by}: {reason}"));
        self.finished_at.get_or_insert(now);
    }
}
