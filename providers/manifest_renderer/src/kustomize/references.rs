//! Names that objects call each other by, put right after names have changed.

use serde_json::Value;

use super::reference_table::{Referral, table};
use super::resource::{Id, Resource};
use super::scope;
use super::walk;
use crate::error::{RenderError, Result};

/// An object that others may refer to.
struct Candidate {
    now: Id,
    previous: Vec<Id>,
    /// As it stands in the object; empty when there is none.
    namespace: String,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

impl Candidate {
    fn new(resource: &Resource) -> Self {
        Self {
            now: resource.id(),
            previous: resource.previous.clone(),
            namespace: resource.namespace().to_owned(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        }
    }

    fn cluster_wide(&self) -> bool {
        scope::is_cluster_wide(&self.now.gvk)
    }

    fn first(&self) -> &Id {
        self.previous.first().unwrap_or(&self.now)
    }
}

/// Rewrites every reference to an object whose name is another now.
pub(super) fn fix(all: &mut [Resource]) -> Result<()> {
    let candidates: Vec<Candidate> = all.iter().map(Candidate::new).collect();
    let table = table();
    for (resource, referrer) in all.iter_mut().zip(&candidates) {
        let first = referrer.first().gvk.clone();
        for referral in table
            .iter()
            .filter(|referral| referral.field.is_for(&first))
        {
            let finder = Finder {
                candidates: &candidates,
                referrer,
                binding_namespaces: binding_namespaces(resource),
                role: role_of(resource, referral),
                referral,
                file: resource.file.clone(),
            };
            walk::each(resource, &referral.field, &mut |value| finder.set(value))?;
        }
    }
    Ok(())
}

/// Namespaces whose service accounts a RoleBinding names.
fn binding_namespaces(resource: &Resource) -> Vec<String> {
    let Some(Value::Array(subjects)) = resource.value.get("subjects") else {
        return Vec::new();
    };
    if resource.kind() != "RoleBinding" {
        return Vec::new();
    }
    subjects
        .iter()
        .filter(|subject| subject.get("kind").and_then(Value::as_str) == Some("ServiceAccount"))
        .filter_map(|subject| subject.get("namespace")?.as_str().map(str::to_owned))
        .collect()
}

/// Group and kind that a `roleRef` names.
fn role_of(resource: &Resource, referral: &Referral) -> Option<(String, String)> {
    if referral.field.path != "roleRef/name" {
        return None;
    }
    let role = resource.value.get("roleRef")?;
    let text = |field: &str| role.get(field)?.as_str().map(str::to_owned);
    Some((text("apiGroup")?, text("kind")?))
}

struct Finder<'r> {
    candidates: &'r [Candidate],
    referrer: &'r Candidate,
    binding_namespaces: Vec<String>,
    role: Option<(String, String)>,
    referral: &'r Referral,
    file: String,
}

impl Finder<'_> {
    fn set(&self, value: &mut Value) -> Result<()> {
        match value {
            Value::String(name) => {
                if let Some(found) = self.find(name, None)? {
                    name.clone_from(&found.now.name);
                }
                Ok(())
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.set(item)),
            Value::Object(map) => {
                let namespace = map
                    .get("namespace")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                let Some(name) = map.get("name").and_then(Value::as_str).map(str::to_owned) else {
                    let field = format!("{}.name", self.referral.field.path.replace('/', "."));
                    return Err(RenderError::field(
                        &self.file,
                        field,
                        "is required, as text",
                    ));
                };
                let Some(found) = self.find(&name, Some(namespace.as_deref()))? else {
                    return Ok(());
                };
                map.insert("name".to_owned(), Value::String(found.now.name.clone()));
                if !found.namespace.is_empty() {
                    map.insert(
                        "namespace".to_owned(),
                        Value::String(found.namespace.clone()),
                    );
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The one object that `name` means. `mapping` holds the namespace beside the name, where a mapping with
    /// both refers.
    fn find(&self, name: &str, mapping: Option<Option<&str>>) -> Result<Option<&Candidate>> {
        let mut found: Vec<&Candidate> = self
            .in_namespace(mapping.flatten())
            .into_iter()
            .filter(|candidate| self.may_mean(candidate, name))
            .collect();
        if found.len() != 1 {
            found.retain(|candidate| self.same_affixes(candidate, true));
        }
        if found.len() > 1 {
            found.retain(|candidate| self.same_affixes(candidate, false));
        }
        let Some(first) = found.first().copied() else {
            return Ok(None);
        };
        let alike = |other: &&Candidate| {
            other.now.name == first.now.name
                && (mapping.is_none() || other.namespace == first.namespace)
        };
        if found.iter().all(alike) {
            return Ok(Some(first));
        }
        let field = format!(
            "{}: {}",
            self.referrer.now.gvk.kind, self.referral.field.path
        );
        let rule = format!("`{name}` may mean several objects");
        Err(RenderError::field(&self.file, field, rule))
    }

    fn in_namespace(&self, namespace: Option<&str>) -> Vec<&Candidate> {
        let reachable = || {
            self.candidates
                .iter()
                .filter(|candidate| self.reaches(candidate))
        };
        let Some(namespace) = namespace else {
            return reachable().collect();
        };
        let placed = |id: &Id| !scope::is_cluster_wide(&id.gvk) && id.namespace == namespace;
        let first: Vec<_> = reachable()
            .filter(|candidate| placed(candidate.first()))
            .collect();
        if first.is_empty() {
            reachable()
                .filter(|candidate| placed(&candidate.now))
                .collect()
        } else {
            first
        }
    }

    fn reaches(&self, candidate: &Candidate) -> bool {
        self.referrer.cluster_wide()
            || candidate.cluster_wide()
            || candidate.now.namespace == self.referrer.now.namespace
            || self.binding_namespaces.contains(&candidate.namespace)
    }

    fn may_mean(&self, candidate: &Candidate, name: &str) -> bool {
        let target = &self.referral;
        let of_kind = |id: &Id| id.gvk.is(target.group, target.version, target.kind);
        let of_role = |id: &Id| {
            let role = self.role.as_ref();
            role.is_none_or(|(group, kind)| id.gvk.is(group, "", kind))
        };
        candidate.previous.iter().any(|id| id.name == name)
            && candidate.previous.iter().any(of_kind)
            && candidate.previous.iter().any(of_role)
            && (self.referrer.cluster_wide()
                || candidate.cluster_wide()
                || candidate.now.gvk.kind == "ServiceAccount"
                || candidate.now.namespace == self.referrer.now.namespace)
    }

    fn same_affixes(&self, candidate: &Candidate, empty_fits: bool) -> bool {
        let fits = |a: &[String], b: &[String]| {
            (empty_fits && (a.is_empty() || b.is_empty())) || ends_alike(a, b)
        };
        fits(&candidate.prefixes, &self.referrer.prefixes)
            && fits(&candidate.suffixes, &self.referrer.suffixes)
    }
}

/// Whether the longer list ends with the shorter; an empty one only fits an empty one.
fn ends_alike(a: &[String], b: &[String]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() {
        long.is_empty()
    } else {
        long.ends_with(short)
    }
}
