//! A Git host that fails where a test says: crashes before and after each write.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use sluice_git_host::{
    BranchName, BranchPoint, ByteStream, CommitInfo, CommitSpec, DiffLimits, FileChange,
    FileContent, FileDiff, GitHost, GitHostError, History, HistoryRequest, LinePoint, LocalGitHost,
    MergeOutcome, MergeSpec, Mergeability, Oid, Provisioned, RefChange, RepoPath, RequestBody,
    Result, Signature, Staged, TreeFile,
};

/// An operation that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GitWrite {
    /// `provision`.
    Provision,
    /// `update_ref`.
    UpdateRef,
    /// `stage`.
    Stage,
    /// `write_commit`.
    WriteCommit,
    /// `merge`.
    Merge,
}

enum Trap {
    FailBefore,
    FailAfter,
    Run(BoxFuture<'static, ()>),
}

/// Real repositories below a test's folder, with traps that spring once each.
pub struct TrappedGit {
    real: LocalGitHost,
    traps: Mutex<HashMap<GitWrite, Trap>>,
}

impl TrappedGit {
    /// Repositories below `root`, without traps.
    pub fn new(root: &Path) -> Arc<Self> {
        let real = LocalGitHost::new(root, sluice_git_host::Limits::default());
        Arc::new(Self {
            real: real.expect("a folder for repositories"),
            traps: Mutex::default(),
        })
    }

    /// The next such write fails and has no effect.
    pub fn fail_before(&self, write: GitWrite) {
        self.set(write, Trap::FailBefore);
    }

    /// The next such write takes effect, and its caller never hears of it.
    pub fn fail_after(&self, write: GitWrite) {
        self.set(write, Trap::FailAfter);
    }

    /// Runs `work` just before the next such write.
    pub fn before(&self, write: GitWrite, work: impl Future<Output = ()> + Send + 'static) {
        self.set(write, Trap::Run(Box::pin(work)));
    }

    /// Whether every trap has sprung.
    pub fn all_sprung(&self) -> bool {
        self.traps.lock().expect("no panic inside").is_empty()
    }

    /// The host without traps.
    pub fn real(&self) -> &LocalGitHost {
        &self.real
    }

    fn set(&self, write: GitWrite, trap: Trap) {
        let mut traps = self.traps.lock().expect("no panic inside");
        traps.insert(write, trap);
    }

    async fn spring<T>(&self, write: GitWrite, work: impl Future<Output = Result<T>>) -> Result<T> {
        let trap = self.traps.lock().expect("no panic inside").remove(&write);
        match trap {
            None => work.await,
            Some(Trap::FailBefore) => Err(GitHostError::Busy),
            Some(Trap::FailAfter) => {
                work.await?;
                Err(GitHostError::Busy)
            }
            Some(Trap::Run(first)) => {
                first.await;
                work.await
            }
        }
    }
}

#[async_trait]
impl GitHost for TrappedGit {
    async fn provision(
        &self,
        repo: &RepoPath,
        default_branch: &BranchName,
        signature: &Signature,
    ) -> Result<Provisioned> {
        let work = self.real.provision(repo, default_branch, signature);
        self.spring(GitWrite::Provision, work).await
    }

    async fn exists(&self, repo: &RepoPath) -> Result<bool> {
        self.real.exists(repo).await
    }

    async fn branches(&self, repo: &RepoPath) -> Result<Vec<(BranchName, Oid)>> {
        self.real.branches(repo).await
    }

    async fn head(&self, repo: &RepoPath, branch: &BranchName) -> Result<Option<Oid>> {
        self.real.head(repo, branch).await
    }

    async fn update_ref(
        &self,
        repo: &RepoPath,
        branch: &BranchName,
        change: RefChange,
    ) -> Result<()> {
        let work = self.real.update_ref(repo, branch, change);
        self.spring(GitWrite::UpdateRef, work).await
    }

    async fn stage(&self, repo: &RepoPath, base: &Oid, changes: &[FileChange]) -> Result<Staged> {
        let work = self.real.stage(repo, base, changes);
        self.spring(GitWrite::Stage, work).await
    }

    async fn write_commit(&self, repo: &RepoPath, spec: &CommitSpec) -> Result<Oid> {
        let work = self.real.write_commit(repo, spec);
        self.spring(GitWrite::WriteCommit, work).await
    }

    async fn merge(&self, repo: &RepoPath, spec: &MergeSpec) -> Result<MergeOutcome> {
        let work = self.real.merge(repo, spec);
        self.spring(GitWrite::Merge, work).await
    }

    async fn mergeable(&self, repo: &RepoPath, target: &Oid, source: &Oid) -> Result<Mergeability> {
        self.real.mergeable(repo, target, source).await
    }

    async fn commit(&self, repo: &RepoPath, id: &Oid) -> Result<Option<CommitInfo>> {
        self.real.commit(repo, id).await
    }

    async fn log(
        &self,
        repo: &RepoPath,
        from: &Oid,
        not: Option<&Oid>,
        limit: usize,
    ) -> Result<Vec<CommitInfo>> {
        self.real.log(repo, from, not, limit).await
    }

    async fn is_ancestor(&self, repo: &RepoPath, ancestor: &Oid, descendant: &Oid) -> Result<bool> {
        self.real.is_ancestor(repo, ancestor, descendant).await
    }

    async fn resolve(&self, repo: &RepoPath, rev: &str) -> Result<Option<Oid>> {
        self.real.resolve(repo, rev).await
    }

    async fn read_file(
        &self,
        repo: &RepoPath,
        commit: &Oid,
        path: &str,
        max_bytes: u64,
    ) -> Result<Option<FileContent>> {
        self.real.read_file(repo, commit, path, max_bytes).await
    }

    async fn list_files(
        &self,
        repo: &RepoPath,
        commit: &Oid,
        limit: usize,
    ) -> Result<Vec<TreeFile>> {
        self.real.list_files(repo, commit, limit).await
    }

    async fn diff(
        &self,
        repo: &RepoPath,
        from: Option<&Oid>,
        to: &Oid,
        limits: DiffLimits,
    ) -> Result<Vec<FileDiff>> {
        self.real.diff(repo, from, to, limits).await
    }

    async fn patch_id(&self, repo: &RepoPath, commit: &Oid) -> Result<Option<String>> {
        self.real.patch_id(repo, commit).await
    }

    async fn history(&self, repo: &RepoPath, request: &HistoryRequest) -> Result<History> {
        self.real.history(repo, request).await
    }

    async fn branch_point(&self, repo: &RepoPath, onto: &Oid, head: &Oid) -> Result<BranchPoint> {
        self.real.branch_point(repo, onto, head).await
    }

    async fn common_line(
        &self,
        repo: &RepoPath,
        one: &Oid,
        other: &Oid,
    ) -> Result<Option<LinePoint>> {
        self.real.common_line(repo, one, other).await
    }

    async fn checkout(&self, repo: &RepoPath, commit: &Oid, dir: &Path) -> Result<()> {
        self.real.checkout(repo, commit, dir).await
    }

    async fn advertise_refs(&self, repo: &RepoPath, protocol: Option<&str>) -> Result<Bytes> {
        self.real.advertise_refs(repo, protocol).await
    }

    async fn upload_pack(
        &self,
        repo: &RepoPath,
        protocol: Option<&str>,
        body: RequestBody,
    ) -> Result<ByteStream> {
        self.real.upload_pack(repo, protocol, body).await
    }
}
