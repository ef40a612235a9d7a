//! Differences of artifacts, settings and resources: pure.

use std::collections::{BTreeMap, BTreeSet};

use sluice_schema::events::ReleaseArtifact;

use super::{
    ItemDifference, ValueDifference,
    read::{Facts, Held, Values, View},
};

/// Packages or images that only one side has, or that differ.
pub(super) fn items(
    kind: &str,
    from: &[ReleaseArtifact],
    to: &[ReleaseArtifact],
) -> Vec<ItemDifference> {
    let by_name = |all: &'_ [ReleaseArtifact]| -> BTreeMap<String, ReleaseArtifact> {
        let of_kind = all.iter().filter(|it| it.kind == kind);
        of_kind.map(|it| (it.name.clone(), it.clone())).collect()
    };
    let (from, to) = (by_name(from), by_name(to));
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let same = |one: &ReleaseArtifact, other: &ReleaseArtifact| {
        (&one.reference, &one.digest, &one.state) == (&other.reference, &other.digest, &other.state)
    };
    // What is not ready has no version yet.
    let shown = |it: &ReleaseArtifact| it.reference.clone().unwrap_or_else(|| it.state.clone());
    let difference = |name: &String| {
        let (one, other) = (from.get(name), to.get(name));
        if one.zip(other).is_some_and(|(one, other)| same(one, other)) {
            return None;
        }
        Some(ItemDifference {
            name: name.clone(),
            from_id: one.and_then(|it| it.id.clone()),
            from: one.map(shown),
            to_id: other.and_then(|it| it.id.clone()),
            to: other.map(shown),
        })
    };
    names.into_iter().filter_map(difference).collect()
}

/// Values that only one side has, or that differ, by key.
fn values(prefix: &str, from: &Values, to: &Values) -> Vec<ValueDifference> {
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let differing = keys
        .into_iter()
        .filter(|key| from.get(*key) != to.get(*key));
    let differences = differing.map(|key| ValueDifference {
        key: format!("{prefix}{key}"),
        from: from.get(key).cloned(),
        to: to.get(key).cloned(),
    });
    differences.collect()
}

/// What is compared of two sides, when it can be: what one side does not know although it has the
/// module tells nothing.
fn comparable(
    (from, to): (Option<&Held>, Option<&Held>),
    (of_from, of_to): (Option<&Values>, Option<&Values>),
) -> Option<(Values, Values)> {
    let is_known =
        |held: Option<&Held>, values: Option<&Values>| held.is_none() || values.is_some();
    (is_known(from, of_from) && is_known(to, of_to)).then(|| {
        let values = |values: Option<&Values>| values.cloned().unwrap_or_default();
        (values(of_from), values(of_to))
    })
}

/// Settings of the module for the environments of each view, and what was rendered from them.
pub(super) fn configuration(
    module: &str,
    pair: (Option<&Held>, Option<&Held>),
    facts: &Facts,
) -> Vec<ValueDifference> {
    let mut found = Vec::new();
    for view in &facts.views {
        let own = |held: Option<&Held>, name: &str| -> Values {
            let settings = held.and_then(|it| it.settings.get(name));
            settings.cloned().unwrap_or_default()
        };
        let (from, to) = (own(pair.0, &view.from.1), own(pair.1, &view.to.1));
        found.extend(values(&view.prefix, &from, &to));
        let rendered = (
            rendered(module, pair.0, view.from.0.as_ref(), facts),
            rendered(module, pair.1, view.to.0.as_ref(), facts),
        );
        if let Some((from, to)) = comparable(pair, rendered) {
            found.extend(values(&view.prefix, &from, &to));
        }
    }
    found
}

fn rendered<'f>(
    module: &str,
    held: Option<&Held>,
    environment: Option<&String>,
    facts: &'f Facts,
) -> Option<&'f Values> {
    let (held, environment) = (held?, environment?);
    let place = (
        held.compared.release_id.clone(),
        environment.clone(),
        module.to_owned(),
    );
    let declared = held.manifest_id.as_ref();
    let declared = declared.and_then(|id| facts.manifests.get(id));
    declared.or_else(|| facts.manifests.get(facts.newest.get(&place)?))
}

/// Resources by URN, without the part that names the environment's stack.
pub(super) fn infrastructure(
    module: &str,
    pair: (Option<&Held>, Option<&Held>),
    facts: &Facts,
) -> Vec<ValueDifference> {
    let of = |held: Option<&Held>, environment: Option<&String>| -> Option<Values> {
        let (held, environment) = (held?, environment?);
        let release = held.compared.release_id.clone();
        let place = (release, environment.clone(), module.to_owned());
        let resources = facts.resources.get(&place);
        if resources.is_none() && facts.both_run {
            return Some(Values::new());
        }
        let resources = resources?.iter();
        Some(
            resources
                .map(|(urn, digest)| (without_stack(urn).to_owned(), digest.clone()))
                .collect(),
        )
    };
    let in_view = |view: &View| {
        let from = of(pair.0, view.from.0.as_ref());
        let to = of(pair.1, view.to.0.as_ref());
        let (from, to) = comparable(pair, (from.as_ref(), to.as_ref()))?;
        Some(values(&view.prefix, &from, &to))
    };
    facts.views.iter().filter_map(in_view).flatten().collect()
}

/// `urn:pulumi:<stack>::<rest>` as `<rest>`.
fn without_stack(urn: &str) -> &str {
    match urn.split_once("::") {
        Some((stack, rest)) if stack.starts_with("urn:pulumi:") => rest,
        _ => urn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(name: &str, version: Option<&str>) -> ReleaseArtifact {
        ReleaseArtifact {
            kind: "PACKAGE".to_owned(),
            id: Some(format!("pkg_{name}")),
            name: name.to_owned(),
            state: version.map_or("PENDING", |_| "READY").to_owned(),
            reference: version.map(str::to_owned),
            digest: version.map(|it| format!("sha256:{it}")),
            reason: None,
        }
    }

    fn map(pairs: &[(&str, &str)]) -> Values {
        let owned = pairs
            .iter()
            .map(|(key, it)| ((*key).to_owned(), (*it).to_owned()));
        owned.collect()
    }

    #[test]
    fn packages_differ_by_version_and_by_being_there() {
        let from = [
            artifact("a", Some("1")),
            artifact("b", Some("1")),
            artifact("c", Some("1")),
        ];
        let to = [
            artifact("a", Some("1")),
            artifact("b", Some("2")),
            artifact("d", None),
        ];
        let found = items("PACKAGE", &from, &to);
        let shown: Vec<_> = found
            .iter()
            .map(|it| (it.name.as_str(), it.from.as_deref(), it.to.as_deref()))
            .collect();
        let expected = [
            ("b", Some("1"), Some("2")),
            ("c", Some("1"), None),
            ("d", None, Some("PENDING")),
        ];
        assert_eq!(shown, expected);
        assert!(items("IMAGE", &from, &to).is_empty());
    }

    #[test]
    fn values_differ_by_key_in_both_directions() {
        let found = values(
            "prod/",
            &map(&[("A", "1"), ("B", "1"), ("C", "1")]),
            &map(&[("B", "1"), ("C", "2"), ("D", "1")]),
        );
        let shown: Vec<_> = found
            .iter()
            .map(|it| (it.key.as_str(), it.from.as_deref(), it.to.as_deref()))
            .collect();
        let expected = [
            ("prod/A", Some("1"), None),
            ("prod/C", Some("1"), Some("2")),
            ("prod/D", None, Some("1")),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn equal_resources_of_two_stacks_have_one_key() {
        let urn = |stack: &str| format!("urn:pulumi:{stack}::shop::sluice:local:File::conf");
        assert_eq!(without_stack(&urn("dev")), without_stack(&urn("prod")));
        assert_eq!(without_stack("arn::x"), "arn::x");
    }
}
