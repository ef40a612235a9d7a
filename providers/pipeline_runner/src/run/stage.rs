//! Stages and their jobs in the order of `dependsOn`.

use std::sync::Arc;

use futures::future::join_all;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::RunContext;
use super::graph::{ancestors, drive};
use super::job::{LegEnd, run_leg};
use super::outcome::{
    Before, JobOutcome, StageOutcome, jobs_object, stage_jobs_object, stages_object,
};
use super::scope::{Outside, Scope};
use crate::expression::{Context, Expr};
use crate::plan::{JobPlan, StagePlan};
use crate::timeline::RecordResult;

/// Runs all stages; returns the result of the whole.
pub(crate) async fn run_stages(run: &Arc<RunContext>) -> RecordResult {
    let stages = &run.request.plan.stages;
    let before: Vec<&[usize]> = stages
        .iter()
        .map(|stage| stage.depends_on.as_slice())
        .collect();
    let outcomes = drive(&before, |at, done: &[Option<StageOutcome>]| {
        let pick = |positions: &[usize]| -> Vec<StageOutcome> {
            positions
                .iter()
                .filter_map(|at| done.get(*at).cloned().flatten())
                .collect()
        };
        let direct = pick(before.get(at).copied().unwrap_or_default());
        let all = pick(&ancestors(at, &before));
        run_stage(run, at, direct, all)
    })
    .await;
    RecordResult::worst(outcomes.into_iter().flatten().map(|outcome| outcome.result))
}

/// Whether something may begin.
enum Gate {
    Go,
    Skip(RecordResult, Option<String>),
}

async fn run_stage(
    run: &Arc<RunContext>,
    at: usize,
    direct: Vec<StageOutcome>,
    all: Vec<StageOutcome>,
) -> StageOutcome {
    let empty = |name: &str, result| StageOutcome {
        name: name.to_owned(),
        result,
        jobs: Vec::new(),
    };
    let Some(stage) = run.request.plan.stages.get(at) else {
        return empty("", RecordResult::Skipped);
    };
    let outside = Outside {
        dependencies: stages_object(&direct),
        stage_dependencies: stage_jobs_object(&direct),
    };
    let results = all
        .iter()
        .map(|stage| (stage.name.clone(), stage.result))
        .collect();
    let before = Before {
        canceled: run.is_stopping(),
        results,
    };
    let scope = Scope::stage(&run.request, stage, &outside);
    match gate(run, stage.condition.as_ref(), scope, &outside, &before) {
        Gate::Go => {}
        Gate::Skip(result, error) => {
            skip_stage(run, stage, result, error).await;
            return empty(&stage.name, result);
        }
    }
    run.recorder.start(&stage.name).await;
    let jobs = run_jobs(run, stage, &direct).await;
    let result = RecordResult::worst(jobs.iter().map(|job| job.result));
    run.recorder.complete(&stage.name, result, None).await;
    StageOutcome {
        name: stage.name.clone(),
        result,
        jobs,
    }
}

fn gate(
    run: &RunContext,
    condition: Option<&Expr>,
    scope: Result<Scope<'_>, String>,
    outside: &Outside,
    before: &Before,
) -> Gate {
    use crate::expression::Status as _;

    if run.cancel.is_cancelled() || run.recorder.abort().is_cancelled() {
        return Gate::Skip(RecordResult::Cancelled, None);
    }
    if run.is_stopping() {
        return Gate::Skip(RecordResult::Skipped, None);
    }
    let tested = match (condition, scope) {
        (None, _) => Ok(before.succeeded(&[])),
        (Some(condition), Ok(scope)) => {
            let context = Context {
                variables: scope.finish().object(),
                dependencies: outside.dependencies.clone(),
                stage_dependencies: outside.stage_dependencies.clone(),
                status: before,
            };
            context
                .test(condition)
                .map_err(|error| format!("The condition failed: {error}."))
        }
        (Some(_), Err(error)) => Err(format!("The variables failed: {error}.")),
    };
    match tested {
        Ok(true) => Gate::Go,
        Ok(false) => Gate::Skip(RecordResult::Skipped, None),
        Err(error) => Gate::Skip(
            RecordResult::Failed,
            Some(run.masker.mask(&error).into_owned()),
        ),
    }
}

async fn run_jobs(
    run: &Arc<RunContext>,
    stage: &StagePlan,
    stages: &[StageOutcome],
) -> Vec<JobOutcome> {
    let before: Vec<&[usize]> = stage
        .jobs
        .iter()
        .map(|job| job.depends_on.as_slice())
        .collect();
    let outcomes = drive(&before, |at, done: &[Option<JobOutcome>]| {
        let pick = |positions: &[usize]| -> Vec<JobOutcome> {
            positions
                .iter()
                .filter_map(|at| done.get(*at).cloned().flatten())
                .collect()
        };
        let direct = pick(before.get(at).copied().unwrap_or_default());
        let all = pick(&ancestors(at, &before));
        run_job(run, stage, at, direct, all, stages)
    })
    .await;
    outcomes.into_iter().flatten().collect()
}

async fn run_job(
    run: &Arc<RunContext>,
    stage: &StagePlan,
    at: usize,
    direct: Vec<JobOutcome>,
    all: Vec<JobOutcome>,
    stages: &[StageOutcome],
) -> JobOutcome {
    let outcome = |name: &str, result| JobOutcome {
        name: name.to_owned(),
        result,
        outputs: std::collections::BTreeMap::new(),
    };
    let Some(job) = stage.jobs.get(at) else {
        return outcome("", RecordResult::Skipped);
    };
    let outside = Outside {
        dependencies: jobs_object(&direct),
        stage_dependencies: stage_jobs_object(stages),
    };
    let results = all
        .iter()
        .map(|job| (job.name.clone(), job.result))
        .collect();
    let before = Before {
        canceled: run.is_stopping(),
        results,
    };
    let scope = Scope::stage(&run.request, stage, &outside).and_then(|scope| scope.job(job));
    if let Gate::Skip(result, error) = gate(run, job.condition.as_ref(), scope, &outside, &before) {
        skip_job(run, stage, job, result, error).await;
        return outcome(&job.name, result);
    }
    let ends = run_legs(run, stage, job, outside).await;
    let result = RecordResult::worst(ends.iter().map(|end| end.result));
    let outputs = ends.into_iter().flat_map(|end| end.outputs).collect();
    JobOutcome {
        name: job.name.clone(),
        result,
        outputs,
    }
}

/// Each leg is a task of its own, so that jobs use all cores; dropping the set ends them.
async fn run_legs(
    run: &Arc<RunContext>,
    stage: &StagePlan,
    job: &JobPlan,
    outside: Outside,
) -> Vec<LegEnd> {
    let outside = Arc::new(outside);
    let together = Arc::new(Semaphore::new(
        job.max_parallel.unwrap_or(job.legs.len()).max(1),
    ));
    let legs = job.legs.iter().map(|leg| {
        let (run, stage, job, leg) = (run.clone(), stage.clone(), job.clone(), leg.clone());
        let (outside, together) = (outside.clone(), together.clone());
        async move {
            let id = job.id(&stage, &leg);
            let mut task = JoinSet::new();
            let inner = run.clone();
            task.spawn(
                async move { run_leg(&inner, &stage, &job, &leg, &outside, &together).await },
            );
            match task.join_next().await {
                Some(Ok(end)) => end,
                _ => broken_leg(&run, &id).await,
            }
        }
    });
    join_all(legs).await
}

async fn broken_leg(run: &RunContext, id: &str) -> LegEnd {
    let error = "The runner broke down while it ran this job.".to_owned();
    run.recorder
        .complete(id, RecordResult::Errored, Some(error))
        .await;
    LegEnd::new(RecordResult::Errored)
}

async fn skip_stage(
    run: &RunContext,
    stage: &StagePlan,
    result: RecordResult,
    error: Option<String>,
) {
    for job in &stage.jobs {
        let inner = if result == RecordResult::Failed {
            RecordResult::Skipped
        } else {
            result
        };
        skip_job(run, stage, job, inner, None).await;
    }
    run.recorder.complete(&stage.name, result, error).await;
}

async fn skip_job(
    run: &RunContext,
    stage: &StagePlan,
    job: &JobPlan,
    result: RecordResult,
    error: Option<String>,
) {
    for leg in &job.legs {
        let id = job.id(stage, leg);
        for order in 1..=job.steps.len() {
            run.recorder
                .complete(&format!("{id}/{order}"), RecordResult::Skipped, None)
                .await;
        }
        run.recorder.complete(&id, result, error.clone()).await;
    }
}
