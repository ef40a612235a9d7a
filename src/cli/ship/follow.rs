//! From a commit on the default branch to its build result.

use std::{collections::HashMap, time::Duration};

use serde::Serialize;

use super::{
    FailedLog, ShipError, Shipment,
    api::{self, BuildFailures, FollowCommit, Present, StepLog},
    model::{Build, Pipeline, PullRequest, Record, Repository, Run, TestFailure},
    progress::{Event, LogWish},
    session::Session,
};

const LOOK: Duration = Duration::from_millis(400);
const LOG_PAGE: u64 = 500;
const TAIL_LINES: u64 = 5;
const FAILED_LINES: u64 = 30;
const MAX_FAILURES: u32 = 50;
/// Looks without a pipeline after which a commit that was there before is generated for.
const PATIENT_LOOKS: u32 = 25;

/// How a commit's run ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) pipeline: Pipeline,
    pub(super) run: Run,
    pub(super) build: Build,
    pub(super) pull_request: Option<PullRequest>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfCommit<'a> {
    repository_id: &'a str,
    commit_sha: &'a str,
}

#[derive(Serialize)]
struct Follow<'a> {
    pipelines: OfCommit<'a>,
    runs: OfCommit<'a>,
}

/// Waits for the build result of a commit of the default branch.
///
/// `fresh`: it was merged just now, so that everything follows by itself; otherwise the pipeline
/// is asked for when there is none.
pub(super) async fn follow(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
    repository: &Repository,
    sha: &str,
    fresh: bool,
) -> Result<Ended, ShipError> {
    let mut deadline = session.deadline("a change of the pipeline run");
    let mut logs = Logs::default();
    let mut seen = None;
    let mut told = false;
    let mut asked = false;
    for look in 0_u32.. {
        let of = || OfCommit {
            repository_id: &repository.id,
            commit_sha: sha,
        };
        let variables = Follow {
            pipelines: of(),
            runs: of(),
        };
        let now: FollowCommit = session.ask(api::FOLLOW_COMMIT, variables).await?;
        let pipeline = now.pipelines.first();
        let followed = now.pipeline_runs.first();
        let invalid = pipeline
            .as_ref()
            .filter(|pipeline| pipeline.status == "INVALID");
        if let Some(pipeline) = invalid
            && followed.is_none()
        {
            return Err(ShipError::InvalidPipeline {
                findings: pipeline.findings.clone(),
            });
        }
        if let (Some(pipeline), false) = (&pipeline, told) {
            session.tell("pipeline", pipeline.id.clone());
            told = true;
        }
        let Some(followed) = followed else {
            let idle = pipeline.as_ref().is_some_and(|pipeline| !pipeline.auto_run);
            let forgotten = !fresh && pipeline.is_none() && look >= PATIENT_LOOKS;
            if !asked && (idle || forgotten) {
                ask_for_run(session, repository, sha, pipeline.as_ref()).await?;
                asked = true;
            }
            deadline.pause(LOOK).await?;
            continue;
        };
        session.progress.on(Event::Run(&followed.run));
        logs.fetch(session, &followed.run).await?;
        if let Some(build) = followed.build {
            let pipeline = pipeline.unwrap_or_else(|| Pipeline::valid(&followed.run.pipeline_id));
            session.tell(
                "build",
                format!("{} ({})", build.status.to_lowercase(), build.id),
            );
            let (run, pull_request) = (followed.run, followed.pull_request);
            return Ok(Ended {
                pipeline,
                run,
                build,
                pull_request,
            });
        }
        if seen.as_ref() != Some(&followed.run) {
            deadline.renew();
            seen = Some(followed.run);
        }
        deadline
            .pause(shipment.options.poll.unwrap_or(LOOK))
            .await?;
    }
    Err(ShipError::Inconsistent("the run never ended".to_owned()))
}

async fn ask_for_run(
    session: &mut Session<'_>,
    repository: &Repository,
    sha: &str,
    pipeline: Option<&Pipeline>,
) -> Result<(), ShipError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Generate<'a> {
        repository_id: &'a str,
        commit_sha: &'a str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct RunInput<'a> {
        pipeline_id: &'a str,
        commit_sha: &'a str,
    }
    let pipeline = match pipeline {
        Some(pipeline) => pipeline.clone(),
        None => {
            let input = Generate {
                repository_id: &repository.id,
                commit_sha: sha,
            };
            let made = session.command(api::GENERATE_PIPELINE, input).await;
            made.map_err(|refusal| refusal.into_error("generating the pipeline"))?
        }
    };
    if pipeline.auto_run {
        return Ok(());
    }
    let input = RunInput {
        pipeline_id: &pipeline.id,
        commit_sha: sha,
    };
    let run: Result<Present, _> = session.command(api::RUN_PIPELINE, input).await;
    run.map_err(|refusal| refusal.into_error("running the pipeline"))?;
    Ok(())
}

/// Which log lines were shown, by step.
#[derive(Debug, Default)]
struct Logs {
    shown: HashMap<String, u64>,
}

impl Logs {
    async fn fetch(&mut self, session: &mut Session<'_>, run: &Run) -> Result<(), ShipError> {
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

/// The last log lines of each step that failed.
pub(super) async fn failed_logs(
    session: &mut Session<'_>,
    run: &Run,
) -> Result<Vec<FailedLog>, ShipError> {
    let mut logs = Vec::new();
    for step in run.steps().filter(|step| step.is_failed()) {
        let from = step.log_lines.saturating_sub(FAILED_LINES) + 1;
        let lines = log(session, run, step, from, FAILED_LINES).await?;
        let step = step.name.clone();
        let lines = lines.into_iter().map(|(_, text)| text).collect();
        logs.push(FailedLog { step, lines });
    }
    Ok(logs)
}
