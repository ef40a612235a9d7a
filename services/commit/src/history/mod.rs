//! How far the history of a branch has been told: pure, without store or provider.

pub(crate) mod entity;
mod telling;

use sluice_git_host::{BranchName, Oid};
use sluice_kernel::{Ctx, Meta, directory::RepositoryView};
use sluice_schema::RepositoryId;

pub(crate) use telling::{Told, events_of};

use crate::entity::branch_key;

/// How far the history of one branch has been told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BranchHistory {
    /// Repository and branch in one text.
    pub(crate) id: String,
    /// Ownership, audit fields and version.
    pub(crate) meta: Meta,
    /// The repository.
    pub(crate) repository_id: RepositoryId,
    /// The branch, short name.
    pub(crate) branch: String,
    /// The commit that is told with all that it descends from.
    pub(crate) head: Option<Oid>,
    /// Of the default branch: the number of that commit on the first-parent line.
    pub(crate) landings: u64,
    /// Where the branch pointed when the telling under way began.
    pub(crate) target: Option<Oid>,
    /// Of the default branch: how many commits of the order from `head` to `target` are told. Of
    /// others: how many commits were told at once, as all that have not landed; 0 when not all.
    pub(crate) told: u64,
    /// Whether the store has it.
    pub(crate) stored: bool,
}

impl BranchHistory {
    /// Of a branch of which nothing is told.
    pub(crate) fn begin(
        ctx: &Ctx,
        now: chrono::DateTime<chrono::Utc>,
        repository: &RepositoryView,
        branch: &BranchName,
    ) -> Self {
        let (project, module) = (repository.project_id.clone(), repository.module_id.clone());
        Self {
            id: branch_key(repository.id, branch.as_str()),
            meta: Meta::new(ctx, now, project, module),
            repository_id: repository.id,
            branch: branch.to_string(),
            head: None,
            landings: 0,
            target: None,
            told: 0,
            stored: false,
        }
    }

    /// Everything up to `head` is told.
    pub(crate) fn arrive(&mut self, head: Oid, landings: u64) {
        self.head = Some(head);
        self.landings = landings;
        self.target = None;
        self.told = 0;
    }

    /// The telling goes on later, after `told` commits of the order from `head`, the `landings`th
    /// of the line.
    pub(crate) fn pause(&mut self, (head, landings): (Option<Oid>, u64), target: Oid, told: u64) {
        self.head = head;
        self.landings = landings;
        self.target = Some(target);
        self.told = told;
    }
}
