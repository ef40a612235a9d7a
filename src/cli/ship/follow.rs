//! From a commit on the default branch to its build result.

use std::time::Duration;

use serde::Serialize;

use super::{
    ShipError, Shipment,
    api::{self, FollowCommit, FollowedRun, Present},
    logs::Logs,
    model::{Build, Pipeline, PullRequest, Repository, Run},
    progress::Event,
    session::{Grace, Session},
};

const LOOK: Duration = Duration::from_millis(400);
/// Time, in looks, without a pipeline after which a commit that was there before is generated for.
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

/// What is followed, and what was done about it so far.
pub(super) struct Follower<'a> {
    repository: &'a Repository,
    sha: &'a str,
    fresh: bool,
    retry: bool,
    poll: Duration,
    told: bool,
    asked: bool,
    replaced: Option<String>,
}

impl<'a> Follower<'a> {
    /// Follows a commit of the default branch.
    ///
    /// `fresh`: it was merged just now, so that everything comes by itself; otherwise the pipeline
    /// is asked for when there is none, and a run without success repeated if that is wanted.
    pub(super) fn new(
        shipment: &'a Shipment<'_>,
        repository: &'a Repository,
        sha: &'a str,
        fresh: bool,
    ) -> Self {
        Self {
            repository,
            sha,
            fresh,
            retry: shipment.options.retry && !fresh,
            poll: shipment.options.poll.unwrap_or(LOOK),
            told: false,
            asked: false,
            replaced: None,
        }
    }

    /// Waits for the build result.
    pub(super) async fn wait(mut self, session: &mut Session<'_>) -> Result<Ended, ShipError> {
        let mut deadline = session.deadline("a change of the pipeline run");
        let grace = Grace::new(self.poll);
        let mut logs = Logs::default();
        let mut seen = None;
        loop {
            let (pipeline, followed) = self.look(session).await?;
            if let Some(followed) = followed {
                session.progress.on(Event::Run(&followed.run));
                logs.follow(session, &followed.run);
                if let Some(build) = followed.build {
                    logs.finish(session).await;
                    let (run, pull_request) = (followed.run, followed.pull_request);
                    let pipeline = pipeline.unwrap_or_else(|| Pipeline::valid(&run.pipeline_id));
                    let text = format!("{} ({})", build.status.to_lowercase(), build.id);
                    session.tell("build", text);
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
            } else {
                self.move_on(session, pipeline.as_ref(), grace).await?;
            }
            session.pause_with(&deadline, self.poll, &mut logs).await?;
        }
    }

    /// The commit's pipeline and its run, once there is one to follow.
    async fn look(
        &mut self,
        session: &mut Session<'_>,
    ) -> Result<(Option<Pipeline>, Option<FollowedRun>), ShipError> {
        let of = || OfCommit {
            repository_id: &self.repository.id,
            commit_sha: self.sha,
        };
        let variables = Follow {
            pipelines: of(),
            runs: of(),
        };
        let now: FollowCommit = session.ask(api::FOLLOW_COMMIT, variables).await?;
        let (pipeline, mut followed) = (now.pipelines.first(), now.pipeline_runs.first());
        if let Some(pipeline) = &pipeline {
            if pipeline.status == "INVALID" && followed.is_none() {
                let findings = pipeline.findings.clone();
                return Err(ShipError::InvalidPipeline { findings });
            }
            if !self.told {
                session.tell("pipeline", pipeline.id.clone());
                self.told = true;
            }
        }
        if let Some(ended) = &followed {
            self.retry(session, ended).await?;
        }
        followed.take_if(|followed| self.replaced.as_ref() == Some(&followed.run.id));
        Ok((pipeline, followed))
    }

    // Only a run that had ended before this command came is repeated, and only once.
    async fn retry(
        &mut self,
        session: &mut Session<'_>,
        found: &FollowedRun,
    ) -> Result<(), ShipError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Input<'a> {
            run_id: &'a str,
        }
        let outcome = found.run.outcome.as_deref();
        let failed = outcome.is_some_and(|outcome| outcome != "SUCCEEDED");
        if std::mem::take(&mut self.retry) && failed {
            let input = Input {
                run_id: &found.run.id,
            };
            let made: Result<Present, _> = session.command(api::RETRY_PIPELINE_RUN, input).await;
            let made = made.map_err(|refusal| refusal.into_error("repeating the run"))?;
            session.tell("retry", format!("{} after {}", made.id, found.run.id));
            self.replaced = Some(found.run.id.clone());
        }
        Ok(())
    }

    // What nobody asked for does not come by itself.
    async fn move_on(
        &mut self,
        session: &mut Session<'_>,
        pipeline: Option<&Pipeline>,
        grace: Grace,
    ) -> Result<(), ShipError> {
        let idle = pipeline.is_some_and(|pipeline| !pipeline.auto_run);
        let forgotten = !self.fresh && pipeline.is_none() && grace.is_over(PATIENT_LOOKS);
        if !self.asked && self.replaced.is_none() && (idle || forgotten) {
            ask_for_run(session, self.repository, self.sha, pipeline).await?;
            self.asked = true;
        }
        Ok(())
    }
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
