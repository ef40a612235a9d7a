//! Validated inputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_git_host::{BranchName, GitHostError};
use sluice_kernel::reserved_branch;
use sluice_schema::{BranchId, RepositoryId, events::BranchPolicy};

use crate::BranchError;

/// Makes a branch.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateBranch {
    /// The repository.
    pub repository_id: RepositoryId,
    /// Short name, as `git check-ref-format --branch` accepts it.
    pub name: String,
    /// A branch or a commit id to start from; the default branch when absent.
    pub from: Option<String>,
}

/// Removes a branch.
#[derive(Debug, Clone)]
pub struct DeleteBranch {
    /// The branch.
    pub branch_id: BranchId,
}

/// Changes what a branch demands of changes.
#[derive(Debug, Clone)]
pub struct SetBranchPolicy {
    /// The branch.
    pub branch_id: BranchId,
    /// The whole policy.
    pub policy: BranchPolicy,
    /// Refuse when the branch is not at this version.
    pub expected_version: Option<i64>,
}

const MAX_APPROVALS: u32 = 20;
const MAX_CHECKS: usize = 20;
const MAX_CHECK_NAME: usize = 100;

impl CreateBranch {
    pub(crate) fn validate(&self) -> Result<BranchName, BranchError> {
        if let Some(rule) = reserved_branch(&self.name) {
            return Err(BranchError::invalid("name", rule));
        }
        self.name
            .parse()
            .map_err(|error: GitHostError| match error {
                GitHostError::InvalidName { rule, .. } => {
                    BranchError::invalid("name", format!("name is not a branch name: {rule}"))
                }
                other => other.into(),
            })
    }
}

impl SetBranchPolicy {
    /// Checks every field; what it returns is the policy in the form that is kept.
    pub(crate) fn validate(&self) -> Result<BranchPolicy, BranchError> {
        let policy = &self.policy;
        if policy.required_approvals > MAX_APPROVALS {
            let rule = format!("requiredApprovals must be 0 to {MAX_APPROVALS}");
            return Err(BranchError::invalid("policy.requiredApprovals", rule));
        }
        if policy.required_checks.len() > MAX_CHECKS {
            let rule = format!("requiredChecks must name at most {MAX_CHECKS} checks");
            return Err(BranchError::invalid("policy.requiredChecks", rule));
        }
        for (index, check) in policy.required_checks.iter().enumerate() {
            if let Some(rule) = check_name_rule(check, &policy.required_checks[..index]) {
                let field = format!("policy.requiredChecks[{index}]");
                return Err(BranchError::invalid(field, rule));
            }
        }
        let mut policy = policy.clone();
        // The order has no meaning; sorted, equal policies are equal.
        policy.required_checks.sort();
        Ok(policy)
    }
}

fn check_name_rule(name: &str, before: &[String]) -> Option<String> {
    let length = name.chars().count();
    if !(1..=MAX_CHECK_NAME).contains(&length) || name.trim() != name {
        let rule = "a check's name has 1 to {} characters without blanks around them";
        return Some(rule.replace("{}", &MAX_CHECK_NAME.to_string()));
    }
    if name.chars().any(char::is_control) {
        return Some("a check's name has no control characters".to_owned());
    }
    before
        .iter()
        .any(|other| other == name)
        .then(|| "requiredChecks names a check twice".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_kernel::Fault;
    use sluice_schema::TypedId;

    fn refused(required_approvals: u32, checks: &[&str]) -> Option<String> {
        let command = SetBranchPolicy {
            branch_id: BranchId::generate(),
            policy: BranchPolicy {
                is_protected: true,
                required_approvals,
                required_checks: checks.iter().map(ToString::to_string).collect(),
            },
            expected_version: None,
        };
        command.validate().err().and_then(|error| error.field())
    }

    #[test]
    fn a_bad_policy_names_the_field() {
        assert_eq!(refused(2, &["build", "lint"]), None);
        let field = |name: &str| Some(format!("policy.{name}"));
        assert_eq!(refused(21, &[]), field("requiredApprovals"));
        assert_eq!(refused(0, &["a"; 21]), field("requiredChecks"));
        for bad in ["", " a", "a\n", &"x".repeat(101)] {
            assert_eq!(refused(0, &["ok", bad]), field("requiredChecks[1]"));
        }
        assert_eq!(refused(0, &["a", "a"]), field("requiredChecks[1]"));
    }

    #[test]
    fn a_bad_branch_name_names_the_field() {
        let command = CreateBranch {
            repository_id: RepositoryId::generate(),
            name: "a b".into(),
            from: None,
        };
        let refused = command.validate().unwrap_err();
        assert_eq!(refused.field().as_deref(), Some("name"));
    }
}
