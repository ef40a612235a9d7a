//! Looking at the Git host: where source and target stand, and whether they merge.

use sluice_git_host::{GitHostError, Mergeability as Found, Oid, RepoPath};
use sluice_kernel::Ctx;

use super::{ATTEMPTS, PullRequests, Result, branch_of, is_race, path_of};
use crate::{
    Mergeability, PullRequest, PullRequestError, PullRequestStatus, model::Sighting, store,
};

impl PullRequests {
    /// How an open pull request stands now. The merge is computed only when a head moved since
    /// `pull_request` was saved.
    pub(crate) async fn look(&self, ctx: &Ctx, pull_request: &PullRequest) -> Result<Sighting> {
        let path = path_of(pull_request)?;
        let source = branch_of(&pull_request.source_branch)?;
        let target = branch_of(&pull_request.target_branch)?;
        let source = self.git.head(&path, &source).await?;
        let target = self.git.head(&path, &target).await?;
        let (mergeability, conflict_paths) = match (source, target) {
            (Some(source), Some(target)) => {
                self.mergeability(pull_request, &path, source, target)
                    .await?
            }
            _ => (Mergeability::Unknown, Vec::new()),
        };
        let sha = |head: Option<Oid>, kept: &String| head.map_or(kept.clone(), |h| h.to_string());
        let source_sha = sha(source, &pull_request.source_sha);
        let repository = pull_request.repository_id;
        Ok(Sighting {
            checks: store::checks(&self.store, ctx, repository, &source_sha).await?,
            source_sha,
            target_sha: sha(target, &pull_request.target_sha),
            mergeability,
            conflict_paths,
        })
    }

    async fn mergeability(
        &self,
        pull_request: &PullRequest,
        path: &RepoPath,
        source: Oid,
        target: Oid,
    ) -> Result<(Mergeability, Vec<String>)> {
        let known = (&pull_request.source_sha, &pull_request.target_sha);
        let is_known = known == (&source.to_string(), &target.to_string());
        if is_known && pull_request.mergeability != Mergeability::Unknown {
            let paths = pull_request.conflict_paths.clone();
            return Ok((pull_request.mergeability, paths));
        }
        match self.git.mergeable(path, &target, &source).await {
            Ok(Found::Clean) => Ok((Mergeability::Clean, Vec::new())),
            Ok(Found::UpToDate) => Ok((Mergeability::UpToDate, Vec::new())),
            Ok(Found::Conflicts { paths }) => Ok((Mergeability::Conflicting, paths)),
            // A source that was made anew from another root.
            Err(GitHostError::Unrelated { .. }) => Ok((Mergeability::Unknown, Vec::new())),
            Err(error) => Err(error.into()),
        }
    }

    /// Brings what is kept of an open pull request up to how it stands now.
    pub(crate) async fn refresh(
        &self,
        ctx: &Ctx,
        pull_request: PullRequest,
    ) -> Result<PullRequest> {
        let mut pull_request = pull_request;
        for _ in 0..ATTEMPTS {
            if pull_request.status != PullRequestStatus::Open {
                return Ok(pull_request);
            }
            let sighting = self.look(ctx, &pull_request).await?;
            let now = self.store.clock().now();
            if !pull_request.see(&sighting, now) {
                return Ok(pull_request);
            }
            pull_request.meta.touch(ctx, now);
            match self.save_quietly(ctx, &mut pull_request).await {
                Ok(()) => return Ok(pull_request),
                Err(error) if is_race(&error) => {
                    pull_request = self.load(ctx, pull_request.id).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(PullRequestError::Contended)
    }

    /// Saves a change that is no event.
    pub(crate) async fn save_quietly(
        &self,
        ctx: &Ctx,
        pull_request: &mut PullRequest,
    ) -> Result<()> {
        let tx = self.store.begin(ctx).await?;
        store::update(&tx, pull_request).await?;
        tx.commit([]).await?;
        Ok(())
    }
}
