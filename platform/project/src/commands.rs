//! Validated inputs.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use sluice_git_host::{BranchName, RepoPath};
use sluice_kernel::{Ctx, ProjectPolicies, reserved_project};
use sluice_schema::ProjectId;

use crate::ProjectError;

const MAX_APPROVALS: u32 = 20;
const MAX_APPROVERS: usize = 200;
const MAX_APPROVER: usize = 200;
const MAX_BRANCHES: usize = 50;
const MAX_EXPIRY_HOURS: u32 = 24 * 366;

/// Changes a project's policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigureProject {
    /// The project.
    pub project_id: ProjectId,
    /// What changes.
    pub changes: ProjectChanges,
}

/// Changes of policies; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProjectChanges {
    /// Whether a generated pipeline runs.
    pub auto_run_pipelines: Option<bool>,
    /// Whether a successful build's package is published.
    pub auto_publish_packages: Option<bool>,
    /// Whether a successful build's image is built.
    pub auto_build_images: Option<bool>,
    /// Whether a successful build is planned as a release.
    pub auto_plan_releases: Option<bool>,
    /// Branches whose builds are planned, by name or with a final `*`, at most 50; the
    /// repository's default branch when empty.
    pub release_branches: Option<Vec<String>>,
    /// Distinct people who must approve a release, 1 to 20.
    pub required_approvals: Option<u32>,
    /// Who may approve, at most 200; nobody when empty, anyone with the scope when null.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub approvers: Option<Option<Vec<String>>>,
    /// Whether authors of the released changes may approve. The planner never may.
    pub authors_may_approve: Option<bool>,
    /// Hours after which an approval ends to count, 1 to 8,784; never when null.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub approval_expires_after_hours: Option<Option<u32>>,
    /// Whether an approved release's infrastructure is planned for every environment.
    pub auto_plan_infrastructure: Option<bool>,
    /// Whether an approved release's manifests are rendered for every environment.
    pub auto_render_manifests: Option<bool>,
    /// The repository that declares what environments run.
    pub gitops_repository: Option<String>,
    /// Refuse when the project is not at this version; 0 while nobody configured it.
    pub expected_version: Option<i64>,
}

// Tells `null` from absent: serde calls this only for a field that is there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn change<T: Clone>(value: &mut T, to: Option<&T>) {
    if let Some(to) = to {
        value.clone_from(to);
    }
}

impl ConfigureProject {
    /// Checks what is given, one field at a time.
    pub(crate) fn validate(&self, ctx: &Ctx) -> Result<(), ProjectError> {
        if let Some(rule) = reserved_project(self.project_id.as_str()) {
            return Err(ProjectError::invalid("projectId", rule));
        }
        let changes = &self.changes;
        if let Some(patterns) = &changes.release_branches {
            check_branches(patterns)?;
        }
        if let Some(required) = changes.required_approvals
            && !(1..=MAX_APPROVALS).contains(&required)
        {
            let rule = format!("requiredApprovals must be 1 to {MAX_APPROVALS}");
            return Err(ProjectError::invalid("requiredApprovals", rule));
        }
        if let Some(Some(approvers)) = &changes.approvers {
            check_approvers(approvers)?;
        }
        if let Some(Some(hours)) = changes.approval_expires_after_hours
            && !(1..=MAX_EXPIRY_HOURS).contains(&hours)
        {
            let rule = format!("approvalExpiresAfterHours must be 1 to {MAX_EXPIRY_HOURS}");
            return Err(ProjectError::invalid("approvalExpiresAfterHours", rule));
        }
        if let Some(name) = &changes.gitops_repository {
            RepoPath::new(ctx.tenant().as_str(), self.project_id.as_str(), name)
                .map_err(|error| ProjectError::invalid("gitopsRepository", error.to_string()))?;
        }
        Ok(())
    }
}

impl ProjectChanges {
    /// The policies after the change; refused when no release could ever be approved by accident.
    pub(crate) fn applied_to(
        &self,
        before: &ProjectPolicies,
    ) -> Result<ProjectPolicies, ProjectError> {
        let mut policies = before.clone();
        change(
            &mut policies.auto_run_pipelines,
            self.auto_run_pipelines.as_ref(),
        );
        change(
            &mut policies.auto_publish_packages,
            self.auto_publish_packages.as_ref(),
        );
        change(
            &mut policies.auto_build_images,
            self.auto_build_images.as_ref(),
        );
        change(
            &mut policies.auto_plan_releases,
            self.auto_plan_releases.as_ref(),
        );
        change(
            &mut policies.release_branches,
            self.release_branches.as_ref(),
        );
        change(
            &mut policies.required_approvals,
            self.required_approvals.as_ref(),
        );
        change(&mut policies.approvers, self.approvers.as_ref());
        change(
            &mut policies.authors_may_approve,
            self.authors_may_approve.as_ref(),
        );
        change(
            &mut policies.approval_expires_after_hours,
            self.approval_expires_after_hours.as_ref(),
        );
        change(
            &mut policies.auto_plan_infrastructure,
            self.auto_plan_infrastructure.as_ref(),
        );
        change(
            &mut policies.auto_render_manifests,
            self.auto_render_manifests.as_ref(),
        );
        change(
            &mut policies.gitops_repository,
            self.gitops_repository.as_ref(),
        );
        let named = policies.approvers.as_ref().map_or(0, Vec::len);
        // An empty list is a decision: nobody approves. Too short a list is an oversight.
        if named > 0 && named < usize::try_from(policies.required_approvals).unwrap_or(usize::MAX) {
            let field = match self.required_approvals {
                Some(_) => "requiredApprovals",
                None => "approvers",
            };
            let rule = "requiredApprovals must not exceed the number of approvers";
            return Err(ProjectError::invalid(field, rule));
        }
        Ok(policies)
    }
}

fn check_branches(patterns: &[String]) -> Result<(), ProjectError> {
    if patterns.len() > MAX_BRANCHES {
        let rule = format!("releaseBranches must have at most {MAX_BRANCHES} entries");
        return Err(ProjectError::invalid("releaseBranches", rule));
    }
    for (index, pattern) in patterns.iter().enumerate() {
        let name = match pattern.strip_suffix('*') {
            // What stands for the rest of a name completes it to one.
            Some(prefix) => BranchName::new(&format!("{prefix}x")),
            None => BranchName::new(pattern),
        };
        name.map_err(|error| {
            let rule = format!("{error}; a final `*` stands for the rest of a name");
            ProjectError::invalid(format!("releaseBranches[{index}]"), rule)
        })?;
    }
    Ok(())
}

fn check_approvers(approvers: &[String]) -> Result<(), ProjectError> {
    if approvers.len() > MAX_APPROVERS {
        let rule = format!("approvers must have at most {MAX_APPROVERS} entries");
        return Err(ProjectError::invalid("approvers", rule));
    }
    let mut seen = BTreeSet::new();
    for (index, approver) in approvers.iter().enumerate() {
        let fits = (1..=MAX_APPROVER).contains(&approver.chars().count())
            && approver.trim() == approver
            && !approver.chars().any(char::is_control);
        let field = format!("approvers[{index}]");
        if !fits {
            let rule = format!(
                "an approver is the subject of a token: 1 to {MAX_APPROVER} characters without \
                 control characters or spaces around them"
            );
            return Err(ProjectError::invalid(field, rule));
        }
        if !seen.insert(approver) {
            let rule = "every approver must be named once";
            return Err(ProjectError::invalid(field, rule));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(json: &str) -> ProjectChanges {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn null_removes_and_absent_stays() {
        let before = ProjectPolicies {
            approvers: Some(vec!["ada".to_owned()]),
            approval_expires_after_hours: Some(8),
            ..ProjectPolicies::default()
        };
        let kept = changes("{}").applied_to(&before).unwrap();
        assert_eq!(kept, before);
        let removed = changes(r#"{"approvers":null,"approvalExpiresAfterHours":null}"#);
        let removed = removed.applied_to(&before).unwrap();
        assert_eq!(removed, ProjectPolicies::default());
    }

    #[test]
    fn fewer_approvers_than_approvals_are_refused_and_nobody_is_not() {
        let before = ProjectPolicies {
            required_approvals: 2,
            ..ProjectPolicies::default()
        };
        for (json, field) in [
            (r#"{"approvers":["ada"]}"#, "approvers"),
            (
                r#"{"approvers":["ada"],"requiredApprovals":3}"#,
                "requiredApprovals",
            ),
        ] {
            let refused = changes(json).applied_to(&before).unwrap_err();
            assert_eq!(
                sluice_kernel::Fault::field(&refused).as_deref(),
                Some(field)
            );
        }
        assert!(changes(r#"{"approvers":[]}"#).applied_to(&before).is_ok());
    }
}
