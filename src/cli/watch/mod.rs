//! `sluice watch`: what happens, as it happens, each event once.

mod line;
mod log;
mod state;
mod tell;
mod topic;

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use sluice_schema::{ModuleId, ProjectId};

use super::{
    client::{
        Client, ClientError, Connection, ConnectionArgs, InvalidConnection, Patience, Subscription,
    },
    ship::clean,
};
use state::State;
use tell::Tell;
use topic::Topic;

const LEDGER_HEAD: &str = include_str!("../../../schema/operations/LedgerHead.graphql");

/// Shows what happens, as it happens
///
/// Begins now, or behind the cursor of an event, and goes on there by itself after every
/// interruption, so that each event is shown once; a hole is shown as such. Ends with Ctrl-C, and
/// a log with its last line.
///
/// Exit codes: 0 ended by Ctrl-C or with the log; 2 wrong usage; 3 refused by the server, or the
/// token expired; 4 technical failure; 5 no connection for longer than the time-out.
#[derive(Debug, Clone, clap::Args)]
pub struct WatchArgs {
    /// What to watch
    #[arg(value_enum, value_name = "TOPIC")]
    topic: Topic,
    /// With log: the run
    #[arg(value_name = "RUN_ID", required_if_eq("topic", "log"))]
    run: Option<String>,
    /// Only of this project
    #[arg(long, env = "SLUICE_PROJECT", value_name = "NAME")]
    project: Option<ProjectId>,
    /// Only of this module
    #[arg(long, value_name = "ID")]
    module: Option<ModuleId>,
    /// With events: only these types, with commas between, for example `BuildCompleted`
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,
    /// With events: only about the object with this id
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// Begin behind this event: its cursor, or its place in the ledger; with log: the
    /// number of a line
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// Keep the place in this file, and begin there the next time; what was shown right before the
    /// command was killed may be shown again
    #[arg(long, value_name = "FILE", conflicts_with = "after")]
    state: Option<PathBuf>,
    /// One JSON object per line, each with its cursor
    #[arg(long)]
    json: bool,
    /// Seconds that the server may be away [default: for ever]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    timeout: Option<u64>,
    /// The server and the caller.
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Why watching ended.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The address or token cannot be used.
    #[error(transparent)]
    Connection(#[from] InvalidConnection),
    /// An option that does not go with the topic.
    #[error("{0}")]
    Usage(String),
    /// The file of `--state` cannot be used.
    #[error("--state {path}: {reason}")]
    State {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No answer that helps.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The server's answer has another shape.
    #[error("an answer that is not understood: {0}")]
    Answer(String),
    /// The output cannot be written.
    #[error("cannot write: {0}")]
    Output(std::io::Error),
}

impl WatchError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Connection(_) | Self::Usage(_) | Self::State { .. } => 2,
            Self::Client(error) => error.exit_code(),
            Self::Answer(_) | Self::Output(_) => 4,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Variables<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<&'a ProjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_id: Option<&'a ModuleId>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    types: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_id: Option<&'a str>,
    after: String,
}

/// Runs the command and gives its exit code.
pub async fn run(args: &WatchArgs) -> u8 {
    let watched = tokio::select! {
        watched = watch(args) => watched,
        _ = tokio::signal::ctrl_c() => Ok(()),
    };
    match watched {
        Ok(()) => 0,
        Err(error) => {
            tell::aside(&format!("error: {}", clean(&error.to_string())));
            error.exit_code()
        }
    }
}

impl WatchArgs {
    fn check(&self) -> Result<(), WatchError> {
        let is_log = self.topic == Topic::Log;
        let about_events = !self.types.is_empty() || self.subject.is_some();
        let wrong = match () {
            () if self.run.is_some() && !is_log => "only log takes RUN_ID",
            () if about_events && self.topic != Topic::Events => {
                "only events takes --types and --subject"
            }
            // The project may come from the environment, where it does no harm.
            () if is_log && self.module.is_some() => "log does not take --module",
            () => return Ok(()),
        };
        Err(WatchError::Usage(wrong.to_owned()))
    }

    fn patience(&self) -> Patience {
        let timeout = self.timeout.map(Duration::from_secs);
        Patience::new(timeout.unwrap_or(Duration::MAX))
    }
}

async fn watch(args: &WatchArgs) -> Result<(), WatchError> {
    args.check()?;
    let client = Client::new(Connection::try_from(&args.connection)?)?;
    let state = State::open(args.state.as_deref())?;
    let after = args.after.clone().or_else(|| state.cursor());
    let mut tell = Tell::new(args.json);
    let done = match &args.run {
        Some(run) => log::follow(args, client, run, after, &mut tell, &state).await,
        None => follow(args, client, after, &mut tell, &state).await,
    };
    match done {
        // A reader that has seen enough closes the pipe: no failure of ours.
        Err(WatchError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

async fn follow(
    args: &WatchArgs,
    client: Client,
    after: Option<String>,
    tell: &mut Tell,
    state: &State,
) -> Result<(), WatchError> {
    let mut patience = args.patience();
    // The place is known before the first event, so that an interruption before it loses nothing.
    let after = match after {
        Some(after) => after,
        None => head(&client, &mut patience, tell).await?,
    };
    let variables = Variables {
        project_id: args.project.as_ref(),
        module_id: args.module.as_ref(),
        types: &args.types,
        subject_id: args.subject.as_deref(),
        after,
    };
    let mut events = Subscription::new(client, args.topic.document(), variables, patience)?;
    loop {
        let item = events.next(&mut |waiting| tell.waiting(&waiting)).await?;
        match item {
            Some(item) => {
                tell.item(&item)?;
                state.keep(item.cursor.as_deref())?;
            }
            // A server that ends a stream without end wants to be left.
            None => {
                events
                    .interrupted(&mut |waiting| tell.waiting(&waiting))
                    .await?
            }
        }
    }
}

async fn head(
    client: &Client,
    patience: &mut Patience,
    tell: &mut Tell,
) -> Result<String, ClientError> {
    #[derive(Deserialize)]
    struct Head {
        ledger: Ledger,
    }
    #[derive(Deserialize)]
    struct Ledger {
        sequence: u64,
    }
    let mut waiting = |waiting: super::client::Waiting<'_>| tell.waiting(&waiting);
    let head: Head = client
        .persist(LEDGER_HEAD, serde_json::json!({}), patience, &mut waiting)
        .await?;
    Ok(head.ledger.sequence.to_string())
}
