//! What to ship, to whom, and how.

use std::{path::PathBuf, time::Duration};

use serde::Serialize;
use sluice_schema::ProjectId;

use crate::cli::{client::Connection, delivery::DeliveryOptions};

use super::{ShipError, collect::Limits};

/// How a pull request is merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Strategy {
    /// A commit with two parents
    #[default]
    Merge,
    /// One commit on the target
    Squash,
    /// Each commit again, on top of the target
    Rebase,
}

/// What to ship, to whom, and how.
#[derive(Debug, Clone)]
pub struct ShipOptions {
    /// The folder, with a `module.yaml` at its root.
    pub folder: PathBuf,
    /// The server and the caller.
    pub connection: Connection,
    /// The project that owns the repository.
    pub project: ProjectId,
    /// The repository's name; the module's id when absent.
    pub repository: Option<String>,
    /// Message of the commit, and title of the pull request by its first line.
    pub message: Option<String>,
    /// How the pull request is merged.
    pub strategy: Strategy,
    /// How long the server may be away, and how long nothing may change.
    pub timeout: Duration,
    /// How often to look while a run goes on; 400 ms when absent.
    pub poll: Option<Duration>,
    /// Whether a run that ended without success before is repeated once.
    pub retry: bool,
    /// How far it travels after its build succeeded; absent: no further.
    pub delivery: Option<DeliveryOptions>,
    /// Bounds of what is collected.
    pub limits: Limits,
}

/// How long the server may be away when the caller does not say: 30 minutes.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30 * 60);

const MAX_TITLE: usize = 256;

impl ShipOptions {
    /// Options with defaults for what is not given.
    pub fn new(folder: impl Into<PathBuf>, connection: Connection, project: ProjectId) -> Self {
        Self {
            folder: folder.into(),
            connection,
            project,
            repository: None,
            message: None,
            strategy: Strategy::default(),
            timeout: DEFAULT_TIMEOUT,
            poll: None,
            retry: false,
            delivery: None,
            limits: Limits::default(),
        }
    }

    /// Checks what the server would refuse only after the first steps.
    pub(super) fn check(&self) -> Result<(), ShipError> {
        let Some(message) = &self.message else {
            return Ok(());
        };
        let title = title_of(message);
        if title.is_empty() || title.chars().count() > MAX_TITLE {
            let rule = format!("must begin with a line of 1 to {MAX_TITLE} characters");
            return Err(ShipError::Option {
                option: "--message",
                rule,
            });
        }
        if title.chars().any(char::is_control) {
            let rule = "must have no control characters in its first line".to_owned();
            return Err(ShipError::Option {
                option: "--message",
                rule,
            });
        }
        Ok(())
    }
}

/// The first line of a message.
pub(super) fn title_of(message: &str) -> &str {
    message.lines().next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_gives_no_title_is_refused_before_anything_is_sent() {
        let connection = Connection::new("http://127.0.0.1", "t").unwrap();
        let mut options = ShipOptions::new(".", connection, "p".parse().unwrap());
        assert!(options.check().is_ok());
        for (message, good) in [
            ("Fix it\n\nlong", true),
            ("", false),
            ("\nx", false),
            ("a\tb", false),
            (&"x".repeat(257), false),
        ] {
            options.message = Some(message.to_owned());
            assert_eq!(options.check().is_ok(), good, "{message:?}");
        }
    }
}
