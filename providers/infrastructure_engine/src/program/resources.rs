//! The `resources` section: what is there in this environment, in which order.

use std::collections::BTreeSet;

use crate::spec::{Kind, Resource};

use super::findings::{Findings, hint, quoted};
use super::order::topological;
use super::properties::Reader;
use super::scope::{Scope, too_many};
use super::template::{Part, parts};
use super::tree::{Entry, Node, Value};
use super::{MAX_RESOURCES, rules};

const COMMON: [&str; 4] = ["kind", "dependsOn", "protect", "environments"];

/// An entry whose frame is right.
struct Declared<'t> {
    entry: &'t Entry,
    fields: &'t [Entry],
    kind: Kind,
    protect: bool,
}

/// The resources, each after those that it depends on. What is left out has a finding.
pub(super) fn read(
    section: &Entry,
    scope: &mut Scope<'_>,
    findings: &mut Findings,
) -> Vec<Resource> {
    let entries = findings.map(&section.node, "resources");
    too_many(entries, MAX_RESOURCES, "resources", findings);
    let all: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    let declared: Vec<Declared<'_>> = entries
        .iter()
        .take(MAX_RESOURCES)
        .filter_map(|entry| declared(entry, scope, findings))
        .collect();
    let edges: Vec<BTreeSet<usize>> = declared
        .iter()
        .map(|one| edges(one, &declared, &all, findings))
        .collect();
    let order = match topological(&edges) {
        Ok(order) => order,
        Err(cycle) => {
            let names: Vec<&str> = cycle
                .iter()
                .map(|at| declared[*at].entry.key.as_str())
                .collect();
            cyclic(declared[cycle[0]].entry.line, &names, findings);
            return Vec::new();
        }
    };
    let mut resources = Vec::with_capacity(order.len());
    for at in order {
        let one = &declared[at];
        let depends_on = edges[at].iter().map(|at| declared[*at].entry.key.clone());
        let resource = resource(one, depends_on.collect(), scope, findings);
        let outputs = resource
            .as_ref()
            .map(|one| one.outputs(&scope.facts().stack));
        scope.define(&one.entry.key, outputs);
        resources.extend(resource.map(|resource| (one.entry.line, resource)));
    }
    places(resources, findings)
}

fn cyclic(line: u32, names: &[&str], findings: &mut Findings) {
    let message = format!(
        "resources depend on each other in a circle: {}",
        names.join(" → ")
    );
    findings.add(line, "cycle", message);
}

/// The frame of an entry. None when it is not for this environment or has no known kind.
fn declared<'t>(
    entry: &'t Entry,
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Option<Declared<'t>> {
    let name = &entry.key;
    let checked = rules::name(name).and_then(|()| rules::not_reserved(name));
    if let Err((rule, message)) = checked {
        let message = format!("the resource name {} {message}", quoted(name));
        findings.add(entry.line, rule, message);
    }
    let field = format!("resources.{}", quoted(name));
    let fields = findings.map(&entry.node, &field);
    let get = |key: &str| fields.iter().find(|field| field.key == key);
    let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    let Some(kind) = get("kind") else {
        let message = format!("{field}.kind is required: one of {}", words.join(", "));
        findings.add(entry.line, "missing-key", message);
        return None;
    };
    let word = findings.text(&kind.node, &format!("{field}.kind"))?;
    let Some(kind) = Kind::ALL.iter().copied().find(|kind| kind.as_str() == word) else {
        let message = format!("there is no kind {}{}", quoted(word), hint(word, &words));
        findings.add(kind.line, "unknown-kind", message);
        return None;
    };
    let known: Vec<&str> = COMMON.iter().chain(kind.keys()).copied().collect();
    findings.known_keys(fields, &known, &format!(" in {field}"));
    let protect = get("protect")
        .is_some_and(|entry| flag(&entry.node, &format!("{field}.protect"), findings));
    let here = get("environments").is_none_or(|entry| {
        let field = format!("{field}.environments");
        let names = texts(&entry.node, &field, findings);
        names
            .iter()
            .any(|(_, name)| *name == scope.facts().stack.environment())
    });
    here.then_some(Declared {
        entry,
        fields,
        kind,
        protect,
    })
}

/// A yes or no.
pub(super) fn flag(node: &Node, field: &str, findings: &mut Findings) -> bool {
    match findings.text(node, field) {
        Some("true") => true,
        Some("false") | None => false,
        Some(_) => {
            findings.add(
                node.line,
                "wrong-type",
                format!("{field} must be true or false"),
            );
            false
        }
    }
}

fn texts<'t>(node: &'t Node, field: &str, findings: &mut Findings) -> Vec<(u32, &'t str)> {
    let items = findings.list(node, field);
    items
        .iter()
        .filter_map(|item| Some((item.line, findings.text(item, field)?)))
        .collect()
}

/// What `one` depends on: what it names, and what it refers to.
fn edges(
    one: &Declared<'_>,
    declared: &[Declared<'_>],
    all: &[&str],
    findings: &mut Findings,
) -> BTreeSet<usize> {
    let position = |name: &str| declared.iter().position(|other| other.entry.key == name);
    let mut edges = BTreeSet::new();
    let field = format!("resources.{}.dependsOn", quoted(&one.entry.key));
    let named = one.fields.iter().find(|field| field.key == "dependsOn");
    let named = named.map(|entry| texts(&entry.node, &field, findings));
    for (line, name) in named.unwrap_or_default() {
        match position(name) {
            Some(at) => {
                edges.insert(at);
            }
            // Known, but not for this environment: nothing to wait for.
            None if all.contains(&name) => {}
            None => {
                let shown = quoted(name);
                let message = format!("{field}: there is no resource {shown}{}", hint(name, all));
                findings.add(line, "unknown-resource", message);
            }
        }
    }
    for entry in one.fields {
        references(&entry.node, &mut |name| edges.extend(position(name)));
    }
    edges
}

/// Calls `found` with the head of every reference below `node`. Errors are found elsewhere.
fn references(node: &Node, found: &mut dyn FnMut(&str)) {
    match &node.value {
        Value::Text(text) => {
            for part in parts(text).unwrap_or_default() {
                if let Part::Reference(name) = part {
                    found(name.split('.').next().unwrap_or_default());
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| references(item, found)),
        Value::Map(entries) => entries
            .iter()
            .for_each(|entry| references(&entry.node, found)),
        Value::Null | Value::Refused => {}
    }
}

fn resource(
    one: &Declared<'_>,
    depends_on: BTreeSet<String>,
    scope: &mut Scope<'_>,
    findings: &mut Findings,
) -> Option<Resource> {
    let mut reader = Reader::new(one.entry, one.fields, scope, findings);
    let read = reader.read(one.kind);
    let (properties, content) = read?;
    Some(Resource {
        name: one.entry.key.clone(),
        kind: one.kind,
        properties,
        content,
        depends_on,
        protect: one.protect,
    })
}

/// Checks that no two resources are in one place, and orders what lies in another after it.
fn places(found: Vec<(u32, Resource)>, findings: &mut Findings) -> Vec<Resource> {
    let mut edges: Vec<BTreeSet<usize>> = Vec::with_capacity(found.len());
    for (at, (line, one)) in found.iter().enumerate() {
        let by_name = |name: &String| found.iter().position(|(_, other)| other.name == *name);
        let mut own: BTreeSet<usize> = one.depends_on.iter().filter_map(by_name).collect();
        for (beside, (_, other)) in found.iter().enumerate() {
            if beside != at && one.kind.locator() == other.kind.locator() {
                let clash = clash(one, other, at > beside);
                if let Some(message) = clash {
                    findings.add(*line, "place-taken", message);
                } else if within(one.location(), other.location()) {
                    own.insert(beside);
                }
            }
        }
        edges.push(own);
    }
    let mut resources: Vec<Option<Resource>> = found
        .iter()
        .enumerate()
        .map(|(at, (_, one))| {
            let mut one = one.clone();
            one.depends_on = edges[at]
                .iter()
                .map(|at| found[*at].1.name.clone())
                .collect();
            Some(one)
        })
        .collect();
    match topological(&edges) {
        Ok(order) => order
            .into_iter()
            .filter_map(|at| resources[at].take())
            .collect(),
        Err(cycle) => {
            let names: Vec<&str> = cycle.iter().map(|at| found[*at].1.name.as_str()).collect();
            cyclic(found[cycle[0]].0, &names, findings);
            Vec::new()
        }
    }
}

/// Why both cannot be where they are; told once, for the later one.
fn clash(one: &Resource, other: &Resource, later: bool) -> Option<String> {
    let (name, place) = (&other.name, one.location());
    if place == other.location() {
        return later.then(|| format!("{} is in the place of {name}: {place}", one.name));
    }
    let inside = one.kind.is_path() && within(place, other.location());
    (inside && !other.kind.holds_others())
        .then(|| format!("{} lies in {name}, which is no directory", one.name))
}

/// Whether `path` lies below `folder`.
pub(crate) fn within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}
