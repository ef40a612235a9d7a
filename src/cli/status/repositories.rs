//! A repository with its latest run and build, in one line.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Nodes, Page, Reader};
use crate::cli::{
    client::ClientError,
    delivery::time,
    ship::{Tests, clean},
};

const DOCUMENT: &str = include_str!("../../../schema/operations/ProjectStatus.graphql");

#[derive(Deserialize)]
struct Answer {
    repositories: Page<Repository>,
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
    finished_at: DateTime<Utc>,
    tests: Option<Tests>,
}

pub(super) async fn lines(reader: &mut Reader<'_>) -> Result<Vec<String>, ClientError> {
    let repositories = reader.all(DOCUMENT, |it: Answer| it.repositories).await?;
    Ok(repositories.iter().map(line).collect())
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
    let (status, at) = (build.status.to_lowercase(), time(build.finished_at));
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
            finished_at: "2030-01-02T03:04:05.678Z".parse().unwrap(),
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
