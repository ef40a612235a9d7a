//! The command line of `sluice ship`.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    time::Duration,
};

use sluice_schema::ProjectId;

use crate::cli::{
    client::{Connection, ConnectionArgs},
    delivery::{DeliveryOptions, local_approver},
};

use super::{Plain, Progress, ShipError, ShipOptions, ShipReport, Strategy, Terminal, clean, ship};

/// Takes a folder with a module.yaml to its build result, and on into an environment
///
/// Provisions the repository, commits the files to a feature branch, opens and merges the pull
/// request, follows the pipeline run and shows the result. With --to it follows on: package and
/// image, the release and its approval, each environment up to the one that is named, until that
/// one is synchronised and healthy. Running it again on the same content resumes where it was, or
/// shows the same result.
///
/// Exit codes: 0 succeeded; 1 the build, an artifact or a promotion failed; 2 wrong usage or
/// input; 3 refused by the server; 4 errored, cancelled or superseded; 5 no connection for longer
/// than the time-out; 6 a person must act: an approval is missing, or a gate is closed.
#[derive(Debug, Clone, clap::Args)]
pub struct ShipArgs {
    /// The folder; ignored files stay behind, links inside it are shipped as copies
    #[arg(value_name = "PATH")]
    pub folder: PathBuf,
    /// The project that owns the repository
    #[arg(long, env = "SLUICE_PROJECT", value_name = "NAME")]
    pub project: ProjectId,
    /// The server and the caller.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// The repository's name [default: the module's id]
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// Message of the commit; its first line is the pull request's title
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,
    /// How the pull request is merged
    #[arg(long, value_enum, default_value_t)]
    pub strategy: Strategy,
    /// Seconds that the server may be away, or nothing may change
    #[arg(long, value_name = "SECONDS", default_value_t = 1800,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
    /// When this content was shipped before and its last run, or a promotion of its release, did
    /// not succeed, try it once more
    #[arg(long)]
    pub retry: bool,
    /// Show every line of the steps' logs
    #[arg(long)]
    pub logs: bool,
    /// Write the report as JSON to stdout, and the progress to stderr
    #[arg(long)]
    pub json: bool,
    /// How far it travels.
    #[command(flatten)]
    pub delivery: DeliveryArgs,
}

/// How far a folder travels, and who lets it.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Delivery")]
pub struct DeliveryArgs {
    /// Go on until it runs in this environment
    #[arg(long, value_name = "ENV")]
    pub to: Option<String>,
    /// Approve the release as this person, with a token of the local server's data folder; may be
    /// repeated
    #[arg(long, value_name = "ACTOR", requires = "to")]
    pub approve_as: Vec<String>,
    /// With --to: approve the release with this token; may be repeated
    #[arg(
        long,
        value_name = "TOKEN",
        env = "SLUICE_APPROVE_TOKEN",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub approve_token: Vec<String>,
    /// The data folder of the local server [default: as `sluice serve` has it]
    #[arg(long, value_name = "DIR", requires = "approve_as")]
    pub data_dir: Option<PathBuf>,
    /// Why it is approved
    #[arg(
        long,
        value_name = "TEXT",
        requires = "to",
        default_value = "approved by sluice ship"
    )]
    pub reason: String,
    /// Wait for approval, and for gates that open by themselves
    #[arg(long, requires = "to")]
    pub wait: bool,
}

impl DeliveryArgs {
    fn options(&self, caller: &Connection) -> Result<Option<DeliveryOptions>, ShipError> {
        let Some(environment) = self.to.clone() else {
            return Ok(None);
        };
        let mut approvers = Vec::new();
        for actor in &self.approve_as {
            approvers.push(local_approver(caller, actor, self.data_dir.as_deref())?);
        }
        for token in &self.approve_token {
            approvers.push(Connection::new(caller.base(), token)?);
        }
        Ok(Some(DeliveryOptions {
            environment,
            approvers,
            reason: self.reason.clone(),
            wait: self.wait,
        }))
    }
}

impl TryFrom<&ShipArgs> for ShipOptions {
    type Error = ShipError;

    fn try_from(args: &ShipArgs) -> Result<Self, ShipError> {
        let connection = Connection::try_from(&args.connection)?;
        Ok(Self {
            delivery: args.delivery.options(&connection)?,
            repository: args.repository.clone(),
            message: args.message.clone(),
            strategy: args.strategy,
            retry: args.retry,
            timeout: Duration::from_secs(args.timeout),
            ..Self::new(&args.folder, connection, args.project.clone())
        })
    }
}

/// Runs the command and gives its exit code.
pub async fn run(args: &ShipArgs) -> u8 {
    let outcome = match ShipOptions::try_from(args) {
        Ok(options) => ship(&options, progress(args.json, args.logs).as_mut()).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(report) => show(&report, args.json),
        Err(error) => told(&error),
    }
}

/// Says what is wrong and gives the exit code.
pub(in crate::cli) fn told(error: &ShipError) -> u8 {
    let text: Vec<_> = error.to_string().lines().map(clean).collect();
    let _ = writeln!(io::stderr(), "error: {}", text.join("\n"));
    error.exit_code()
}

/// Shows progress as the terminal allows; on stderr when stdout is for a report as JSON.
pub(in crate::cli) fn progress(json: bool, logs: bool) -> Box<dyn Progress> {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match (json, dumb) {
        (true, false) if io::stderr().is_terminal() => Box::new(Terminal::new(io::stderr(), logs)),
        (true, _) => Box::new(Plain::new(io::stderr(), logs)),
        (false, false) if io::stdout().is_terminal() => Box::new(Terminal::new(io::stdout(), logs)),
        (false, _) => Box::new(Plain::new(io::stdout(), logs)),
    }
}

fn show(report: &ShipReport, json: bool) -> u8 {
    let text = if json {
        match serde_json::to_string_pretty(report) {
            Ok(text) => text,
            Err(error) => {
                let _ = writeln!(io::stderr(), "error: cannot write the report: {error}");
                return 4;
            }
        }
    } else {
        report.lines().join("\n")
    };
    let _ = writeln!(io::stdout(), "{text}");
    report.exit_code()
}
