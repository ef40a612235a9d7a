//! A chain of delivery, event by event.

use sluice_schema::{
    BuildId, EnvironmentId, ManifestId, PromotionId, ReleaseId, RepositoryId, RunId, SyncId,
    TypedId,
    events::{
        BuildCompleted, DeploymentManifestRendered, DeploymentPromoted, EnvironmentDefined,
        EnvironmentHeld, EnvironmentResumed, EnvironmentRolledBack, GitOpsSynced,
        ModuleDescription, PipelineRunStarted, PromotedItem, PromotionFailed, PromotionRequested,
        PromotionSucceeded, PullRequestMerged, ReleaseArtifact, ReleaseItem, ReleasePlanned,
        RepositoryProvisioned,
    },
};

use crate::world::{Draft, World};

/// A release as tests need it.
#[derive(Clone)]
pub(crate) struct Release {
    pub(crate) id: ReleaseId,
    pub(crate) version: String,
    pub(crate) items: Vec<ReleaseItem>,
}

/// An environment as tests need it.
#[derive(Clone)]
pub(crate) struct Environment {
    pub(crate) id: EnvironmentId,
    pub(crate) name: String,
}

/// A promotion as tests need it.
#[derive(Clone)]
pub(crate) struct Promotion {
    pub(crate) id: PromotionId,
    pub(crate) release: Release,
    pub(crate) environment: Environment,
    pub(crate) kind: &'static str,
    pub(crate) manifests: Vec<(String, ManifestId)>,
}

pub(crate) fn repository_provisioned(id: RepositoryId) -> RepositoryProvisioned {
    RepositoryProvisioned {
        repository_id: id,
        name: "shop".into(),
        provider: "LOCAL".into(),
        remote_url: "http://localhost/shop".into(),
        default_branch: "main".into(),
        head_sha: "0".repeat(40),
        visibility: "PRIVATE".into(),
    }
}

/// The merge, as number `number`, that wrote `sha`.
pub(crate) fn merged(repository: RepositoryId, number: u64, sha: &str) -> PullRequestMerged {
    PullRequestMerged {
        pull_request_id: TypedId::generate(),
        repository_id: repository,
        repository_name: "shop".into(),
        number,
        title: "Improve".into(),
        source_branch: "work".into(),
        target_branch: "main".into(),
        source_sha: "1".repeat(40),
        merge_commit_sha: sha.into(),
        tree_hash: "2".repeat(40),
        parent_shas: Vec::new(),
        created_shas: vec![sha.into()],
        strategy: "MERGE".into(),
        merged_by: "bob".into(),
        delete_source_branch: false,
    }
}

pub(crate) fn item(repository: RepositoryId, module: &str, sha: &str) -> ReleaseItem {
    ReleaseItem {
        module: ModuleDescription {
            id: module.into(),
            version: "1.0.0".into(),
            ..ModuleDescription::default()
        },
        build_id: BuildId::generate(),
        repository_id: repository,
        repository_name: "shop".into(),
        commit_sha: sha.into(),
        artifacts: Vec::new(),
    }
}

pub(crate) fn artifact(kind: &str, name: &str, reference: &str) -> ReleaseArtifact {
    ReleaseArtifact {
        kind: kind.into(),
        id: Some(format!("{kind}-{name}")),
        name: name.into(),
        state: "READY".into(),
        reference: Some(reference.into()),
        digest: Some(format!("sha256:{reference}")),
        reason: None,
    }
}

/// The run and the build of an item.
pub(crate) fn built(item: &ReleaseItem, run: RunId) -> (PipelineRunStarted, BuildCompleted) {
    let pipeline_id = TypedId::generate();
    let started = PipelineRunStarted {
        run_id: run,
        pipeline_id,
        repository_id: item.repository_id,
        branch: "main".into(),
        commit_sha: item.commit_sha.clone(),
        attempt: 1,
    };
    let build = BuildCompleted {
        build_id: item.build_id,
        run_id: Some(run),
        pipeline_id: Some(pipeline_id),
        repository_id: item.repository_id,
        branch: "main".into(),
        commit_sha: item.commit_sha.clone(),
        status: "SUCCEEDED".into(),
        reason: None,
        tests: None,
        coverage: None,
        artifacts: Vec::new(),
        module: Some(item.module.clone()),
        logs_uri: None,
    };
    (started, build)
}

impl Environment {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            id: EnvironmentId::generate(),
            name: name.into(),
        }
    }

    pub(crate) fn defined(&self, upstream: &[&str], retired: bool) -> EnvironmentDefined {
        EnvironmentDefined {
            environment_id: self.id,
            environment: self.name.clone(),
            upstream: upstream.iter().map(ToString::to_string).collect(),
            target_digest: "sha256:t".into(),
            retired,
        }
    }

    pub(crate) fn held(&self, module: Option<&str>, reason: &str) -> EnvironmentHeld {
        EnvironmentHeld {
            environment_id: self.id,
            environment: self.name.clone(),
            module: module.map(Into::into),
            reason: reason.into(),
            held_by: "ada".into(),
            promotion_id: None,
        }
    }

    pub(crate) fn resumed(&self, module: Option<&str>) -> EnvironmentResumed {
        EnvironmentResumed {
            environment_id: self.id,
            environment: self.name.clone(),
            module: module.map(Into::into),
            resumed_by: "ada".into(),
        }
    }
}

impl Release {
    pub(crate) fn new(version: &str, items: Vec<ReleaseItem>) -> Self {
        Self {
            id: ReleaseId::generate(),
            version: version.into(),
            items,
        }
    }

    pub(crate) fn planned(&self) -> ReleasePlanned {
        ReleasePlanned {
            release_id: self.id,
            name: "shop".into(),
            version: self.version.clone(),
            content_digest: "sha256:c".into(),
            items: self.items.clone(),
            planned_by: "ada".into(),
            automatic: false,
        }
    }

    pub(crate) fn promoted_into(&self, environment: &Environment) -> Promotion {
        let manifest = |item: &ReleaseItem| (item.module.id.clone(), ManifestId::generate());
        Promotion {
            id: PromotionId::generate(),
            release: self.clone(),
            environment: environment.clone(),
            kind: "PROMOTION",
            manifests: self.items.iter().map(manifest).collect(),
        }
    }
}

/// An event of a promotion: what all have in common, then what it adds.
macro_rules! of_promotion {
    ($event:ident, $it:expr, { $($field:ident: $value:expr,)* }) => {
        $event {
            promotion_id: $it.id,
            release_id: $it.release.id,
            version: $it.release.version.clone(),
            environment_id: $it.environment.id,
            environment: $it.environment.name.clone(),
            attempt: 1,
            kind: $it.kind.into(),
            $($field: $value,)*
        }
    };
}

impl Promotion {
    pub(crate) fn requested(&self, status: &str) -> PromotionRequested {
        of_promotion!(PromotionRequested, self, {
            automatic: false,
            status: status.into(),
            blockers: Vec::new(),
        })
    }

    pub(crate) fn declared(&self) -> DeploymentPromoted {
        let items = self
            .manifests
            .iter()
            .map(|(module, manifest)| PromotedItem {
                module: module.clone(),
                manifest_id: *manifest,
                manifest_digest: "sha256:m".into(),
                path: format!("environments/{}/{module}", self.environment.name),
            });
        of_promotion!(DeploymentPromoted, self, {
            items: items.collect(),
            gitops_repository_id: RepositoryId::generate(),
            gitops_repository: "web-gitops".into(),
            branch: "main".into(),
            commit_sha: "9".repeat(40),
            previous: None,
            rollback_of: None,
        })
    }

    pub(crate) fn succeeded(&self) -> PromotionSucceeded {
        of_promotion!(PromotionSucceeded, self, {
            commit_sha: "9".repeat(40),
            modules: self.manifests.iter().map(|(module, _)| module.clone()).collect(),
        })
    }

    pub(crate) fn failed(&self, status: &str) -> PromotionFailed {
        of_promotion!(PromotionFailed, self, {
            status: status.into(),
            code: status.into(),
            reason: "it did not work".into(),
        })
    }

    pub(crate) fn rolled_back(&self, left: &Self, restored: &Self) -> EnvironmentRolledBack {
        of_promotion!(EnvironmentRolledBack, self, {
            rolled_back: left.id,
            restored: restored.id,
            reason: "it is slow".into(),
        })
    }

    pub(crate) fn synced(&self, sync: SyncId, module: &str, cause: &str) -> GitOpsSynced {
        GitOpsSynced {
            sync_id: sync,
            environment_id: self.environment.id,
            environment: self.environment.name.clone(),
            module: module.into(),
            revision: "9".repeat(40),
            manifest_digest: "sha256:m".into(),
            promotion_id: Some(self.id),
            health: "HEALTHY".into(),
            cause: cause.into(),
            attempt: 1,
            applied: 1,
            pruned: 0,
        }
    }

    /// The manifest of a module, giving these settings.
    pub(crate) fn rendered(
        &self,
        module: &str,
        settings: &[(&str, &str)],
    ) -> DeploymentManifestRendered {
        let manifest = self.manifests.iter().find(|(name, _)| name == module);
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        DeploymentManifestRendered {
            manifest_id: manifest.unwrap().1,
            release_id: self.release.id,
            version: self.release.version.clone(),
            environment_id: self.environment.id,
            environment: self.environment.name.clone(),
            module: module.into(),
            content_digest: "sha256:m".into(),
            gitops_repository_id: RepositoryId::generate(),
            gitops_repository: "web-gitops".into(),
            commit_sha: "8".repeat(40),
            path: format!("environments/{}/{module}", self.environment.name),
            objects: 1,
            configuration: settings.iter().map(pair).collect(),
        }
    }

    /// Requested, declared and succeeded.
    pub(crate) fn carried_out(&self, world: &World) -> Vec<Draft> {
        vec![
            world.event(&self.requested("REQUESTED")),
            world.event(&self.declared()).actor("environment_promotion"),
            world
                .event(&self.succeeded())
                .actor("environment_promotion"),
        ]
    }
}
