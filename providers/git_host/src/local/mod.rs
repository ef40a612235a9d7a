//! The local provider: bare repositories below one root folder.

mod checkout;
mod commit;
mod diff;
mod history;
mod http;
mod merge;
mod message;
mod patch_ids;
mod process;
mod provision;
mod read;
mod rebase;
mod refs;
mod said;
mod stage;
mod tree_view;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::{Doing, DoingIo, GitHostError, Result};
use crate::history::{BranchPoint, History, HistoryRequest, LinePoint};
use crate::limits::{DiffLimits, Limits};
use crate::names::{BranchName, Oid, RepoPath};
use crate::port::{ByteStream, GitHost, RequestBody};
use crate::types::{
    CommitInfo, CommitSpec, FileChange, FileContent, FileDiff, MergeOutcome, MergeSpec,
    Mergeability, Provisioned, RefChange, Signature, Staged, TreeFile,
};

/// A Git host on the local disk: `<root>/<tenant>/<project>/<name>.git`, each a bare repository.
///
/// Any number of processes may share a root on one machine. Diffs, checkouts and serving spawn the
/// `git` program, which must be on the `PATH`; everything else works without it.
#[derive(Debug, Clone)]
pub struct LocalGitHost {
    root: Arc<Path>,
    limits: Limits,
}

impl LocalGitHost {
    /// Uses the folder `root`, making it if needed. Errors with `Io`.
    pub fn new(root: impl Into<PathBuf>, limits: Limits) -> Result<Self> {
        let root = root.into();
        std::fs::create_dir_all(&root).doing_io("making the repository root")?;
        // Absolute, because checkouts record where their objects are.
        let root = root.canonicalize().doing_io("making the repository root")?;
        Ok(Self {
            root: root.into(),
            limits,
        })
    }

    /// The bounds in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The folder of a repository, whether or not it exists.
    pub fn git_dir(&self, repo: &RepoPath) -> PathBuf {
        repo.git_dir(&self.root)
    }

    fn existing(&self, repo: &RepoPath) -> Result<PathBuf> {
        let dir = self.git_dir(repo);
        if dir.join("HEAD").is_file() {
            Ok(dir)
        } else {
            Err(GitHostError::not_found(format_args!("repository `{repo}`")))
        }
    }

    /// Opens the repository off the async threads and works on it there.
    async fn with<T: Send + 'static>(
        &self,
        repo: &RepoPath,
        work: impl FnOnce(&gix::Repository, &Limits) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let dir = self.existing(repo)?;
        let limits = self.limits;
        blocking(move || work(&open(&dir)?, &limits)).await
    }

    async fn require_commit(&self, repo: &RepoPath, id: &Oid) -> Result<PathBuf> {
        let id = *id;
        self.with(repo, move |git, _| commit::find(git, id).map(|_| ()))
            .await?;
        Ok(self.git_dir(repo))
    }
}

/// Runs blocking work on the pool for it; a panic there comes back as an error.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .doing("running a blocking task")?
}

/// Opens a repository with its own configuration alone: no environment, no user or system files.
fn open(dir: &Path) -> Result<gix::Repository> {
    let options = gix::open::Options::isolated()
        .open_path_as_is(true)
        .with(gix::sec::Trust::Full)
        .strict_config(true);
    let mut repo = gix::open_opts(dir, options).doing("opening the repository")?;
    repo.object_cache_size_if_unset(4 * 1024 * 1024);
    Ok(repo)
}

#[async_trait]
impl GitHost for LocalGitHost {
    async fn provision(
        &self,
        repo: &RepoPath,
        default_branch: &BranchName,
        signature: &Signature,
    ) -> Result<Provisioned> {
        let dir = self.git_dir(repo);
        let (branch, signature) = (default_branch.clone(), signature.clone());
        blocking(move || provision::provision(&dir, &branch, &signature)).await
    }

    async fn exists(&self, repo: &RepoPath) -> Result<bool> {
        Ok(self.existing(repo).is_ok())
    }

    async fn branches(&self, repo: &RepoPath) -> Result<Vec<(BranchName, Oid)>> {
        self.with(repo, |git, _| refs::branches(git)).await
    }

    async fn head(&self, repo: &RepoPath, branch: &BranchName) -> Result<Option<Oid>> {
        let branch = branch.clone();
        self.with(repo, move |git, _| refs::head(git, &branch))
            .await
    }

    async fn update_ref(
        &self,
        repo: &RepoPath,
        branch: &BranchName,
        change: RefChange,
    ) -> Result<()> {
        let branch = branch.clone();
        self.with(repo, move |git, limits| {
            refs::update(git, &branch, change, limits)
        })
        .await
    }

    async fn stage(&self, repo: &RepoPath, base: &Oid, changes: &[FileChange]) -> Result<Staged> {
        let (base, changes) = (*base, changes.to_vec());
        self.with(repo, move |git, limits| {
            stage::stage(git, base, &changes, limits)
        })
        .await
    }

    async fn write_commit(&self, repo: &RepoPath, spec: &CommitSpec) -> Result<Oid> {
        let spec = spec.clone();
        self.with(repo, move |git, limits| commit::write(git, &spec, limits))
            .await
    }

    async fn merge(&self, repo: &RepoPath, spec: &MergeSpec) -> Result<MergeOutcome> {
        let spec = spec.clone();
        self.with(repo, move |git, limits| merge::merge(git, &spec, limits))
            .await
    }

    async fn mergeable(&self, repo: &RepoPath, target: &Oid, source: &Oid) -> Result<Mergeability> {
        let (target, source) = (*target, *source);
        self.with(repo, move |git, _| merge::mergeable(git, target, source))
            .await
    }

    async fn commit(&self, repo: &RepoPath, id: &Oid) -> Result<Option<CommitInfo>> {
        let id = *id;
        self.with(repo, move |git, _| match commit::find(git, id) {
            Ok(found) => commit::info(&found).map(Some),
            Err(GitHostError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    async fn log(
        &self,
        repo: &RepoPath,
        from: &Oid,
        not: Option<&Oid>,
        limit: usize,
    ) -> Result<Vec<CommitInfo>> {
        let (from, not) = (*from, not.copied());
        self.with(repo, move |git, limits| {
            read::log(git, from, not, limit.min(limits.max_commits))
        })
        .await
    }

    async fn is_ancestor(&self, repo: &RepoPath, ancestor: &Oid, descendant: &Oid) -> Result<bool> {
        let (ancestor, descendant) = (*ancestor, *descendant);
        self.with(repo, move |git, _| {
            read::is_ancestor(git, ancestor, descendant)
        })
        .await
    }

    async fn resolve(&self, repo: &RepoPath, rev: &str) -> Result<Option<Oid>> {
        let rev = rev.to_owned();
        self.with(repo, move |git, _| read::resolve(git, &rev))
            .await
    }

    async fn read_file(
        &self,
        repo: &RepoPath,
        commit: &Oid,
        path: &str,
        max_bytes: u64,
    ) -> Result<Option<FileContent>> {
        let (commit, path) = (*commit, path.to_owned());
        self.with(repo, move |git, _| {
            read::file(git, commit, &path, max_bytes)
        })
        .await
    }

    async fn list_files(
        &self,
        repo: &RepoPath,
        commit: &Oid,
        limit: usize,
    ) -> Result<Vec<TreeFile>> {
        let commit = *commit;
        self.with(repo, move |git, _| read::files(git, commit, limit))
            .await
    }

    async fn diff(
        &self,
        repo: &RepoPath,
        from: Option<&Oid>,
        to: &Oid,
        limits: DiffLimits,
    ) -> Result<Vec<FileDiff>> {
        if let Some(from) = from {
            self.require_commit(repo, from).await?;
        }
        let dir = self.require_commit(repo, to).await?;
        diff::diff(&dir, from, to, limits, self.limits.command_timeout).await
    }

    async fn patch_id(&self, repo: &RepoPath, commit: &Oid) -> Result<Option<String>> {
        let dir = self.require_commit(repo, commit).await?;
        diff::patch_id(&dir, commit, &self.limits).await
    }

    async fn history(&self, repo: &RepoPath, request: &HistoryRequest) -> Result<History> {
        let wanted = request.clone();
        let walk = self.with(repo, move |git, _| history::history(git, &wanted));
        let mut found = walk.await?;
        // Those at the end of the order are the newest.
        let without = found.total.saturating_sub(request.patch_ids);
        let from = without.saturating_sub(request.skip);
        let single = found.commits.iter_mut().skip(from);
        let mut single: Vec<_> = single.filter(|entry| entry.parents.len() < 2).collect();
        let ids: Vec<Oid> = single.iter().map(|entry| entry.id).collect();
        let mut ids = patch_ids::of_commits(&self.git_dir(repo), &ids, &self.limits).await?;
        for entry in &mut single {
            entry.patch_id = ids.remove(&entry.id);
        }
        Ok(found)
    }

    async fn branch_point(&self, repo: &RepoPath, onto: &Oid, head: &Oid) -> Result<BranchPoint> {
        let (onto, head) = (*onto, *head);
        let bases = self.with(repo, move |git, _| {
            commit::find(git, onto)?;
            commit::find(git, head)?;
            merge::merge_bases(git, onto, head)
        });
        let merge_base = bases.await?.into_iter().next();
        let patch_id = match merge_base {
            Some(base) => {
                patch_ids::of_range(&self.git_dir(repo), base, head, &self.limits).await?
            }
            None => None,
        };
        Ok(BranchPoint {
            merge_base,
            patch_id,
        })
    }

    async fn common_line(
        &self,
        repo: &RepoPath,
        one: &Oid,
        other: &Oid,
    ) -> Result<Option<LinePoint>> {
        let (one, other) = (*one, *other);
        self.with(repo, move |git, _| history::common_line(git, one, other))
            .await
    }

    async fn checkout(&self, repo: &RepoPath, commit: &Oid, dir: &Path) -> Result<()> {
        let git_dir = self.require_commit(repo, commit).await?;
        checkout::checkout(&git_dir, commit, dir, self.limits.command_timeout).await
    }

    async fn advertise_refs(&self, repo: &RepoPath, protocol: Option<&str>) -> Result<Bytes> {
        http::advertise(&self.existing(repo)?, protocol, self.limits.command_timeout).await
    }

    async fn upload_pack(
        &self,
        repo: &RepoPath,
        protocol: Option<&str>,
        body: RequestBody,
    ) -> Result<ByteStream> {
        http::upload_pack(&self.existing(repo)?, protocol, body, &self.limits)
    }
}
