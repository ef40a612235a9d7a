//! Bounds on everything that comes from outside.

use std::time::Duration;

/// The bounds of a provider. `Default` gives the values that the fields name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// File changes in one request. 10,000.
    pub max_files: usize,
    /// Bytes of one file. 100 MB.
    pub max_file_bytes: u64,
    /// Bytes of all files of one request. 1 GB.
    pub max_request_bytes: u64,
    /// Bytes of a commit message with its trailers. 64 KiB.
    pub max_message_bytes: usize,
    /// Commits that one log call returns, and that one rebase moves. 1,000.
    pub max_commits: usize,
    /// Bytes of the request body of an upload-pack. 64 MiB.
    pub max_upload_pack_request: u64,
    /// Time for one git command. 5 minutes.
    pub command_timeout: Duration,
    /// Time for one upload-pack, reading slow clients included. 30 minutes.
    pub upload_pack_timeout: Duration,
    /// Time to wait for the lock on a repository's branches. 10 seconds.
    pub lock_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_files: 10_000,
            max_file_bytes: 100_000_000,
            max_request_bytes: 1_000_000_000,
            max_message_bytes: 64 * 1024,
            max_commits: 1_000,
            max_upload_pack_request: 64 * 1024 * 1024,
            command_timeout: Duration::from_secs(300),
            upload_pack_timeout: Duration::from_secs(1800),
            lock_timeout: Duration::from_secs(10),
        }
    }
}

/// The bounds of one diff. `Default` gives the values that the fields name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiffLimits {
    /// Files listed; the rest is left out. 1,000.
    pub max_files: usize,
    /// Bytes of one file's patch; a longer one is left out and the file marked. 256 KiB.
    pub max_patch_bytes: usize,
    /// Bytes of all patches; files beyond come without one and are marked. 4 MiB.
    pub max_total_bytes: usize,
}

impl Default for DiffLimits {
    fn default() -> Self {
        Self {
            max_files: 1_000,
            max_patch_bytes: 256 * 1024,
            max_total_bytes: 4 * 1024 * 1024,
        }
    }
}
