//! Opening.

use std::sync::Arc;

use sluice_git_host::{BranchName, GitHostError, Mergeability as Found, RepoPath};
use sluice_kernel::{Ctx, Meta, Outcome, directory::RepositoryView};
use sluice_schema::{Scope, TypedId};

use super::{ATTEMPTS, PullRequests, Result, announced, is_race};
use crate::{
    Mergeability, OpenPullRequest, PullRequest, PullRequestError, PullRequestStatus,
    model::Sighting, store,
};

const COMMAND: &str = "openPullRequest";

impl PullRequests {
    /// Asks for a source branch to be merged into a target branch. A pull request that conflicts
    /// may be opened; one without changes may not.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_INPUT`, `NOT_FOUND` for repository or branches, `CONFLICT` when the
    /// branches have an open pull request with another title, `FAILED_PRECONDITION` for an
    /// archived repository or a source without changes, `LIMIT_EXCEEDED` with 1,000 open ones.
    pub async fn open(
        &self,
        ctx: &Ctx,
        command: OpenPullRequest,
    ) -> Result<Outcome<Arc<PullRequest>>> {
        ctx.require(Scope::PullRequestsWrite)?;
        command.validate()?;
        if let Some(id) = self.store.recall(ctx, COMMAND).await? {
            let id = id.parse().map_err(|_| PullRequestError::NotFound)?;
            return Ok(Outcome::replayed(Arc::new(self.load(ctx, id).await?)));
        }
        let repository = self.writable_repository(ctx, command.repository_id).await?;
        let (source, target) = command.branches(&repository)?;
        let branches = (&source, &target);
        if let Some(existing) = self.find_matching(ctx, &command, branches).await? {
            return Ok(Outcome::replayed(Arc::new(existing)));
        }
        let mut draft = self.draft(ctx, &command, &repository, branches).await?;
        for _ in 0..ATTEMPTS {
            match self.insert(ctx, &mut draft).await {
                Ok(()) => return Ok(Outcome::done(Arc::new(draft))),
                Err(error) if is_race(&error) => {}
                Err(error) => return Err(error),
            }
            // Somebody took the branches, which answers this command, or only the number.
            if let Some(existing) = self.find_matching(ctx, &command, branches).await? {
                return Ok(Outcome::replayed(Arc::new(existing)));
            }
        }
        Err(PullRequestError::Contended)
    }

    async fn find_matching(
        &self,
        ctx: &Ctx,
        command: &OpenPullRequest,
        (source, target): (&BranchName, &BranchName),
    ) -> Result<Option<PullRequest>> {
        let names = (source.as_str(), target.as_str());
        let existing = store::find_open(&self.store, ctx, command.repository_id, names).await?;
        match existing {
            Some(existing) if existing.title != command.title => Err(PullRequestError::Taken {
                number: existing.number,
            }),
            existing => Ok(existing),
        }
    }

    /// The pull request but for its number, as source and target stand now.
    async fn draft(
        &self,
        ctx: &Ctx,
        command: &OpenPullRequest,
        repository: &RepositoryView,
        branches: (&BranchName, &BranchName),
    ) -> Result<PullRequest> {
        let now = self.store.clock().now();
        let (project, module) = (repository.project_id.clone(), repository.module_id.clone());
        let (tenant, name) = (ctx.tenant().as_str(), &repository.name);
        let path = RepoPath::new(tenant, project.as_str(), name)?;
        let sighting = self.sight_new(&path, branches).await?;
        let mut draft = PullRequest {
            id: TypedId::generate(),
            meta: Meta::new(ctx, now, project, module),
            repository_id: repository.id,
            repository_name: name.clone(),
            number: 0,
            title: command.title.clone(),
            description: command.description.clone(),
            source_branch: branches.0.to_string(),
            target_branch: branches.1.to_string(),
            source_sha: sighting.source_sha.clone(),
            target_sha: sighting.target_sha.clone(),
            status: PullRequestStatus::Open,
            author: ctx.actor().id.clone(),
            reviews: Vec::new(),
            checks: Vec::new(),
            mergeability: Mergeability::Unknown,
            conflict_paths: Vec::new(),
            merge_intent: None,
            strategy: None,
            merge_commit_sha: None,
            tree_hash: None,
            parent_shas: Vec::new(),
            created_shas: Vec::new(),
            merged_by: None,
            merged_at: None,
            delete_source_branch: false,
            reason: None,
        };
        draft.see(&sighting, now);
        Ok(draft)
    }

    async fn sight_new(
        &self,
        path: &RepoPath,
        (source, target): (&BranchName, &BranchName),
    ) -> Result<Sighting> {
        let source_head = self.git.head(path, source).await.map_err(no_repository)?;
        let source_head = source_head.ok_or_else(|| no_branch("sourceBranch", source))?;
        let target_head = self.git.head(path, target).await?;
        let target_head = target_head.ok_or_else(|| no_branch("targetBranch", target))?;
        let found = self.git.mergeable(path, &target_head, &source_head).await?;
        let (mergeability, conflict_paths) = match found {
            Found::Clean => (Mergeability::Clean, Vec::new()),
            Found::Conflicts { paths } => (Mergeability::Conflicting, paths),
            Found::UpToDate => {
                return Err(PullRequestError::UpToDate {
                    source_branch: source.to_string(),
                    target_branch: target.to_string(),
                });
            }
        };
        Ok(Sighting {
            source_sha: source_head.to_string(),
            target_sha: target_head.to_string(),
            mergeability,
            conflict_paths,
            checks: Vec::new(),
        })
    }

    /// Gives the number and saves, with what is known of the head by then.
    async fn insert(&self, ctx: &Ctx, draft: &mut PullRequest) -> Result<()> {
        let tx = self.store.begin(ctx).await?;
        if store::count_open(&tx, draft.repository_id).await? >= store::MAX_OPEN {
            return Err(PullRequestError::TooManyOpen {
                limit: store::MAX_OPEN,
            });
        }
        draft.number = store::next_number(&tx, draft.repository_id).await?;
        for check in store::checks_in(&tx, draft.repository_id, &draft.source_sha).await? {
            draft.record_check(&check);
        }
        store::insert(&tx, draft).await?;
        tx.remember(COMMAND, &draft.id.to_string()).await?;
        let event = announced(draft, &draft.opened())?;
        tx.commit([event]).await?;
        Ok(())
    }
}

fn no_branch(field: &'static str, name: &BranchName) -> PullRequestError {
    PullRequestError::NoBranch {
        field,
        name: name.to_string(),
    }
}

fn no_repository(error: GitHostError) -> PullRequestError {
    match error {
        GitHostError::NotFound { .. } => PullRequestError::NoRepository,
        error => error.into(),
    }
}
