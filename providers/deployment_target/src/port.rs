//! The port.

use async_trait::async_trait;

use crate::object::DeclaredObject;
use crate::types::{Applied, Observed};
use crate::{Result, TargetPath};

/// How to apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Delete what was applied before and is no longer declared.
    pub prune: bool,
    /// Delete files that look like manifests and were never applied. Off by default: they are a
    /// stranger's.
    pub prune_extras: bool,
    /// Allow that nothing is declared, which prunes everything.
    pub allow_empty: bool,
    /// Refuse when the target is at another serial.
    pub expected_serial: Option<u64>,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self {
            prune: true,
            prune_extras: false,
            allow_empty: false,
            expected_serial: None,
        }
    }
}

/// Where an environment's objects run. All methods are safe to call at once and again, from any
/// number of processes.
#[async_trait]
pub trait DeploymentTarget: Send + Sync {
    /// What is there. A target that was never applied to is empty, not an error.
    ///
    /// # Errors
    /// [`crate::TargetError::Busy`], [`crate::TargetError::NotAFolder`],
    /// [`crate::TargetError::TooLarge`], [`crate::TargetError::Io`].
    async fn observe(&self, target: &TargetPath) -> Result<Observed>;

    /// Makes what is there equal to what is declared: writes in the order of kinds, then prunes in
    /// the reverse. `revision` names what is declared, for example a commit. The same apply again
    /// changes nothing. An object that fails is reported and does not stop the others, but nothing
    /// is pruned then.
    ///
    /// # Errors
    /// [`crate::TargetError::InvalidRevision`], [`crate::TargetError::Duplicate`],
    /// [`crate::TargetError::TooLarge`], [`crate::TargetError::NothingDeclared`],
    /// [`crate::TargetError::Moved`], and those of [`Self::observe`].
    async fn apply(
        &self,
        target: &TargetPath,
        declared: &[DeclaredObject],
        revision: &str,
        options: ApplyOptions,
    ) -> Result<Applied>;

    /// Finishes the apply that a crash cut short; nothing when there is none.
    ///
    /// # Errors
    /// Those of [`Self::apply`].
    async fn recover(&self, target: &TargetPath) -> Result<Option<Applied>>;
}
