//! Reading what a commit holds, from the Git host.

use sluice_git_host::{DiffLimits, FileContent, FileDiff, Oid, RepoPath, TreeFile};
use sluice_kernel::Ctx;
use sluice_schema::{CommitId, Scope};

use super::{Commits, Result, place};
use crate::{Commit, CommitError, CommitStatus};

/// The largest file that is read in one piece, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;
/// The most files that one call lists.
const MAX_FILES: usize = 10_000;

impl Commits {
    /// What the commit changes against its first parent; a root commit against nothing. At most
    /// 1,000 files, patches up to 256 KiB each and 4 MiB in all.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` when its branch does not have it.
    pub async fn diff(&self, ctx: &Ctx, id: CommitId) -> Result<Vec<FileDiff>> {
        let (path, sha, commit) = self.on_branch(ctx, id).await?;
        let (from, limits) = (commit.base()?, DiffLimits::default());
        Ok(self.git.diff(&path, from.as_ref(), &sha, limits).await?)
    }

    /// The commit's files in the order of their paths, at most `limit` and never more than
    /// 10,000.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` when its branch does not have it.
    pub async fn files(&self, ctx: &Ctx, id: CommitId, limit: usize) -> Result<Vec<TreeFile>> {
        let (path, sha, _) = self.on_branch(ctx, id).await?;
        let limit = limit.min(MAX_FILES);
        Ok(self.git.list_files(&path, &sha, limit).await?)
    }

    /// One of the commit's files; `None` when it has none at `file`.
    ///
    /// # Errors
    /// `NOT_FOUND`; `FAILED_PRECONDITION` when its branch does not have it; `INVALID_INPUT` for
    /// the path; `LIMIT_EXCEEDED` above 16 MiB.
    pub async fn file(&self, ctx: &Ctx, id: CommitId, file: &str) -> Result<Option<FileContent>> {
        let (path, sha, _) = self.on_branch(ctx, id).await?;
        Ok(self.git.read_file(&path, &sha, file, MAX_FILE).await?)
    }

    async fn on_branch(&self, ctx: &Ctx, id: CommitId) -> Result<(RepoPath, Oid, Commit)> {
        ctx.require(Scope::Read)?;
        let commit = self.load(ctx, id).await?;
        let sha = match (&commit.sha, commit.status) {
            (Some(sha), CommitStatus::Created) => sha.parse()?,
            _ => return Err(CommitError::NotCreated),
        };
        let (path, _) = place(&commit)?;
        Ok((path, sha, commit))
    }
}
