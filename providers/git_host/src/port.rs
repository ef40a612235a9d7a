//! The port itself.

use std::path::Path;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;
use tokio::io::AsyncRead;

use crate::error::Result;
use crate::history::{BranchPoint, History, HistoryRequest, LinePoint};
use crate::limits::DiffLimits;
use crate::names::{BranchName, Oid, RepoPath};
use crate::types::{
    CommitInfo, CommitSpec, FileChange, FileContent, FileDiff, MergeOutcome, MergeSpec,
    Mergeability, Provisioned, RefChange, Signature, Staged, TreeFile,
};

/// Output that arrives while it is made. Dropping it ends the work behind it.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// A request body, already decompressed.
pub type RequestBody = Pin<Box<dyn AsyncRead + Send>>;

/// A host of Git repositories.
///
/// Every method but [`provision`](Self::provision) and [`exists`](Self::exists) errors with
/// `NotFound` when the repository, or a commit or tree named by id, does not exist.
#[async_trait]
pub trait GitHost: Send + Sync {
    /// Makes a repository whose default branch holds one empty commit signed by `signature`.
    ///
    /// Idempotent: an existing one is returned as it is. Errors with `ProvisionedDifferently` when
    /// it has another default branch, `InvalidCommit` when the signature breaks a rule.
    async fn provision(
        &self,
        repo: &RepoPath,
        default_branch: &BranchName,
        signature: &Signature,
    ) -> Result<Provisioned>;

    /// Whether the repository exists.
    async fn exists(&self, repo: &RepoPath) -> Result<bool>;

    /// All branches with their heads, sorted by name.
    async fn branches(&self, repo: &RepoPath) -> Result<Vec<(BranchName, Oid)>>;

    /// The head of a branch; `None` when the branch does not exist.
    async fn head(&self, repo: &RepoPath, branch: &BranchName) -> Result<Option<Oid>>;

    /// Creates, moves or deletes a branch if its head is the expected one.
    ///
    /// Of concurrent calls, from any process, that expect the same head, one wins; the others
    /// error with `RefMoved`. Errors with `RefClash` when a branch `a` would stand beside `a/b`,
    /// `Busy` when the lock is not had in time.
    async fn update_ref(
        &self,
        repo: &RepoPath,
        branch: &BranchName,
        change: RefChange,
    ) -> Result<()>;

    /// Writes the tree that the changes make of a commit's tree.
    ///
    /// All changes are read against `base`, their order has no meaning. Errors with `InvalidPath`
    /// (path and rule) or `TooLarge`; nothing visible has happened then.
    async fn stage(&self, repo: &RepoPath, base: &Oid, changes: &[FileChange]) -> Result<Staged>;

    /// Writes a commit; equal input gives the equal id. Errors with `InvalidCommit`.
    async fn write_commit(&self, repo: &RepoPath, spec: &CommitSpec) -> Result<Oid>;

    /// Computes a merge and writes its commits; equal input gives equal ids.
    ///
    /// Errors with `Unrelated`, `InvalidCommit`, and, when rebasing, `MergeCommitInSource`.
    async fn merge(&self, repo: &RepoPath, spec: &MergeSpec) -> Result<MergeOutcome>;

    /// Tells whether `source` merges into `target`. Errors with `Unrelated`.
    async fn mergeable(&self, repo: &RepoPath, target: &Oid, source: &Oid) -> Result<Mergeability>;

    /// A commit by id; `None` when there is no such commit.
    async fn commit(&self, repo: &RepoPath, id: &Oid) -> Result<Option<CommitInfo>>;

    /// Commits reachable from `from` and not from `not`, newest first, at most `limit` and never
    /// more than the provider's own bound.
    async fn log(
        &self,
        repo: &RepoPath,
        from: &Oid,
        not: Option<&Oid>,
        limit: usize,
    ) -> Result<Vec<CommitInfo>>;

    /// Whether `ancestor` is reachable from `descendant`; a commit is its own ancestor.
    async fn is_ancestor(&self, repo: &RepoPath, ancestor: &Oid, descendant: &Oid) -> Result<bool>;

    /// The commit that `rev` names: 40 hexadecimal digits, `HEAD`, a branch, or an unambiguous
    /// prefix of at least 7 digits. `None` when there is none; errors with
    /// `InvalidName` when it is ambiguous or could name nothing.
    async fn resolve(&self, repo: &RepoPath, rev: &str) -> Result<Option<Oid>>;

    /// A file at a commit; `None` when there is no file at `path`. Errors with `TooLarge` when it
    /// has more than `max_bytes`.
    async fn read_file(
        &self,
        repo: &RepoPath,
        commit: &Oid,
        path: &str,
        max_bytes: u64,
    ) -> Result<Option<FileContent>>;

    /// The files of a commit, in the order of their paths, at most `limit`. Symbolic links count
    /// as files that hold their target; submodules are left out.
    async fn list_files(
        &self,
        repo: &RepoPath,
        commit: &Oid,
        limit: usize,
    ) -> Result<Vec<TreeFile>>;

    /// What changed from one commit (`None`: the empty tree) to another, with renames detected,
    /// sorted as Git sorts. At most `limits.max_files`.
    async fn diff(
        &self,
        repo: &RepoPath,
        from: Option<&Oid>,
        to: &Oid,
        limits: DiffLimits,
    ) -> Result<Vec<FileDiff>>;

    /// What `git patch-id --stable` makes of the commit's change against its parent: equal for
    /// equal changes, whatever they are based on. `None` for merge commits and empty changes.
    async fn patch_id(&self, repo: &RepoPath, commit: &Oid) -> Result<Option<String>>;

    /// A part of what `request.head` has in its history and the known commits lack, for telling a
    /// history in portions. Errors with `TooLarge` above five million commits.
    async fn history(&self, repo: &RepoPath, request: &HistoryRequest) -> Result<History>;

    /// Where `head` left `onto`, and the patch id of all its changes since then as one: what a
    /// squash of them has as its own.
    async fn branch_point(&self, repo: &RepoPath, onto: &Oid, head: &Oid) -> Result<BranchPoint>;

    /// Where the first-parent lines of two commits part, seen from their roots; `None` when not
    /// even the roots are equal.
    async fn common_line(
        &self,
        repo: &RepoPath,
        one: &Oid,
        other: &Oid,
    ) -> Result<Option<LinePoint>>;

    /// Checks a commit out, detached, into a folder that is empty or does not exist, with a `.git`
    /// that works as long as the repository stays where it is. Errors with `NotEmpty`.
    async fn checkout(&self, repo: &RepoPath, commit: &Oid, dir: &Path) -> Result<()>;

    /// The body that answers `GET …/info/refs?service=git-upload-pack`. `protocol` is the request's
    /// `Git-Protocol` header.
    async fn advertise_refs(&self, repo: &RepoPath, protocol: Option<&str>) -> Result<Bytes>;

    /// The body that answers `POST …/git-upload-pack`, while it is made.
    ///
    /// The stream ends with an error when git fails or a limit is met.
    async fn upload_pack(
        &self,
        repo: &RepoPath,
        protocol: Option<&str>,
        body: RequestBody,
    ) -> Result<ByteStream>;
}
