//! What every world promises.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use sluice_kernel::ContentDigest;
use sluice_schema::Envelope;

use crate::{Chunk, World, WorldPlan};

fn plan(scale: f64, seed: u64) -> WorldPlan {
    let until = DateTime::<Utc>::from_timestamp(1_790_000_000, 0).unwrap();
    let tenants = ["acme", "globex"].map(|name| name.parse().unwrap());
    WorldPlan::new(scale, seed, until, tenants.to_vec()).unwrap()
}

fn chunks(scale: f64, seed: u64) -> Vec<Chunk> {
    World::new(plan(scale, seed))
        .map(|chunk| chunk.unwrap())
        .collect()
}

fn digest(scale: f64, seed: u64) -> String {
    let texts = chunks(scale, seed).into_iter().map(|it| format!("{it:?}"));
    ContentDigest::of(texts.collect::<String>()).to_string()
}

#[test]
fn the_same_plan_makes_the_same_world_and_another_seed_another() {
    assert_eq!(digest(0.003, 7), digest(0.003, 7));
    assert_ne!(digest(0.003, 7), digest(0.003, 8));
}

#[test]
fn the_size_follows_the_scale() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for chunk in chunks(0.02, 1) {
        for (kind, count) in chunk.rows.counts() {
            *counts.entry(kind).or_default() += count;
        }
    }
    let near = |kind: &str, wanted: usize| {
        let count = counts[kind];
        let bounds = wanted * 85 / 100..=wanted * 115 / 100;
        assert!(
            bounds.contains(&count),
            "{kind}: {count}, not about {wanted}; {counts:?}"
        );
    };
    // Besides those of the scale, each of the fleet's 14 modules adds a little.
    near("commits", 4_000);
    near("pull_requests", 1_200);
    near("runs", 1_000);
    near("builds", 1_000);
    near("releases", 400);
    near("promotions", 1_600);
}

#[test]
fn events_come_in_the_order_of_time_and_never_after_the_end() {
    let end = plan(0.01, 1).until;
    let mut last: HashMap<String, DateTime<Utc>> = HashMap::new();
    let mut ids = HashSet::new();
    for event in chunks(0.01, 3).into_iter().flat_map(|chunk| chunk.events) {
        let before = last.insert(event.tenant_id.to_string(), event.occurred_at);
        assert!(
            before.is_none_or(|before| before <= event.occurred_at),
            "{event:?}"
        );
        assert!(event.occurred_at <= end, "{event:?}");
        assert!(ids.insert(event.event_id));
        let cause = event.causation_id;
        assert!(
            cause.is_none_or(|cause| ids.contains(&cause)),
            "the cause comes first"
        );
    }
}

/// Every id of an object that stands anywhere in a value.
fn named(value: &serde_json::Value, found: &mut HashSet<String>) {
    const PREFIXES: [&str; 16] = [
        "repo_",
        "branch_",
        "commit_",
        "pr_",
        "pipeline_",
        "run_",
        "build_",
        "package_",
        "image_",
        "release_",
        "approval_",
        "infra_",
        "manifest_",
        "env_",
        "promotion_",
        "sync_",
    ];
    match value {
        serde_json::Value::String(text) => {
            let is_id =
                |prefix: &&str| text.len() == prefix.len() + 26 && text.starts_with(*prefix);
            if PREFIXES.iter().any(is_id) {
                found.insert(text.clone());
            }
        }
        serde_json::Value::Array(all) => all.iter().for_each(|it| named(it, found)),
        serde_json::Value::Object(all) => all.values().for_each(|it| named(it, found)),
        _ => {}
    }
}

#[test]
fn what_events_name_is_there_and_what_is_there_is_named() {
    let (mut known, mut told) = (HashSet::new(), HashSet::new());
    for chunk in chunks(0.005, 5) {
        let rows = &chunk.rows;
        macro_rules! ids {
            ($($field:ident),+) => { $(known.extend(rows.$field.iter().map(|it| it.id.to_string()));)+ };
        }
        ids!(
            repositories,
            branches,
            commits,
            pull_requests,
            pipelines,
            runs,
            packages,
            images
        );
        ids!(
            releases,
            approvals,
            infrastructure,
            environments,
            promotions,
            syncs
        );
        known.extend(rows.builds.iter().map(|(it, _)| it.id.to_string()));
        known.extend(rows.manifests.iter().map(|(it, _)| it.id.to_string()));
        for event in &chunk.events {
            named(&event.payload, &mut told);
        }
    }
    let missing: Vec<_> = told.difference(&known).take(5).collect();
    assert!(missing.is_empty(), "named and not there: {missing:?}");
    let silent: Vec<_> = known.difference(&told).take(5).collect();
    assert!(silent.is_empty(), "there and never named: {silent:?}");
}

/// The last status that events tell of each promotion.
fn promotion_states(events: &[Envelope]) -> HashMap<String, String> {
    let mut states = HashMap::new();
    for event in events {
        let id = event.subject.id.clone();
        let text = |name: &str| event.payload[name].as_str().unwrap_or_default().to_owned();
        match event.event_type.as_str() {
            "PromotionRequested" | "PromotionFailed" => states.insert(id, text("status")),
            "PromotionSucceeded" => states.insert(id, "SUCCEEDED".to_owned()),
            "EnvironmentRolledBack" => states.insert(text("rolledBack"), "ROLLED_BACK".to_owned()),
            _ => None,
        };
    }
    states
}

#[test]
fn promotions_are_in_the_state_that_their_events_tell_and_of_every_outcome() {
    let all = chunks(0.05, 11);
    let events: Vec<Envelope> = all.iter().flat_map(|it| it.events.clone()).collect();
    let told = promotion_states(&events);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for promotion in all.iter().flat_map(|chunk| &chunk.rows.promotions) {
        let status = promotion.status.as_str();
        assert_eq!(told[&promotion.id.to_string()], status, "{promotion:?}");
        let declared = promotion.commit_sha.is_some();
        assert_eq!(declared, promotion.promoted_at.is_some());
        assert!(declared || promotion.previous.is_none());
        *seen.entry(status).or_default() += 1;
    }
    for status in [
        "SUCCEEDED",
        "FAILED",
        "ERRORED",
        "GATED",
        "SUPERSEDED",
        "ROLLED_BACK",
    ] {
        assert!(seen.contains_key(status), "{status} is missing: {seen:?}");
    }
}

#[test]
fn what_environments_declare_follows_promotion_by_promotion() {
    let all = chunks(0.01, 2);
    let mut current: HashMap<(String, String), String> = HashMap::new();
    for event in all.iter().flat_map(|chunk| &chunk.events) {
        if event.event_type != "DeploymentPromoted" {
            continue;
        }
        let text = |name: &str| event.payload[name].as_str().unwrap_or_default().to_owned();
        let module = event.payload["items"][0]["module"]
            .as_str()
            .unwrap()
            .to_owned();
        let before = current.insert((text("environmentId"), module), event.subject.id.clone());
        assert_eq!(
            event.payload["previous"].as_str().map(ToOwned::to_owned),
            before
        );
    }
    for it in all.iter().flat_map(|chunk| &chunk.rows.declared) {
        let key = (it.environment_id.to_string(), it.module.clone());
        assert_eq!(
            current.get(&key).cloned(),
            it.declared.map(|id| id.to_string())
        );
    }
    for it in all.iter().flat_map(|chunk| &chunk.rows.syncs) {
        let key = (it.environment_id.to_string(), it.module.clone());
        assert_eq!(current[&key], it.promoted.promotion_id.to_string());
    }
}

#[test]
fn numbers_of_a_repository_have_no_holes_and_versions_no_doubles() {
    let all = chunks(0.01, 4);
    let mut numbers: HashMap<String, Vec<u64>> = HashMap::new();
    let mut versions = HashSet::new();
    for chunk in &all {
        for it in &chunk.rows.pull_requests {
            numbers
                .entry(format!("pr {}", it.repository_id))
                .or_default()
                .push(it.number);
        }
        for it in &chunk.rows.runs {
            numbers
                .entry(format!("run {}", it.repository_id))
                .or_default()
                .push(it.number);
        }
        for it in &chunk.rows.releases {
            let meta = &it.meta;
            assert!(versions.insert((meta.tenant_id.clone(), it.name.clone(), it.version.clone())));
        }
    }
    for (of, mut all) in numbers {
        all.sort_unstable();
        let count = u64::try_from(all.len()).unwrap();
        assert_eq!(all, (1..=count).collect::<Vec<_>>(), "{of}");
    }
}

#[test]
fn objects_are_of_their_chunks_tenant_and_changed_after_they_were_made() {
    for chunk in chunks(0.01, 9) {
        macro_rules! metas {
            ($($field:ident),+) => { $(for it in &chunk.rows.$field {
                assert_eq!(it.meta.tenant_id, chunk.tenant);
                assert!(it.meta.created_at <= it.meta.updated_at, "{it:?}");
                assert!(it.meta.version >= 1);
            })+ };
        }
        metas!(
            repositories,
            branches,
            commits,
            pull_requests,
            pipelines,
            runs,
            packages,
            images
        );
        metas!(
            releases,
            approvals,
            infrastructure,
            environments,
            promotions,
            declared,
            syncs
        );
        metas!(attempts);
    }
}
