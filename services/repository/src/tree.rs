//! What a repository holds, read from the Git host.

use sluice_git_host::{Oid, RepoPath};
use sluice_kernel::Ctx;
use sluice_schema::{RepositoryId, Scope};

use crate::{Repositories, RepositoryError};

/// Files that one commit is listed with; more are not reached.
const MAX_FILES: usize = 200_000;

/// What a branch or commit holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryTree {
    /// The commit, 40 hex digits.
    pub commit_sha: String,
    /// Git object id of its tree.
    pub tree_hash: String,
}

/// One file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryFile {
    /// Its path, with `/` between its parts.
    pub path: String,
    /// Git object id of its content.
    pub oid: String,
    /// Bytes.
    pub size: u64,
    /// The executable bit.
    pub executable: bool,
}

/// Some files of a commit, in the order of their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePage {
    /// The files.
    pub files: Vec<RepositoryFile>,
    /// Whether files follow.
    pub has_next: bool,
}

impl Repositories {
    /// The commit and tree that `rev` names: 40 hexadecimal digits, `HEAD`, a branch, or an
    /// unambiguous prefix of at least 7 digits. `None` when there is none.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT` when `rev` could name nothing, and what the
    /// Git host fails with.
    pub async fn tree(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
        rev: &str,
    ) -> Result<Option<RepositoryTree>, RepositoryError> {
        let path = self.place(ctx, id).await?;
        let Some(commit) = self.git().resolve(&path, rev).await? else {
            return Ok(None);
        };
        let commit = self.git().commit(&path, &commit).await?;
        Ok(commit.map(|commit| RepositoryTree {
            commit_sha: commit.id.to_string(),
            tree_hash: commit.tree.to_string(),
        }))
    }

    /// At most `limit` files of a commit, after the path `after` in the order of their paths.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT` for the commit, and what the Git host fails with.
    pub async fn files(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
        commit_sha: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<FilePage, RepositoryError> {
        let path = self.place(ctx, id).await?;
        let commit: Oid = commit_sha.parse()?;
        let all = self.git().list_files(&path, &commit, MAX_FILES).await?;
        // Byte order is the order of paths, whatever the folders are.
        let mut files: Vec<_> = all
            .into_iter()
            .filter(|file| after.is_none_or(|after| file.path.as_str() > after))
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let has_next = files.len() > limit;
        files.truncate(limit);
        let files = files.into_iter().map(|file| RepositoryFile {
            path: file.path,
            oid: file.oid.to_string(),
            size: file.size,
            executable: file.executable,
        });
        Ok(FilePage {
            files: files.collect(),
            has_next,
        })
    }

    async fn place(&self, ctx: &Ctx, id: RepositoryId) -> Result<RepoPath, RepositoryError> {
        ctx.require(Scope::Read)?;
        let repository = self.get(ctx, id).await?;
        let meta = &repository.meta;
        let (tenant, project) = (meta.tenant_id.as_str(), meta.project_id.as_str());
        Ok(RepoPath::new(tenant, project, &repository.name)?)
    }
}
