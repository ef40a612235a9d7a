//! The objects that a shipped folder became, one line each.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Release,
    api::{self, Chain, ChainObject, ChainSync},
    deliver::Delivery,
    time, words,
};
use crate::cli::ship::{ShipError, api::Nodes, clean, session::Session};

/// Digits by which people know a commit.
const SHORT: usize = 10;

/// An object of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// What it is, such as `promotion`.
    pub kind: &'static str,
    /// Its global id.
    pub id: String,
    /// Which one, for people.
    pub title: String,
    /// Its state, for people.
    pub state: String,
    /// When it came into that state.
    pub at: DateTime<Utc>,
}

impl Link {
    /// For people, in columns.
    pub fn line(&self) -> String {
        let at = time(self.at);
        let line = format!(
            "  {:<10} {:<36} {:<20} {:<18} {at}",
            self.kind, self.id, self.title, self.state
        );
        clean(&line)
    }
}

/// Reads the whole chain of a build and its release.
pub(super) async fn chain(
    session: &mut Session<'_>,
    delivery: &Delivery<'_>,
    release: &Release,
) -> Result<Vec<Link>, ShipError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Filter<'a> {
        project_id: &'a str,
        module: &'a str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Of<'a> {
        build_id: &'a str,
        release_id: &'a str,
        syncs: Filter<'a>,
    }
    let of = Of {
        build_id: delivery.build,
        release_id: &release.id,
        syncs: Filter {
            project_id: delivery.project,
            module: delivery.module,
        },
    };
    let mut found: Chain = session.ask(api::DELIVERY_CHAIN, of).await?;
    // Where something else was promoted since, its state is that of something else.
    let is_ours = |it: &ChainSync| {
        it.state
            .release
            .as_ref()
            .is_some_and(|of| of.id == release.id)
    };
    found.git_ops_syncs.nodes.retain(is_ours);
    Ok(links(found))
}

fn links(chain: Chain) -> Vec<Link> {
    let mut links = Vec::new();
    let mut add = |kind, object: Option<ChainObject>| links.extend(object.map(|it| link(kind, it)));
    if let Some(it) = chain.build_result {
        add("repository", it.repository);
        add("commit", it.commit);
        add("pull", it.pull_request);
        if let Some(run) = it.run {
            add("pipeline", run.pipeline);
            add("run", Some(run.run));
        }
        add("build", Some(it.build));
        add("package", it.package);
        add("image", it.image);
    }
    let Some(it) = chain.release else {
        return links;
    };
    add("release", Some(it.release));
    links.extend(it.approvals.into_iter().map(|it| Link {
        kind: "approval",
        id: it.id,
        title: it.approver,
        state: match it.state.as_str() {
            "VALID" => words(&it.decision),
            state => words(state),
        },
        at: it.decided_at,
    }));
    let mut add_all = |kind, objects: Nodes<ChainObject>| {
        let mut objects = objects.nodes;
        objects.sort_by(|a, b| (a.updated_at, &a.id).cmp(&(b.updated_at, &b.id)));
        links.extend(objects.into_iter().map(|it| link(kind, it)));
    };
    add_all("infra", it.infrastructure_plans);
    add_all("manifest", it.manifests);
    add_all("promotion", it.promotions);
    links.extend(chain.git_ops_syncs.nodes.into_iter().map(|it| Link {
        kind: "sync",
        title: it.environment,
        state: it.state.state(),
        id: it.state.id,
        at: it.updated_at,
    }));
    links
}

fn link(kind: &'static str, object: ChainObject) -> Link {
    let number = object.number.map(|number| format!("#{number}"));
    let title = match (object.environment, object.module) {
        (Some(environment), Some(module)) => Some(format!("{environment}/{module}")),
        (environment, module) => environment.or(module),
    };
    let mut title = title.or(object.title).or(number).unwrap_or_default();
    if kind == "commit" {
        title = title.chars().take(SHORT).collect();
    }
    Link {
        kind,
        title,
        state: words(object.outcome.as_deref().unwrap_or(&object.status)),
        id: object.id,
        at: object.updated_at,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(id: &str, status: &str, more: Value) -> Value {
        let mut object = json!({"id": id, "status": status, "updatedAt": "2030-01-02T03:04:05Z"});
        let all = object.as_object_mut().unwrap();
        all.extend(more.as_object().unwrap().clone());
        object
    }

    #[test]
    fn a_chain_is_one_line_for_each_object_in_the_order_of_the_way() {
        let prod = "prod";
        let mut build = object("build_1", "SUCCEEDED", json!({}));
        build["repository"] = object("repo_1", "PROVISIONED", json!({"title": "greeter"}));
        build["commit"] = object("commit_1", "CREATED", json!({"title": "0123456789abcdef"}));
        build["pullRequest"] = object("pr_1", "MERGED", json!({"number": 3}));
        build["run"] = object(
            "run_1",
            "COMPLETED",
            json!({"outcome": "SUCCEEDED", "number": 7}),
        );
        build["image"] = object("image_1", "BUILT", json!({"title": "greeter\u{1b}[2J"}));
        let mut release = object("release_1", "APPROVED", json!({"title": "1.4.0"}));
        release["approvals"] = json!([{"id": "approval_1", "approver": "rita", "state": "VALID",
            "decision": "APPROVED", "decidedAt": "2030-01-02T03:04:05Z"}]);
        release["infrastructurePlans"] = json!({"nodes": []});
        release["manifests"] = json!({"nodes": []});
        release["promotions"] = json!({"nodes": [
            object("promotion_1", "ROLLED_BACK", json!({"environment": prod}))]});
        let sync = json!({"id": "sync_1", "module": "greeter", "sync": "SYNCED", "health": "HEALTHY",
            "operation": "IDLE", "environment": prod, "updatedAt": "2030-01-02T03:04:05Z"});
        let chain: Chain = serde_json::from_value(json!({"buildResult": build, "release": release,
            "gitOpsSyncs": {"nodes": [sync]}}))
        .unwrap();
        let links = links(chain);
        let short: Vec<_> = links
            .iter()
            .map(|it| {
                (
                    it.kind,
                    it.id.as_str(),
                    it.title.as_str(),
                    it.state.as_str(),
                )
            })
            .collect();
        let expected = [
            ("repository", "repo_1", "greeter", "provisioned"),
            ("commit", "commit_1", "0123456789", "created"),
            ("pull", "pr_1", "#3", "merged"),
            ("run", "run_1", "#7", "succeeded"),
            ("build", "build_1", "", "succeeded"),
            ("image", "image_1", "greeter\u{1b}[2J", "built"),
            ("release", "release_1", "1.4.0", "approved"),
            ("approval", "approval_1", "rita", "approved"),
            ("promotion", "promotion_1", "prod", "rolled back"),
            ("sync", "sync_1", "prod", "synced, healthy"),
        ];
        assert_eq!(short, expected);
        let line = links[5].line();
        assert!(
            line.starts_with("  image      image_1") && !line.contains('\u{1b}'),
            "{line:?}"
        );
        assert!(line.ends_with("2030-01-02T03:04:05Z"), "{line:?}");
    }
}
