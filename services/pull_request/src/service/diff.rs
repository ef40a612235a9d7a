//! What a pull request changes.

use std::collections::BTreeSet;

use sluice_git_host::{CommitInfo, DiffLimits, FileDiff, Oid, RepoPath};
use sluice_kernel::Ctx;
use sluice_schema::{PullRequestId, Scope};

use super::{PullRequests, Result, path_of};
use crate::{PullRequest, PullRequestError, PullRequestStatus};

/// Commits that a diff looks through for the place where the source left the target.
const MAX_COMMITS: usize = 1_000;

/// The changes that a pull request brings into its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestDiff {
    /// The commit that the changes are counted from: where the source left the target, or what
    /// the target was before the merge.
    pub base_sha: String,
    /// The commit that holds the changes.
    pub head_sha: String,
    /// The files, sorted as Git sorts; at most as many as the limits allow.
    pub files: Vec<FileDiff>,
}

impl PullRequests {
    /// What the pull request changes: while it is open, what the source changed since it left
    /// the target; once merged, what the merge changed on the target.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `LIMIT_EXCEEDED` when the source has more than 1,000 commits
    /// that the target lacks, and what the Git host fails with.
    pub async fn diff(
        &self,
        ctx: &Ctx,
        id: PullRequestId,
        limits: DiffLimits,
    ) -> Result<PullRequestDiff> {
        ctx.require(Scope::Read)?;
        let pull_request = self.load(ctx, id).await?;
        self.diff_of(ctx, &pull_request, limits).await
    }

    /// What a pull request that was read changes; see [`diff`](Self::diff).
    ///
    /// # Errors
    /// As there.
    pub async fn diff_of(
        &self,
        ctx: &Ctx,
        pull_request: &PullRequest,
        limits: DiffLimits,
    ) -> Result<PullRequestDiff> {
        ctx.require(Scope::Read)?;
        let path = path_of(pull_request)?;
        let (base, head) = self.ends(pull_request, &path).await?;
        Ok(PullRequestDiff {
            base_sha: base.to_string(),
            head_sha: head.to_string(),
            files: self.git.diff(&path, Some(&base), &head, limits).await?,
        })
    }

    /// The commits that the pull request brings, newest first, at most `limit` and 1,000.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, and what the Git host fails with.
    pub async fn commits(
        &self,
        ctx: &Ctx,
        id: PullRequestId,
        limit: usize,
    ) -> Result<Vec<CommitInfo>> {
        ctx.require(Scope::Read)?;
        let pull_request = self.load(ctx, id).await?;
        let path = path_of(&pull_request)?;
        let source: Oid = pull_request.source_sha.parse()?;
        let target: Oid = pull_request.target_sha.parse()?;
        let limit = limit.min(MAX_COMMITS);
        Ok(self.git.log(&path, &source, Some(&target), limit).await?)
    }

    async fn ends(&self, pull_request: &PullRequest, path: &RepoPath) -> Result<(Oid, Oid)> {
        let source: Oid = pull_request.source_sha.parse()?;
        let target: Oid = pull_request.target_sha.parse()?;
        match (&pull_request.status, &pull_request.merge_commit_sha) {
            (PullRequestStatus::Merged, Some(merged)) => Ok((target, merged.parse()?)),
            _ => Ok((self.fork_point(path, target, source).await?, source)),
        }
    }

    /// Where the source left the target, or last took it in: of the parents that the source's
    /// own commits have on the target, the one that all others lead to.
    async fn fork_point(&self, path: &RepoPath, target: Oid, source: Oid) -> Result<Oid> {
        let own = self
            .git
            .log(path, &source, Some(&target), MAX_COMMITS)
            .await?;
        if own.is_empty() {
            return Ok(source);
        }
        if own.len() >= MAX_COMMITS {
            return Err(PullRequestError::TooManyCommits { limit: MAX_COMMITS });
        }
        let ids: BTreeSet<Oid> = own.iter().map(|commit| commit.id).collect();
        let parents = own.iter().flat_map(|commit| &commit.parents);
        let shared: BTreeSet<Oid> = parents.filter(|id| !ids.contains(*id)).copied().collect();
        let mut best: Option<Oid> = None;
        for candidate in shared {
            best = match best {
                Some(best) if !self.git.is_ancestor(path, &best, &candidate).await? => Some(best),
                _ => Some(candidate),
            };
        }
        Ok(best.unwrap_or(target))
    }
}
