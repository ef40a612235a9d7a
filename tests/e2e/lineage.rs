//! A chain that `sluice ship --to prod` made, walked from what runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, eventually, on_both_databases};

use crate::{
    prod_support::{ship_to, start_with, sync_in_prod},
    ship::{copied, outcome},
    support::text,
};

on_both_databases!(a_shipped_chain_is_whole_in_its_lineage_and_in_one_typed_query);

/// Every object that the chain is of, by its id, as the services list them.
async fn objects(client: &Client, repository: &str) -> BTreeSet<String> {
    let query = "query($r: ID!) {
        repository(id: $r) { id
            pullRequests(first: 50) { nodes { id } } commits(first: 50) { nodes { id } }
            pipelines(first: 50) { nodes { id } } runs(first: 50) { nodes { id } }
            builds(first: 50) { nodes { id } } packages(first: 50) { nodes { id } }
            images(first: 50) { nodes { id } } }
        releases(first: 50) { nodes { id approvals { id } } }
        infrastructurePlans(first: 50) { nodes { id } }
        deploymentManifests(first: 50) { nodes { id } }
        environments(first: 50) { nodes { id } }
        promotions(first: 50) { nodes { id } }
        gitOpsSyncs(first: 50) { nodes { id } } }";
    let data = client.data(query, json!({ "r": repository })).await;
    let mut ids = BTreeSet::new();
    collect(&data, &mut ids);
    ids
}

fn collect(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(id) if name == "id" => {
                        ids.insert(id.clone());
                    }
                    _ => collect(field, ids),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, ids)),
        _ => {}
    }
}

const LINEAGE: &str = "query($id: ID!) { lineage(id: $id, direction: BOTH) { truncated sequence
    nodes { key kind ... on LineageObject { objectId } } edges { from to relation } } }";

async fn lineage(client: &Client, id: &str) -> Value {
    let data = client.data(LINEAGE, json!({ "id": id })).await;
    data["lineage"].clone()
}

fn object_ids(graph: &Value) -> Vec<String> {
    let nodes = graph["nodes"].as_array().unwrap().iter();
    nodes
        .filter_map(|node| node["objectId"].as_str().map(str::to_owned))
        .collect()
}

// Seven hops from the synchronisation: no more than one statement each, and one for itself.
const PATH: &str = "query($id: ID!) { gitOpsSync(id: $id) { promotion { release { items { build {
    run { commit { pullRequest { repository { id name } } } } } } } } } }";

async fn a_shipped_chain_is_whole_in_its_lineage_and_in_one_typed_query(backend: Backend) {
    let chain = start_with(backend, &[]).await;
    let folder = copied("greeter-node");
    let child = ship_to(&chain.server, folder.path(), "web", "prod")
        .spawn()
        .unwrap();
    let (code, said) = outcome(child).await;
    assert_eq!(code, 0, "{said}\n{}", chain.server.log());

    let sync = sync_in_prod(&chain.ada, "greeter-node", "it runs in prod", |sync| {
        sync["sync"] == "SYNCED"
    })
    .await;
    let id = text(&sync["id"]);
    let answer = chain.ada.send(PATH, json!({ "id": id })).await;
    let commit =
        &answer.data()["gitOpsSync"]["promotion"]["release"]["items"][0]["build"]["run"]["commit"];
    let repository = &commit["pullRequest"]["repository"];
    assert_eq!(repository["name"], "greeter-node", "{:#}", answer.body);
    assert!(answer.statements <= 8, "{} statements", answer.statements);

    let expected = objects(&chain.ada, &text(&repository["id"])).await;
    assert!(expected.len() >= 25, "{expected:?}");
    let graph = eventually("the ledger has taken the whole chain", || async {
        let graph = lineage(&chain.ada, &id).await;
        let found: BTreeSet<String> = object_ids(&graph).into_iter().collect();
        expected.is_subset(&found).then_some(graph)
    })
    .await;
    assert_eq!(graph["truncated"], false);
    once_each(&graph);
    // From the other end, the same chain.
    let below = lineage(&chain.ada, &text(&repository["id"])).await;
    let below: BTreeSet<String> = object_ids(&below).into_iter().collect();
    assert!(below.contains(&id) && expected.is_subset(&below));
    chain.server.finish().await;
}

fn once_each(graph: &Value) {
    let mut keys = BTreeSet::new();
    for node in graph["nodes"].as_array().unwrap() {
        assert!(keys.insert(text(&node["key"])), "twice: {node}");
    }
    let mut edges = BTreeSet::new();
    for edge in graph["edges"].as_array().unwrap() {
        assert!(edges.insert(edge.to_string()), "twice: {edge}");
        for end in ["from", "to"] {
            assert!(keys.contains(&text(&edge[end])), "{end} of {edge}");
        }
    }
}
