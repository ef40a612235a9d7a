//! The top of the file and its stages.

use super::graph::{Named, resolve};
use super::{JobPlan, RunPlan, StagePlan, jobs, parts};
use crate::error::Rule;
use crate::yaml::{Fields, Findings, View};

const MAX_STAGES: usize = 100;
/// Steps of a run, counted once for each leg of a matrix.
const MAX_STEPS: usize = 5_000;

/// Keys that say when or where Azure runs a pipeline: here the caller decides both.
const IGNORED: [&str; 9] = [
    "trigger",
    "pr",
    "name",
    "pool",
    "resources",
    "schedules",
    "lockBehavior",
    "appendCommitMessageToRunName",
    "workspace",
];

pub(super) fn pipeline(root: &View<'_>, findings: &mut Findings) -> Option<RunPlan> {
    let mut fields = Fields::new(root, findings)?;
    fields.ignore(&IGNORED);
    fields.refuse(
        &["extends", "parameters", "container", "services"],
        findings,
    );
    let variables = parts::variables(&mut fields, findings);
    let bodies: Vec<&str> = ["stages", "jobs", "steps"]
        .into_iter()
        .filter(|key| fields.has(key))
        .collect();
    let stages = match bodies.as_slice() {
        ["stages"] => stages(&mut fields, findings),
        ["jobs"] => vec![implicit_stage(jobs::jobs(&mut fields, findings))],
        ["steps"] => {
            // The keys of a job may stand at the top beside `steps`.
            let job = jobs::implicit_job(&mut fields, findings);
            vec![implicit_stage(job.into_iter().collect())]
        }
        [] => {
            if !fields.has("extends") {
                let message = "one of `stages`, `jobs` or `steps` is needed";
                findings.add(root, Rule::MissingKey, message);
            }
            Vec::new()
        }
        many => {
            let message = format!("only one of {} can stand here", many.join(", "));
            findings.add(root, Rule::InvalidValue, message);
            fields.ignore(&["stages", "jobs", "steps"]);
            Vec::new()
        }
    };
    fields.finish(findings);
    let count = stages.iter().flat_map(|stage| &stage.jobs);
    let count: usize = count
        .map(|job| job.steps.len().max(1) * job.legs.len())
        .sum();
    if count > MAX_STEPS {
        let message = format!("a run has at most {MAX_STEPS} steps, this one has {count}");
        findings.add(root, Rule::TooMany, message);
    }
    Some(RunPlan { variables, stages })
}

fn implicit_stage(jobs: Vec<JobPlan>) -> StagePlan {
    StagePlan {
        name: "__default".to_owned(),
        display_name: "Default".to_owned(),
        depends_on: Vec::new(),
        condition: None,
        variables: Vec::new(),
        jobs,
    }
}

fn stages(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<StagePlan> {
    let Some(view) = fields.take("stages") else {
        return Vec::new();
    };
    let items = view.items(findings);
    if items.is_empty() || items.len() > MAX_STAGES {
        let message = format!("a pipeline has 1 to {MAX_STAGES} stages");
        findings.add(&view, Rule::TooMany, message);
        return Vec::new();
    }
    let mut plans = Vec::new();
    let mut named = Vec::new();
    for (position, item) in items.into_iter().enumerate() {
        if let Some((plan, depends_on)) = stage(&item, position, findings) {
            named.push(Named {
                name: plan.name.clone(),
                view: item,
                depends_on,
            });
            plans.push(plan);
        }
    }
    for (plan, before) in plans
        .iter_mut()
        .zip(resolve("stage", &named, true, findings))
    {
        plan.depends_on = before;
    }
    plans
}

type DependsOn<'a> = Option<Vec<(String, View<'a>)>>;

fn stage<'a>(
    item: &View<'a>,
    position: usize,
    findings: &mut Findings,
) -> Option<(StagePlan, DependsOn<'a>)> {
    let mut fields = Fields::new(item, findings)?;
    fields.ignore(&["pool", "lockBehavior", "isSkippable"]);
    fields.refuse(
        &["template", "parameters", "templateContext", "trigger"],
        findings,
    );
    let named = fields.take("stage");
    if named.is_none() && !fields.has("template") {
        findings.add(item, Rule::MissingKey, "a stage begins with `stage: name`");
    }
    let name = named
        .as_ref()
        .and_then(|view| view.text(findings))
        .unwrap_or_default();
    let name = if name.is_empty() {
        format!("Stage{}", position + 1)
    } else {
        name
    };
    if let Some(view) = &named {
        parts::check_name(&name, view, findings);
    }
    let display_name = fields
        .text("displayName", findings)
        .filter(|text| !text.is_empty());
    let depends_on = parts::depends_on(&mut fields, findings);
    let plan = StagePlan {
        display_name: display_name.unwrap_or_else(|| name.clone()),
        name,
        depends_on: Vec::new(),
        condition: parts::condition(&mut fields, findings),
        variables: parts::variables(&mut fields, findings),
        jobs: jobs::jobs(&mut fields, findings),
    };
    fields.finish(findings);
    Some((plan, depends_on))
}
