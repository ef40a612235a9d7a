//! Steps: the shorthands; tasks have a module of their own.

use std::collections::HashSet;

use super::{Action, DownloadTarget, ScriptSource, StepPlan, parts, tasks};
use crate::error::Rule;
use crate::yaml::{Fields, Findings, View};

const MAX_STEPS: usize = 500;
const MAX_RETRIES: u32 = 10;
/// Keys that name the kind of a step.
const KINDS: [&str; 7] = [
    "script", "bash", "checkout", "publish", "download", "task", "template",
];
/// Kinds that Azure has and this runner has not.
const REFUSED: [&str; 5] = [
    "pwsh",
    "powershell",
    "getPackage",
    "downloadBuild",
    "reviewApp",
];

pub(super) fn steps(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<StepPlan> {
    let mut plans = Vec::new();
    let mut checkout_said = false;
    let mut names = HashSet::new();
    let view = fields.take("steps");
    if view.is_none() {
        findings.add(fields.view(), Rule::MissingKey, "`steps` is needed");
    }
    let items = view
        .as_ref()
        .map(|view| view.items(findings))
        .unwrap_or_default();
    if let Some(view) = view.as_ref().filter(|_| items.len() > MAX_STEPS) {
        findings.add(
            view,
            Rule::TooMany,
            format!("a job has at most {MAX_STEPS} steps"),
        );
        return plans;
    }
    for item in items {
        let Some(mut fields) = Fields::new(&item, findings) else {
            continue;
        };
        checkout_said |= fields.has("checkout");
        let plan = step(&mut fields, findings);
        fields.finish(findings);
        let Some(plan) = plan else { continue };
        if let Some(name) = plan
            .name
            .as_ref()
            .filter(|name| !names.insert(name.to_lowercase()))
        {
            let message = format!("the step `{name}` is defined twice");
            findings.add(&item, Rule::DuplicateName, message);
        }
        plans.push(plan);
    }
    if !checkout_said {
        plans.insert(0, checkout());
    }
    plans
}

/// What a job does first when it says nothing about its sources.
fn checkout() -> StepPlan {
    StepPlan {
        name: None,
        display_name: "Checkout".to_owned(),
        condition: None,
        enabled: true,
        continue_on_error: false,
        timeout: None,
        retries: 0,
        env: Vec::new(),
        action: Action::Checkout,
    }
}

/// Nothing for `checkout: none` and for a step that was refused.
fn step(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<StepPlan> {
    let kind = kind(fields, findings);
    let name = fields.take("name").and_then(|view| {
        let name = view.text(findings).filter(|name| !name.is_empty())?;
        parts::check_name(&name, &view, findings).then_some(name)
    });
    let said = fields
        .text("displayName", findings)
        .filter(|text| !text.is_empty());
    let env = fields
        .take("env")
        .map(|view| env(&view, findings))
        .unwrap_or_default();
    fields.refuse(&["target"], findings);
    let plan = StepPlan {
        name,
        display_name: String::new(),
        condition: parts::condition(fields, findings),
        enabled: fields.boolean("enabled", findings).unwrap_or(true),
        continue_on_error: fields.boolean("continueOnError", findings).unwrap_or(false),
        timeout: parts::minutes("timeoutInMinutes", fields, findings),
        retries: fields
            .number("retryCountOnTaskFailure", MAX_RETRIES, findings)
            .unwrap_or(0),
        env,
        action: Action::Nothing,
    };
    let (action, default_name) = match kind? {
        "script" | "bash" => script(kind?, fields, findings)?,
        "checkout" => {
            return checkout_step(fields, findings)
                .map(|()| named(plan, said, Action::Checkout, "Checkout"));
        }
        "publish" => publish(fields, findings)?,
        "download" => download(fields, findings)?,
        _ => tasks::task(fields, findings)?,
    };
    Some(named(plan, said, action, &default_name))
}

fn named(plan: StepPlan, said: Option<String>, action: Action, default: &str) -> StepPlan {
    StepPlan {
        display_name: said.unwrap_or_else(|| default.to_owned()),
        action,
        ..plan
    }
}

fn kind(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<&'static str> {
    for key in REFUSED {
        if let Some(view) = fields.take(key) {
            findings.add(
                &view,
                Rule::Unsupported,
                format!("`{key}` steps are not supported"),
            );
            fields.ignore(&[
                "errorActionPreference",
                "failOnStderr",
                "ignoreLASTEXITCODE",
                "workingDirectory",
            ]);
            return None;
        }
    }
    let found: Vec<&str> = KINDS.into_iter().filter(|key| fields.has(key)).collect();
    match found.as_slice() {
        ["template"] => {
            let view = fields.take("template")?;
            findings.add(&view, Rule::Unsupported, "templates are not supported");
            fields.ignore(&["parameters"]);
            None
        }
        [one] => KINDS.into_iter().find(|key| key == one),
        [] => {
            // A templated key has its own finding.
            let templated = |view: &View<'_>| {
                let entries = view.entries().unwrap_or_default();
                entries.iter().any(|(entry, _)| entry.key.contains("${{"))
            };
            if !templated(fields.view()) {
                let message = format!("a step begins with one of {}", KINDS.join(", "));
                findings.add(fields.view(), Rule::MissingKey, message);
            }
            None
        }
        many => {
            let message = format!("a step is only one of {}", many.join(", "));
            findings.add(fields.view(), Rule::InvalidValue, message);
            fields.ignore(&KINDS);
            None
        }
    }
}

fn env(view: &View<'_>, findings: &mut Findings) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, value, view) in view.pairs(findings) {
        if name.is_empty() || name.contains(['=', '\0']) {
            let message = format!("`{name}` is not a name of an environment variable");
            findings.add(&view, Rule::InvalidName, message);
        } else {
            pairs.push((name, value));
        }
    }
    pairs
}

fn required(key: &str, fields: &mut Fields<'_>, findings: &mut Findings) -> Option<String> {
    let view = fields.take(key)?;
    let text = view.text(findings)?;
    if text.trim().is_empty() {
        findings.add(&view, Rule::MissingKey, format!("`{key}` needs a value"));
        return None;
    }
    Some(text)
}

fn script(
    key: &'static str,
    fields: &mut Fields<'_>,
    findings: &mut Findings,
) -> Option<(Action, String)> {
    let source = required(key, fields, findings);
    let working_directory = fields.text("workingDirectory", findings);
    let fail_on_stderr = fields.boolean("failOnStderr", findings).unwrap_or(false);
    let source = ScriptSource::Inline(source?);
    let name = if key == "bash" { "Bash" } else { "CmdLine" }.to_owned();
    Some((
        Action::Script {
            source,
            working_directory,
            fail_on_stderr,
        },
        name,
    ))
}

fn checkout_step(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<()> {
    let view = fields.take("checkout")?;
    fields.ignore(&[
        "clean",
        "fetchDepth",
        "fetchTags",
        "fetchFilter",
        "persistCredentials",
    ]);
    fields.refuse(
        &[
            "path",
            "sparseCheckoutDirectories",
            "sparseCheckoutPatterns",
        ],
        findings,
    );
    for key in ["lfs", "submodules"] {
        if let Some(option) = fields.take(key)
            && option
                .text(findings)
                .is_some_and(|text| !text.eq_ignore_ascii_case("false"))
        {
            findings.add(
                &option,
                Rule::Unsupported,
                format!("`{key}` is not supported"),
            );
        }
    }
    match view.text(findings)?.as_str() {
        "self" => Some(()),
        "none" => None,
        other => {
            let message = format!("only `self` and `none` can be checked out, not `{other}`");
            findings.add(&view, Rule::Unsupported, message);
            None
        }
    }
}

fn publish(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<(Action, String)> {
    let path = required("publish", fields, findings);
    let artifact = fields
        .text("artifact", findings)
        .filter(|name| !name.is_empty());
    if artifact.is_none() {
        findings.add(
            fields.view(),
            Rule::MissingKey,
            "`artifact` is needed: the name",
        );
    }
    Some((
        Action::Publish {
            path: path?,
            artifact: artifact?,
        },
        "Publish artifact".to_owned(),
    ))
}

fn download(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<(Action, String)> {
    let view = fields.take("download")?;
    let artifact = fields
        .text("artifact", findings)
        .filter(|name| !name.is_empty());
    let patterns = fields
        .text("patterns", findings)
        .filter(|text| !text.trim().is_empty());
    let path = fields
        .text("path", findings)
        .filter(|path| !path.is_empty());
    let name = "Download artifacts".to_owned();
    match view.text(findings)?.as_str() {
        "none" => Some((Action::Nothing, name)),
        "current" => {
            let target = DownloadTarget::PerArtifact(path);
            Some((
                Action::Download {
                    artifact,
                    patterns,
                    target,
                },
                name,
            ))
        }
        other => {
            let message = format!("only `current` can be downloaded, not `{other}`");
            findings.add(&view, Rule::Unsupported, message);
            None
        }
    }
}
