//! What a release is made of.

use async_graphql::{Enum, ID, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_kernel::directory;
use sluice_release as service;

/// Where a release is in its life.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ReleaseStatus")]
pub enum ReleaseStatus {
    /// Packages or images are not ready yet.
    Planned,
    /// Everything is ready; approvals are missing.
    PendingApproval,
    /// As many people approved as the project demands.
    Approved,
    /// A person rejected it; it ends here.
    Rejected,
    /// It was given up; it ends here.
    Cancelled,
}

/// What commits since the release before call for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::Bump")]
pub enum ReleaseBump {
    /// Users must change something.
    Major,
    /// Something new.
    Minor,
    /// Something mended, or nothing that a message speaks of.
    Patch,
}

/// A commit that a release brings.
#[derive(SimpleObject, Debug, Clone)]
pub struct ReleaseNote {
    /// The module whose repository holds it.
    pub module: String,
    /// The commit, 40 hex digits.
    pub sha: String,
    /// What it is about: its first line, or the title of the pull request that it merges.
    pub subject: String,
    /// Name of its author in Git.
    pub author: String,
    /// Number of the pull request whose merge wrote it.
    pub pull_request_number: Option<i64>,
    /// `feat`, `fix` and so on, when the message keeps to the convention.
    pub kind: Option<String>,
    /// The part that changed, when the message names it.
    pub scope: Option<String>,
    /// Whether users must change something.
    pub breaking: bool,
}

impl From<&service::ReleaseNote> for ReleaseNote {
    fn from(note: &service::ReleaseNote) -> Self {
        Self {
            module: note.module.clone(),
            sha: note.sha.clone(),
            subject: note.subject.clone(),
            author: note.author.clone(),
            pull_request_number: note.pull_request,
            kind: note.kind.clone(),
            scope: note.scope.clone(),
            breaking: note.breaking,
        }
    }
}

/// An environment as a release covers it.
#[derive(SimpleObject, Debug, Clone)]
pub struct ReleaseTarget {
    /// Id of the environment.
    pub environment_id: ID,
    /// Its name.
    pub environment: String,
    /// `sha256:<hex>` of what manifests and infrastructure depend on.
    pub digest: String,
}

impl From<&service::ReleaseTarget> for ReleaseTarget {
    fn from(target: &service::ReleaseTarget) -> Self {
        Self {
            environment_id: target.environment_id.to_string().into(),
            environment: target.environment.clone(),
            digest: target.digest.clone(),
        }
    }
}

/// The manifests of a module in an environment that approvals of a release stand for.
#[derive(SimpleObject, Debug, Clone)]
pub struct ReleaseManifestPin {
    /// Id of the environment.
    pub environment_id: ID,
    /// Its name.
    pub environment: String,
    /// The module.
    pub module: String,
    /// `sha256:<hex>` of the objects; null from when artifacts or target changed until they are
    /// rendered again.
    pub digest: Option<String>,
    /// Since when.
    pub at: DateTime<Utc>,
}

impl From<&service::ManifestPin> for ReleaseManifestPin {
    fn from(pin: &service::ManifestPin) -> Self {
        Self {
            environment_id: pin.environment_id.to_string().into(),
            environment: pin.environment.clone(),
            module: pin.module.clone(),
            digest: pin.digest.clone(),
            at: pin.at,
        }
    }
}

/// A fact about a release that an environment may demand.
#[derive(SimpleObject, Debug, Clone)]
pub struct ReleaseCheck {
    /// `build`, `tests` or `coverage`.
    pub name: String,
    /// The module.
    pub module: String,
    /// Whether it holds.
    pub succeeded: bool,
    /// What was found.
    pub detail: String,
}

impl From<directory::ReleaseCheck> for ReleaseCheck {
    fn from(check: directory::ReleaseCheck) -> Self {
        Self {
            name: check.name,
            module: check.module,
            succeeded: check.succeeded,
            detail: check.detail,
        }
    }
}
