use serde_json::{Value, json};

use crate::world::World;

const BUILDS: &str = "query($first: Int!) { buildResults(first: $first) { totalCount nodes {
    id
    run { id pipeline { id } }
    commit { sha }
    pullRequest { number }
    repository { name builds(first: 1) { totalCount } }
    testCases(first: 5) { totalCount nodes { name outcome } }
} } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_builds_costs_as_many_statements_for_two_as_for_sixty() {
    let world = World::new().await;
    for name in ["a", "b", "c"] {
        let repository = world.repository(name).await;
        for key in 0..20 {
            world.build(&repository, &key.to_string()).await;
        }
    }
    let two = world.send(BUILDS, json!({ "first": 2 })).await;
    let sixty = world.send(BUILDS, json!({ "first": 60 })).await;
    let nodes = sixty.data()["buildResults"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 60);
    assert_eq!(sixty.data()["buildResults"]["totalCount"], 60);
    for node in nodes {
        assert_eq!(node["repository"]["builds"]["totalCount"], 20);
        assert_eq!(node["testCases"]["nodes"][0]["name"], "a");
        assert_eq!(node["testCases"]["totalCount"], 1);
        assert_eq!(node["commit"], Value::Null);
    }
    assert_eq!(
        two.data()["buildResults"]["nodes"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(two.statements, sixty.statements);
    assert!(sixty.statements <= 12, "{} statements", sixty.statements);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_below_many_parents_are_one_statement_per_arguments() {
    let world = World::new().await;
    for name in ["a", "b", "c", "d"] {
        let repository = world.repository(name).await;
        for branch in ["x", "y"] {
            world.branch(&repository, branch).await;
        }
    }
    let query = "{ repositories { nodes { name
        branches(first: 1, orderBy: { field: NAME, direction: ASC }) {
            nodes { name repository { name } } pageInfo { hasNextPage }
        }
    } } }";
    let answer = world.send(query, json!({})).await;
    for node in answer.data()["repositories"]["nodes"].as_array().unwrap() {
        let branches = &node["branches"];
        assert_eq!(branches["nodes"][0]["name"], "x");
        assert_eq!(branches["nodes"][0]["repository"]["name"], node["name"]);
        assert_eq!(branches["pageInfo"]["hasNextPage"], true);
    }
    assert_eq!(answer.statements, 3);
    // Two sets of arguments: two statements; the count is a third.
    let query = "{ repositories { nodes {
        a: branches(first: 1) { nodes { name } }
        b: branches(first: 2) { nodes { name } totalCount }
    } } }";
    let answer = world.send(query, json!({})).await;
    assert_eq!(
        answer.data()["repositories"]["nodes"][0]["b"]["totalCount"],
        2
    );
    assert_eq!(answer.statements, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_leads_through_a_list_without_holes_or_repeats() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    for branch in ["a", "b", "c", "d", "e"] {
        world.branch(&repository, branch).await;
    }
    let query = "query($after: String) { branches(first: 2, after: $after,
        orderBy: { field: NAME, direction: ASC }, filter: { isDefault: false }) {
            nodes { name } pageInfo { hasNextPage endCursor } } }";
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let answer = world.send(query, json!({ "after": after })).await;
        let page = &answer.data()["branches"];
        let nodes = page["nodes"].as_array().unwrap();
        seen.extend(
            nodes
                .iter()
                .map(|node| node["name"].as_str().unwrap().to_owned()),
        );
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    let other = "query($after: String) { branches(after: $after) { nodes { name } } }";
    let refused = world.send(other, json!({ "after": after })).await;
    assert_eq!(refused.error("code"), "INVALID_INPUT");
    assert_eq!(refused.error("field"), "after");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_keep_their_order_and_foreign_ones_are_null() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    let branch = world.branch(&repository, "x").await;
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename
        ... on Aggregate { tenantId projectId version createdBy }
        ... on Branch { name } } }";
    let unknown = "repo_00000000000000000000000000";
    let ids = json!({ "ids": [branch, "nonsense", unknown, repository] });
    let answer = world.send(query, ids.clone()).await;
    let nodes = &answer.data()["nodes"];
    assert_eq!(nodes[0]["name"], "x");
    assert_eq!(nodes[0]["createdBy"], "ada");
    assert_eq!((&nodes[1], &nodes[2]), (&Value::Null, &Value::Null));
    assert_eq!(nodes[3]["__typename"], "Repository");
    assert_eq!(answer.statements, 2);
    for user in [
        sluice_testkit::User::of("other", "eve"),
        sluice_testkit::User::of("acme", "eve").in_projects(&["api"]),
    ] {
        let answer = world.send_as(user.ctx(), query, ids.clone()).await;
        assert_eq!(answer.data()["nodes"], json!([null, null, null, null]));
    }
}
