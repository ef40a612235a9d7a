//! Jobs and their strategies.

use std::collections::HashSet;
use std::time::Duration;

use super::graph::{Named, resolve};
use super::{JobPlan, LegPlan, parts, steps};
use crate::error::Rule;
use crate::yaml::{Fields, Findings, View};

const MAX_JOBS: usize = 256;
const MAX_LEGS: u32 = 256;
/// What Azure gives a job that says nothing.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60 * 60);
const DEFAULT_CANCEL_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The `jobs` of a stage or of the whole file.
pub(super) fn jobs(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<JobPlan> {
    let Some(view) = fields.take("jobs") else {
        if !fields.has("template") {
            findings.add(fields.view(), Rule::MissingKey, "`jobs` is needed");
        }
        return Vec::new();
    };
    let items = view.items(findings);
    if items.is_empty() || items.len() > MAX_JOBS {
        findings.add(
            &view,
            Rule::TooMany,
            format!("a stage has 1 to {MAX_JOBS} jobs"),
        );
        return Vec::new();
    }
    let mut plans = Vec::new();
    let mut named = Vec::new();
    for (position, item) in items.into_iter().enumerate() {
        let Some(mut fields) = Fields::new(&item, findings) else {
            continue;
        };
        if refuse_kind(&mut fields, findings) {
            continue;
        }
        let name = name(&mut fields, position, findings);
        let depends_on = parts::depends_on(&mut fields, findings);
        let plan = job(name, &mut fields, findings);
        fields.finish(findings);
        named.push(Named {
            name: plan.name.clone(),
            view: item,
            depends_on,
        });
        plans.push(plan);
    }
    for (plan, before) in plans
        .iter_mut()
        .zip(resolve("job", &named, false, findings))
    {
        plan.depends_on = before;
    }
    plans
}

/// The one job of a file that has only `steps`.
pub(super) fn implicit_job(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<JobPlan> {
    let variables = Vec::new();
    let plan = body("Job".to_owned(), fields, findings);
    Some(JobPlan { variables, ..plan })
}

fn refuse_kind(fields: &mut Fields<'_>, findings: &mut Findings) -> bool {
    for (key, what) in [("deployment", "deployment jobs"), ("template", "templates")] {
        if let Some(view) = fields.take(key) {
            findings.add(
                &view,
                Rule::Unsupported,
                format!("{what} are not supported"),
            );
            return true;
        }
    }
    false
}

fn name(fields: &mut Fields<'_>, position: usize, findings: &mut Findings) -> String {
    let Some(view) = fields.take("job") else {
        findings.add(
            fields.view(),
            Rule::MissingKey,
            "a job begins with `job: name`",
        );
        return format!("Job{}", position + 1);
    };
    let name = view.text(findings).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| format!("Job{}", position + 1));
    parts::check_name(&name, &view, findings);
    name
}

fn job(name: String, fields: &mut Fields<'_>, findings: &mut Findings) -> JobPlan {
    let variables = parts::variables(fields, findings);
    let plan = body(name, fields, findings);
    JobPlan { variables, ..plan }
}

fn body(name: String, fields: &mut Fields<'_>, findings: &mut Findings) -> JobPlan {
    fields.ignore(&["pool", "workspace"]);
    let refused = [
        "container",
        "services",
        "uses",
        "environment",
        "templateContext",
        "parameters",
    ];
    fields.refuse(&refused, findings);
    let has_timeout = fields.has("timeoutInMinutes");
    let timeout = parts::minutes("timeoutInMinutes", fields, findings);
    let cancel_timeout = parts::minutes("cancelTimeoutInMinutes", fields, findings);
    let (legs, max_parallel) = strategy(fields, findings);
    let display_name = fields
        .text("displayName", findings)
        .filter(|text| !text.is_empty());
    JobPlan {
        display_name: display_name.unwrap_or_else(|| name.clone()),
        name,
        depends_on: Vec::new(),
        condition: parts::condition(fields, findings),
        variables: Vec::new(),
        timeout: if has_timeout {
            timeout
        } else {
            Some(DEFAULT_TIMEOUT)
        },
        cancel_timeout: cancel_timeout.unwrap_or(DEFAULT_CANCEL_TIMEOUT),
        continue_on_error: fields.boolean("continueOnError", findings).unwrap_or(false),
        legs,
        max_parallel,
        steps: steps::steps(fields, findings),
    }
}

fn single() -> Vec<LegPlan> {
    vec![LegPlan {
        name: None,
        variables: Vec::new(),
    }]
}

fn strategy(fields: &mut Fields<'_>, findings: &mut Findings) -> (Vec<LegPlan>, Option<usize>) {
    let Some(view) = fields.take("strategy") else {
        return (single(), None);
    };
    let Some(mut fields) = Fields::new(&view, findings) else {
        return (single(), None);
    };
    fields.refuse(&["runOnce", "rolling", "canary"], findings);
    let max_parallel = fields.number("maxParallel", MAX_LEGS, findings);
    let matrix = fields.take("matrix");
    let parallel = fields.take("parallel");
    fields.finish(findings);
    let legs = match (matrix, parallel) {
        (Some(matrix), None) => matrix_legs(&matrix, findings),
        (None, Some(parallel)) => parallel_legs(&parallel, findings),
        (Some(_), Some(parallel)) => {
            let message = "`matrix` and `parallel` cannot stand together";
            findings.add(&parallel, Rule::InvalidValue, message);
            single()
        }
        (None, None) => single(),
    };
    let max_parallel = max_parallel.and_then(|number| usize::try_from(number).ok());
    (legs, max_parallel.filter(|number| *number > 0))
}

fn matrix_legs(view: &View<'_>, findings: &mut Findings) -> Vec<LegPlan> {
    let Some(entries) = view.entries() else {
        let message = "a matrix that is known only at run time is not supported";
        findings.add(view, Rule::Unsupported, message);
        return single();
    };
    let mut seen = HashSet::new();
    let mut legs = Vec::new();
    for (entry, leg) in &entries {
        if entry.key.contains("${{") || !parts::check_name(&entry.key, leg, findings) {
            continue;
        }
        if !seen.insert(entry.key.to_lowercase()) {
            let message = format!("the leg `{}` is defined twice", entry.key);
            findings.add(leg, Rule::DuplicateName, message);
        }
        let variables = leg
            .pairs(findings)
            .into_iter()
            .map(|(name, value, _)| (name, value));
        legs.push(LegPlan {
            name: Some(entry.key.clone()),
            variables: variables.collect(),
        });
    }
    check_legs(legs, view, findings)
}

fn parallel_legs(view: &View<'_>, findings: &mut Findings) -> Vec<LegPlan> {
    let Some(total) = view.number(MAX_LEGS, findings) else {
        return single();
    };
    let legs = (1..=total).map(|position| LegPlan {
        name: Some(format!("{position}")),
        variables: vec![
            ("System.JobPositionInPhase".to_owned(), position.to_string()),
            ("System.TotalJobsInPhase".to_owned(), total.to_string()),
        ],
    });
    check_legs(legs.collect(), view, findings)
}

fn check_legs(legs: Vec<LegPlan>, view: &View<'_>, findings: &mut Findings) -> Vec<LegPlan> {
    let most = usize::try_from(MAX_LEGS).unwrap_or(usize::MAX);
    if legs.is_empty() || legs.len() > most {
        findings.add(
            view,
            Rule::TooMany,
            format!("a strategy has 1 to {MAX_LEGS} legs"),
        );
        return single();
    }
    legs
}
