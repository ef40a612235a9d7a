//! The commands of the program.

pub mod approve;
pub mod client;
pub mod delivery;
mod demo;
mod following;
mod ledger;
mod migrate;
pub mod promote;
pub mod rollback;
#[cfg(test)]
mod scripted;
mod seed;
mod serve;
pub mod ship;
pub mod status;
mod token;
pub mod watch;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::config::ConfigFlags;

/// One GraphQL API over the whole software delivery chain
#[derive(Debug, Parser)]
#[command(name = "sluice", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::ServeArgs),
    Ship(ship::ShipArgs),
    Approve(approve::ApproveArgs),
    Promote(promote::PromoteArgs),
    Rollback(rollback::RollbackArgs),
    Status(status::StatusArgs),
    Watch(watch::WatchArgs),
    Token(token::TokenArgs),
    /// Bring the schemas of the stores up to date
    Migrate(ConfigFlags),
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    Seed(seed::SeedArgs),
    /// Print the GraphQL schema
    Schema,
    /// Print all settings as a Markdown table
    Settings,
}

/// Runs the program and gives its exit code: 0 for success, 1 for what fails, 2 for wrong usage or
/// settings; the commands that speak to a server also 3 when it refuses, 4 for technical failures,
/// 5 without an answer and 6 where a person must act.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    crate::server::install_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Executing a deep query in an unoptimised build needs more than the usual 2 MiB.
        .thread_stack_size(8 << 20)
        .build();
    match runtime {
        Ok(runtime) => ExitCode::from(runtime.block_on(run(cli.command))),
        Err(error) => ExitCode::from(fail(1, &error)),
    }
}

async fn run(command: Command) -> u8 {
    match command {
        Command::Serve(args) => serve::run(&args).await,
        Command::Ship(args) => ship::run(&args).await,
        Command::Approve(args) => approve::run(&args).await,
        Command::Promote(args) => promote::run(&args).await,
        Command::Rollback(args) => rollback::run(&args).await,
        Command::Status(args) => status::run(&args).await,
        Command::Watch(args) => watch::run(&args).await,
        Command::Token(args) => token::run(&args),
        Command::Migrate(flags) => migrate::run(&flags).await,
        Command::Ledger(command) => ledger::run(&command).await,
        Command::Seed(args) => seed::run(&args).await,
        Command::Schema => print(&sluice_resolvers::sdl()),
        Command::Settings => print(&crate::config::markdown()),
    }
}

// A reader that has seen enough closes the pipe: no failure of ours.
fn print(text: &str) -> u8 {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => fail(1, &error),
        _ => 0,
    }
}

fn fail(code: u8, error: &dyn std::error::Error) -> u8 {
    let _ = writeln!(io::stderr(), "error: {error}");
    code
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn no_command_line_is_ambiguous_and_every_setting_is_a_flag_of_serve() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        let serve = command.find_subcommand_mut("serve").unwrap();
        let help = serve.render_long_help().to_string();
        for setting in crate::config::SETTINGS {
            assert!(help.contains(&setting.flag()), "{}", setting.key);
            assert!(help.contains(&setting.variable()), "{}", setting.key);
        }
    }

    fn is_taken(line: &str) -> bool {
        Cli::try_parse_from(line.split(' ')).is_ok()
    }

    #[test]
    fn what_belongs_to_the_delivery_is_taken_only_with_its_environment() {
        let ship = "sluice ship . --project web";
        for good in [
            "",
            " --to prod",
            " --to prod --wait --reason x",
            " --to prod --approve-as rita --approve-as otto --data-dir d",
            " --to prod --approve-token a.b.c",
        ] {
            assert!(is_taken(&format!("{ship}{good}")), "{good}");
        }
        for bad in [
            " --wait",
            " --reason x",
            " --approve-as rita",
            " --to prod --data-dir d",
        ] {
            assert!(!is_taken(&format!("{ship}{bad}")), "{bad}");
        }
    }

    #[test]
    fn decisions_have_reasons_and_overrides_have_codes() {
        for good in [
            "sluice approve greeter --reason x",
            "sluice approve greeter@1.4.0 --reason x --project web --reject",
            "sluice approve release_1 --reason x --as rita --data-dir d",
            "sluice promote greeter --to prod --wait",
            "sluice promote release_1 --to prod --override SOAK_TIME,freeze --reason x",
            "sluice rollback --environment prod --module greeter --to promotion_1",
            "sluice rollback --environment prod --resume",
        ] {
            assert!(is_taken(good), "{good}");
        }
        for bad in [
            "sluice approve greeter",
            "sluice approve greeter@ --reason x",
            "sluice approve greeter --reason x --data-dir d",
            "sluice promote greeter",
            "sluice promote greeter --to prod --override SOAK_TIME",
            "sluice promote greeter --to prod --override HOLD --reason x",
            "sluice promote greeter --to prod --reason x",
            "sluice rollback",
            "sluice rollback --environment prod --resume --to promotion_1",
        ] {
            assert!(!is_taken(bad), "{bad}");
        }
    }

    #[test]
    fn every_command_that_may_stop_for_a_person_documents_its_exit_codes() {
        let mut command = Cli::command();
        command.build();
        for name in ["ship", "approve", "promote", "rollback"] {
            let help = command.find_subcommand_mut(name).unwrap();
            let help = help.render_long_help().to_string();
            assert!(help.contains("Exit codes: 0"), "{name}: {help}");
            assert!(help.contains(" 6 "), "{name}: {help}");
        }
    }
}
