use serde_json::{Value, json};
use sluice_git_host::RepoPath;
use sluice_testkit::{User, push};

use crate::world::{World, id};

const PROGRAM: &str = "
resources:
  data: {kind: directory, path: data}
  conf: {kind: file, path: data/app.conf, content: 'in ${environment}'}
outputs: {conf: '${conf.path}'}
";

impl World {
    /// A release of `name` with infrastructure, which nobody approved yet.
    pub(crate) async fn planned(&self, name: &str) -> String {
        let repository = self.repository(name).await;
        let path = RepoPath::new("acme", "web", name).unwrap();
        push(self.git.as_ref(), &path, "main", "infra.yaml", PROGRAM).await;
        let build = self.module_build(&repository, name).await;
        let release = self.release(&build).await;
        self.settle().await;
        release
    }

    /// Another release of the repository's head.
    pub(crate) async fn planned_again(&self, repository: &str, name: &str) -> String {
        let build = self.module_build(repository, name).await;
        let release = self.release(&build).await;
        self.settle().await;
        release
    }

    pub(crate) async fn approve(&self, release: &str) {
        let query = "mutation($id: ID!) { approveRelease(input: { releaseId: $id,
            reason: \"tried it\" }) { release { status } userErrors { message } } }";
        let bob = User::of("acme", "bob");
        let answer = self.send_as(bob.ctx(), query, json!({ "id": release }));
        let approved = answer.await.data()["approveRelease"].clone();
        assert_eq!(approved["release"]["status"], "APPROVED", "{approved:#}");
        self.settle().await;
    }

    pub(crate) async fn promote(&self, release: &str, environment: &str) -> Value {
        let input = json!({ "releaseId": release, "environment": environment });
        let promoted = self.command("promoteRelease", "promotion", input).await;
        self.settle().await;
        promoted
    }

    pub(crate) async fn environment(&self, name: &str) -> Value {
        let query = "query($name: String!) { environments(filter: { projectId: \"web\",
            name: $name }) { nodes { id running { module release { id releaseVersion }
            promotion { id status } since } holds { module reason by until promotion { id kind } }
            freeze { name reason until } frozenUntil
            syncs { nodes { id sync health operation paused pauseReason driftTotal
                drift { object classification change diff }
                attempts(first: 2) { totalCount nodes { number cause outcome applied } } } } } } }";
        let answer = self.send(query, json!({ "name": name })).await;
        answer.data()["environments"]["nodes"][0].clone()
    }
}

const CHAIN: &str = "query($id: ID!) { release(id: $id) { id
    manifests(filter: { environment: \"dev\" }) { totalCount nodes { id status module path
        commitSha releaseVersion release { id } environment { name } commit { sha }
        repository { name } gitOpsRepository { name }
        objects { kind name namespace images } text findings { rule } } }
    infrastructurePlans(filter: { environment: \"dev\" }) { totalCount nodes { id status operation
        module stateSerial release { id } environment { name } repository { name }
        changes { create update replace delete same } outputs { name value }
        steps { urn name type op protected diffs { path kind old new } }
        events { kind op message } } }
    promotions { totalCount nodes { id status kind attempt automatic modules commitSha reason
        requestedAt finishedAt blockers { code } release { id } gitOpsRepository { name }
        environment { name } items { module manifestDigest manifest { id contentDigest } }
        previous { id } rollbackOf { id } overrides { codes }
        syncs { module sync health promotion { id } release { id } environment { name }
            desiredRevision appliedRevision gitOpsRepository { name } } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_release_leads_to_all_that_came_of_it_and_each_leads_back() {
    let world = World::new().await;
    let release = world.planned("shop").await;
    world.approve(&release).await;
    let answer = world.send(CHAIN, json!({ "id": release })).await;
    let chain = &answer.data()["release"];
    let manifest = &chain["manifests"]["nodes"][0];
    assert_eq!(manifest["status"], "RENDERED", "{chain:#}");
    assert_eq!(manifest["path"], "environments/dev/shop");
    assert!(
        manifest["text"]
            .as_str()
            .unwrap()
            .contains("kind: Deployment")
    );
    let objects = manifest["objects"].as_array().unwrap();
    assert!(objects.iter().any(|object| object["kind"] == "Service"));
    let plan = &chain["infrastructurePlans"]["nodes"][0];
    assert_eq!(plan["status"], "PROVISIONED");
    assert_eq!(plan["changes"]["create"], 2);
    assert_eq!(plan["outputs"][0]["name"], "conf");
    assert_eq!(plan["steps"][0]["type"], "sluice:local:Directory");
    assert_eq!(plan["steps"][0]["op"], "CREATE");
    assert_eq!(plan["steps"][1]["diffs"][0]["kind"], "ADD");
    let events = plan["events"].as_array().unwrap();
    assert_eq!(events[0]["kind"], "STARTED");
    assert_eq!(events[events.len() - 1]["kind"], "ENDED");
    let promotion = &chain["promotions"]["nodes"][0];
    assert_eq!(promotion["status"], "SUCCEEDED");
    assert_eq!(promotion["automatic"], true);
    let item = &promotion["items"][0];
    assert_eq!(item["manifest"]["id"], manifest["id"]);
    assert_eq!(item["manifest"]["contentDigest"], item["manifestDigest"]);
    let sync = &promotion["syncs"][0];
    assert_eq!(
        (&sync["sync"], &sync["health"]),
        (&json!("SYNCED"), &json!("HEALTHY"))
    );
    assert_eq!(sync["promotion"]["id"], promotion["id"]);
    assert_eq!(sync["appliedRevision"], promotion["commitSha"]);
    for made in [manifest, plan, promotion, sync] {
        assert_eq!(made["release"]["id"], release.as_str());
        assert_eq!(made["environment"]["name"], "dev");
    }
    let dev = world.environment("dev").await;
    let running = &dev["running"][0];
    assert_eq!(running["release"]["id"], release.as_str());
    assert_eq!(running["promotion"]["id"], promotion["id"]);
    assert_eq!(
        dev["syncs"]["nodes"][0]["attempts"]["nodes"][0]["outcome"],
        "SUCCEEDED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_promotion_shows_every_blocker_as_data() {
    let world = World::new().await;
    let release = world.planned("shop").await;
    let freeze = json!({ "projectId": "web", "name": "prod", "upstream": ["staging"],
        "gates": { "requiredApprovals": 2, "freezes": [{ "name": "year end",
            "reason": "nobody is there", "from": "2020-01-01T00:00:00Z",
            "until": "2999-01-01T00:00:00Z" }] } });
    let defined = world
        .command("defineEnvironment", "environment", freeze)
        .await;
    assert_eq!(defined["userErrors"], json!([]));
    let prod = world.environment("prod").await;
    assert_eq!(prod["freeze"]["name"], "year end");
    assert_eq!(prod["frozenUntil"], "2999-01-01T00:00:00+00:00");
    world.approve(&release).await;
    let refused = world.promote(&release, "prod").await;
    let error = &refused["userErrors"][0];
    assert_eq!(
        (&refused["object"], &error["code"]),
        (&json!(null), &json!("PROMOTION_BLOCKED"))
    );
    let blockers = error["blockers"].as_array().unwrap();
    let find = |code: &str| blockers.iter().find(|it| it["code"] == code).unwrap();
    let frozen = find("FREEZE");
    assert_eq!(frozen["subject"], "year end");
    assert_eq!(frozen["until"], "2999-01-01T00:00:00+00:00");
    assert_eq!(frozen["overridable"], true);
    assert_eq!(find("OUT_OF_ORDER")["overridable"], false);
    assert!(find("APPROVALS_MISSING")["message"].as_str().unwrap().len() > 10);
    // The same to whoever asks beforehand.
    let query = "query($id: ID!, $release: ID!) { environment(id: $id) {
        blockers(releaseId: $release) { code message subject until overridable } } }";
    let vars = json!({ "id": prod["id"], "release": release });
    let asked = world.send(query, vars).await;
    assert_eq!(asked.data()["environment"]["blockers"], error["blockers"]);
    let vars = json!({ "id": prod["id"], "release": "release_00000000000000000000000000" });
    let unknown = world.send(query, vars).await;
    assert_eq!(unknown.error("code"), "NOT_FOUND");
    // Waiting is another choice; what it waits for stands in the promotion.
    let input = json!({ "releaseId": release, "environment": "prod", "whenBlocked": "WAIT" });
    let waits = world.command("promoteRelease", "promotion", input).await;
    let query = "query($id: ID!) { promotion(id: $id) { status blockers { code } } }";
    let waiting = world.send(query, json!({ "id": id(&waits) })).await;
    let waiting = &waiting.data()["promotion"];
    assert_eq!(waiting["status"], "GATED");
    assert_eq!(
        waiting["blockers"].as_array().unwrap().len(),
        blockers.len()
    );
    let input = json!({ "promotionId": id(&waits), "reason": "not this year" });
    let ended = world.command("cancelPromotion", "promotion", input).await;
    assert_eq!(
        (&ended["userErrors"], &ended["replayed"]),
        (&json!([]), &json!(false))
    );
}

/// Commands with a wrong value, their objects, and where the value stands.
fn wrong(release: &str) -> Vec<(&'static str, &'static str, Value, &'static str)> {
    let freeze = |rule: &str| {
        json!({ "projectId": "web", "name": "dev", "gates": { "freezes": [
        { "name": "night", "reason": "sleep", "cron": rule, "durationMinutes": 60 }] } })
    };
    let twice = json!([{ "name": "A", "value": "1" }, { "name": "A", "value": "2" }]);
    vec![
        (
            "defineEnvironment",
            "environment",
            freeze("every day"),
            "gates.freezes.0.cron",
        ),
        (
            "defineEnvironment",
            "environment",
            json!({ "projectId": "web", "name": "dev", "configuration": twice }),
            "configuration.1.name",
        ),
        (
            "holdEnvironment",
            "environment",
            json!({ "projectId": "web", "environment": "nope", "reason": "x" }),
            "environment",
        ),
        (
            "promoteRelease",
            "promotion",
            json!({ "releaseId": release, "environment": "test", "overrides": ["OUT_OF_ORDER"],
                "overrideReason": "x" }),
            "overrides.0",
        ),
        (
            "rollbackEnvironment",
            "promotion",
            json!({ "projectId": "web", "environment": "dev", "reason": "" }),
            "reason",
        ),
        (
            "planInfrastructure",
            "infrastructurePlan",
            json!({ "releaseId": release }),
            "environment",
        ),
        (
            "destroyInfrastructure",
            "infrastructurePlan",
            json!({ "projectId": "web", "environment": "dev", "module": "shop",
                "confirm": "shoq" }),
            "confirm",
        ),
        (
            "renderDeploymentManifest",
            "deploymentManifest",
            json!({ "releaseId": release, "environment": "dev", "module": "other" }),
            "module",
        ),
        (
            "syncGitOps",
            "gitOpsSync",
            json!({ "module": "shop" }),
            "syncId",
        ),
        (
            "pauseGitOps",
            "gitOpsSync",
            json!({ "syncId": "sync_1", "reason": "x" }),
            "syncId",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_lead_to_the_field_of_each_command() {
    let world = World::new().await;
    let release = world.planned("shop").await;
    world.approve(&release).await;
    for (command, object, input, field) in wrong(&release) {
        let refused = world.command(command, object, input).await;
        let path: Vec<&str> = std::iter::once("input").chain(field.split('.')).collect();
        assert_eq!(
            refused["userErrors"][0]["path"],
            json!(path),
            "{command}: {refused:#}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_brings_back_what_ran_and_holds_until_somebody_resumes() {
    let world = World::new().await;
    let first = world.planned("shop").await;
    world.approve(&first).await;
    let query = "{ repositories(filter: { name: \"shop\" }) { nodes { id } } }";
    let answer = world.send(query, json!({})).await;
    let repository = answer.data()["repositories"]["nodes"][0]["id"].clone();
    let second = world
        .planned_again(repository.as_str().unwrap(), "shop")
        .await;
    world.approve(&second).await;
    let dev = world.environment("dev").await;
    assert_eq!(dev["running"][0]["release"]["id"], second.as_str());
    let input = json!({ "projectId": "web", "environment": "dev", "reason": "it leaks" });
    let rolled = world
        .command("rollbackEnvironment", "promotion", input)
        .await;
    assert_eq!(rolled["userErrors"], json!([]));
    world.settle().await;
    let query = "query($id: ID!) { promotion(id: $id) { kind status reason
        restored { release { id } } rollbackOf { status release { id } } } }";
    let answer = world.send(query, json!({ "id": id(&rolled) })).await;
    let promotion = &answer.data()["promotion"];
    assert_eq!(promotion["kind"], "ROLLBACK");
    assert_eq!(promotion["status"], "SUCCEEDED", "{promotion:#}");
    assert_eq!(promotion["reason"], "it leaks");
    assert_eq!(promotion["restored"]["release"]["id"], first.as_str());
    let left = json!({ "status": "ROLLED_BACK", "release": { "id": second } });
    assert_eq!(promotion["rollbackOf"], left);
    let dev = world.environment("dev").await;
    assert_eq!(dev["running"][0]["release"]["id"], first.as_str());
    let hold = &dev["holds"][0];
    assert_eq!(
        (&hold["module"], &hold["by"]),
        (&json!("shop"), &json!("ada"))
    );
    assert_eq!(hold["promotion"]["id"], id(&rolled).as_str());
    let held = world.promote(&second, "dev").await;
    assert_eq!(held["userErrors"][0]["blockers"][0]["code"], "HOLD");
    let input = json!({ "environmentId": dev["id"] });
    let resumed = world
        .command("resumeEnvironment", "environment", input.clone())
        .await;
    assert_eq!(resumed["replayed"], false);
    let again = world
        .command("resumeEnvironment", "environment", input)
        .await;
    assert_eq!(again["replayed"], true);
    assert_eq!(world.environment("dev").await["holds"], json!([]));
}

/// Changes the module's Deployment in the targets' folder by hand.
fn edit_target(folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            edit_target(&path);
        } else if name.contains("deployment") && name.ends_with(".yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains("8080"), "{text}");
            std::fs::write(&path, text.replace("8080", "9090")).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_target_shows_its_drift_and_a_sync_undoes_it() {
    let world = World::new().await;
    let release = world.planned("shop").await;
    world.approve(&release).await;
    edit_target(&world.databases.folder().join("targets"));
    world.look_at_targets().await;
    let dev = world.environment("dev").await;
    let sync = &dev["syncs"]["nodes"][0];
    assert_eq!(sync["sync"], "OUT_OF_SYNC", "{sync:#}");
    let drift = &sync["drift"][0];
    assert_eq!(drift["classification"], "MANUAL_EDIT");
    assert_eq!(drift["change"], "MODIFIED");
    assert!(drift["diff"].as_str().unwrap().contains("9090"));
    let pause = json!({ "syncId": sync["id"], "reason": "looking into it" });
    let paused = world.command("pauseGitOps", "gitOpsSync", pause).await;
    assert_eq!(paused["userErrors"], json!([]));
    let dev = world.environment("dev").await;
    assert_eq!(dev["syncs"]["nodes"][0]["pauseReason"], "looking into it");
    let by_name = json!({ "projectId": "web", "environment": "dev", "module": "shop" });
    let refused = world
        .command("syncGitOps", "gitOpsSync", by_name.clone())
        .await;
    assert_eq!(refused["userErrors"][0]["code"], "FAILED_PRECONDITION");
    let resume = json!({ "syncId": sync["id"] });
    world.command("resumeGitOps", "gitOpsSync", resume).await;
    let synced = world.command("syncGitOps", "gitOpsSync", by_name).await;
    assert_eq!(synced["userErrors"], json!([]));
    let dev = world.environment("dev").await;
    let sync = &dev["syncs"]["nodes"][0];
    assert_eq!(
        (&sync["sync"], &sync["drift"]),
        (&json!("SYNCED"), &json!([]))
    );
    let attempts = &sync["attempts"];
    assert_eq!(attempts["totalCount"], 2);
    assert_eq!(
        (
            &attempts["nodes"][0]["number"],
            &attempts["nodes"][0]["cause"]
        ),
        (&json!(2), &json!("COMMAND"))
    );
    assert_eq!(attempts["nodes"][1]["cause"], "PROMOTION");
}
