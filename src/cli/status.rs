//! `sluice status`: the repositories with their latest run and build, one line each.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sluice_schema::ProjectId;

use super::client::{Client, ClientError, Connection, ConnectionArgs, InvalidConnection, Patience};
use super::ship::{Tests, clean};

const DOCUMENT: &str = include_str!("../../schema/operations/ProjectStatus.graphql");
const PAGE: u32 = 50;
const MAX_PAGES: u32 = 200;

/// Shows the repositories with their latest run and build
#[derive(Debug, Clone, clap::Args)]
pub struct StatusArgs {
    /// Only of this project
    #[arg(long, value_name = "NAME")]
    pub project: Option<ProjectId>,
    /// The server and the caller.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Why there is no status to show.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The address or token cannot be used.
    #[error(transparent)]
    Connection(#[from] InvalidConnection),
    /// No answer that helps.
    #[error(transparent)]
    Client(#[from] ClientError),
}

#[derive(Deserialize)]
struct Answer {
    repositories: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    nodes: Vec<Repository>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repository {
    project_id: String,
    name: String,
    status: String,
    runs: Nodes<Run>,
    builds: Nodes<Build>,
}

#[derive(Deserialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

#[derive(Deserialize)]
struct Run {
    number: u64,
    attempt: u32,
    status: String,
    outcome: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Build {
    status: String,
    commit_sha: String,
    finished_at: String,
    tests: Option<Tests>,
}

#[derive(Serialize)]
struct Variables<'a> {
    filter: Filter<'a>,
    first: u32,
    after: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<&'a str>,
}

/// Runs the command and gives its exit code: 0, 2 for usage, 3 for a refusal, 5 without an answer.
pub async fn run(args: &StatusArgs) -> u8 {
    match lines(args).await {
        Ok(lines) => {
            let mut out = io::stdout().lock();
            for line in lines {
                let _ = writeln!(out, "{line}");
            }
            0
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            match error {
                StatusError::Connection(_) => 2,
                StatusError::Client(ClientError::Api(_)) => 3,
                StatusError::Client(_) => 5,
            }
        }
    }
}

async fn lines(args: &StatusArgs) -> Result<Vec<String>, StatusError> {
    let client = Client::new(Connection::try_from(&args.connection)?)?;
    // A person waits: a few tries are enough.
    let mut patience = Patience::new(Duration::from_secs(5));
    let project_id = args.project.as_ref().map(ProjectId::as_str);
    let mut lines = Vec::new();
    let mut after = None;
    for _ in 0..MAX_PAGES {
        let variables = Variables {
            filter: Filter { project_id },
            first: PAGE,
            after,
        };
        let answer: Answer = client
            .persist(DOCUMENT, variables, &mut patience, &mut |_| {})
            .await?;
        let page = answer.repositories;
        lines.extend(page.nodes.iter().map(line));
        after = page
            .page_info
            .end_cursor
            .filter(|_| page.page_info.has_next_page);
        if after.is_none() {
            break;
        }
    }
    Ok(lines)
}

fn line(repository: &Repository) -> String {
    let name = format!("{}/{}", repository.project_id, repository.name);
    let mut parts = vec![format!("{:<32}", clean(&name))];
    if repository.status != "PROVISIONED" {
        parts.push(repository.status.to_lowercase());
    }
    parts.push(
        repository
            .runs
            .nodes
            .first()
            .map_or_else(|| "no run".to_owned(), run_text),
    );
    parts.extend(repository.builds.nodes.first().map(build_text));
    parts.join("  ")
}

fn run_text(run: &Run) -> String {
    let state = run.outcome.as_deref().unwrap_or(&run.status).to_lowercase();
    let attempt = if run.attempt > 1 {
        format!(".{}", run.attempt)
    } else {
        String::new()
    };
    format!("run #{}{attempt} {state}", run.number)
}

fn build_text(build: &Build) -> String {
    let short: String = build.commit_sha.chars().take(10).collect();
    let tests = build
        .tests
        .map(|tests| format!(", {}/{} tests", tests.passed, tests.total));
    let tests = tests.unwrap_or_default();
    let (status, at) = (build.status.to_lowercase(), clean(&build.finished_at));
    format!("build of {short} {status}{tests}  {at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_one_line() {
        let mut repository = Repository {
            project_id: "demo".to_owned(),
            name: "greeter".to_owned(),
            status: "ARCHIVED".to_owned(),
            runs: Nodes { nodes: Vec::new() },
            builds: Nodes { nodes: Vec::new() },
        };
        assert_eq!(
            line(&repository).split_whitespace().collect::<Vec<_>>(),
            ["demo/greeter", "archived", "no", "run"]
        );
        repository.status = "PROVISIONED".to_owned();
        repository.runs.nodes.push(Run {
            number: 4,
            attempt: 2,
            status: "COMPLETED".to_owned(),
            outcome: Some("FAILED".to_owned()),
        });
        repository.builds.nodes.push(Build {
            status: "FAILED".to_owned(),
            commit_sha: "0123456789abcdef".to_owned(),
            finished_at: "2030-01-02T03:04:05Z".to_owned(),
            tests: Some(Tests {
                total: 3,
                passed: 2,
                failed: 1,
                errored: 0,
                skipped: 0,
            }),
        });
        let text = line(&repository);
        let expected =
            "run #4.2 failed  build of 0123456789 failed, 2/3 tests  2030-01-02T03:04:05Z";
        assert!(text.ends_with(expected), "{text}");
    }
}
