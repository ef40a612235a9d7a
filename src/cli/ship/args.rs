//! The command line of `sluice ship`.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    time::Duration,
};

use sluice_schema::ProjectId;

use crate::cli::client::{Connection, ConnectionArgs};

use super::{Plain, Progress, ShipError, ShipOptions, ShipReport, Strategy, Terminal, clean, ship};

/// Takes a folder with a module.yaml to its build result
///
/// Provisions the repository, commits the files to a feature branch, opens and merges the pull
/// request, follows the pipeline run and shows the result. Running it again on the same content
/// resumes where it was, or shows the same result.
///
/// Exit codes: 0 succeeded; 1 the build failed; 2 wrong usage or input; 3 refused by the server;
/// 4 errored or cancelled; 5 no connection for longer than the time-out.
#[derive(Debug, Clone, clap::Args)]
pub struct ShipArgs {
    /// The folder; ignored files stay behind, links inside it are shipped as copies
    #[arg(value_name = "PATH")]
    pub folder: PathBuf,
    /// The project that owns the repository
    #[arg(long, value_name = "NAME")]
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
    /// When this content was shipped before and its last run did not succeed, run it once more
    #[arg(long)]
    pub retry: bool,
    /// Show every line of the steps' logs
    #[arg(long)]
    pub logs: bool,
    /// Write the report as JSON to stdout, and the progress to stderr
    #[arg(long)]
    pub json: bool,
}

impl TryFrom<&ShipArgs> for ShipOptions {
    type Error = ShipError;

    fn try_from(args: &ShipArgs) -> Result<Self, ShipError> {
        let connection = Connection::try_from(&args.connection)?;
        Ok(Self {
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
        Ok(options) => ship(&options, progress(args).as_mut()).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(report) => show(&report, args.json),
        Err(error) => {
            let text: Vec<_> = error.to_string().lines().map(clean).collect();
            let _ = writeln!(io::stderr(), "error: {}", text.join("\n"));
            error.exit_code()
        }
    }
}

fn progress(args: &ShipArgs) -> Box<dyn Progress> {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match (args.json, dumb) {
        (true, false) if io::stderr().is_terminal() => {
            Box::new(Terminal::new(io::stderr(), args.logs))
        }
        (true, _) => Box::new(Plain::new(io::stderr(), args.logs)),
        (false, false) if io::stdout().is_terminal() => {
            Box::new(Terminal::new(io::stdout(), args.logs))
        }
        (false, _) => Box::new(Plain::new(io::stdout(), args.logs)),
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
