//! Which objects a patch is for.

use regex::Regex;
use serde_json::Value;

use super::fields::Fields;
use super::resource::Resource;
use crate::error::Result;

/// `target` of a patch: each part is a whole-text regular expression, absent for any.
#[derive(Debug)]
pub(super) struct Selector {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

#[derive(Debug)]
struct Requirement {
    key: String,
    rule: Rule,
}

#[derive(Debug)]
enum Rule {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl Selector {
    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self> {
        let selector = Self {
            group: pattern(&mut fields, "group")?,
            version: pattern(&mut fields, "version")?,
            kind: pattern(&mut fields, "kind")?,
            name: pattern(&mut fields, "name")?,
            namespace: pattern(&mut fields, "namespace")?,
            labels: requirements(&mut fields, "labelSelector")?,
            annotations: requirements(&mut fields, "annotationSelector")?,
        };
        fields.finish()?;
        Ok(selector)
    }

    /// Names and namespaces fit by what they were at first or by what they are now.
    pub(super) fn fits(&self, resource: &Resource) -> bool {
        let (first, now) = (resource.first_id(), resource.id());
        let fits = |pattern: &Option<Regex>, text: &str| {
            pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(text))
        };
        let either =
            |pattern: &Option<Regex>, a: &str, b: &str| fits(pattern, a) || fits(pattern, b);
        fits(&self.group, &now.gvk.group)
            && fits(&self.version, &now.gvk.version)
            && fits(&self.kind, &now.gvk.kind)
            && either(&self.name, &first.name, &now.name)
            && either(&self.namespace, &first.namespace, &now.namespace)
            && self
                .labels
                .iter()
                .all(|wanted| wanted.holds(resource, "labels"))
            && self
                .annotations
                .iter()
                .all(|wanted| wanted.holds(resource, "annotations"))
    }
}

fn pattern(fields: &mut Fields<'_>, name: &'static str) -> Result<Option<Regex>> {
    let Some(text) = fields.text(name)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let built = regex::RegexBuilder::new(&format!("^(?:{text})$"))
        .size_limit(256 * 1024)
        .build();
    match built {
        Ok(regex) => Ok(Some(regex)),
        Err(_) => Err(fields.invalid(name, "must be a regular expression")),
    }
}

/// `a=b,c!=d,e in (f,g),h notin (i),j,!k`
fn requirements(fields: &mut Fields<'_>, name: &'static str) -> Result<Vec<Requirement>> {
    let text = fields.text(name)?.unwrap_or_default();
    let parsed: Option<Vec<_>> = split(&text).into_iter().map(requirement).collect();
    parsed.ok_or_else(|| {
        let rule = "must be requirements such as `a=b`, `a!=b`, `a in (b,c)`, `a` or `!a`";
        fields.invalid(name, rule)
    })
}

/// At commas outside of parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_i32);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn requirement(text: &str) -> Option<Requirement> {
    let (key, rule) = if let Some((key, value)) = text.split_once("!=") {
        (key, Rule::NotIn(vec![value.trim().to_owned()]))
    } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (key, Rule::In(vec![value.trim().to_owned()]))
    } else if let Some((key, values)) = text.split_once(" notin ") {
        (key, Rule::NotIn(list(values)?))
    } else if let Some((key, values)) = text.split_once(" in ") {
        (key, Rule::In(list(values)?))
    } else if let Some(key) = text.strip_prefix('!') {
        (key, Rule::Absent)
    } else {
        (text, Rule::Exists)
    };
    let key = key.trim();
    let known = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    (!key.is_empty() && key.chars().all(known)).then(|| Requirement {
        key: key.to_owned(),
        rule,
    })
}

fn list(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(
        inner
            .split(',')
            .map(|item| item.trim().to_owned())
            .collect(),
    )
}

impl Requirement {
    fn holds(&self, resource: &Resource, field: &str) -> bool {
        let map = resource.meta_map(field);
        let value = map
            .and_then(|map| map.get(&self.key))
            .and_then(Value::as_str);
        match (&self.rule, value) {
            (Rule::In(values), Some(value)) => values.iter().any(|wanted| wanted == value),
            (Rule::NotIn(values), Some(value)) => values.iter().all(|wanted| wanted != value),
            (Rule::NotIn(_) | Rule::Absent, None) | (Rule::Exists, Some(_)) => true,
            (Rule::In(_) | Rule::Exists, None) | (Rule::Absent, Some(_)) => false,
        }
    }
}
