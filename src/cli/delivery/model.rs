//! The objects of the delivery half as the commands read them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::words;

/// One reason why a promotion may not run now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blocker {
    /// The kind of reason, as the server's table names it.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// When it ends by itself, when that is known.
    pub until: Option<DateTime<Utc>>,
    /// Whether a person with the right to override may promote all the same.
    #[serde(default)]
    pub overridable: bool,
}

/// A decision of a person on a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Global id.
    pub id: String,
    /// Who decided.
    pub approver: String,
    /// `APPROVED` or `REJECTED`.
    pub decision: String,
    /// `VALID`, `VOID` or `EXPIRED`.
    pub state: String,
    /// When.
    pub decided_at: DateTime<Utc>,
}

impl Approval {
    /// Whether it lets the release go on.
    pub fn counts(&self) -> bool {
        self.decision == "APPROVED" && self.state == "VALID"
    }
}

/// A package or image of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// `PACKAGE` or `IMAGE`.
    pub kind: String,
    /// Its name in the feed or registry.
    pub name: String,
    /// `PENDING`, `READY` or `FAILED`.
    pub state: String,
    /// Version of the package, or reference of the image, once ready.
    pub reference: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// A module of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseItem {
    /// The build that is released.
    pub build_id: String,
    /// The module.
    pub module: ModuleName,
    /// What its build makes.
    pub artifacts: Vec<Artifact>,
}

/// A module by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleName {
    /// The id.
    pub id: String,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Global id.
    pub id: String,
    /// The project.
    pub project_id: String,
    /// The module, or the modules joined by `+`.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// `PLANNED`, `PENDING_APPROVAL`, `APPROVED`, `REJECTED` or `CANCELLED`.
    pub status: String,
    /// What an approval covers.
    pub content_digest: String,
    /// On whose behalf it was planned: never an approver.
    pub planned_by: String,
    /// How many approvals it takes.
    pub required_approvals: u32,
    /// Why approvals became void.
    pub void_cause: Option<String>,
    /// Who rejected or cancelled it.
    pub closed_by: Option<String>,
    /// Why.
    pub closed_reason: Option<String>,
    /// Its modules.
    pub items: Vec<ReleaseItem>,
    /// Decisions on it, oldest first.
    pub approvals: Vec<Approval>,
}

impl Release {
    /// Name and version, for people.
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// Name, version, state and id, for people.
    pub fn state(&self) -> String {
        format!("{}: {} ({})", self.title(), words(&self.status), self.id)
    }

    /// Its packages and images.
    pub fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.items.iter().flat_map(|item| &item.artifacts)
    }

    /// How many people let it go on.
    pub fn approved_by(&self) -> usize {
        self.approvals.iter().filter(|it| it.counts()).count()
    }
}

/// A promotion of a release into an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    /// Global id.
    pub id: String,
    /// `REQUESTED`, `GATED`, `RUNNING`, `VERIFYING`, `SUCCEEDED`, `FAILED`, `ERRORED`,
    /// `CANCELLED`, `SUPERSEDED` or `ROLLED_BACK`.
    pub status: String,
    /// `PROMOTION` or `ROLLBACK`.
    pub kind: String,
    /// Attempt for the release and environment, from 1.
    pub attempt: u32,
    /// The environment's name.
    pub environment: String,
    /// The release.
    pub release_id: String,
    /// The release's name.
    pub release_name: String,
    /// The release's semantic version.
    pub release_version: String,
    /// The modules that it is about.
    pub modules: Vec<String>,
    /// What it waits for.
    pub blockers: Vec<Blocker>,
    /// Why it ended without success.
    pub reason: Option<String>,
}

impl Promotion {
    /// It waits for its gates.
    pub fn is_waiting(&self) -> bool {
        matches!(self.status.as_str(), "REQUESTED" | "GATED")
    }

    /// It takes place.
    pub fn is_active(&self) -> bool {
        matches!(self.status.as_str(), "RUNNING" | "VERIFYING")
    }

    /// It ended well.
    pub fn is_succeeded(&self) -> bool {
        self.status == "SUCCEEDED"
    }

    /// The release's name and version, for people.
    pub fn release(&self) -> String {
        format!("{} {}", self.release_name, self.release_version)
    }

    /// Environment, state and id, for people.
    pub fn state(&self) -> String {
        let attempt = match self.attempt {
            0 | 1 => String::new(),
            attempt => format!(" attempt {attempt}"),
        };
        let (environment, status) = (&self.environment, words(&self.status));
        format!("{environment}{attempt}: {status} ({})", self.id)
    }
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// Global id.
    pub id: String,
    /// Unique in the project.
    pub name: String,
    /// Environments that a release must have succeeded in before.
    pub upstream: Vec<String>,
    /// Whether releases are promoted into it as soon as its gates open.
    pub auto_promote: bool,
}

/// Whether an environment holds what Git declares of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncState {
    /// Global id.
    pub id: String,
    /// The module.
    pub module: String,
    /// `SYNCED`, `OUT_OF_SYNC` or `UNKNOWN`.
    pub sync: String,
    /// `HEALTHY`, `PROGRESSING`, `DEGRADED`, `SUSPENDED`, `MISSING` or `UNKNOWN`.
    pub health: String,
    /// `IDLE`, `RUNNING` or `FAILED`.
    pub operation: String,
    /// What a promotion declared last.
    pub release: Option<ReleaseId>,
}

/// A release by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseId {
    /// Global id.
    pub id: String,
}

impl SyncState {
    /// It holds what Git declares, and that works.
    pub fn is_good(&self) -> bool {
        self.sync == "SYNCED" && self.health == "HEALTHY"
    }

    /// Synchronisation and health, for people.
    pub fn state(&self) -> String {
        let operation = match self.operation.as_str() {
            "FAILED" => ", the last attempt failed",
            "RUNNING" => ", being synchronised",
            _ => "",
        };
        format!("{}, {}{operation}", words(&self.sync), words(&self.health))
    }
}
