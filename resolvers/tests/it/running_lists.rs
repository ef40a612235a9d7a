use serde_json::{Value, json};
use sluice_testkit::User;

use crate::world::World;

fn names(environments: &Value) -> Vec<&str> {
    let nodes = environments.as_array().unwrap().iter();
    nodes.map(|it| it["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn environments_are_there_from_the_first_look_in_order_of_promotion() {
    let world = World::new().await;
    let query = "query($retired: Boolean) { environments(filter: { projectId: \"web\",
        includeRetired: $retired }) { totalCount nodes { name order upstream autoPromote retired
        gates { requiredApprovals requiredChecks soakMinutes } project { id } } } }";
    let answer = world.send(query, json!({})).await;
    let list = &answer.data()["environments"];
    assert_eq!(names(&list["nodes"]), ["dev", "test", "staging", "prod"]);
    assert_eq!(list["nodes"][1]["upstream"], json!(["dev"]));
    let retire = json!({ "projectId": "web", "name": "qa", "upstream": ["dev"], "order": 15,
        "retired": true });
    let retired = world
        .command("defineEnvironment", "environment", retire)
        .await;
    assert_eq!(retired["userErrors"], json!([]));
    let answer = world.send(query, json!({})).await;
    assert_eq!(answer.data()["environments"]["totalCount"], 4);
    let answer = world.send(query, json!({ "retired": true })).await;
    let list = &answer.data()["environments"]["nodes"];
    assert_eq!(names(list), ["dev", "qa", "test", "staging", "prod"]);
    // A project that nobody looked at, through its own edge.
    let query = "{ project(id: \"api\") { environments { name }
        all: environments(includeRetired: true) { name } } }";
    let answer = world.send(query, json!({})).await;
    let project = &answer.data()["project"];
    assert_eq!(
        names(&project["environments"]),
        ["dev", "test", "staging", "prod"]
    );
    assert_eq!(project["all"], project["environments"]);
    // Whoever does not see the project sees an empty list, and makes nothing.
    let eve = User::of("acme", "eve").in_projects(&["other"]);
    let query = "{ environments(filter: { projectId: \"hidden\" }) { nodes { name } } }";
    let answer = world.send_as(eve.ctx(), query, json!({})).await;
    assert_eq!(answer.data()["environments"]["nodes"], json!([]));
    let refused = world.send(
        "{ environments(filter: { projectId: \"..\" }) { totalCount } }",
        json!({}),
    );
    assert_eq!(refused.await.error("field"), "filter.projectId");
}

const ENVIRONMENTS: &str = "query($first: Int!) { environments(first: $first) { totalCount nodes {
    id project { id } holds { promotion { id } }
    running { module release { id } promotion { id environment { id } } }
    promotions(first: 3) { totalCount nodes { release { id } previous { id }
        items { manifest { id } } syncs { id } } }
    syncs(first: 3) { totalCount nodes { promotion { id } attempts(first: 2) {
        totalCount nodes { number } } } }
    manifests(first: 2) { totalCount nodes { id release { id } } }
    infrastructurePlans(first: 2) { totalCount nodes { steps { urn } release { id } } }
} } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_environments_costs_as_many_statements_for_one_as_for_all() {
    let world = World::new().await;
    for name in ["a", "b", "c"] {
        let release = world.planned(name).await;
        world.approve(&release).await;
        let promoted = world.promote(&release, "test").await;
        assert_eq!(promoted["userErrors"], json!([]));
    }
    let one = world.send(ENVIRONMENTS, json!({ "first": 1 })).await;
    let all = world.send(ENVIRONMENTS, json!({ "first": 10 })).await;
    let nodes = all.data()["environments"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4);
    for node in &nodes[..2] {
        assert_eq!(node["running"].as_array().unwrap().len(), 3, "{node:#}");
        assert_eq!(node["promotions"]["totalCount"], 3);
        assert_eq!(node["syncs"]["totalCount"], 3);
        for promotion in node["promotions"]["nodes"].as_array().unwrap() {
            assert_eq!(promotion["syncs"].as_array().unwrap().len(), 1);
            assert!(promotion["items"][0]["manifest"]["id"].is_string());
        }
    }
    assert_eq!(nodes[3]["manifests"]["totalCount"], 3);
    assert_eq!(one.statements, all.statements);
    assert!(all.statements <= 30, "{} statements", all.statements);
}

// One list a query: the pages of several roots come when they come, and so do the waves behind them.
const OF_RELEASES: [(&str, &str, u64); 4] = [
    (
        "promotions",
        "release { promotions(first: 2) { totalCount } } environment { name }
        items { manifest { environment { name } } }",
        4,
    ),
    ("gitOpsSyncs", "environment { name } release { id }", 4),
    (
        "deploymentManifests",
        "release { id } repository { name }",
        8,
    ),
    ("infrastructurePlans", "release { id } commit { sha }", 8),
];

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_what_came_of_releases_cost_as_many_statements_for_one_as_for_all() {
    let world = World::new().await;
    for name in ["a", "b"] {
        let release = world.planned(name).await;
        world.approve(&release).await;
        world.promote(&release, "test").await;
    }
    for (list, fields, total) in OF_RELEASES {
        let query = format!(
            "query($first: Int!) {{ {list}(first: $first) {{ totalCount nodes {{ {fields} }} }} }}"
        );
        let one = world.send(&query, json!({ "first": 1 })).await;
        let all = world.send(&query, json!({ "first": 20 })).await;
        assert_eq!(all.data()[list]["totalCount"], total, "{list}");
        assert_eq!(one.statements, all.statements, "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_a_node_and_foreign_ones_are_null() {
    let world = World::new().await;
    let release = world.planned("shop").await;
    world.approve(&release).await;
    let query = "query($id: ID!) { release(id: $id) {
        manifests(first: 1) { nodes { id } } infrastructurePlans(first: 1) { nodes { id } }
        promotions(first: 1) { nodes { id environment { id } syncs { id } } } } }";
    let answer = world.send(query, json!({ "id": release })).await;
    let found = &answer.data()["release"];
    let promotion = &found["promotions"]["nodes"][0];
    let ids = json!({ "ids": [
        found["manifests"]["nodes"][0]["id"], found["infrastructurePlans"]["nodes"][0]["id"],
        promotion["id"], promotion["environment"]["id"], promotion["syncs"][0]["id"],
    ] });
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename
        ... on Aggregate { projectId version } } }";
    let answer = world.send(query, ids.clone()).await;
    let kinds: Vec<&Value> = answer.data()["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["__typename"])
        .collect();
    let expected = [
        "DeploymentManifest",
        "InfrastructurePlan",
        "EnvironmentPromotion",
        "Environment",
        "GitOpsSyncState",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(answer.statements, 5);
    for user in [
        User::of("other", "eve"),
        User::of("acme", "eve").in_projects(&["api"]),
    ] {
        let answer = world.send_as(user.ctx(), query, ids.clone()).await;
        assert_eq!(
            answer.data()["nodes"],
            json!([null, null, null, null, null])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_is_previewed_read_and_compared() {
    let world = World::new().await;
    let release = world.planned("shop").await;
    let preview = "query($input: RenderDeploymentManifestInput!) {
        previewDeploymentManifest(input: $input) { contentDigest text objects { kind }
            userErrors { code path } } }";
    let input = |environment: &str| {
        json!({ "input": { "releaseId": release,
        "environment": environment } })
    };
    let seen = world.send(preview, input("dev")).await;
    let seen = seen.data()["previewDeploymentManifest"].clone();
    assert!(
        seen["text"].as_str().unwrap().contains("kind: Deployment"),
        "{seen:#}"
    );
    let refused = world.send(preview, input("nope")).await;
    let refused = &refused.data()["previewDeploymentManifest"];
    assert_eq!(
        refused["userErrors"][0]["path"],
        json!(["input", "environment"])
    );
    assert_eq!(
        (&refused["text"], &refused["objects"]),
        (&json!(null), &json!([]))
    );
    world.approve(&release).await;
    let query = "query($id: ID!) { release(id: $id) { manifests { nodes {
        id contentDigest environmentName } } } }";
    let answer = world.send(query, json!({ "id": release })).await;
    let manifests = answer.data()["release"]["manifests"]["nodes"].clone();
    let of = |environment: &str| {
        let mut all = manifests.as_array().unwrap().iter();
        all.find(|it| it["environmentName"] == environment)
            .unwrap()
            .clone()
    };
    let (dev, prod) = (of("dev"), of("prod"));
    assert_eq!(dev["contentDigest"], seen["contentDigest"]);
    let query = "query($id: ID!, $from: ID!, $bytes: Int!) { deploymentManifest(id: $id) {
        text(maxBytes: $bytes) diff(from: $from) } }";
    let vars = |bytes: u64| json!({ "id": prod["id"], "from": dev["id"], "bytes": bytes });
    let answer = world.send(query, vars(100_000)).await;
    let diff = answer.data()["deploymentManifest"]["diff"]
        .as_str()
        .unwrap();
    assert!(
        diff.contains("web-prod") && diff.contains("web-dev"),
        "{diff}"
    );
    let refused = world.send(query, vars(10)).await;
    assert_eq!(refused.error("code"), "LIMIT_EXCEEDED");
    let refused = world.send(query, vars(0)).await;
    assert_eq!(refused.error("field"), "maxBytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn infrastructure_is_planned_provisioned_refreshed_and_destroyed() {
    let world = World::new().await;
    let release = world.planned("shop").await;
    let input = json!({ "releaseId": release, "environment": "test" });
    let planned = world
        .command("planInfrastructure", "infrastructurePlan", input.clone())
        .await;
    assert_eq!(planned["userErrors"], json!([]));
    let by_plan = json!({ "planId": planned["object"]["id"] });
    let early = world
        .command(
            "provisionInfrastructure",
            "infrastructurePlan",
            by_plan.clone(),
        )
        .await;
    assert_eq!(early["userErrors"][0]["code"], "FAILED_PRECONDITION");
    world.approve(&release).await;
    let done = world
        .command("provisionInfrastructure", "infrastructurePlan", by_plan)
        .await;
    assert_eq!(done["userErrors"], json!([]), "{done:#}");
    let resources = json!({ "projectId": "web", "environment": "test", "module": "shop" });
    let refreshed = world
        .command("refreshInfrastructure", "infrastructurePlan", resources)
        .await;
    assert_eq!(refreshed["userErrors"], json!([]));
    let destroy = json!({ "projectId": "web", "environment": "test", "module": "shop",
        "confirm": "shop" });
    let gone = world
        .command("destroyInfrastructure", "infrastructurePlan", destroy)
        .await;
    let query = "query($id: ID!) { infrastructurePlan(id: $id) { status operation refreshedAt
        drift { urn } steps { op } } }";
    let answer = world
        .send(query, json!({ "id": gone["object"]["id"] }))
        .await;
    let plan = &answer.data()["infrastructurePlan"];
    assert_eq!(
        (&plan["status"], &plan["operation"]),
        (&json!("DESTROYED"), &json!("DESTROY"))
    );
    assert_eq!(plan["steps"][0]["op"], "DELETE");
}
