//! What a project lets run by itself, and who approves.

use serde::{Deserialize, Serialize};

/// Policies of a project. The defaults let a module travel to approval by itself, into the first
/// environment once a second person approved, and on by command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectPolicies {
    /// A generated pipeline runs.
    pub auto_run_pipelines: bool,
    /// A successful build's package is published.
    pub auto_publish_packages: bool,
    /// A successful build's image is built.
    pub auto_build_images: bool,
    /// A successful build is planned as a release.
    pub auto_plan_releases: bool,
    /// Branches whose builds are planned, by name or with a final `*`; the repository's default
    /// branch when empty.
    pub release_branches: Vec<String>,
    /// Distinct people who must approve a release, 1 to 20.
    pub required_approvals: u32,
    /// Who may approve: anyone with the scope when absent, nobody when empty.
    pub approvers: Option<Vec<String>>,
    /// Whether authors of the released changes may approve. The planner never may.
    pub authors_may_approve: bool,
    /// Hours after which an approval ends to count; never when absent.
    pub approval_expires_after_hours: Option<u32>,
    /// An approved release's infrastructure is planned for every environment.
    pub auto_plan_infrastructure: bool,
    /// An approved release's manifests are rendered for every environment.
    pub auto_render_manifests: bool,
    /// The repository that declares what environments run.
    pub gitops_repository: String,
}

impl Default for ProjectPolicies {
    fn default() -> Self {
        Self {
            auto_run_pipelines: true,
            auto_publish_packages: true,
            auto_build_images: true,
            auto_plan_releases: true,
            release_branches: Vec::new(),
            required_approvals: 1,
            approvers: None,
            authors_may_approve: true,
            approval_expires_after_hours: None,
            auto_plan_infrastructure: true,
            auto_render_manifests: true,
            gitops_repository: "gitops".to_owned(),
        }
    }
}

impl ProjectPolicies {
    /// Whether builds of `branch` are planned as releases, in a repository with that default branch.
    pub fn releases_from(&self, branch: &str, default_branch: &str) -> bool {
        if self.release_branches.is_empty() {
            return branch == default_branch;
        }
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(prefix) => branch.starts_with(prefix),
            None => branch == pattern,
        };
        self.release_branches.iter().any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_come_from_the_default_branch_unless_branches_are_named() {
        let mut policies = ProjectPolicies::default();
        assert!(policies.releases_from("main", "main"));
        assert!(!policies.releases_from("feature/x", "main"));
        policies.release_branches = vec!["release/*".into(), "trunk".into()];
        assert!(policies.releases_from("release/1.4", "main"));
        assert!(policies.releases_from("trunk", "main"));
        assert!(!policies.releases_from("main", "main"));
    }
}
