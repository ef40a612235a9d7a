//! Outcomes of jobs and stages, and what conditions see of them.

use std::collections::BTreeMap;

use crate::expression::{Object, Status, Value};
use crate::timeline::RecordResult;

/// How a job ended, all legs together.
#[derive(Debug, Clone)]
pub(crate) struct JobOutcome {
    pub(crate) name: String,
    pub(crate) result: RecordResult,
    /// `step.variable`, or `leg.step.variable`.
    pub(crate) outputs: BTreeMap<String, String>,
}

/// How a stage ended.
#[derive(Debug, Clone)]
pub(crate) struct StageOutcome {
    pub(crate) name: String,
    pub(crate) result: RecordResult,
    pub(crate) jobs: Vec<JobOutcome>,
}

fn described(result: RecordResult, outputs: Object) -> Value {
    let pairs = [
        ("result", Value::text(result.azure_name())),
        ("outputs", outputs.into()),
    ];
    Object::from_iter(pairs).into()
}

fn outputs(job: &JobOutcome, prefix: &str, into: &mut Object) {
    for (name, value) in &job.outputs {
        into.insert(&format!("{prefix}{name}"), Value::text(value));
    }
}

/// `dependencies` in a job: the jobs it waits for.
pub(crate) fn jobs_object<'a>(jobs: impl IntoIterator<Item = &'a JobOutcome>) -> Value {
    let mut object = Object::default();
    for job in jobs {
        let mut own = Object::default();
        outputs(job, "", &mut own);
        object.insert(&job.name, described(job.result, own));
    }
    object.into()
}

/// `dependencies` in a stage: outputs are named `job.step.variable`.
pub(crate) fn stages_object<'a>(stages: impl IntoIterator<Item = &'a StageOutcome>) -> Value {
    let mut object = Object::default();
    for stage in stages {
        let mut own = Object::default();
        for job in &stage.jobs {
            outputs(job, &format!("{}.", job.name), &mut own);
        }
        object.insert(&stage.name, described(stage.result, own));
    }
    object.into()
}

/// `stageDependencies`: the jobs of the stages that this stage waits for.
pub(crate) fn stage_jobs_object<'a>(stages: impl IntoIterator<Item = &'a StageOutcome>) -> Value {
    let mut object = Object::default();
    for stage in stages {
        object.insert(&stage.name, jobs_object(&stage.jobs));
    }
    object.into()
}

/// What `succeeded()` and its like see before a stage or job begins.
pub(crate) struct Before {
    pub(crate) canceled: bool,
    /// Everything that comes before, directly or not.
    pub(crate) results: Vec<(String, RecordResult)>,
}

impl Before {
    fn named(&self, names: &[String]) -> Vec<Option<RecordResult>> {
        let find = |name: &String| {
            let found = self
                .results
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, result)| *result)
        };
        names.iter().map(find).collect()
    }
}

fn is_failure(result: RecordResult) -> bool {
    matches!(result, RecordResult::Failed | RecordResult::Errored)
}

impl Status for Before {
    fn canceled(&self) -> bool {
        self.canceled
    }

    fn succeeded(&self, names: &[String]) -> bool {
        let good = |result: RecordResult| result.is_success();
        let all = if names.is_empty() {
            self.results.iter().all(|(_, result)| good(*result))
        } else {
            self.named(names)
                .into_iter()
                .all(|result| result.is_some_and(good))
        };
        all && !self.canceled
    }

    fn failed(&self, names: &[String]) -> bool {
        if names.is_empty() {
            return self.results.iter().any(|(_, result)| is_failure(*result));
        }
        self.named(names).into_iter().flatten().any(is_failure)
    }

    fn succeeded_or_failed(&self, names: &[String]) -> bool {
        let ended = |result: RecordResult| result.is_success() || is_failure(result);
        let some = names.is_empty() || self.named(names).into_iter().flatten().any(ended);
        some && !self.canceled
    }
}
