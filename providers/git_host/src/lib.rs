//! The `git-host` port: everything the delivery chain asks of a Git host.
//!
//! [`GitHost`] is the port. [`LocalGitHost`] is the provider that works offline on real bare
//! repositories below one root folder. Objects are written before any branch points at them, which
//! is harmless; the only visible change is [`GitHost::update_ref`], a compare and swap. Every
//! operation that writes is deterministic in its input, so repeating one after a crash finds what
//! the first attempt wrote.

mod error;
mod fault;
mod history;
mod limits;
mod local;
mod names;
mod path;
mod port;
mod types;

pub use error::{GitHostError, PathRule, Result};
pub use history::{BranchPoint, History, HistoryEntry, HistoryRequest, LinePoint};
pub use limits::{DiffLimits, Limits};
pub use local::LocalGitHost;
pub use names::{BranchName, Oid, RepoPath};
pub use path::check_path;
pub use port::{ByteStream, GitHost, RequestBody};
pub use types::{
    ChangeKind, ChangedPath, CommitInfo, CommitSpec, FileChange, FileContent, FileDiff,
    MergeOutcome, MergeSpec, MergeStrategy, Mergeability, Provisioned, RefChange, Signature,
    Staged, TreeFile,
};
