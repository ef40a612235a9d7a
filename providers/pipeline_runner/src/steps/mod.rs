//! What each kind of step does.

mod artifacts;
mod copy;
mod files;
mod obey;
mod pump;
mod results;
mod script;

use std::future::Future;

use crate::plan::{Action, StepPlan};
use crate::run::{Session, StepEnd, StopReason};

pub(crate) use obey::obey;

/// Runs one try of a step until it ends or `stop` comes; tells which stop it was.
pub(crate) async fn execute(
    session: &mut Session<'_>,
    plan: &StepPlan,
    stop: impl Future<Output = StopReason>,
) -> (StepEnd, Option<StopReason>) {
    if let Action::Script {
        source,
        working_directory,
        fail_on_stderr,
    } = &plan.action
    {
        let script = script::Script {
            source,
            working_directory: working_directory.as_deref(),
            fail_on_stderr: *fail_on_stderr,
            env: &plan.env,
        };
        return script::run(session, script, stop).await;
    }
    tokio::select! {
        biased;
        reason = stop => (StepEnd::stopped(&reason), Some(reason)),
        end = in_process(session, plan) => (end, None),
    }
}

/// The steps that need no process of their own.
async fn in_process(session: &mut Session<'_>, plan: &StepPlan) -> StepEnd {
    let done = match &plan.action {
        Action::Checkout => checkout(session).await,
        Action::Publish { path, artifact } => artifacts::publish(session, path, artifact).await,
        Action::Download {
            artifact,
            patterns,
            target,
        } => artifacts::download(session, artifact.as_deref(), patterns.as_deref(), target).await,
        Action::TestResults(plan) => results::test_results(session, plan).await,
        Action::Coverage {
            summary,
            fail_if_empty,
        } => results::coverage(session, summary, *fail_if_empty).await,
        Action::Copy(plan) => copy::copy(session, plan).await,
        Action::Nothing | Action::Script { .. } => Ok(()),
    };
    match done {
        Ok(()) => StepEnd::ok(),
        Err(end) => end,
    }
}

async fn checkout(session: &mut Session<'_>) -> Result<(), StepEnd> {
    let (version, branch) = {
        let request = &session.run.request;
        (
            request.source_version.clone(),
            request.source_branch.clone(),
        )
    };
    session
        .say(&format!("Checking out {version} of {branch}."))
        .await;
    let dir = session.job.dirs.sources.clone();
    // A second try or a second checkout begins with an empty folder again.
    let empty = || -> std::io::Result<()> {
        std::fs::remove_dir_all(&dir)?;
        std::fs::create_dir(&dir)
    };
    empty()
        .map_err(|error| StepEnd::errored(format!("The sources cannot be emptied: {error}.")))?;
    let source = session.run.request.source.clone();
    source
        .checkout(&dir)
        .await
        .map_err(|error| StepEnd::errored(format!("The checkout failed: {error}")))
}
