//! An environment: what runs in it, whether that works, and what waits for it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Nodes, Page, Reader};
use crate::cli::{
    client::ClientError,
    delivery::{Blocker, Placed, in_order, time, words},
    ship::clean,
};

const DOCUMENT: &str = include_str!("../../../schema/operations/EnvironmentStatus.graphql");

#[derive(Deserialize)]
struct Answer {
    environments: Page<Environment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Environment {
    project_id: String,
    name: String,
    upstream: Vec<String>,
    freeze: Option<Freeze>,
    holds: Vec<Hold>,
    running: Vec<Running>,
    syncs: Nodes<Sync>,
    waiting: Nodes<Waiting>,
}

#[derive(Deserialize)]
struct Freeze {
    reason: String,
    until: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Hold {
    module: Option<String>,
    reason: String,
    by: String,
    until: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Running {
    module: String,
    since: Option<DateTime<Utc>>,
    promotion: Declared,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Declared {
    status: String,
    release_version: String,
}

#[derive(Deserialize)]
struct Sync {
    module: String,
    sync: String,
    health: String,
    operation: String,
    paused: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    id: String,
    release_name: String,
    release_version: String,
    modules: Vec<String>,
    blockers: Vec<Blocker>,
}

pub(super) async fn lines(reader: &mut Reader<'_>) -> Result<Vec<String>, ClientError> {
    let environments = reader.all(DOCUMENT, |it: Answer| it.environments).await?;
    Ok(by_project(environments).iter().flat_map(shown).collect())
}

impl Placed for Environment {
    fn name(&self) -> &str {
        &self.name
    }

    fn upstream(&self) -> &[String] {
        &self.upstream
    }
}

// The server's order goes across projects, and says nothing of who comes before whom.
fn by_project(environments: Vec<Environment>) -> Vec<Environment> {
    let mut projects: BTreeMap<String, Vec<Environment>> = BTreeMap::new();
    for environment in environments {
        let project = environment.project_id.clone();
        projects.entry(project).or_default().push(environment);
    }
    projects.into_values().flat_map(in_order).collect()
}

fn shown(environment: &Environment) -> Vec<String> {
    let name = format!("{} {}", environment.project_id, environment.name);
    let mut lines = Vec::new();
    if let Some(freeze) = &environment.freeze {
        lines.push(format!(
            "{name:<24}  frozen{}: {}",
            until(freeze.until),
            freeze.reason
        ));
    }
    let all = environment.holds.iter().filter(|it| it.module.is_none());
    lines.extend(all.map(|hold| format!("{name:<24}  {}", held(hold))));
    for module in modules(environment) {
        lines.push(format!(
            "{name:<24}  {module:<20}  {}",
            runs(environment, module)
        ));
        let holds = environment.holds.iter();
        let own = holds.filter(|it| it.module.as_deref() == Some(module));
        lines.extend(own.map(|hold| format!("{:26}  {}", "", held(hold))));
        let waiting = environment.waiting.nodes.iter();
        // A release of several modules is told with the first of them.
        let first = waiting.filter(|it| it.modules.first().is_some_and(|it| it == module));
        lines.extend(first.flat_map(waits));
    }
    if lines.is_empty() {
        lines.push(format!("{name:<24}  nothing"));
    }
    lines.iter().map(|line| clean(line)).collect()
}

fn modules(environment: &Environment) -> BTreeSet<&str> {
    let running = environment.running.iter().map(|it| it.module.as_str());
    let waiting = environment.waiting.nodes.iter().flat_map(|it| &it.modules);
    let held = environment
        .holds
        .iter()
        .filter_map(|it| it.module.as_deref());
    running
        .chain(waiting.map(String::as_str))
        .chain(held)
        .collect()
}

fn runs(environment: &Environment, module: &str) -> String {
    let Some(running) = environment.running.iter().find(|it| it.module == module) else {
        return "not there yet".to_owned();
    };
    let mut parts = vec![format!("{:<12}", running.promotion.release_version)];
    let sync = environment
        .syncs
        .nodes
        .iter()
        .find(|it| it.module == module);
    parts.push(sync.map_or_else(|| "unknown".to_owned(), state));
    if running.promotion.status != "SUCCEEDED" {
        parts.push(words(&running.promotion.status));
    }
    parts.extend(running.since.map(|since| format!("since {}", time(since))));
    parts.join("  ")
}

fn state(sync: &Sync) -> String {
    let operation = match sync.operation.as_str() {
        "FAILED" => ", failing",
        "RUNNING" => ", being synchronised",
        _ => "",
    };
    let paused = if sync.paused { ", paused" } else { "" };
    let (sync, health) = (words(&sync.sync), words(&sync.health));
    format!("{sync}, {health}{operation}{paused}")
}

fn held(hold: &Hold) -> String {
    let until = until(hold.until);
    format!("on hold by {}{until}: {}", hold.by, hold.reason)
}

fn until(until: Option<DateTime<Utc>>) -> String {
    until
        .map(|until| format!(" until {}", time(until)))
        .unwrap_or_default()
}

fn waits(waiting: &Waiting) -> Vec<String> {
    let Waiting {
        id,
        release_name: name,
        release_version: version,
        ..
    } = waiting;
    let mut lines = vec![format!("{:26}  {name} {version} waits ({id})", "")];
    let blockers = waiting.blockers.iter();
    lines.extend(blockers.map(|it| format!("{:28}  {}", "", it.line())));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn environment(project: &str, name: &str, upstream: &[&str]) -> Environment {
        serde_json::from_value(
            json!({"projectId": project, "name": name, "upstream": upstream,
            "freeze": null,
            "holds": [], "running": [], "syncs": {"nodes": []}, "waiting": {"nodes": []}}),
        )
        .unwrap()
    }

    #[test]
    fn environments_stand_by_project_in_the_order_of_promotion() {
        let given = vec![
            environment("web", "dev", &[]),
            environment("api", "prod", &["test"]),
            environment("api", "test", &[]),
            environment("web", "prod", &["dev"]),
        ];
        let sorted = by_project(given);
        let names: Vec<_> = sorted
            .iter()
            .map(|it| (it.project_id.as_str(), it.name.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("api", "test"),
                ("api", "prod"),
                ("web", "dev"),
                ("web", "prod")
            ]
        );
        assert_eq!(shown(&sorted[0]), ["api test                  nothing"]);
    }

    #[test]
    fn what_runs_is_told_with_its_state_its_hold_and_what_waits() {
        let found: Environment = serde_json::from_value(json!({
            "projectId": "demo", "name": "prod", "upstream": [],
            "freeze": {"reason": "fair", "until": "2030-01-03T00:00:00Z"},
            "holds": [{"module": "greeter", "reason": "rolled back", "by": "ada", "until": null}],
            "running": [{"module": "greeter", "since": "2030-01-02T03:04:05Z",
                "promotion": {"status": "SUCCEEDED", "releaseVersion": "1.4.0"}}],
            "syncs": {"nodes": [{"module": "greeter", "sync": "OUT_OF_SYNC", "health": "DEGRADED",
                "operation": "FAILED", "paused": true}]},
            "waiting": {"nodes": [{"id": "promotion_1", "releaseName": "greeter",
                "releaseVersion": "1.5.0", "modules": ["greeter"],
                "blockers": [{"code": "HOLD", "message": "held \u{1b}[2Jby ada", "until": null}]}]},
        }))
        .unwrap();
        let expected = [
            "demo prod                 frozen until 2030-01-03T00:00:00Z: fair",
            "demo prod                 greeter               1.4.0         \
             out of sync, degraded, failing, paused  since 2030-01-02T03:04:05Z",
            "                            on hold by ada: rolled back",
            "                            greeter 1.5.0 waits (promotion_1)",
            "                              HOLD: held by ada",
        ];
        assert_eq!(shown(&found), expected);
    }
}
