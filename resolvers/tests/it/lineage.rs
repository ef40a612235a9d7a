use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluice_testkit::User;

use crate::world::{World, id};

const LINEAGE: &str = "query($id: ID!, $direction: LineageDirection, $maxDepth: Int,
    $kinds: [LineageKind!]) {
    lineage(id: $id, direction: $direction, maxDepth: $maxDepth, kinds: $kinds) {
        truncated sequence
        nodes { __typename key kind depth ... on LineageObject { objectId projectId moduleId title
            state sequence at actor object { __typename id } } }
        edges { from to relation originEventId sequence at actor }
    } }";

fn kinds(graph: &Value) -> BTreeSet<&str> {
    let nodes = graph["nodes"].as_array().unwrap().iter();
    nodes.map(|it| it["kind"].as_str().unwrap()).collect()
}

/// A release of `shop` that runs in dev; its promotion there.
async fn running(world: &World) -> String {
    let release = world.planned("shop").await;
    world.approve(&release).await;
    let query = "query($id: ID!) { release(id: $id) { promotions(first: 1) { nodes { id } } } }";
    let answer = world.send(query, json!({ "id": release })).await;
    let promotion = &answer.data()["release"]["promotions"]["nodes"][0]["id"];
    promotion.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_leads_back_to_its_source_and_every_node_to_its_object() {
    let world = World::new().await;
    let promotion = running(&world).await;
    let answer = world.send(LINEAGE, json!({ "id": promotion })).await;
    let graph = &answer.data()["lineage"];
    assert_eq!(graph["truncated"], false);
    for kind in [
        "EnvironmentPromotion",
        "ReleasePlan",
        "ReleaseApproval",
        "BuildResult",
        "PackagePublication",
        "ContainerImage",
        "DeploymentManifest",
        "Environment",
        "GitOpsSyncState",
        "Repository",
    ] {
        assert!(kinds(graph).contains(kind), "{kind}: {graph:#}");
    }
    let nodes = graph["nodes"].as_array().unwrap();
    let keys: BTreeSet<&str> = nodes.iter().map(|it| it["key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), nodes.len());
    assert_eq!(
        (&nodes[0]["key"], &nodes[0]["depth"]),
        (&json!(promotion), &json!(0))
    );
    for node in nodes {
        assert_eq!(node["__typename"], "LineageObject", "{node:#}");
        // A run of another CI and a commit of Git alone have no object behind them.
        if !node["object"].is_null() {
            assert_eq!(node["object"]["id"], node["objectId"]);
            assert_eq!(node["object"]["__typename"], node["kind"]);
        }
    }
    for edge in graph["edges"].as_array().unwrap() {
        for end in ["from", "to"] {
            assert!(keys.contains(edge[end].as_str().unwrap()), "{edge:#}");
        }
        assert!(edge["originEventId"].as_str().unwrap().starts_with("evt-"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lineage_is_bounded_by_direction_depth_and_kinds() {
    let world = World::new().await;
    let promotion = running(&world).await;
    let only = json!({ "id": promotion, "kinds": ["ReleasePlan", "Repository"] });
    let answer = world.send(LINEAGE, only).await;
    let graph = &answer.data()["lineage"];
    assert!(kinds(graph).contains("ReleasePlan") && kinds(graph).contains("Repository"));
    assert!(!kinds(graph).contains("Environment"), "{graph:#}");
    let up = json!({ "id": promotion, "direction": "UPSTREAM", "maxDepth": 1 });
    let answer = world.send(LINEAGE, up).await;
    let graph = &answer.data()["lineage"];
    assert!(kinds(graph).contains("ReleasePlan") && !kinds(graph).contains("BuildResult"));
    let refused = world
        .send(LINEAGE, json!({ "id": promotion, "maxDepth": 51 }))
        .await;
    assert_eq!(refused.error("code"), "INVALID_INPUT");
    assert_eq!(refused.error("field"), "maxDepth");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_may_not_know_has_no_lineage() {
    let world = World::new().await;
    let promotion = running(&world).await;
    let unknown = world.send(LINEAGE, json!({ "id": "nonsense" })).await;
    assert_eq!(unknown.data()["lineage"], Value::Null);
    for user in [
        User::of("other", "eve"),
        User::of("acme", "eve").in_projects(&["api"]),
    ] {
        let vars = json!({ "id": promotion });
        let answer = world.send_as(user.ctx(), LINEAGE, vars).await;
        assert_eq!(answer.data()["lineage"], Value::Null);
    }
    // What the ledger has not heard of yet.
    let repository = world.repository("new").await;
    let query = "query($id: ID!) { repository(id: $id) { lineage { sequence nodes { kind } }
        history { totalCount } } }";
    let answer = world.send(query, json!({ "id": repository })).await;
    assert_eq!(answer.data()["repository"]["lineage"], Value::Null);
    assert_eq!(answer.data()["repository"]["history"]["totalCount"], 0);
    world.record_sources().await;
    let answer = world.send(query, json!({ "id": repository })).await;
    let node = &answer.data()["repository"];
    assert_eq!(
        node["lineage"]["nodes"][0]["kind"], "Repository",
        "{node:#}"
    );
    assert!(node["history"]["totalCount"].as_u64().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_aggregate_has_lineage_and_history_through_its_interface() {
    let world = World::new().await;
    let promotion = running(&world).await;
    let answer = world.send(LINEAGE, json!({ "id": promotion })).await;
    let nodes = answer.data()["lineage"]["nodes"].as_array().unwrap();
    let ids: Vec<&Value> = nodes
        .iter()
        .map(|node| &node["object"]["id"])
        .filter(|id| id.is_string())
        .collect();
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Aggregate {
        lineage(direction: UPSTREAM, maxDepth: 1) { nodes { key depth } }
        history(last: 1) { nodes { subject { id } } } } } }";
    let answer = world.send(query, json!({ "ids": ids })).await;
    let mut histories = 0;
    for node in answer.data()["nodes"].as_array().unwrap() {
        let nearest = &node["lineage"]["nodes"][0];
        assert_eq!(nearest["depth"], 0, "{node:#}");
        for event in node["history"]["nodes"].as_array().unwrap() {
            assert_eq!(event["subject"]["id"], node["id"]);
            histories += 1;
        }
    }
    assert!(histories > 8, "{histories}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_leads_from_one_end_to_the_other() {
    let world = World::new().await;
    let promotion = running(&world).await;
    let repository = {
        let query = "{ repositoryByName(projectId: \"web\", name: \"shop\") { id } }";
        let answer = world.send(query, json!({})).await;
        answer.data()["repositoryByName"]["id"].clone()
    };
    let query = "query($from: ID!, $to: ID!) { lineagePath(from: $from, to: $to) {
        nodes { key kind depth } edges { from to relation } } }";
    let vars = json!({ "from": promotion, "to": repository });
    let answer = world.send(query, vars).await;
    let nodes = answer.data()["lineagePath"]["nodes"].as_array().unwrap();
    assert_eq!(nodes[0]["key"], promotion.as_str());
    assert_eq!(nodes[nodes.len() - 1]["key"], repository);
    assert_eq!(nodes[nodes.len() - 1]["depth"], nodes.len() - 1);
    let other = world.repository("other").await;
    world.record_sources().await;
    let vars = json!({ "from": promotion, "to": other });
    let none = world.send(query, vars).await;
    assert_eq!(none.data()["lineagePath"], Value::Null);
    let unknown = json!({ "from": promotion, "to": "nonsense" });
    let refused = world.send(query, unknown).await;
    assert_eq!(refused.error("code"), "NOT_FOUND");
    assert_eq!(refused.error("field"), "to");
}

#[tokio::test(flavor = "multi_thread")]
async fn reach_tells_where_a_commit_is_from_every_side() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    let branch = world.branch(&repository, "work").await;
    assert!(!branch.is_empty());
    let input = json!({ "repositoryId": repository, "branch": "work", "message": "feat: it",
        "changes": [{ "path": "a.txt", "kind": "PUT", "content": "a" }] });
    let commit = id(&world.command("createCommit", "commit", input).await);
    let query = "query($id: ID!) { commit(id: $id) { sha reach { environmentId environmentName
        module state since stage stageObjectId blockers { code } environment { name }
        landing { sha how commit { id } } revertedBySha revertedBy { id } promotion { id }
        stageObject { id } } } }";
    let unheard = world.send(query, json!({ "id": commit })).await;
    assert_eq!(unheard.data()["commit"]["reach"], Value::Null);
    // The project's environments are there from the first look.
    world
        .send(
            "{ project(id: \"web\") { environments { id } } }",
            json!({}),
        )
        .await;
    world.settle().await;
    let answer = world.send(query, json!({ "id": commit })).await;
    let found = answer.data()["commit"].clone();
    let reached = found["reach"].as_array().unwrap();
    assert_eq!(reached.len(), 4, "{found:#}");
    for one in reached {
        assert_eq!(one["state"], "NOT_STARTED", "{one:#}");
        assert_eq!(one["environment"]["name"], one["environmentName"]);
    }
    let by_key = "query($commit: CommitKeyInput!) { reach(commit: $commit) { state
        environmentId } }";
    for key in [
        json!({ "id": commit }),
        json!({ "repositoryId": repository, "sha": found["sha"] }),
        json!({ "repositoryId": repository, "sha": &found["sha"].as_str().unwrap()[..12] }),
    ] {
        let answer = world.send(by_key, json!({ "commit": key })).await;
        assert_eq!(answer.data()["reach"].as_array().unwrap().len(), 4, "{key}");
    }
    let unknown = json!({ "repositoryId": repository, "sha": "0".repeat(40) });
    let answer = world.send(by_key, json!({ "commit": unknown })).await;
    assert_eq!(answer.data()["reach"], Value::Null);
    for (key, field) in [
        (json!({}), "commit"),
        (
            json!({ "repositoryId": repository, "sha": "zz" }),
            "commit.sha",
        ),
    ] {
        let refused = world.send(by_key, json!({ "commit": key })).await;
        assert_eq!(refused.error("code"), "INVALID_INPUT");
        assert_eq!(refused.error("field"), field);
    }
}
