//! The digest of what an approval covers.

use std::collections::BTreeMap;

use serde::Serialize;
use sluice_kernel::ContentDigest;

use super::{ManifestPin, PlannedItem, ReleaseTarget};

// Fields are written in the order of declaration and maps by key: the same content is the same
// text.
#[derive(Serialize)]
struct Content<'a> {
    items: Vec<Item<'a>>,
    targets: Vec<(String, &'a str)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    manifests: Vec<(String, &'a str, Option<&'a str>, u32)>,
}

#[derive(Serialize)]
struct Item<'a> {
    module: &'a str,
    build: String,
    commit: &'a str,
    artifacts: Vec<(&'a str, &'a str, Option<&'a str>)>,
    configuration: &'a BTreeMap<String, BTreeMap<String, String>>,
}

fn item_of(planned: &PlannedItem) -> Item<'_> {
    let item = &planned.item;
    let mut artifacts: Vec<_> = item
        .artifacts
        .iter()
        .map(|artifact| {
            let digest = artifact.digest.as_deref();
            (artifact.kind.as_str(), artifact.name.as_str(), digest)
        })
        .collect();
    artifacts.sort_unstable();
    Item {
        module: &item.module.id,
        build: item.build_id.to_string(),
        commit: &item.commit_sha,
        artifacts,
        configuration: &item.module.configuration,
    }
}

/// `sha256:<hex>` over modules, builds, commits, artifacts and configuration, over the targets,
/// and over manifests that changed although nothing else did. What is rendered first follows
/// from the rest, so that it does not change the digest.
pub(crate) fn digest(
    items: &[PlannedItem],
    targets: &[ReleaseTarget],
    manifests: &[ManifestPin],
) -> Result<String, serde_json::Error> {
    let mut items: Vec<_> = items.iter().map(item_of).collect();
    items.sort_unstable_by_key(|item| item.module);
    let mut targets: Vec<_> = targets
        .iter()
        .map(|target| (target.environment_id.to_string(), target.digest.as_str()))
        .collect();
    targets.sort_unstable();
    let mut manifests: Vec<_> = manifests
        .iter()
        .filter(|pin| pin.revisions > 0)
        .map(|pin| {
            let environment = pin.environment_id.to_string();
            let digest = pin.digest.as_deref();
            (environment, pin.module.as_str(), digest, pin.revisions)
        })
        .collect();
    manifests.sort_unstable();
    let content = Content {
        items,
        targets,
        manifests,
    };
    Ok(ContentDigest::of(serde_json::to_vec(&content)?).to_string())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use sluice_schema::{EnvironmentId, TypedId};

    use super::*;
    use crate::model::samples::{artifact, item};

    fn target(digest: &str) -> ReleaseTarget {
        ReleaseTarget {
            environment_id: EnvironmentId::generate(),
            environment: "prod".into(),
            digest: digest.into(),
        }
    }

    #[test]
    fn the_order_in_which_things_are_named_does_not_count() {
        let (a, b) = (item("api"), item("web"));
        let (one, two) = (target("sha256:1"), target("sha256:2"));
        let left = digest(&[a.clone(), b.clone()], &[one.clone(), two.clone()], &[]);
        let right = digest(&[b, a], &[two, one], &[]);
        assert_eq!(left.unwrap(), right.unwrap());
    }

    #[test]
    fn every_part_that_an_approval_covers_counts() {
        let base = item("api");
        let mut seen = vec![digest(std::slice::from_ref(&base), &[], &[]).unwrap()];
        let mut changed = |change: fn(&mut PlannedItem)| {
            let mut item = base.clone();
            change(&mut item);
            let digest = digest(&[item], &[], &[]).unwrap();
            assert!(!seen.contains(&digest));
            seen.push(digest);
        };
        changed(|it| it.item.commit_sha = "b".repeat(40));
        changed(|it| it.item.build_id = TypedId::generate());
        changed(|it| it.item.artifacts = vec![artifact("IMAGE", Some("sha256:1"))]);
        changed(|it| it.item.artifacts = vec![artifact("IMAGE", Some("sha256:2"))]);
        changed(|it| {
            let settings = BTreeMap::from([("LOG".to_owned(), "debug".to_owned())]);
            let configuration = BTreeMap::from([("prod".to_owned(), settings)]);
            it.item.module.configuration = configuration;
        });
        let with_target = digest(&[base], &[target("sha256:1")], &[]).unwrap();
        assert!(!seen.contains(&with_target));
    }

    #[test]
    fn manifests_count_once_they_changed() {
        let items = [item("api")];
        let mut pin = ManifestPin {
            environment_id: EnvironmentId::generate(),
            environment: "prod".into(),
            module: "api".into(),
            digest: Some("sha256:1".into()),
            at: DateTime::UNIX_EPOCH,
            revisions: 0,
        };
        let plain = digest(&items, &[], &[]).unwrap();
        assert_eq!(plain, digest(&items, &[], &[pin.clone()]).unwrap());
        pin.revisions = 1;
        assert_ne!(plain, digest(&items, &[], &[pin]).unwrap());
    }
}
