//! From a landing to a build result.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sluice_build_result::{BuildResult, BuildStatus, TestCase, TestOutcome};
use sluice_kernel::ContentDigest;
use sluice_pipeline_execution::{PipelineRun, RunOutcome, RunOutputs, RunStatus};
use sluice_pipeline_generator::{PipelineDefinition, PipelineStatus};
use sluice_pipeline_runner::{
    JobRecord, RecordResult, RecordState, StageRecord, Status, StepRecord, Timeline,
};
use sluice_schema::{
    EventId, PullRequestId, RunId,
    events::{
        BlobReference, BuildCompleted, CoverageCounts, ModuleDescription, PipelineGenerated,
        PipelineRunCompleted, PipelineRunStarted, PublishedArtifact, TestCounts,
    },
};

use super::{ModuleWorld, source::Landing};
use crate::{
    maker::{Made, Story, system, touch},
    scene::MAIN,
};

/// Landings that share a definition.
const SHARED: u64 = 10;

/// What was built.
pub(super) struct Built {
    pub(super) build: BuildResult,
    pub(super) module: ModuleDescription,
    pub(super) succeeded: bool,
    pub(super) author: &'static str,
    pub(super) at: DateTime<Utc>,
}

struct Times {
    queued: DateTime<Utc>,
    started: DateTime<Utc>,
    finished: DateTime<Utc>,
}

impl ModuleWorld {
    /// A definition, a run and its result; nothing when the run would not end in time.
    pub(super) fn build(&mut self, story: &mut Story, landing: &Landing) -> Made<Option<Built>> {
        let generated_at = landing.at + TimeDelta::seconds(4);
        let started = generated_at + self.maker.random.seconds(2, 20);
        let times = Times {
            queued: generated_at + TimeDelta::seconds(1),
            started,
            finished: started + self.pause(120, 720),
        };
        if self.is_over(times.finished + TimeDelta::seconds(10)) {
            return Ok(None);
        }
        let (pipeline, cause) = self.generate(story, landing, generated_at)?;
        let outcome = match self.maker.random.below(100) {
            _ if self.character.steady => RunOutcome::Succeeded,
            0..9 => RunOutcome::Failed,
            9..11 => RunOutcome::Errored,
            11 => RunOutcome::Cancelled,
            _ => RunOutcome::Succeeded,
        };
        let run = self.run(story, (&pipeline, cause), landing, &times, outcome)?;
        let built = self.result(story, &run, landing)?;
        self.maker.rows.runs.push(run);
        Ok(Some(built))
    }

    fn generate(
        &mut self,
        story: &mut Story,
        landing: &Landing,
        at: DateTime<Utc>,
    ) -> Made<(PipelineDefinition, EventId)> {
        let by = system("pipeline_generator");
        let mut definition = match self.pipeline.take() {
            Some(mut known) if self.landed % SHARED != 1 => {
                touch(&mut known.meta, at, &by);
                known
            }
            past => {
                self.maker.rows.pipelines.extend(past);
                self.definition(story, landing.pull_request, at)
            }
        };
        definition.commit_sha.clone_from(&landing.sha);
        definition.pull_request_id = Some(landing.pull_request);
        definition.definition_sha = Some(self.maker.random.sha());
        let event = PipelineGenerated {
            pipeline_id: definition.id,
            repository_id: definition.repository_id,
            repository_name: definition.repository_name.clone(),
            branch: definition.branch.clone(),
            commit_sha: landing.sha.clone(),
            content_digest: definition.content_digest.clone(),
            definition_sha: definition.definition_sha.clone().unwrap_or_default(),
            yaml_path: definition.yaml_path.clone().unwrap_or_default(),
            module: definition.module.clone().unwrap_or_default(),
            auto_run: true,
            pull_request_id: definition.pull_request_id,
        };
        let told = self.maker.tell(story, at, &by, &event)?;
        self.pipeline = Some(definition.clone());
        Ok((definition, told))
    }

    fn definition(
        &mut self,
        story: &Story,
        pull_request: PullRequestId,
        at: DateTime<Utc>,
    ) -> PipelineDefinition {
        self.pipelines += 1;
        let module = self.description();
        let yaml = format!(
            "# Builds {} {}\ntrigger: none\nstages:\n- stage: build\n  jobs:\n  - job: build\n    \
             steps:\n    - script: make build\n    - script: make test\n",
            module.id, module.version
        );
        PipelineDefinition {
            id: self.maker.random.id(at),
            meta: self.maker.meta(story, at, &system("pipeline_generator")),
            repository_id: self.repository,
            repository_name: self.name.clone(),
            branch: MAIN.to_owned(),
            commit_sha: String::new(),
            module_digest: Some(ContentDigest::of(&module.version).to_string()),
            content_digest: ContentDigest::of(&yaml).to_string(),
            yaml_path: Some(format!("pipelines/{}/azure-pipelines.yml", module.id)),
            module: Some(module),
            yaml: Some(yaml),
            definition_sha: None,
            status: PipelineStatus::Valid,
            findings: Vec::new(),
            pull_request_id: Some(pull_request),
            auto_run: true,
        }
    }

    fn run(
        &mut self,
        story: &mut Story,
        (pipeline, cause): (&PipelineDefinition, EventId),
        landing: &Landing,
        times: &Times,
        outcome: RunOutcome,
    ) -> Made<PipelineRun> {
        self.runs += 1;
        let by = system("pipeline_execution");
        let id: RunId = self.maker.random.id(times.queued);
        let mut meta = self.maker.meta(story, times.queued, &by);
        touch(&mut meta, times.started, &by);
        touch(&mut meta, times.finished, &by);
        let artifacts = match outcome {
            RunOutcome::Succeeded => self.artifacts(&id),
            _ => Vec::new(),
        };
        let run = PipelineRun {
            id,
            pipeline_id: pipeline.id,
            repository_id: self.repository,
            repository_name: self.name.clone(),
            branch: MAIN.to_owned(),
            commit_sha: landing.sha.clone(),
            attempt: 1,
            number: self.runs,
            build_number: self.runs.to_string(),
            status: RunStatus::Completed,
            outcome: Some(outcome),
            reason: reason_of(outcome),
            findings: Vec::new(),
            module: pipeline.module.clone().unwrap_or_default(),
            timeline: timeline(times, outcome),
            variables: BTreeMap::new(),
            tags: Vec::new(),
            queued_at: times.queued,
            started_at: Some(times.started),
            finished_at: Some(times.finished),
            cancel: None,
            lease: None,
            retried_from: None,
            caused_by: Some(cause),
            logs_prefix: format!("logs/{}/{id}", meta.tenant_id),
            meta,
            outputs: RunOutputs {
                artifacts,
                ..RunOutputs::default()
            },
        };
        let started = PipelineRunStarted {
            run_id: run.id,
            pipeline_id: run.pipeline_id,
            repository_id: run.repository_id,
            branch: run.branch.clone(),
            commit_sha: run.commit_sha.clone(),
            attempt: run.attempt,
        };
        self.maker.tell(story, times.started, &by, &started)?;
        let completed = completed(&run, outcome, times.finished);
        self.maker.tell(story, times.finished, &by, &completed)?;
        Ok(run)
    }

    fn artifacts(&mut self, run: &RunId) -> Vec<PublishedArtifact> {
        let files = [("app", "app/start"), ("package", "lib/module.dll")];
        let artifact = |(name, path): (&str, &str)| PublishedArtifact {
            name: name.to_owned(),
            path: path.to_owned(),
            blob: BlobReference {
                key: format!("artifacts/{run}/{name}/{path}"),
                digest: self.maker.random.digest(),
                size: 20_000 + self.maker.random.below(2_000_000),
            },
        };
        files.into_iter().map(artifact).collect()
    }

    fn result(&mut self, story: &mut Story, run: &PipelineRun, landing: &Landing) -> Made<Built> {
        let at = run.finished_at.unwrap_or(run.queued_at) + TimeDelta::seconds(1);
        let by = system("build_result");
        let (status, failed) = match run.outcome {
            Some(RunOutcome::Succeeded) => (BuildStatus::Succeeded, 0),
            Some(RunOutcome::Failed) => (BuildStatus::Failed, 1),
            Some(RunOutcome::Cancelled) => (BuildStatus::Cancelled, 0),
            _ => (BuildStatus::Errored, 0),
        };
        let ran = matches!(status, BuildStatus::Succeeded | BuildStatus::Failed);
        let tests = ran.then(|| self.tests(failed));
        let covered = 700 + self.maker.random.below(250);
        let build = BuildResult {
            id: self.maker.random.id(at),
            meta: self.maker.meta(story, at, &by),
            run_key: run.id.to_string(),
            content_digest: self.maker.random.digest(),
            run_id: Some(run.id),
            pipeline_id: Some(run.pipeline_id),
            repository_id: run.repository_id,
            branch: run.branch.clone(),
            commit_sha: run.commit_sha.clone(),
            status,
            reason: run.reason.clone(),
            tests,
            coverage: ran.then_some(CoverageCounts {
                lines_covered: covered,
                lines_valid: 1_000,
            }),
            artifacts: run.outputs.artifacts.clone(),
            findings: Vec::new(),
            module: Some(run.module.clone()),
            logs_uri: Some(run.logs_prefix.clone()),
            external_url: None,
            started_at: run.started_at,
            finished_at: run.finished_at.unwrap_or(at),
        };
        self.maker.tell(story, at, &by, &completed_build(&build))?;
        let cases = tests.map(|tests| cases(&build, &tests)).unwrap_or_default();
        self.maker.rows.builds.push((build.clone(), cases));
        Ok(Built {
            module: run.module.clone(),
            succeeded: status == BuildStatus::Succeeded,
            author: landing.author,
            build,
            at,
        })
    }

    fn tests(&mut self, failed: u64) -> TestCounts {
        let total = CASES.len() as u64;
        TestCounts {
            total,
            passed: total - failed,
            failed,
            errored: 0,
            skipped: 0,
            duration_ms: total * (5 + self.maker.random.below(400)),
        }
    }
}

const CASES: [&str; 4] = ["adds_up", "refuses_nothing", "keeps_order", "starts"];

fn cases(build: &BuildResult, tests: &TestCounts) -> Vec<TestCase> {
    let case = |(index, name): (usize, &&str)| {
        // The last ones are those that failed.
        let fails = CASES.len() - index <= usize::try_from(tests.failed).unwrap_or_default();
        TestCase {
            id: format!("{}.{index}", build.id),
            suite: "unit".to_owned(),
            class: "Orders".to_owned(),
            name: (*name).to_owned(),
            outcome: if fails {
                TestOutcome::Failed
            } else {
                TestOutcome::Passed
            },
            duration_ms: Some(tests.duration_ms / tests.total.max(1)),
            message: fails.then(|| "expected 3, got 4".to_owned()),
            details: None,
            file: None,
            line: None,
        }
    };
    CASES.iter().enumerate().map(case).collect()
}

fn reason_of(outcome: RunOutcome) -> Option<String> {
    let reason = match outcome {
        RunOutcome::Succeeded => return None,
        RunOutcome::Failed => "1 test failed",
        RunOutcome::Errored => "the disk of the worker was full",
        RunOutcome::Cancelled => "cancelled by olga",
    };
    Some(reason.to_owned())
}

fn timeline(times: &Times, outcome: RunOutcome) -> Timeline {
    let status = |result| Status {
        state: RecordState::Completed,
        result: Some(result),
        started_at: Some(times.started),
        finished_at: Some(times.finished),
        ..Status::default()
    };
    let whole = match outcome {
        RunOutcome::Succeeded => RecordResult::Succeeded,
        RunOutcome::Failed => RecordResult::Failed,
        RunOutcome::Errored => RecordResult::Errored,
        RunOutcome::Cancelled => RecordResult::Cancelled,
    };
    let step = |order: u32, name: &str, result| StepRecord {
        id: format!("build/build/{order}"),
        name: None,
        display_name: name.to_owned(),
        order,
        status: status(result),
    };
    let job = JobRecord {
        id: "build/build".to_owned(),
        name: "build".to_owned(),
        leg: None,
        display_name: "build".to_owned(),
        order: 1,
        status: status(whole),
        steps: vec![
            step(1, "make build", RecordResult::Succeeded),
            step(2, "make test", whole),
        ],
    };
    Timeline {
        stages: vec![StageRecord {
            id: "build".to_owned(),
            name: "build".to_owned(),
            display_name: "build".to_owned(),
            order: 1,
            status: status(whole),
            jobs: vec![job],
        }],
    }
}

fn completed(run: &PipelineRun, outcome: RunOutcome, at: DateTime<Utc>) -> PipelineRunCompleted {
    PipelineRunCompleted {
        run_id: run.id,
        pipeline_id: run.pipeline_id,
        repository_id: run.repository_id,
        branch: run.branch.clone(),
        commit_sha: run.commit_sha.clone(),
        attempt: run.attempt,
        outcome: outcome.as_str().to_owned(),
        reason: run.reason.clone(),
        started_at: run.started_at,
        finished_at: at,
        module: run.module.clone(),
        logs_prefix: run.logs_prefix.clone(),
        test_results: Vec::new(),
        coverage: Vec::new(),
        artifacts: run.outputs.artifacts.clone(),
    }
}

fn completed_build(it: &BuildResult) -> BuildCompleted {
    BuildCompleted {
        build_id: it.id,
        run_id: it.run_id,
        pipeline_id: it.pipeline_id,
        repository_id: it.repository_id,
        branch: it.branch.clone(),
        commit_sha: it.commit_sha.clone(),
        status: it.status.as_str().to_owned(),
        reason: it.reason.clone(),
        tests: it.tests,
        coverage: it.coverage,
        artifacts: it.artifacts.clone(),
        module: it.module.clone(),
        logs_uri: it.logs_uri.clone(),
    }
}
