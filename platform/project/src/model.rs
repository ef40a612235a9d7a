//! The Project aggregate: pure, without store.

use sluice_kernel::{Meta, ProjectPolicies, StaleVersion};
use sluice_schema::{ProjectId, events::ProjectConfigured};

/// A project's policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its name, which is its id.
    pub id: ProjectId,
    /// Ownership, audit fields and version; absent while nobody configured it.
    pub meta: Option<Meta>,
    /// What it lets run by itself, and who approves.
    pub policies: ProjectPolicies,
}

impl Project {
    /// A project that nobody configured.
    pub(crate) fn unconfigured(id: ProjectId) -> Self {
        Self {
            id,
            meta: None,
            policies: ProjectPolicies::default(),
        }
    }

    /// 0 while nobody configured it, one more with each change.
    pub fn version(&self) -> i64 {
        self.meta.as_ref().map_or(0, |meta| meta.version)
    }

    /// Refuses when the project is not at the version that the caller read, if any.
    pub(crate) fn ensure_version(&self, expected: Option<i64>) -> Result<(), StaleVersion> {
        let current = self.version();
        match expected {
            Some(expected) if expected != current => Err(StaleVersion {
                kind: "Project",
                expected,
                current,
            }),
            _ => Ok(()),
        }
    }

    /// Takes over the policies; `None` when they are configured so already. The first
    /// configuration counts even when it changes nothing, so that a later version's other
    /// defaults do not.
    pub(crate) fn configure(&mut self, policies: ProjectPolicies) -> Option<ProjectConfigured> {
        let changed = changed(&self.policies, &policies);
        if self.meta.is_some() && changed.is_empty() {
            return None;
        }
        self.policies = policies;
        Some(ProjectConfigured {
            project_id: self.id.clone(),
            changed,
        })
    }
}

/// Names of the settings that differ, as in the API.
fn changed(before: &ProjectPolicies, after: &ProjectPolicies) -> Vec<String> {
    // Without a rest pattern, so that a new setting cannot be forgotten.
    let ProjectPolicies {
        auto_run_pipelines,
        auto_publish_packages,
        auto_build_images,
        auto_plan_releases,
        release_branches,
        required_approvals,
        approvers,
        authors_may_approve,
        approval_expires_after_hours,
        auto_plan_infrastructure,
        auto_render_manifests,
        gitops_repository,
    } = after;
    let settings = [
        (
            "autoRunPipelines",
            before.auto_run_pipelines == *auto_run_pipelines,
        ),
        (
            "autoPublishPackages",
            before.auto_publish_packages == *auto_publish_packages,
        ),
        (
            "autoBuildImages",
            before.auto_build_images == *auto_build_images,
        ),
        (
            "autoPlanReleases",
            before.auto_plan_releases == *auto_plan_releases,
        ),
        (
            "releaseBranches",
            before.release_branches == *release_branches,
        ),
        (
            "requiredApprovals",
            before.required_approvals == *required_approvals,
        ),
        ("approvers", before.approvers == *approvers),
        (
            "authorsMayApprove",
            before.authors_may_approve == *authors_may_approve,
        ),
        (
            "approvalExpiresAfterHours",
            before.approval_expires_after_hours == *approval_expires_after_hours,
        ),
        (
            "autoPlanInfrastructure",
            before.auto_plan_infrastructure == *auto_plan_infrastructure,
        ),
        (
            "autoRenderManifests",
            before.auto_render_manifests == *auto_render_manifests,
        ),
        (
            "gitopsRepository",
            before.gitops_repository == *gitops_repository,
        ),
    ];
    let differing = settings.into_iter().filter(|(_, same)| !same);
    differing.map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unconfigured_project_has_the_defaults_at_version_0() {
        let project = Project::unconfigured("web".parse().unwrap());
        assert_eq!(project.version(), 0);
        assert_eq!(project.policies, ProjectPolicies::default());
        assert!(project.ensure_version(Some(0)).is_ok());
        assert_eq!(project.ensure_version(Some(1)).unwrap_err().current, 0);
    }

    #[test]
    fn every_setting_that_differs_is_named_as_the_api_names_it() {
        let other = ProjectPolicies {
            auto_run_pipelines: false,
            auto_publish_packages: false,
            auto_build_images: false,
            auto_plan_releases: false,
            release_branches: vec!["release/*".to_owned()],
            required_approvals: 2,
            approvers: Some(Vec::new()),
            authors_may_approve: false,
            approval_expires_after_hours: Some(1),
            auto_plan_infrastructure: false,
            auto_render_manifests: false,
            gitops_repository: "environments".to_owned(),
        };
        let named = changed(&ProjectPolicies::default(), &other);
        let json = serde_json::to_value(&other).unwrap();
        let mut settings: Vec<&String> = json.as_object().unwrap().keys().collect();
        let mut sorted: Vec<&String> = named.iter().collect();
        settings.sort();
        sorted.sort();
        assert_eq!(sorted, settings);
        assert!(changed(&other, &other).is_empty());
    }
}
