use serde_json::{Value, json};
use sluice_schema::{
    ManifestId, PromotionId, ReleaseId, RepositoryId, TypedId,
    events::{DeploymentPromoted, PromotedItem},
};
use sluice_testkit::User;

use crate::world::World;

const BOARD: &str = "query($project: ID!) { deliveryBoard(projectId: $project) {
    projectId sequence modules project { id }
    environments { id name upstream hold { reason } freeze { name }
        environment { name } }
    cells { module environmentId environment { name } promotionId promotion { id }
        desired { ...V } deployed { ...V } observed { ...V }
        sync { syncId state health drift reason sync { id sync } }
        changesWaiting hold { reason by promotion { id } } freeze { name until } } } }
    fragment V on DeployedVersion { version releaseId promotionId promotionStatus buildId runId
        repositoryId commitSha pullRequestId pullRequestNumber since by
        release { id releaseVersion } promotion { id status } build { id } run { id }
        repository { name } commit { sha } pullRequest { number } }";

const PLAIN: &str = "{ deliveryBoard(projectId: \"web\") { sequence modules
    environments { name } cells { module desired { version releaseId commitSha }
        deployed { version } sync { state } hold { reason } changesWaiting } } }";

impl World {
    /// As many more modules as told, of which the ledger alone knows: what is declared in dev.
    async fn declared(&self, modules: usize) {
        let dev = self.environment("dev").await;
        let environment_id = dev["id"].as_str().unwrap().parse().unwrap();
        let project = "web".parse().unwrap();
        let event = |number: usize| {
            let promoted = DeploymentPromoted {
                promotion_id: PromotionId::generate(),
                release_id: ReleaseId::generate(),
                version: "1.0.0".to_owned(),
                environment_id,
                environment: "dev".to_owned(),
                attempt: 1,
                kind: "PROMOTION".to_owned(),
                items: vec![PromotedItem {
                    module: format!("m{number:02}"),
                    manifest_id: ManifestId::generate(),
                    manifest_digest: format!("sha256:{}", "0".repeat(64)),
                    path: "environments/dev".to_owned(),
                }],
                gitops_repository_id: RepositoryId::generate(),
                gitops_repository: "gitops".to_owned(),
                branch: "main".to_owned(),
                commit_sha: "a".repeat(40),
                previous: None,
                rollback_of: None,
            };
            sluice_testkit::event(&self.user.ctx(), &project, None, &promoted)
        };
        let events: Vec<_> = (0..modules).map(event).collect();
        self.ledger.append(&events).await.unwrap();
    }

    async fn shipped(&self, module: &str) -> String {
        let release = self.planned(module).await;
        self.approve(&release).await;
        release
    }
}

fn cell<'a>(board: &'a Value, module: &str, environment: &str) -> &'a Value {
    let cells = board["cells"].as_array().unwrap().iter();
    let mut of =
        cells.filter(|it| it["module"] == module && it["environment"]["name"] == environment);
    of.next().unwrap_or(&Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_shows_what_runs_and_every_cell_leads_to_its_objects() {
    let world = World::new().await;
    let release = world.shipped("shop").await;
    let hold = json!({ "projectId": "web", "environment": "dev", "module": "shop",
        "reason": "we look at it" });
    let held = world.command("holdEnvironment", "environment", hold).await;
    assert_eq!(held["userErrors"], json!([]));
    world.settle().await;
    let answer = world.send(BOARD, json!({ "project": "web" })).await;
    let board = &answer.data()["deliveryBoard"];
    assert_eq!(board["modules"], json!(["shop"]));
    assert_eq!(board["project"]["id"], "web");
    let names: Vec<&Value> = board["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["dev", "test", "staging", "prod"]);
    let dev = cell(board, "shop", "dev");
    for shown in ["desired", "deployed", "observed"] {
        let version = &dev[shown];
        assert_eq!(version["release"]["id"], release.as_str(), "{dev:#}");
        assert_eq!(version["release"]["releaseVersion"], version["version"]);
        assert_eq!(version["promotion"]["id"], version["promotionId"]);
        assert_eq!(version["promotion"]["status"], version["promotionStatus"]);
        assert_eq!(version["build"]["id"], version["buildId"]);
        assert_eq!(version["repository"]["name"], "shop");
        assert_eq!(version["commitSha"].as_str().unwrap().len(), 40);
    }
    assert_eq!(
        (&dev["sync"]["state"], &dev["sync"]["health"]),
        (&json!("SYNCED"), &json!("HEALTHY"))
    );
    assert_eq!(dev["sync"]["sync"]["id"], dev["sync"]["syncId"]);
    assert_eq!(dev["hold"]["reason"], "we look at it");
    assert_eq!(cell(board, "shop", "prod"), &Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_costs_as_many_statements_for_one_module_as_for_fifty() {
    let world = World::new().await;
    world.shipped("shop").await;
    let (plain, edges) = (
        world.send(PLAIN, json!({})).await,
        world.send(BOARD, json!({ "project": "web" })).await,
    );
    world.declared(50).await;
    let plain_of_many = world.send(PLAIN, json!({})).await;
    let many = &plain_of_many.data()["deliveryBoard"];
    assert_eq!(many["modules"].as_array().unwrap().len(), 51);
    assert_eq!(plain.statements, plain_of_many.statements);
    assert!(plain.statements <= 6, "{} statements", plain.statements);
    let edges_of_many = world.send(BOARD, json!({ "project": "web" })).await;
    assert!(
        edges_of_many.data()["deliveryBoard"]["sequence"].as_u64()
            > edges.data()["deliveryBoard"]["sequence"].as_u64()
    );
    assert_eq!(edges.statements, edges_of_many.statements);
    assert!(edges.statements <= 18, "{} statements", edges.statements);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_is_on_the_board_by_one_more_statement() {
    let world = World::new().await;
    world.shipped("shop").await;
    let freeze = json!({ "projectId": "web", "name": "dev", "gates": { "freezes": [{
        "name": "audit", "reason": "audit", "from": "2020-01-01T00:00:00Z",
        "until": "2999-01-01T00:00:00Z" }] } });
    let defined = world
        .command("defineEnvironment", "environment", freeze)
        .await;
    assert_eq!(defined["userErrors"], json!([]));
    world.settle().await;
    let query = "{ deliveryBoard(projectId: \"web\") { environments { name freeze { name until } }
        cells { module freeze { name } } } }";
    let answer = world.send(query, json!({})).await;
    let board = &answer.data()["deliveryBoard"];
    assert_eq!(board["environments"][0]["freeze"]["name"], "audit");
    assert_eq!(board["cells"][0]["freeze"]["name"], "audit");
    assert_eq!(board["environments"][1]["freeze"], Value::Null);
    let plain = world.send(PLAIN, json!({})).await;
    assert_eq!(answer.statements, plain.statements + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_the_caller_does_not_see_has_no_board() {
    let world = World::new().await;
    for user in [
        User::of("acme", "eve").in_projects(&["api"]),
        User::of("other", "eve").in_projects(&["api"]),
    ] {
        let answer = world
            .send_as(user.ctx(), BOARD, json!({ "project": "web" }))
            .await;
        assert_eq!(answer.data()["deliveryBoard"], Value::Null);
    }
    let empty = world.send(BOARD, json!({ "project": "empty" })).await;
    assert_eq!(empty.data()["deliveryBoard"]["cells"], json!([]));
    let refused = world.send(BOARD, json!({ "project": ".." })).await;
    assert_eq!(refused.error("code"), "INVALID_INPUT");
    assert_eq!(refused.error("field"), "projectId");
}

const COMPARED: &str = "fromId toId sequence from { id __typename } to { id __typename }
    modules { module truncated from { ...S } to { ...S } onlyInFrom { ...C } onlyInTo { ...C }
        packages { ...I } images { ...I } configuration { key from to }
        infrastructure { key from to } } } }
    fragment S on ComparedVersion { releaseId version promotionId repositoryId commitSha
        release { id } promotion { id } repository { name } commit { sha } }
    fragment C on ComparedChange { repositoryId sha subjectLine author committedAt
        pullRequestId pullRequestNumber repository { name } commit { sha } pullRequest { id } }
    fragment I on ComparedItem { name fromId fromReference from { id __typename } toId
        toReference to { id __typename } }";

#[tokio::test(flavor = "multi_thread")]
async fn environments_and_releases_are_compared_with_their_objects() {
    let world = World::new().await;
    let release = world.shipped("shop").await;
    world.shipped("cart").await;
    world.promote(&release, "test").await;
    let (dev, test) = (
        world.environment("dev").await,
        world.environment("test").await,
    );
    let query = format!(
        "query($from: ID!, $to: ID!, $module: ID) {{
            compareEnvironments(from: $from, to: $to, module: $module) {{ {COMPARED}"
    );
    let vars = json!({ "from": dev["id"], "to": test["id"] });
    let answer = world.send(&query, vars).await;
    let compared = &answer.data()["compareEnvironments"];
    assert_eq!(compared["from"]["id"], dev["id"]);
    assert_eq!(compared["to"]["__typename"], "Environment");
    let modules = compared["modules"].as_array().unwrap();
    assert_eq!(modules.len(), 2, "{compared:#}");
    let (cart, shop) = (&modules[0], &modules[1]);
    assert_eq!(
        (&cart["module"], &cart["to"]),
        (&json!("cart"), &Value::Null)
    );
    let package = &cart["packages"][0];
    assert_eq!(
        package["from"]["__typename"], "PackagePublication",
        "{cart:#}"
    );
    assert_eq!(
        (&package["from"]["id"], &package["to"]),
        (&package["fromId"], &Value::Null)
    );
    assert_eq!(shop["from"]["release"]["id"], release.as_str());
    assert_eq!(shop["to"]["release"]["id"], release.as_str());
    assert_eq!(
        (&shop["packages"], &shop["images"]),
        (&json!([]), &json!([]))
    );
    let vars = json!({ "from": dev["id"], "to": test["id"], "module": "shop" });
    let one = world.send(&query, vars).await;
    assert_eq!(
        one.data()["compareEnvironments"]["modules"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let query = query.replace("compareEnvironments", "compareReleases");
    let vars = json!({ "from": release, "to": release });
    let same = world.send(&query, vars).await;
    let module = &same.data()["compareReleases"]["modules"][0];
    assert_eq!(module["from"]["repository"]["name"], "shop");
    assert_eq!(
        (&module["onlyInFrom"], &module["onlyInTo"]),
        (&json!([]), &json!([]))
    );
    let unknown = ReleaseId::generate().to_string();
    for (to, code) in [(json!(unknown), "NOT_FOUND"), (json!("x"), "INVALID_INPUT")] {
        let refused = world
            .send(&query, json!({ "from": release, "to": to }))
            .await;
        assert_eq!(refused.error("code"), code);
        assert_eq!(refused.error("field"), "to");
    }
}

const METRICS: &str =
    "query($environment: ID!, $since: DateTime!, $until: DateTime!, $project: ID!) {
    deliveryMetrics(projectId: $project, environmentId: $environment, since: $since,
        until: $until) { sequence deploymentsPerDay changeFailureRate reworkRate
        leadTime { count p50Ms p90Ms meanMs } timeToRestore { count p50Ms p90Ms meanMs }
        deployments { promotionId module releaseId version at succeeded rollback failed rework
            failedById promotion { id } release { id } failedBy { id } }
        changes { promotionId module repositoryId sha pullRequestId startedAt runningAt
            parts { reviewMs ciMs approvalMs soakMs rolloutMs totalMs } promotion { id }
            repository { name } commit { sha } pullRequest { id } }
        restores { failedPromotionId module failedAt restoredById restoredAt
            failedPromotion { id } restoredBy { id } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn figures_stand_beside_the_rows_that_they_are_made_from() {
    let world = World::new().await;
    let release = world.shipped("shop").await;
    let dev = world.environment("dev").await;
    let now = chrono::Utc::now();
    let (since, until) = (
        now - chrono::TimeDelta::days(1),
        now + chrono::TimeDelta::days(1),
    );
    let vars = |environment: &Value, project: &str| json!({ "environment": environment, "project": project, "since": since, "until": until });
    let answer = world.send(METRICS, vars(&dev["id"], "web")).await;
    let metrics = &answer.data()["deliveryMetrics"];
    assert_eq!(metrics["deploymentsPerDay"], 0.5, "{metrics:#}");
    assert_eq!(metrics["changeFailureRate"], 0.0);
    let deployments = metrics["deployments"].as_array().unwrap();
    assert_eq!(deployments.len(), 1);
    assert_eq!(deployments[0]["release"]["id"], release.as_str());
    assert_eq!(
        deployments[0]["promotion"]["id"],
        deployments[0]["promotionId"]
    );
    assert_eq!(deployments[0]["succeeded"], true);
    assert_eq!(metrics["restores"], json!([]));
    let elsewhere = world.send(METRICS, vars(&dev["id"], "api")).await;
    assert_eq!(elsewhere.error("code"), "NOT_FOUND");
    assert_eq!(elsewhere.error("field"), "environmentId");
    let malformed = world.send(METRICS, vars(&json!("dev"), "web")).await;
    assert_eq!(malformed.error("code"), "INVALID_INPUT");
    assert_eq!(malformed.error("field"), "environmentId");
    let never = json!({ "environment": dev["id"], "project": "web", "since": until,
        "until": since });
    let refused = world.send(METRICS, never).await;
    assert_eq!(refused.error("field"), "until");
}
