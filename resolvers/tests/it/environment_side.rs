//! Environments, promotions, infrastructure, manifests and synchronisation on fresh stores.

use std::sync::Arc;

use sluice_deployment_manifest::DeploymentManifests;
use sluice_deployment_target::DirectoryTarget;
use sluice_environment_promotion::{Neighbours, Promotions};
use sluice_gitops_sync::{GitOpsSettings, GitOpsSyncs};
use sluice_iac_provisioning::{Infrastructures, NoSecrets};
use sluice_infrastructure_engine::{LocalEngine, LocalEngineConfig};
use sluice_kernel::{
    Ctx, Reaction, Reconciler,
    directory::{EnvironmentDirectory, ReleaseDirectory},
};
use sluice_manifest_renderer::LocalRenderer;
use sluice_release::Releases;
use sluice_testkit::{Databases, drain};

use crate::{release_side::Source, world::World};

/// What runs releases.
pub(crate) struct EnvironmentSide {
    pub(crate) infrastructure: Infrastructures,
    pub(crate) manifests: DeploymentManifests,
    pub(crate) syncs: GitOpsSyncs,
    pub(crate) promotions: Promotions,
}

pub(crate) async fn environment_side(
    databases: &Databases,
    of: &Source,
    releases: Releases,
) -> EnvironmentSide {
    let folder = databases.folder();
    let releases: Arc<dyn ReleaseDirectory> = Arc::new(releases);
    let environments: Arc<dyn EnvironmentDirectory> = Arc::new(of.environments.clone());
    let engine = LocalEngine::open(LocalEngineConfig::new(folder.join("infrastructure")));
    let ports = sluice_iac_provisioning::Ports {
        engine: Arc::new(engine.unwrap()),
        git: of.git.clone(),
        releases: releases.clone(),
        environments: environments.clone(),
        projects: Arc::new(of.projects.clone()),
        secrets: Arc::new(NoSecrets),
    };
    let infrastructure = Infrastructures::new(databases.open("iac_provisioning").await, ports);
    let ports = sluice_deployment_manifest::Ports {
        renderer: Arc::new(LocalRenderer::default()),
        git: of.git.clone(),
        releases: releases.clone(),
        environments: environments.clone(),
        projects: Arc::new(of.projects.clone()),
        repositories: of.repositories.clone(),
        provisioner: of.repositories.clone(),
    };
    let store = databases.open("deployment_manifest").await;
    let manifests = DeploymentManifests::new(store, ports);
    let target = DirectoryTarget::new(folder.join("targets"), Default::default());
    let syncs = GitOpsSyncs::new(
        databases.open("gitops_sync").await,
        of.git.clone(),
        Arc::new(target),
        environments,
        GitOpsSettings::default(),
    );
    let neighbours = Neighbours {
        releases,
        manifests: Arc::new(manifests.clone()),
        infrastructure: Arc::new(infrastructure.clone()),
        syncs: Arc::new(syncs.clone()),
        repositories: of.repositories.clone(),
    };
    let promotions = Promotions::new(of.environments.clone(), of.git.clone(), neighbours);
    EnvironmentSide {
        infrastructure,
        manifests,
        syncs,
        promotions,
    }
}

/// What the services do without a caller.
pub(crate) struct Choreography {
    reactions: Vec<Arc<dyn Reaction>>,
    promotions: sluice_environment_promotion::Recovery,
    targets: sluice_gitops_sync::Recovery,
}

impl Choreography {
    pub(crate) fn new(releases: Releases, running: &EnvironmentSide) -> Self {
        let promotions = running.promotions.clone();
        let infrastructure = running.infrastructure.clone();
        let manifests = running.manifests.clone();
        Self {
            reactions: vec![
                Arc::new(sluice_release::Reactions(releases)),
                Arc::new(sluice_iac_provisioning::OnReleaseApproved(infrastructure)),
                Arc::new(sluice_deployment_manifest::OnReleaseApproved(manifests)),
                Arc::new(sluice_environment_promotion::Reactions(promotions.clone())),
                Arc::new(sluice_gitops_sync::Reactions(running.syncs.clone())),
            ],
            promotions: sluice_environment_promotion::Recovery::new(promotions),
            targets: sluice_gitops_sync::Recovery::new(running.syncs.clone()),
        }
    }
}

const SERVICES: [&str; 7] = [
    "package_publishing",
    "container_image",
    "release",
    "iac_provisioning",
    "deployment_manifest",
    "environment_promotion",
    "gitops_sync",
];

/// Services whose events nothing in these tests reacts to.
const SOURCES: [&str; 8] = [
    "project",
    "repository",
    "branch",
    "commit",
    "pull_request",
    "pipeline_generator",
    "pipeline_execution",
    "build_result",
];

impl World {
    /// Takes to the ledger what the sources did, and the Git history that follows from it.
    pub(crate) async fn record_sources(&self) {
        for service in SOURCES {
            let events = drain(&self.databases.open(service).await).await;
            self.ledger.append(&events).await.unwrap();
            let moved = events.iter().filter(|event| {
                self.history
                    .event_types()
                    .contains(&event.event_type.as_str())
            });
            for event in moved {
                let ctx = Ctx::for_event(self.history.consumer(), event);
                self.history.handle(&ctx, event).await.unwrap();
            }
        }
        let told = drain(&self.databases.open("commit").await).await;
        self.ledger.append(&told).await.unwrap();
    }

    /// Hands every event to those that react to it, and goes on with promotions, until nothing
    /// is left to do.
    pub(crate) async fn settle(&self) {
        self.record_sources().await;
        loop {
            let mut events = Vec::new();
            for service in SERVICES {
                events.extend(drain(&self.databases.open(service).await).await);
            }
            self.ledger.append(&events).await.unwrap();
            if events.is_empty() && self.choreography.promotions.reconcile().await.unwrap() == 0 {
                return;
            }
            for event in &events {
                let reactions = self.choreography.reactions.iter();
                for reaction in reactions {
                    if reaction.event_types().contains(&event.event_type.as_str()) {
                        let ctx = Ctx::for_event(reaction.consumer(), event);
                        reaction.handle(&ctx, event).await.unwrap();
                    }
                }
            }
        }
    }

    /// Looks at every target, as the timer does once per start.
    pub(crate) async fn look_at_targets(&self) {
        self.choreography.targets.reconcile().await.unwrap();
    }
}
