//! Parts that stages, jobs and steps share.

use std::time::Duration;

use super::{VariablePlan, VariableValue};
use crate::error::Rule;
use crate::expression::Expr;
use crate::yaml::{Fields, Findings, View};

/// Longest name of a stage, job, leg or step.
const MAX_NAME: usize = 100;
const MAX_VARIABLES: usize = 500;
const MAX_MINUTES: u32 = 60 * 24 * 30;

pub(super) fn check_name(name: &str, view: &View<'_>, findings: &mut Findings) -> bool {
    let first = name
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if first && rest && name.len() <= MAX_NAME {
        return true;
    }
    let message = format!(
        "`{name}` is not a name: a letter or `_`, then letters, digits and `_`, \
         at most {MAX_NAME} in all"
    );
    findings.add(view, Rule::InvalidName, message);
    false
}

pub(super) fn condition(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Expr> {
    let view = fields.take("condition")?;
    let text = view.text(findings)?;
    let inner = text.trim();
    if inner.is_empty() || inner.contains("${{") {
        return None;
    }
    // Azure accepts a runtime expression around a condition.
    let inner = inner
        .strip_prefix("$[")
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(inner);
    Expr::parse(inner)
        .map_err(|message| findings.add(&view, Rule::InvalidExpression, message))
        .ok()
}

/// Minutes as a time; nothing for absent and for 0, which means no limit of its own.
pub(super) fn minutes(
    key: &str,
    fields: &mut Fields<'_>,
    findings: &mut Findings,
) -> Option<Duration> {
    let minutes = fields.number(key, MAX_MINUTES, findings)?;
    (minutes > 0).then(|| Duration::from_secs(60 * u64::from(minutes)))
}

pub(super) fn depends_on<'a>(
    fields: &mut Fields<'a>,
    findings: &mut Findings,
) -> Option<Vec<(String, View<'a>)>> {
    fields.take("dependsOn").map(|view| view.texts(findings))
}

/// `variables` as a mapping or as a list of `name`, `value`, `readonly`.
pub(super) fn variables(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<VariablePlan> {
    let Some(view) = fields.take("variables") else {
        return Vec::new();
    };
    let mut plans = Vec::new();
    if view.entries().is_some() || view.is_null() {
        for (name, value, view) in view.pairs(findings) {
            plans.extend(variable(name, &value, false, &view, findings));
        }
    } else {
        for item in view.items(findings) {
            plans.extend(listed(&item, findings));
        }
    }
    if plans.len() > MAX_VARIABLES {
        let message = format!("at most {MAX_VARIABLES} variables are allowed here");
        findings.add(&view, Rule::TooMany, message);
    }
    plans
}

fn listed(item: &View<'_>, findings: &mut Findings) -> Option<VariablePlan> {
    let mut fields = Fields::new(item, findings)?;
    for kind in ["group", "template"] {
        if let Some(view) = fields.take(kind) {
            let message = format!("variables of a {kind} are not supported");
            findings.add(&view, Rule::Unsupported, message);
            return None;
        }
    }
    let name = fields.text("name", findings);
    let value = fields.text("value", findings).unwrap_or_default();
    let read_only = fields.boolean("readonly", findings).unwrap_or(false);
    let Some(name) = name else {
        findings.add(item, Rule::MissingKey, "a variable needs a `name`");
        return None;
    };
    fields.finish(findings);
    variable(name, &value, read_only, item, findings)
}

fn variable(
    name: String,
    value: &str,
    read_only: bool,
    view: &View<'_>,
    findings: &mut Findings,
) -> Option<VariablePlan> {
    let bad = |c: char| c.is_control() || matches!(c, '=' | '$' | '(' | ')' | '{' | '}');
    if name.is_empty() || name.len() > 256 || name.contains(bad) {
        if !name.contains("${{") {
            let message = format!("`{name}` is not a name of a variable");
            findings.add(view, Rule::InvalidName, message);
        }
        return None;
    }
    let inside = value
        .trim()
        .strip_prefix("$[")
        .and_then(|rest| rest.strip_suffix(']'));
    let value = match inside {
        None => VariableValue::Text(value.to_owned()),
        Some(inside) => match Expr::parse_value(inside) {
            Ok(expr) => VariableValue::Expression(expr),
            Err(message) => {
                findings.add(view, Rule::InvalidExpression, message);
                return None;
            }
        },
    };
    Some(VariablePlan {
        name,
        value,
        read_only,
    })
}
