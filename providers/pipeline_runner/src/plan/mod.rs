//! A pipeline that passed every check and can run.

mod graph;
mod jobs;
mod parts;
mod stages;
mod steps;
mod tasks;

use std::time::Duration;

use crate::error::PlanError;
use crate::expression::Expr;
use crate::port::ResultFormat;
use crate::timeline::{JobRecord, StageRecord, Status, StepRecord, Timeline};
use crate::yaml::{self, Findings};

/// A validated pipeline. Made by [`crate::PipelineRunner::plan`]; holds no secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPlan {
    pub(crate) variables: Vec<VariablePlan>,
    pub(crate) stages: Vec<StagePlan>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VariablePlan {
    pub(crate) name: String,
    pub(crate) value: VariableValue,
    pub(crate) read_only: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum VariableValue {
    Text(String),
    /// `$[ ... ]`, evaluated when the scope begins.
    Expression(Expr),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StagePlan {
    pub(crate) name: String,
    pub(crate) display_name: String,
    /// Positions of the stages in the plan that come before.
    pub(crate) depends_on: Vec<usize>,
    pub(crate) condition: Option<Expr>,
    pub(crate) variables: Vec<VariablePlan>,
    pub(crate) jobs: Vec<JobPlan>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JobPlan {
    pub(crate) name: String,
    pub(crate) display_name: String,
    /// Positions of the jobs in the stage that come before.
    pub(crate) depends_on: Vec<usize>,
    pub(crate) condition: Option<Expr>,
    pub(crate) variables: Vec<VariablePlan>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) cancel_timeout: Duration,
    pub(crate) continue_on_error: bool,
    /// At least one; a job without strategy has one leg without name.
    pub(crate) legs: Vec<LegPlan>,
    pub(crate) max_parallel: Option<usize>,
    pub(crate) steps: Vec<StepPlan>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LegPlan {
    pub(crate) name: Option<String>,
    pub(crate) variables: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StepPlan {
    pub(crate) name: Option<String>,
    pub(crate) display_name: String,
    pub(crate) condition: Option<Expr>,
    pub(crate) enabled: bool,
    pub(crate) continue_on_error: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: u32,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) action: Action,
}

/// What a step does. Texts may hold `$(name)`, which is expanded when the step begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Script {
        source: ScriptSource,
        working_directory: Option<String>,
        fail_on_stderr: bool,
    },
    Checkout,
    Publish {
        path: String,
        artifact: String,
    },
    Download {
        artifact: Option<String>,
        patterns: Option<String>,
        target: DownloadTarget,
    },
    TestResults(TestResultsPlan),
    Coverage {
        summary: String,
        fail_if_empty: bool,
    },
    Copy(CopyPlan),
    /// `download: none`.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScriptSource {
    Inline(String),
    File { path: String, arguments: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DownloadTarget {
    /// Each artifact in a folder of its name below this one, by default the workspace.
    PerArtifact(Option<String>),
    /// The files of the one artifact straight into this folder.
    Direct(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestResultsPlan {
    pub(crate) format: ResultFormat,
    pub(crate) files: String,
    pub(crate) folder: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) fail_on_failed_tests: bool,
    pub(crate) fail_if_missing: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopyPlan {
    pub(crate) source: Option<String>,
    pub(crate) contents: String,
    pub(crate) target: String,
    pub(crate) clean: bool,
    pub(crate) overwrite: bool,
    pub(crate) flatten: bool,
}

impl RunPlan {
    /// Parses and validates Azure Pipelines YAML.
    ///
    /// # Errors
    /// Lists everything that is wrong or not supported, in the order of the text.
    pub fn parse(yaml: &str) -> Result<Self, PlanError> {
        let mut findings = Findings::default();
        let plan = yaml::load(yaml, &mut findings)
            .and_then(|root| stages::pipeline(&yaml::View::root(&root), &mut findings));
        match plan {
            Some(plan) if findings.is_empty() => Ok(plan),
            _ => Err(PlanError {
                findings: findings.into_sorted(),
            }),
        }
    }

    /// All stages, jobs and steps of a run of this plan, everything pending.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        let stages = self
            .stages
            .iter()
            .zip(1..)
            .map(|(stage, order)| stage.record(order));
        Timeline {
            stages: stages.collect(),
        }
    }
}

impl StagePlan {
    fn record(&self, order: u32) -> StageRecord {
        let legs = self
            .jobs
            .iter()
            .flat_map(|job| job.legs.iter().map(move |leg| (job, leg)));
        StageRecord {
            id: self.name.clone(),
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            order,
            status: Status::default(),
            jobs: legs
                .zip(1..)
                .map(|((job, leg), order)| job.record(self, leg, order))
                .collect(),
        }
    }
}

impl JobPlan {
    /// Id of the record of one leg.
    pub(crate) fn id(&self, stage: &StagePlan, leg: &LegPlan) -> String {
        match &leg.name {
            Some(name) => format!("{}/{}.{name}", stage.name, self.name),
            None => format!("{}/{}", stage.name, self.name),
        }
    }

    fn record(&self, stage: &StagePlan, leg: &LegPlan, order: u32) -> JobRecord {
        let id = self.id(stage, leg);
        let display_name = match &leg.name {
            Some(name) => format!("{} {name}", self.display_name),
            None => self.display_name.clone(),
        };
        let steps = self.steps.iter().zip(1..).map(|(step, order)| StepRecord {
            id: format!("{id}/{order}"),
            name: step.name.clone(),
            display_name: step.display_name.clone(),
            order,
            status: Status::default(),
        });
        let steps = steps.collect();
        let (name, leg) = (self.name.clone(), leg.name.clone());
        JobRecord {
            id,
            name,
            leg,
            display_name,
            order,
            status: Status::default(),
            steps,
        }
    }
}

#[cfg(test)]
mod tests;
