//! The Branch aggregate: pure, without store or provider.

use sluice_kernel::{Meta, text_enum};
use sluice_schema::{
    BranchId, RepositoryId,
    events::{BranchCreated, BranchDeleted, BranchPolicy, BranchPolicyChanged},
};

use crate::BranchError;

text_enum! {
    /// Where a branch is in its life.
    BranchStatus {
        /// Announced; the Git host has not confirmed it.
        Creating = "CREATING",
        /// It exists.
        Active = "ACTIVE",
        /// It is to go; the Git host has not confirmed it.
        Deleting = "DELETING",
        /// It is gone, and its name is free again.
        Deleted = "DELETED",
    }
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its id.
    pub id: BranchId,
    /// Ownership, audit fields and version.
    pub meta: Meta,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The repository's name; with tenant and project, its place at the Git host.
    pub repository_name: String,
    /// Short name, without `refs/heads/`; unique in the repository until it is deleted.
    pub name: String,
    /// The commit that it points at; after its deletion, the one that it pointed at last.
    pub head_sha: String,
    /// The commit that it started from.
    pub from_commit_sha: String,
    /// What it demands of changes.
    pub policy: BranchPolicy,
    /// Whether it is the repository's default branch.
    pub is_default: bool,
    /// Where it is in its life.
    pub status: BranchStatus,
    /// Why the Git host refused to create it; such a branch is `DELETED` and never was.
    pub reason: Option<String>,
}

/// Everyone may commit to a branch that nobody gave a policy.
pub(crate) fn open_policy() -> BranchPolicy {
    BranchPolicy {
        is_protected: false,
        required_approvals: 0,
        required_checks: Vec::new(),
    }
}

/// A default branch changes through pull requests alone, from its first moment.
pub(crate) fn default_branch_policy() -> BranchPolicy {
    BranchPolicy {
        is_protected: true,
        ..open_policy()
    }
}

impl Branch {
    /// Refuses a command that asks for this branch with another base; without a base it asks
    /// for the branch as it is.
    pub(crate) fn ensure_base(&self, base: Option<&str>) -> Result<(), BranchError> {
        match base {
            Some(base) if base != self.from_commit_sha => Err(BranchError::NameTaken {
                name: self.name.clone(),
                from_commit_sha: self.from_commit_sha.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The event of a branch that the Git host has.
    pub(crate) fn announcement(&self) -> BranchCreated {
        BranchCreated {
            branch_id: self.id,
            repository_id: self.repository_id,
            name: self.name.clone(),
            from_commit_sha: self.from_commit_sha.clone(),
            policy: self.policy.clone(),
        }
    }

    /// The Git host has it.
    pub(crate) fn created(&mut self) -> BranchCreated {
        self.status = BranchStatus::Active;
        self.announcement()
    }

    /// The Git host will not have it: its name is free again.
    pub(crate) fn refused(&mut self, reason: String) {
        self.status = BranchStatus::Deleted;
        self.reason = Some(reason);
    }

    /// Notes where the Git host has its head; `false` when that is known.
    pub(crate) fn moved_to(&mut self, head_sha: &str) -> bool {
        if self.status != BranchStatus::Active || self.head_sha == head_sha {
            return false;
        }
        head_sha.clone_into(&mut self.head_sha);
        true
    }

    /// Changes what it demands; `None` when it demands that already.
    pub(crate) fn set_policy(
        &mut self,
        policy: BranchPolicy,
    ) -> Result<Option<BranchPolicyChanged>, BranchError> {
        if matches!(self.status, BranchStatus::Deleting | BranchStatus::Deleted) {
            return Err(BranchError::Deleted);
        }
        if self.policy == policy {
            return Ok(None);
        }
        self.policy = policy;
        Ok(Some(BranchPolicyChanged {
            branch_id: self.id,
            repository_id: self.repository_id,
            name: self.name.clone(),
            policy: self.policy.clone(),
        }))
    }

    /// Refuses to let go of a branch that must stay.
    pub(crate) fn ensure_deletable(&self) -> Result<(), BranchError> {
        if self.is_default {
            Err(BranchError::DefaultBranch)
        } else if self.policy.is_protected {
            Err(BranchError::Protected)
        } else {
            Ok(())
        }
    }

    /// It is to go, if its head stays where it is.
    pub(crate) fn begin_deleting(&mut self, head_sha: String) {
        self.status = BranchStatus::Deleting;
        self.head_sha = head_sha;
    }

    /// A commit came in between: it stays after all, so that no work is lost.
    pub(crate) fn keep(&mut self, head_sha: String) {
        self.status = BranchStatus::Active;
        self.head_sha = head_sha;
    }

    /// The Git host has it no more.
    pub(crate) fn deleted(&mut self) -> BranchDeleted {
        self.status = BranchStatus::Deleted;
        BranchDeleted {
            branch_id: self.id,
            repository_id: self.repository_id,
            name: self.name.clone(),
            head_sha: self.head_sha.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_kernel::{Ctx, Fault, time_of_micros};
    use sluice_schema::{ErrorCode, TypedId};

    fn branch(is_default: bool, policy: BranchPolicy) -> Branch {
        let ctx = Ctx::for_system("branch", "acme".parse().unwrap(), "t", "c");
        Branch {
            id: BranchId::generate(),
            meta: Meta::new(&ctx, time_of_micros(0), "web".parse().unwrap(), None),
            repository_id: RepositoryId::generate(),
            repository_name: "shop".into(),
            name: "feature/x".into(),
            head_sha: "a".repeat(40),
            from_commit_sha: "a".repeat(40),
            policy,
            is_default,
            status: BranchStatus::Active,
            reason: None,
        }
    }

    #[test]
    fn default_and_protected_branches_cannot_be_deleted() {
        let code = |branch: Branch| branch.ensure_deletable().unwrap_err().code();
        let default = branch(true, open_policy());
        assert_eq!(code(default), ErrorCode::FailedPrecondition);
        let protected = branch(false, default_branch_policy());
        assert_eq!(code(protected), ErrorCode::BranchProtected);
        branch(false, open_policy()).ensure_deletable().unwrap();
    }

    #[test]
    fn the_same_policy_again_changes_nothing() {
        let mut branch = branch(false, open_policy());
        assert_eq!(branch.set_policy(open_policy()).unwrap(), None);
        let change = branch.set_policy(default_branch_policy()).unwrap();
        assert!(change.unwrap().policy.is_protected);
        branch.begin_deleting("b".repeat(40));
        assert!(branch.set_policy(open_policy()).is_err());
    }

    #[test]
    fn another_base_is_a_conflict_and_no_base_is_not() {
        let branch = branch(false, open_policy());
        branch.ensure_base(None).unwrap();
        branch.ensure_base(Some(&"a".repeat(40))).unwrap();
        let refused = branch.ensure_base(Some(&"b".repeat(40))).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Conflict);
    }

    #[test]
    fn only_an_active_branch_follows_the_git_host() {
        let mut branch = branch(false, open_policy());
        assert!(!branch.moved_to(&"a".repeat(40)));
        assert!(branch.moved_to(&"b".repeat(40)));
        branch.begin_deleting("b".repeat(40));
        assert!(!branch.moved_to(&"c".repeat(40)));
    }
}
