//! What a release is made of.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sluice_kernel::text_enum;
use sluice_schema::{
    EnvironmentId,
    events::{CoverageCounts, ReleaseItem, TestCounts},
};

text_enum! {
    /// Where a release is in its life.
    ReleaseStatus {
        /// Packages or images are not ready yet.
        Planned = "PLANNED",
        /// Everything is ready; approvals are missing.
        PendingApproval = "PENDING_APPROVAL",
        /// As many people approved as the project demands.
        Approved = "APPROVED",
        /// A person rejected it; it ends here.
        Rejected = "REJECTED",
        /// It was given up; it ends here.
        Cancelled = "CANCELLED",
    }
}

impl ReleaseStatus {
    /// Those that a release may leave again.
    pub(crate) const OPEN: [Self; 3] = [Self::Planned, Self::PendingApproval, Self::Approved];

    /// Whether it is neither rejected nor cancelled.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::PendingApproval | Self::Approved)
    }
}

text_enum! {
    /// What commits since the last release call for.
    Bump {
        /// Users must change something.
        Major = "MAJOR",
        /// Something new.
        Minor = "MINOR",
        /// Something mended, or nothing that a message speaks of.
        Patch = "PATCH",
    }
}

impl Bump {
    /// The weightier of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Major, _) | (_, Self::Major) => Self::Major,
            (Self::Minor, _) | (_, Self::Minor) => Self::Minor,
            _ => Self::Patch,
        }
    }
}

/// A module of a release with what its build proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedItem {
    /// What is released.
    pub item: ReleaseItem,
    /// Branch of the commit.
    pub branch: String,
    /// The build's tests, when any were counted.
    pub tests: Option<TestCounts>,
    /// The build's coverage, when it was measured.
    pub coverage: Option<CoverageCounts>,
    /// The commit of the release before, from which on the notes count.
    pub previous_sha: Option<String>,
}

/// A commit that a release brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseNote {
    /// The module whose repository holds it.
    pub module: String,
    /// Its id.
    pub sha: String,
    /// What it is about: its first line, or the title of the pull request that it merges.
    pub subject: String,
    /// Name of its author in Git.
    pub author: String,
    /// Number of the pull request whose merge wrote it.
    pub pull_request: Option<i64>,
    /// `feat`, `fix` and so on, when the message keeps to the convention.
    pub kind: Option<String>,
    /// The part that changed, when the message names it.
    pub scope: Option<String>,
    /// Whether users must change something.
    pub breaking: bool,
}

/// An environment as a release covers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseTarget {
    /// The environment.
    pub environment_id: EnvironmentId,
    /// Its name.
    pub environment: String,
    /// `sha256:<hex>` of what manifests and infrastructure depend on.
    pub digest: String,
}

/// The manifests that an approval stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestPin {
    /// The environment.
    pub environment_id: EnvironmentId,
    /// Its name.
    pub environment: String,
    /// The module.
    pub module: String,
    /// `sha256:<hex>` of the objects; absent from when artifacts or target changed until they
    /// are rendered again.
    pub digest: Option<String>,
    /// Since when: what was rendered before does not count.
    pub at: DateTime<Utc>,
    /// How often the objects changed though nothing that they are made of did.
    pub revisions: u32,
}
