//! Creating a branch, and recording a repository's default branch.

use std::sync::Arc;

use sluice_git_host::{BranchName, GitHostError, Oid, RefChange, RepoPath};
use sluice_kernel::{Ctx, Meta, Outcome, directory::RepositoryView};
use sluice_schema::{EventId, Scope, TypedId};

use super::{ATTEMPTS, Branches, Result, event_of, place, repository_path};
use crate::{
    Branch, BranchError, BranchStatus, CreateBranch,
    model::{default_branch_policy, open_policy},
    reactions::CONSUMER,
    store,
};

const COMMAND: &str = "createBranch";

impl Branches {
    /// Makes a branch at the repository's Git host.
    ///
    /// # Errors
    /// `FORBIDDEN`; `NOT_FOUND` for the repository; `INVALID_INPUT` when the name breaks a rule or
    /// `from` names nothing; `CONFLICT` when the name is taken by a branch with another base or
    /// clashes with one (`a` beside `a/b`); `FAILED_PRECONDITION` when the repository is archived.
    pub async fn create(&self, ctx: &Ctx, command: CreateBranch) -> Result<Outcome<Arc<Branch>>> {
        ctx.require(Scope::BranchesWrite)?;
        let name = command.validate()?;
        if let Some(id) = self.store.recall(ctx, COMMAND).await? {
            let id = id.parse().map_err(|_| BranchError::NotFound)?;
            let branch = self.load(ctx, id).await?;
            return Ok(Outcome::replayed(self.finish_creating(ctx, branch).await?));
        }
        let repository = self.repository(ctx, command.repository_id).await?;
        let path = repository_path(&repository)?;
        let given = match &command.from {
            Some(from) => Some(self.resolve(&path, from).await?),
            None => None,
        };
        for _ in 0..ATTEMPTS {
            let taken = store::find_live(&self.store, ctx, repository.id, name.as_str()).await?;
            if let Some(existing) = taken {
                if existing.status == BranchStatus::Deleting {
                    self.finish_deleting(ctx, existing).await?;
                    continue;
                }
                existing.ensure_base(given.map(|sha| sha.to_string()).as_deref())?;
                let branch = self.finish_creating(ctx, existing).await?;
                return Ok(Outcome::replayed(branch));
            }
            if name.as_str() == repository.default_branch {
                self.record_default(ctx, &repository, None).await?;
                continue;
            }
            if !repository.is_writable {
                return Err(BranchError::NotWritable);
            }
            let base = match given {
                Some(sha) => sha,
                None => self.resolve(&path, &repository.default_branch).await?,
            };
            if let Some(branch) = self.announce(ctx, &repository, &name, base).await? {
                return Ok(Outcome::done(self.finish_creating(ctx, branch).await?));
            }
        }
        Err(BranchError::Contended)
    }

    async fn resolve(&self, path: &RepoPath, from: &str) -> Result<Oid> {
        let refused = |rule: &str| BranchError::invalid("from", format!("from {rule}"));
        match self.git.resolve(path, from).await {
            Ok(Some(sha)) => Ok(sha),
            Ok(None) => Err(refused("names no branch or commit of the repository")),
            Err(GitHostError::InvalidName { rule, .. }) => {
                Err(refused(&format!("is not a branch or commit: {rule}")))
            }
            Err(error) => Err(error.into()),
        }
    }

    // The intent: from here on a crash is found and finished by the recovery loop. `None` when
    // somebody else took the name at the same time.
    async fn announce(
        &self,
        ctx: &Ctx,
        repository: &RepositoryView,
        name: &BranchName,
        base: Oid,
    ) -> Result<Option<Branch>> {
        let branch = Branch {
            policy: open_policy(),
            is_default: false,
            status: BranchStatus::Creating,
            ..self.new_branch(ctx, repository, name.as_str(), base)
        };
        let tx = self.store.begin(ctx).await?;
        let saved = match store::insert(&tx, &branch).await {
            Ok(()) => tx.remember(COMMAND, &branch.id.to_string()).await,
            refused => refused,
        };
        match saved {
            Ok(()) => {
                tx.commit([]).await?;
                Ok(Some(branch))
            }
            Err(error) if error.is_unique() => {
                drop(tx);
                let theirs =
                    store::find_live(&self.store, ctx, repository.id, name.as_str()).await?;
                // Without theirs it is the idempotency key that was taken, by another request.
                theirs.map(|_| None).ok_or(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn new_branch(&self, ctx: &Ctx, repository: &RepositoryView, name: &str, base: Oid) -> Branch {
        let now = self.store.clock().now();
        let (project, module) = (&repository.project_id, &repository.module_id);
        Branch {
            id: TypedId::generate(),
            meta: Meta::new(ctx, now, project.clone(), module.clone()),
            repository_id: repository.id,
            repository_name: repository.name.clone(),
            name: name.to_owned(),
            head_sha: base.to_string(),
            from_commit_sha: base.to_string(),
            policy: default_branch_policy(),
            is_default: true,
            status: BranchStatus::Active,
            reason: None,
        }
    }

    /// Acts on the intent and records the outcome; whoever finds a branch that is being created
    /// helps to finish it, and exactly one of the helpers announces it.
    pub(crate) async fn finish_creating(
        &self,
        ctx: &Ctx,
        mut branch: Branch,
    ) -> Result<Arc<Branch>> {
        if branch.status != BranchStatus::Creating {
            return match &branch.reason {
                Some(reason) => Err(BranchError::Refused {
                    reason: reason.clone(),
                }),
                None => Ok(Arc::new(branch)),
            };
        }
        let (path, name) = place(&branch)?;
        let base: Oid = branch.from_commit_sha.parse()?;
        let change = RefChange {
            expected: None,
            new: Some(base),
        };
        let (made, refusal) = match self.git.update_ref(&path, &name, change).await {
            Ok(()) => (true, None),
            Err(GitHostError::RefMoved { actual, .. }) if actual == Some(base) => (false, None),
            Err(GitHostError::RefMoved { .. }) => {
                let reason = "the Git host has a branch of this name at another commit";
                (false, Some(reason.to_owned()))
            }
            Err(error @ GitHostError::RefClash { .. }) => (false, Some(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        let event = match refusal {
            None => {
                let created = branch.created();
                Some(event_of(&branch, &created)?)
            }
            Some(reason) => {
                branch.refused(reason);
                None
            }
        };
        if !self.save(ctx, &mut branch, event).await? {
            if made {
                self.repair(ctx, &branch, base).await?;
            }
            branch = self.load(ctx, branch.id).await?;
        }
        match &branch.reason {
            Some(reason) => Err(BranchError::Refused {
                reason: reason.clone(),
            }),
            None => Ok(Arc::new(branch)),
        }
    }

    /// Records the default branch that a repository was provisioned with, once.
    pub(crate) async fn record_default(
        &self,
        ctx: &Ctx,
        repository: &RepositoryView,
        event: Option<EventId>,
    ) -> Result<()> {
        let (path, name) = (repository_path(repository)?, &repository.default_branch);
        for _ in 0..ATTEMPTS {
            let head = self.git.head(&path, &name.parse()?).await?;
            let head = head.ok_or(BranchError::NotFound)?;
            let tx = self.store.begin(ctx).await?;
            if let Some(event) = event
                && !tx.first_delivery(CONSUMER, event).await?
            {
                return Ok(());
            }
            if store::find_live_in(&tx, repository.id, name)
                .await?
                .is_some()
            {
                tx.commit([]).await?;
                return Ok(());
            }
            let branch = self.new_branch(ctx, repository, name, head);
            match store::insert(&tx, &branch).await {
                Ok(()) => {
                    tx.commit([event_of(&branch, &branch.announcement())?])
                        .await?;
                    return Ok(());
                }
                Err(error) if error.is_race() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(BranchError::Contended)
    }
}
