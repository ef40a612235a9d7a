//! Logs and test failures of a run.

use std::time::Duration;

use serde::Serialize;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    FailedLog, ShipError,
    api::{self, BuildFailures, RunLogItem, RunLogLine, StepLog},
    model::{Build, Record, Run, TestFailure},
    progress::{Event, LogWish, Progress},
    session::Session,
};
use crate::cli::client::{Client, ClientError, Patience, Subscription};

const FAILED_LINES: u64 = 30;
const MAX_FAILED_LOGS: usize = 10;
const MAX_FAILURES: u32 = 50;
/// Items of the stream that wait to be shown.
const WAITING: usize = 16;
/// How long the last lines of a run that is over may take.
const LAST_LINES: Duration = Duration::from_secs(10);

/// The lines of a run's log as they are written, if somebody wishes to see them.
#[derive(Debug, Default)]
pub(super) struct Logs(Option<Following>);

#[derive(Debug)]
struct Following {
    run: String,
    lines: mpsc::Receiver<Vec<RunLogLine>>,
    listening: JoinHandle<()>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Logs {
    /// Follows this run from now on.
    pub(super) fn follow(&mut self, session: &Session<'_>, run: &Run) {
        let is_followed = self.0.as_ref().is_some_and(|it| it.run == run.id);
        if is_followed || session.progress.log_wish() == LogWish::Nothing {
            return;
        }
        let (told, lines) = mpsc::channel(WAITING);
        let (client, run) = (session.client(), run.id.clone());
        let id = run.clone();
        let listening = tokio::spawn(async move {
            // Without the log there is still the result.
            let _ = listen(client, &id, &told).await;
        });
        self.0 = Some(Following {
            run,
            lines,
            listening,
        });
    }

    /// The next lines; never, when nothing more comes.
    pub(super) async fn next(&mut self) -> Vec<RunLogLine> {
        if let Some(following) = &mut self.0
            && let Some(lines) = following.lines.recv().await
        {
            return lines;
        }
        std::future::pending().await
    }

    /// Shows what is left of the log of a run that is over.
    pub(super) async fn finish(&mut self, session: &mut Session<'_>) {
        let all = session.progress.log_wish() == LogWish::All;
        let Some(following) = self.0.as_mut().filter(|_| all) else {
            return;
        };
        let lines = &mut following.lines;
        while let Ok(Some(lines)) = tokio::time::timeout(LAST_LINES, lines.recv()).await {
            show(session.progress, &lines);
        }
    }
}

/// Hands lines on to whoever watches.
pub(super) fn show(progress: &mut dyn Progress, lines: &[RunLogLine]) {
    for line in lines {
        progress.on(Event::Log {
            step: &line.step_name,
            line: &line.text,
        });
    }
}

async fn listen(
    client: Client,
    run: &str,
    told: &mpsc::Sender<Vec<RunLogLine>>,
) -> Result<(), ClientError> {
    #[derive(Serialize)]
    struct Variables<'a> {
        id: &'a str,
    }
    let for_ever = Patience::new(Duration::MAX);
    let variables = Variables { id: run };
    let mut items = Subscription::new(client, api::WATCH_RUN_LOG, variables, for_ever)?;
    loop {
        let Some(item) = items.next(&mut |_| {}).await? else {
            items.interrupted(&mut |_| {}).await?;
            continue;
        };
        let Ok(found) = serde_json::from_value::<RunLogItem>(item.data) else {
            return Ok(());
        };
        let page = found.pipeline_run_log;
        if told.send(page.lines).await.is_err() || page.is_complete {
            return Ok(());
        }
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
