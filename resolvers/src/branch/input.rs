//! What callers say about branches.

use async_graphql::{ID, InputObject};
use sluice_branch as service;
use sluice_schema::events;

use super::BranchStatus;
use crate::fault::{InputFault, id, optional_id, optional_name};

/// Which branches a list shows; absent fields do not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct BranchFilter {
    /// Of this project.
    pub project_id: Option<ID>,
    /// Of this repository.
    pub repository_id: Option<ID>,
    /// Of exactly this name.
    pub name: Option<String>,
    /// Of this status.
    pub status: Option<BranchStatus>,
    /// Default branches, or the others.
    pub is_default: Option<bool>,
    /// Protected branches, or the others.
    pub is_protected: Option<bool>,
    /// Also the deleted ones, which are left out otherwise unless `status` asks for them.
    #[graphql(default)]
    pub include_deleted: bool,
}

impl TryFrom<BranchFilter> for service::BranchFilter {
    type Error = InputFault;
    fn try_from(filter: BranchFilter) -> Result<Self, InputFault> {
        Ok(Self {
            project_id: optional_name("filter.projectId", filter.project_id.as_ref())?,
            repository_id: optional_id("filter.repositoryId", filter.repository_id.as_ref())?,
            name: filter.name,
            status: filter.status.map(Into::into),
            is_default: filter.is_default,
            is_protected: filter.is_protected,
            include_deleted: filter.include_deleted,
        })
    }
}

/// Makes a branch. The repository and name are its natural key.
#[derive(InputObject, Debug, Clone)]
pub struct CreateBranchInput {
    /// The repository.
    pub repository_id: ID,
    /// Short name, as `git check-ref-format --branch` accepts it.
    pub name: String,
    /// A branch or a commit id to start from; the default branch when absent.
    pub from: Option<String>,
}

impl TryFrom<CreateBranchInput> for service::CreateBranch {
    type Error = InputFault;
    fn try_from(input: CreateBranchInput) -> Result<Self, InputFault> {
        Ok(Self {
            repository_id: id("repositoryId", &input.repository_id)?,
            name: input.name,
            from: input.from,
        })
    }
}

/// What a branch shall demand of changes to it.
#[derive(InputObject, Debug, Clone)]
pub struct BranchPolicyInput {
    /// Changes only through pull requests.
    pub is_protected: bool,
    /// Approvals that a pull request needs, of distinct people, never its author; up to 20.
    #[graphql(default)]
    pub required_approvals: u32,
    /// Names of checks that must have succeeded on the pull request's head; up to 20.
    #[graphql(default)]
    pub required_checks: Vec<String>,
}

/// Changes what a branch demands of changes.
#[derive(InputObject, Debug, Clone)]
pub struct SetBranchPolicyInput {
    /// The branch.
    pub branch_id: ID,
    /// The whole policy.
    pub policy: BranchPolicyInput,
    /// Refuse when the branch is not at this version.
    pub expected_version: Option<i64>,
}

impl TryFrom<SetBranchPolicyInput> for service::SetBranchPolicy {
    type Error = InputFault;
    fn try_from(input: SetBranchPolicyInput) -> Result<Self, InputFault> {
        Ok(Self {
            branch_id: id("branchId", &input.branch_id)?,
            policy: events::BranchPolicy {
                is_protected: input.policy.is_protected,
                required_approvals: input.policy.required_approvals,
                required_checks: input.policy.required_checks,
            },
            expected_version: input.expected_version,
        })
    }
}

/// Removes a branch; its commits stay.
#[derive(InputObject, Debug, Clone)]
pub struct DeleteBranchInput {
    /// The branch; neither the default branch nor a protected one.
    pub branch_id: ID,
}

impl TryFrom<DeleteBranchInput> for service::DeleteBranch {
    type Error = InputFault;
    fn try_from(input: DeleteBranchInput) -> Result<Self, InputFault> {
        Ok(Self {
            branch_id: id("branchId", &input.branch_id)?,
        })
    }
}
