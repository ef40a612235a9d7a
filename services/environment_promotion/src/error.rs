//! What the environment promotion services refuse or fail with.

use sluice_git_host::GitHostError;
use sluice_kernel::{AnyFault, Blocker, Denied, Finding, StaleVersion};
use sluice_schema::fault_of;
use sluice_store::StoreError;

/// A refusal or failure of the environments or their promotions.
#[derive(Debug, thiserror::Error)]
pub enum PromotionError {
    /// The caller may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The caller read an older version.
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    /// The Git host refused or failed.
    #[error(transparent)]
    Git(#[from] GitHostError),
    /// Another service refused or failed.
    #[error(transparent)]
    Directory(#[from] AnyFault),
    /// There is no such promotion, or none that the caller may know of.
    #[error("no such promotion")]
    NotFound,
    /// There is none, or none that the caller may know of.
    #[error("no such {what}")]
    Missing {
        /// The input field that names it.
        field: &'static str,
        /// What it is.
        what: &'static str,
    },
    /// An input value breaks a rule.
    #[error("{rule}")]
    Invalid {
        /// The input field.
        field: String,
        /// The rule.
        rule: String,
    },
    /// The project has as many environments as it may.
    #[error("a project has at most {limit} environments")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// Gates are closed.
    #[error("{environment} does not take {release} now: {}", summary(.blockers))]
    Blocked {
        /// The environment's name.
        environment: String,
        /// The release's name and version.
        release: String,
        /// Everything that stands in the way.
        blockers: Vec<Blocker>,
    },
    /// A hold of the same environment and module has other terms.
    #[error("it is held already by {held_by}: {reason}")]
    HeldDifferently {
        /// Who holds.
        held_by: String,
        /// Why.
        reason: String,
    },
    /// The promotion does not wait any more.
    #[error("the promotion is {status}; only one that waits can be cancelled")]
    NotWaiting {
        /// Where it is in its life.
        status: &'static str,
    },
    /// The environment does not declare the module, or declares nothing.
    #[error("nothing is promoted into {environment} that could be rolled back")]
    NothingDeclared {
        /// The environment's name.
        environment: String,
    },
    /// Nothing else succeeded in the environment before.
    #[error("{module} had nothing else in {environment} before that succeeded")]
    NothingBefore {
        /// The module.
        module: String,
        /// The environment's name.
        environment: String,
    },
    /// Another rollback of the same modules is under way.
    #[error("another rollback of the same module is under way")]
    OtherRollback,
    /// The promotion that a rollback shall return to does not fit.
    #[error("{rule}")]
    NotRestorable {
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The repository that environments follow takes no changes.
    #[error("the GitOps repository takes no changes: {why}")]
    NoRepository {
        /// Why.
        why: &'static str,
    },
    /// What was rendered cannot be declared.
    #[error("the manifest of {module} cannot be declared: {why}")]
    BadContent {
        /// The module.
        module: String,
        /// Why.
        why: String,
    },
    /// Others change the same object all the time.
    #[error("too many writers at once; try again")]
    Contended,
    /// The event or a column could not be written.
    #[error("the event could not be written")]
    Event(#[from] serde_json::Error),
}

fn summary(blockers: &[Blocker]) -> String {
    let messages: Vec<&str> = blockers.iter().map(|it| it.message.as_str()).collect();
    messages.join("; ")
}

impl PromotionError {
    pub(crate) fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            rule: rule.into(),
        }
    }

    /// Whether another writer was first, so that this one should read and decide again.
    pub(crate) fn is_race(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_race())
    }

    fn own_findings(&self) -> Vec<Finding> {
        Vec::new()
    }

    fn own_blockers(&self) -> Vec<Blocker> {
        match self {
            Self::Blocked { blockers, .. } => blockers.clone(),
            _ => Vec::new(),
        }
    }
}

fault_of! { PromotionError:
    wraps [Denied, Store, Stale, Git, Directory],
    Self::NotFound => NotFound,
    Self::Missing { field, .. } => NotFound at *field,
    Self::Invalid { field, .. } => InvalidInput at field.as_str(),
    Self::TooMany { .. } => LimitExceeded at "name",
    Self::Blocked { .. } => PromotionBlocked,
    Self::HeldDifferently { .. } => Conflict at "reason",
    Self::NotWaiting { .. } | Self::NothingDeclared { .. } | Self::NothingBefore { .. }
        | Self::NoRepository { .. } | Self::BadContent { .. } => FailedPrecondition,
    Self::OtherRollback => Conflict at "to",
    Self::NotRestorable { .. } => FailedPrecondition at "to",
    Self::Contended => Unavailable,
    Self::Event(_) => Internal;
    blockers own_blockers
}
