//! Logs and test failures of a run.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    FailedLog, ShipError,
    api::{self, BuildFailures, StepLog},
    model::{Build, Record, Run, TestFailure},
    progress::{Event, LogWish},
    session::Session,
};

const LOG_PAGE: u64 = 500;
const TAIL_LINES: u64 = 5;
const FAILED_LINES: u64 = 30;
const MAX_FAILED_LOGS: usize = 10;
const MAX_FAILURES: u32 = 50;

/// Which log lines were shown, by step.
#[derive(Debug, Default)]
pub(super) struct Logs {
    shown: HashMap<String, u64>,
}

impl Logs {
    /// Hands on the lines that are wished for and were not shown.
    pub(super) async fn fetch(
        &mut self,
        session: &mut Session<'_>,
        run: &Run,
    ) -> Result<(), ShipError> {
        let wish = session.progress.log_wish();
        for step in run.steps() {
            let wanted = match wish {
                LogWish::Nothing => false,
                LogWish::Tail => step.is_running(),
                LogWish::All => true,
            };
            if wanted {
                self.fetch_step(session, run, step, wish).await?;
            }
        }
        Ok(())
    }

    async fn fetch_step(
        &mut self,
        session: &mut Session<'_>,
        run: &Run,
        step: &Record,
        wish: LogWish,
    ) -> Result<(), ShipError> {
        let shown = self.shown.entry(step.id.clone()).or_default();
        let start = match wish {
            LogWish::Tail => step.log_lines.saturating_sub(TAIL_LINES).max(*shown),
            _ => *shown,
        };
        *shown = start;
        while *shown < step.log_lines {
            let lines = log(session, run, step, *shown + 1, LOG_PAGE).await?;
            let Some(last) = lines.last().map(|(number, _)| *number) else {
                break;
            };
            for (_, line) in &lines {
                session.progress.on(Event::Log {
                    step: &step.name,
                    line,
                });
            }
            // A server that repeats itself must not hold us here.
            *shown = last.max(*shown + 1);
        }
        Ok(())
    }
}

async fn log(
    session: &mut Session<'_>,
    run: &Run,
    step: &Record,
    from_line: u64,
    limit: u64,
) -> Result<Vec<(u64, String)>, ShipError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Variables<'a> {
        run_id: &'a str,
        step: &'a str,
        from_line: u64,
        limit: u64,
    }
    let variables = Variables {
        run_id: &run.id,
        step: &step.id,
        from_line,
        limit,
    };
    let answer: StepLog = session.ask(api::STEP_LOG, variables).await?;
    let lines = answer
        .pipeline_run
        .map(|run| run.log.lines)
        .unwrap_or_default();
    Ok(lines
        .into_iter()
        .map(|line| (line.number, line.text))
        .collect())
}

/// The tests of a build that did not pass, at most 50.
pub(super) async fn failures(
    session: &mut Session<'_>,
    build: &Build,
) -> Result<Vec<TestFailure>, ShipError> {
    #[derive(Serialize)]
    struct Variables<'a> {
        id: &'a str,
        first: u32,
    }
    let broken = build
        .tests
        .is_some_and(|tests| tests.failed + tests.errored > 0);
    if !broken {
        return Ok(Vec::new());
    }
    let variables = Variables {
        id: &build.id,
        first: MAX_FAILURES,
    };
    let answer: BuildFailures = session.ask(api::BUILD_FAILURES, variables).await?;
    Ok(answer
        .build_result
        .map(|build| build.test_cases.nodes)
        .unwrap_or_default())
}

/// The last log lines of the first ten steps that failed.
pub(super) async fn failed_logs(
    session: &mut Session<'_>,
    run: &Run,
) -> Result<Vec<FailedLog>, ShipError> {
    let mut logs = Vec::new();
    for step in run
        .steps()
        .filter(|step| step.is_failed())
        .take(MAX_FAILED_LOGS)
    {
        let from = step.log_lines.saturating_sub(FAILED_LINES) + 1;
        let lines = log(session, run, step, from, FAILED_LINES).await?;
        let step = step.name.clone();
        let lines = lines.into_iter().map(|(_, text)| text).collect();
        logs.push(FailedLog { step, lines });
    }
    Ok(logs)
}
