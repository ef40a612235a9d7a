//! How shipping ended.

use serde::Serialize;

use crate::cli::delivery::DeliveryReport;

use super::{
    model::{Build, Commit, Coverage, PullRequest, Repository, Run, TestFailure, Tests},
    progress::{clean, size},
};

/// What came of a shipped folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShipReport {
    /// The server's base URL.
    pub server: String,
    /// The module's id.
    pub module: String,
    /// The project's id.
    pub project: String,
    /// Digest over paths, modes and contents.
    pub digest: String,
    /// The repository.
    pub repository: Repository,
    /// The commit on the feature branch; absent when the content was shipped before.
    pub commit: Option<Commit>,
    /// The pull request that brought the content to the default branch, when it is known.
    pub pull_request: Option<PullRequest>,
    /// The commit on the default branch that was built.
    pub merge_commit_sha: String,
    /// The pipeline definition's id.
    pub pipeline_id: String,
    /// The run.
    pub run: Run,
    /// The build result.
    pub build: Build,
    /// Tests that did not pass.
    pub failures: Vec<TestFailure>,
    /// The last log lines of failed steps.
    pub failed_logs: Vec<FailedLog>,
    /// How far it came after its build; absent when that was its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryReport>,
}

/// The end of a failed step's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedLog {
    /// The step.
    pub step: String,
    /// Its last lines.
    pub lines: Vec<String>,
}

impl ShipReport {
    /// 0 when the build succeeded and runs where it was to come, 1 when the work failed, 4 when
    /// the technique failed or a person ended it, 6 when a person must act.
    pub fn exit_code(&self) -> u8 {
        match self.build.status.as_str() {
            "SUCCEEDED" => self.delivery.as_ref().map_or(0, DeliveryReport::exit_code),
            "FAILED" => 1,
            _ => 4,
        }
    }

    /// The report for people, one line each.
    pub fn lines(&self) -> Vec<String> {
        let build = &self.build;
        let mut lines = vec![String::new(), self.headline()];
        lines.extend(build.tests.map(tests));
        lines.extend(self.failures.iter().flat_map(failure));
        lines.extend(build.coverage.map(coverage));
        for artifact in &build.artifacts {
            let name = clean(&format!("{}/{}", artifact.name, artifact.path));
            let digest = clean(&artifact.digest);
            lines.push(format!(
                "  artifact     {name}, {}, {digest}",
                size(artifact.size)
            ));
        }
        let unread = build.findings.iter();
        lines.extend(
            unread.map(|finding| format!("  finding      {}", clean(&finding.to_string()))),
        );
        for log in &self.failed_logs {
            lines.push(format!("  last lines of {}:", clean(&log.step)));
            lines.extend(
                log.lines
                    .iter()
                    .map(|line| format!("    | {}", clean(line))),
            );
        }
        match &self.delivery {
            Some(delivery) => {
                lines.push(String::new());
                lines.extend(delivery.lines());
            }
            None => lines.extend(self.links()),
        }
        if self.exit_code() == 4 {
            lines.push("  hint         the same command with --retry runs it once more".to_owned());
        }
        lines
    }

    fn headline(&self) -> String {
        let build = &self.build;
        let reason = build
            .reason
            .as_deref()
            .map(|reason| format!(": {}", clean(reason)));
        let status = build.status.to_lowercase();
        format!("build {status}{}", reason.unwrap_or_default())
    }

    fn links(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "  repository   {} {}",
            self.repository.id, self.repository.remote_url
        )];
        if let Some(commit) = &self.commit {
            let sha = commit.sha.as_deref().unwrap_or_default();
            lines.push(format!("  commit       {} {sha}", commit.id));
        }
        if let Some(pull) = &self.pull_request {
            lines.push(format!("  pull request {} #{}", pull.id, pull.number));
        }
        lines.push(format!("  merged as    {}", self.merge_commit_sha));
        lines.push(format!("  pipeline     {}", self.pipeline_id));
        let run = &self.run;
        lines.push(format!(
            "  run          {} #{} attempt {}",
            run.id, run.number, run.attempt
        ));
        lines.push(format!("  build        {}", self.build.id));
        lines.push(format!("  server       {}", self.server));
        lines
    }
}

fn tests(tests: Tests) -> String {
    let mut text = format!(
        "  tests        {} passed, {} failed",
        tests.passed, tests.failed
    );
    for (count, what) in [(tests.errored, "broken"), (tests.skipped, "skipped")] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    format!("{text} of {}", tests.total)
}

fn coverage(coverage: Coverage) -> String {
    let Coverage {
        lines_covered,
        lines_valid,
    } = coverage;
    let Some(permille) = (lines_covered * 1_000).checked_div(lines_valid) else {
        return "  coverage     no lines".to_owned();
    };
    let (percent, tenth) = (permille / 10, permille % 10);
    format!("  coverage     {percent}.{tenth} % ({lines_covered} of {lines_valid} lines)")
}

fn failure(failure: &TestFailure) -> Vec<String> {
    const MAX_LINES: usize = 10;
    let suite = failure.suite.as_deref().filter(|suite| !suite.is_empty());
    let name = match suite {
        Some(suite) => format!("{suite} / {}", failure.name),
        None => failure.name.clone(),
    };
    let mut lines = vec![format!("    ✗ {}", clean(&name))];
    let message = failure.message.as_deref().unwrap_or_default().lines();
    let message = message
        .filter(|line| !line.trim().is_empty())
        .take(MAX_LINES);
    lines.extend(message.map(|line| format!("        {}", clean(line))));
    lines
}

#[cfg(test)]
mod tests_of_report {
    use super::*;
    use crate::cli::ship::model::{Artifact, samples};

    fn report(status: &str) -> ShipReport {
        ShipReport {
            server: "http://127.0.0.1:8080".to_owned(),
            module: "m".to_owned(),
            project: "p".to_owned(),
            digest: "sha256:00".to_owned(),
            repository: Repository {
                id: "repo_1".to_owned(),
                name: "m".to_owned(),
                remote_url: "http://127.0.0.1:8080/git/t/p/m.git".to_owned(),
                default_branch: "main".to_owned(),
                status: "PROVISIONED".to_owned(),
            },
            commit: None,
            pull_request: None,
            merge_commit_sha: "ab".repeat(20),
            pipeline_id: "pipeline_1".to_owned(),
            run: samples::run("COMPLETED", &[]),
            build: Build {
                id: "build_1".to_owned(),
                status: status.to_owned(),
                reason: (status != "SUCCEEDED").then(|| "1 test failed".to_owned()),
                tests: Some(Tests {
                    total: 3,
                    passed: 1,
                    failed: 1,
                    errored: 0,
                    skipped: 1,
                }),
                coverage: Some(Coverage {
                    lines_covered: 2,
                    lines_valid: 3,
                }),
                artifacts: vec![Artifact {
                    name: "package".to_owned(),
                    path: "m.tgz".to_owned(),
                    digest: "sha256:11".to_owned(),
                    size: 12_345,
                }],
                findings: Vec::new(),
            },
            failures: vec![TestFailure {
                suite: Some("greeting".to_owned()),
                name: "is formal".to_owned(),
                outcome: "FAILED".to_owned(),
                message: Some("expected: Sie\n\n\u{1b}[31mactual: Du".to_owned()),
            }],
            failed_logs: Vec::new(),
            delivery: None,
        }
    }

    #[test]
    fn the_exit_code_tells_the_outcome() {
        let codes = ["SUCCEEDED", "FAILED", "ERRORED", "CANCELLED"].map(|s| report(s).exit_code());
        assert_eq!(codes, [0, 1, 4, 4]);
    }

    #[test]
    fn a_build_that_did_not_reach_its_environment_has_the_exit_code_of_the_stop() {
        let mut report = report("SUCCEEDED");
        let mut delivery = DeliveryReport {
            environment: "prod".to_owned(),
            release: None,
            chain: Vec::new(),
            stop: None,
        };
        report.delivery = Some(delivery.clone());
        assert_eq!(report.exit_code(), 0);
        delivery.stop = Some(crate::cli::delivery::Stop {
            kind: crate::cli::delivery::StopKind::NeedsApproval,
            message: "somebody must approve".to_owned(),
            blockers: Vec::new(),
            next: vec!["sluice approve release_1".to_owned()],
        });
        report.delivery = Some(delivery);
        assert_eq!(report.exit_code(), 6);
        let text = report.lines().join("\n");
        let told = "somebody must approve\n  next: sluice approve release_1";
        assert!(text.contains(told), "{text}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["delivery"]["stop"]["kind"], "NEEDS_APPROVAL");
    }

    #[test]
    fn a_report_shows_tests_failures_coverage_artifacts_and_ids() {
        let text = report("FAILED").lines().join("\n");
        for expected in [
            "build failed: 1 test failed",
            "1 passed, 1 failed, 1 skipped of 3",
            "✗ greeting / is formal\n        expected: Sie\n        actual: Du",
            "66.6 % (2 of 3 lines)",
            "package/m.tgz, 12.3 kB, sha256:11",
            "repo_1 http://127.0.0.1:8080/git/t/p/m.git",
            "run_1 #7 attempt 1",
            "build_1",
        ] {
            assert!(text.contains(expected), "{expected:?} is not in:\n{text}");
        }
    }

    #[test]
    fn coverage_of_no_lines_is_no_division() {
        assert_eq!(
            coverage(Coverage {
                lines_covered: 0,
                lines_valid: 0
            }),
            "  coverage     no lines"
        );
    }
}
