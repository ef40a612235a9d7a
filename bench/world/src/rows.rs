//! Objects of every service.

use sluice_branch::Branch;
use sluice_build_result::{BuildResult, TestCase};
use sluice_commit::Commit;
use sluice_container_image::ContainerImage;
use sluice_deployment_manifest::{DeploymentManifest, ManifestFile};
use sluice_environment_promotion::{DeclaredModule, Environment, EnvironmentPromotion};
use sluice_gitops_sync::{GitOpsSyncState, SyncAttempt};
use sluice_iac_provisioning::InfrastructurePlan;
use sluice_package_publishing::PackagePublication;
use sluice_pipeline_execution::PipelineRun;
use sluice_pipeline_generator::PipelineDefinition;
use sluice_project::Project;
use sluice_pull_request::PullRequest;
use sluice_release::{ReleaseApproval, ReleasePlan};
use sluice_repository::Repository;

macro_rules! rows {
    ($($(#[$doc:meta])* $field:ident: $row:ty,)+) => {
        /// Objects of one tenant, by kind; each is told of once, in its last state.
        #[derive(Debug, Default)]
        pub struct Rows {
            $($(#[$doc])* pub $field: Vec<$row>,)+
        }

        impl Rows {
            /// Takes the others over.
            pub(crate) fn append(&mut self, other: &mut Self) {
                $(self.$field.append(&mut other.$field);)+
            }

            /// How many there are of each kind.
            pub fn counts(&self) -> Vec<(&'static str, usize)> {
                vec![$((stringify!($field), self.$field.len()),)+]
            }
        }
    };
}

rows! {
    /// Configured projects.
    projects: Project,
    /// Repositories, those that declare what environments run among them.
    repositories: Repository,
    /// Branches.
    branches: Branch,
    /// Commits.
    commits: Commit,
    /// Pull requests.
    pull_requests: PullRequest,
    /// Pipeline definitions.
    pipelines: PipelineDefinition,
    /// Pipeline runs.
    runs: PipelineRun,
    /// Build results with their test cases.
    builds: (BuildResult, Vec<TestCase>),
    /// Packages.
    packages: PackagePublication,
    /// Container images.
    images: ContainerImage,
    /// Releases.
    releases: ReleasePlan,
    /// Decisions on releases.
    approvals: ReleaseApproval,
    /// Plans of infrastructure.
    infrastructure: InfrastructurePlan,
    /// Manifests with their files.
    manifests: (DeploymentManifest, Vec<ManifestFile>),
    /// Environments.
    environments: Environment,
    /// Promotions.
    promotions: EnvironmentPromotion,
    /// What environments declare of modules.
    declared: DeclaredModule,
    /// States of targets.
    syncs: GitOpsSyncState,
    /// Attempts to synchronise targets.
    attempts: SyncAttempt,
}

impl Rows {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.counts().iter().map(|(_, count)| count).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
