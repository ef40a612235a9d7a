//! What a release shows and where it leads.

use std::{str::FromStr, sync::Arc};

use async_graphql::Context;
use chrono::{DateTime, Utc};
use sluice_release as service;
use sluice_schema::{BuildId, ProjectId, ReleaseId, RepositoryId};

use super::{
    ApprovalsOfRelease, ReleaseApproval, ReleaseBump, ReleaseCheck, ReleaseFilter, ReleaseItem,
    ReleaseManifestPin, ReleaseNote, ReleaseStatus, ReleaseTarget,
};
use crate::{
    build_result::{BuildById, BuildResult},
    commit::{Commit, CommitBySha},
    declare::{aggregate, children, listed},
    environment::{Environment, EnvironmentById},
    fault::{InputFault, Result},
    image::{ContainerImage, ImageById},
    infrastructure::{InfrastructurePlan, PlansOfRelease},
    loaders::{Call, lookups},
    manifest::{DeploymentManifest, ManifestsOfRelease},
    package::{PackageById, PackagePublication},
    project::{Project, ProjectById},
    promotion::{EnvironmentPromotion, PromotionsOfRelease},
    repository::{Repository, RepositoryById},
};

/// Notes that a release has at most.
const MAX_NOTES: usize = 500;

lookups! {
    /// A release by its id.
    ReleaseById(ReleaseId) -> Arc<service::ReleasePlan> = list releases.find_many;
    /// The releases of a build, oldest first.
    ReleasesOfBuild(BuildId) -> Vec<Arc<service::ReleasePlan>> = map releases.find_by_builds;
    /// The releases of a commit's builds, oldest first.
    ReleasesOfCommit((RepositoryId, String)) -> Vec<Arc<service::ReleasePlan>>
        = map releases.find_by_commits;
}

children! {
    /// A project's releases.
    ReleasesOfProject: ProjectId => ReleasePlan = releases.pages_by_project, counts_by_project;
}

listed! {
    ReleasePlan(service::ReleasePlan) from releases;
    filter ReleaseFilter -> service::ReleaseFilter;
    order ReleaseOrder, ReleaseOrderField -> service::ReleaseOrder {
        /// By creation.
        CreatedAt,
        /// By last change.
        UpdatedAt,
        /// By semantic version.
        Version,
    }
}

// Ids of packages and images differ in their prefix, so that each parses as one kind alone.
fn made<T: FromStr>(it: &service::ReleasePlan) -> impl Iterator<Item = T> {
    let artifacts = it.items.iter().flat_map(|it| &it.item.artifacts);
    artifacts.filter_map(|it| it.id.as_deref()?.parse().ok())
}

aggregate! {
    /// A release: builds of one or more modules under one version, with what people think of it.
    ReleasePlan(service::ReleasePlan);
    fields {
        /// The module, or the modules joined by `+`.
        async fn name(&self) -> &str {
            &self.0.name
        }
        /// Its semantic version; unique for its name in the project.
        async fn release_version(&self) -> &str {
            &self.0.version
        }
        /// Where it is in its life.
        async fn status(&self) -> ReleaseStatus {
            self.0.status.into()
        }
        /// `sha256:<hex>` of what an approval covers: builds, artifacts, configuration, targets
        /// and manifests.
        async fn content_digest(&self) -> &str {
            &self.0.content_digest
        }
        /// What its planner says about it.
        async fn summary(&self) -> Option<&str> {
            self.0.summary.as_deref()
        }
        /// Commits since the release of this name before, newest first.
        #[graphql(complexity = "first.min(MAX_NOTES) * 4 + 1")]
        async fn notes(
            &self,
            context: &Context<'_>,
            #[graphql(desc = "At most so many, 1 to 500.", default = 100)] first: usize,
        ) -> Result<Vec<ReleaseNote>> {
            if !(1..=MAX_NOTES).contains(&first) {
                let rule = format!("must be 1 to {MAX_NOTES}");
                return Err(Call::of(context)?.failure(InputFault::new("first", rule)));
            }
            Ok(self.0.notes.iter().take(first).map(Into::into).collect())
        }
        /// How many commits are noted, 500 at most.
        async fn notes_count(&self) -> usize {
            self.0.notes.len()
        }
        /// Whether there are more commits than notes.
        async fn notes_truncated(&self) -> bool {
            self.0.notes_truncated
        }
        /// What the commits call for.
        async fn proposed_bump(&self) -> ReleaseBump {
            self.0.proposed_bump.into()
        }
        /// What its builds proved, as environments may demand it.
        async fn checks(&self) -> Vec<ReleaseCheck> {
            self.0.checks().into_iter().map(Into::into).collect()
        }
        /// The environments that it may be promoted into, as approvals cover them.
        async fn targets(&self) -> Vec<ReleaseTarget> {
            self.0.targets.iter().map(Into::into).collect()
        }
        /// The manifests that approvals stand for.
        async fn manifest_pins(&self) -> Vec<ReleaseManifestPin> {
            self.0.manifests.iter().map(Into::into).collect()
        }
        /// Names and addresses of those who wrote, opened or merged what it brings.
        async fn authors(&self) -> &[String] {
            &self.0.authors
        }
        /// On whose behalf it was planned; never an approver.
        async fn planned_by(&self) -> &str {
            &self.0.planned_by
        }
        /// Whether the policy of the project planned it, not a command.
        async fn automatic(&self) -> bool {
            self.0.automatic
        }
        /// How many approvals the project demanded when it was planned or last approved.
        async fn required_approvals(&self) -> u32 {
            self.0.required_approvals
        }
        /// Why approvals became void; null when none did since it was approved last.
        async fn void_cause(&self) -> Option<&str> {
            self.0.void_cause.as_deref()
        }
        /// When it got the approvals that it has.
        async fn approved_at(&self) -> Option<DateTime<Utc>> {
            self.0.approved_at
        }
        /// Who rejected or cancelled it.
        async fn closed_by(&self) -> Option<&str> {
            self.0.closed_by.as_deref()
        }
        /// Why it was rejected or cancelled.
        async fn closed_reason(&self) -> Option<&str> {
            self.0.closed_reason.as_deref()
        }
    }
    parts {
        /// What it consists of, by module.
        items: ReleaseItem by |it| it.items.iter().cloned().map(ReleaseItem).collect();
    }
    one {
        /// Its project.
        project: Project by |it| Some(ProjectById(it.meta.project_id.clone()));
    }
    many {
        /// Decisions on it, those that do not count any more too, oldest first; the newest 200.
        approvals: ReleaseApproval by |it| vec![ApprovalsOfRelease(it.id)];
    }
    each {
        /// The builds that it consists of, in the order of its items.
        builds: BuildResult
            by |it| it.items.iter().map(|it| BuildById(it.item.build_id)).collect();
        /// The commits of those builds, as far as they are recorded.
        commits: Commit by |it| {
            let items = it.items.iter().map(|it| &it.item);
            items.map(|it| CommitBySha((it.repository_id, it.commit_sha.clone()))).collect()
        };
        /// The repositories of those builds.
        repositories: Repository
            by |it| it.items.iter().map(|it| RepositoryById(it.item.repository_id)).collect();
        /// The packages that it brings, as far as they are there.
        packages: PackagePublication by |it| made(it).map(PackageById).collect();
        /// The container images that it brings, as far as they are there.
        images: ContainerImage by |it| made(it).map(ImageById).collect();
        /// The environments that it may be promoted into, as approvals cover them.
        environments: Environment
            by |it| it.targets.iter().map(|it| EnvironmentById(it.environment_id)).collect();
    }
    lists {
        /// Promotions of it.
        promotions: EnvironmentPromotion in PromotionsOfRelease by |it| it.id;
        /// Manifests that were rendered of it.
        manifests: DeploymentManifest in ManifestsOfRelease by |it| it.id;
        /// Plans of the infrastructure that it declares.
        infrastructure_plans: InfrastructurePlan in PlansOfRelease by |it| it.id;
    }
}
