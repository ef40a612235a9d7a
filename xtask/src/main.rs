//! Checks of this workspace that no other tool makes: `cargo run -p xtask -- tidy`.

mod layering;
mod manifest;
mod shape;
mod text;
mod violation;
mod workspace;

use std::process::ExitCode;

use violation::Violation;
use workspace::{Workspace, WorkspaceError};

const USAGE: &str = "usage: cargo run -p xtask -- tidy";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments != ["tidy"] {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    match Workspace::open().and_then(|workspace| tidy(&workspace)) {
        Ok(violations) if violations.is_empty() => ExitCode::SUCCESS,
        Ok(violations) => {
            for violation in &violations {
                println!("{violation}");
            }
            eprintln!("tidy: {} violations", violations.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("tidy: {error}");
            ExitCode::from(2)
        }
    }
}

/// Every violation of every rule, ordered by path, line and rule.
fn tidy(workspace: &Workspace) -> Result<Vec<Violation>, WorkspaceError> {
    let manifests = workspace.manifests()?;
    let mut violations = layering::check(&manifests);
    violations.extend(shape::check(workspace, &manifests));
    violations.extend(text::check(workspace)?);
    violations.sort();
    violations.dedup();
    Ok(violations)
}
