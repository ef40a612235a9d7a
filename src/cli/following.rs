//! What the commands that follow the delivery half have in common.

use std::{io::Write as _, time::Duration};

use sluice_schema::ProjectId;

use super::{
    client::{Client, Connection, ConnectionArgs},
    delivery::{Stop, Way, way},
    ship::{Event, Progress, ShipError, progress, session::Session, told},
};

/// How to follow, and as whom.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct FollowArgs {
    /// The project [default: the only one that the token sees a repository of]
    #[arg(long, env = "SLUICE_PROJECT", value_name = "NAME")]
    pub project: Option<ProjectId>,
    /// The server and the caller.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Seconds that the server may be away, or nothing may change
    #[arg(long, value_name = "SECONDS", default_value_t = 1800,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
}

impl FollowArgs {
    /// The server and the caller, checked.
    pub(super) fn connection(&self) -> Result<Connection, ShipError> {
        Ok(Connection::try_from(&self.connection)?)
    }

    /// A conversation as this caller, told to `progress`.
    pub(super) fn session<'a>(
        &self,
        connection: Connection,
        progress: &'a mut dyn Progress,
    ) -> Result<Session<'a>, ShipError> {
        let timeout = Duration::from_secs(self.timeout);
        Ok(Session::new(Client::new(connection)?, timeout, progress))
    }
}

/// Progress on the terminal.
pub(super) fn shown() -> Box<dyn Progress> {
    progress(false, false)
}

/// Says how a command ended and gives its exit code.
pub(super) fn ended(mut progress: Box<dyn Progress>, end: Way<Vec<String>>) -> u8 {
    progress.on(Event::End);
    let (lines, code) = match way(end) {
        Ok(Ok(lines)) => (lines, 0),
        Ok(Err(stop)) => (stop.lines(), Stop::exit_code(&stop)),
        Err(error) => return told(&error),
    };
    let mut out = std::io::stdout().lock();
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
    code
}
