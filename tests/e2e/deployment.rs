//! The arrows of the choreography, from an approved release to what runs.

use serde_json::{Value, json};
use sluice_testkit::{Backend, eventually, on_both_databases};

use crate::{
    delivery_support::{
        Chain, DEFAULTS, INFRA, approved, built, built_in, in_dev, policies, promoted, promotions,
        release, sync,
    },
    support::{done, put, text},
};

on_both_databases!(
    release_approved_leads_to_infrastructure_plans,
    release_approved_leads_to_rendered_manifests,
    deployment_manifest_rendered_leads_to_a_promotion_into_dev,
    deployment_promoted_leads_to_a_synced_target,
    infrastructure_provisioned_leads_to_a_sync,
    git_ops_synced_completes_the_promotion,
);

async fn release_approved_leads_to_infrastructure_plans(backend: Backend) {
    let chain = Chain::start(backend).await;
    policies(&chain.ada, json!({ "autoRenderManifests": false })).await;
    let build = built(&chain.ada, "shop", &[put("infra.yaml", INFRA)]).await;
    let release = approved(&chain, &build).await;
    let query = "query($r: ID!) { infrastructurePlans(filter: { releaseId: $r }, first: 20) { \
        nodes { status createdBy environment { name } changes { create } steps { urn op } } } }";
    let plans = eventually("every environment has a plan", || async {
        let data = chain.ada.data(query, json!({ "r": release })).await;
        let plans = data["infrastructurePlans"]["nodes"].as_array()?.clone();
        let made = plans.iter().filter(|it| it["status"] == "PLANNED").count();
        (made == DEFAULTS.len()).then_some(plans)
    })
    .await;
    let mut names: Vec<String> = plans
        .iter()
        .map(|it| text(&it["environment"]["name"]))
        .collect();
    names.sort_by_key(|name| DEFAULTS.iter().position(|it| it == name));
    assert_eq!(names, DEFAULTS);
    for plan in &plans {
        assert_eq!(plan["createdBy"], "iac_provisioning");
        assert_eq!(plan["changes"]["create"], 1, "{plan}");
        assert_eq!(plan["steps"][0]["op"], "CREATE", "{plan}");
    }
    chain.server.finish().await;
}

async fn release_approved_leads_to_rendered_manifests(backend: Backend) {
    let chain = Chain::start(backend).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let id = approved(&chain, &build).await;
    let query = "query($r: ID!) { deploymentManifests(filter: { releaseId: $r }, first: 20) { \
        nodes { createdBy path contentDigest commitSha objects { kind } environment { name } } } }";
    let manifests = eventually("every environment has its manifests", || async {
        let data = chain.ada.data(query, json!({ "r": id })).await;
        let manifests = data["deploymentManifests"]["nodes"].as_array()?.clone();
        let stand = manifests.iter().filter(|it| it["commitSha"].is_string());
        (stand.count() == DEFAULTS.len()).then_some(manifests)
    })
    .await;
    let image = release(&chain.ada, &id).await["items"][0]["artifacts"][1]["digest"].clone();
    for manifest in &manifests {
        let environment = text(&manifest["environment"]["name"]);
        assert_eq!(manifest["path"], format!("environments/{environment}/shop"));
        assert_eq!(manifest["createdBy"], "deployment_manifest");
        let objects = manifest["objects"].as_array().unwrap();
        assert!(
            objects.iter().any(|it| it["kind"] == "Deployment"),
            "{manifest}"
        );
        let folder = format!("environments/{environment}/shop");
        let grep = ["grep", "-h", "image:", "sluice/rendered", "--", &folder];
        let files = chain.gitops(&grep).await;
        assert!(
            files.contains(&text(&image)),
            "the image by its digest: {files}"
        );
    }
    chain.server.finish().await;
}

async fn deployment_manifest_rendered_leads_to_a_promotion_into_dev(backend: Backend) {
    let chain = Chain::start(backend).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let release = approved(&chain, &build).await;
    let promotion = promoted(&chain.ada, &release, "dev", "SUCCEEDED").await;
    assert_eq!(
        (
            &promotion["automatic"],
            &promotion["attempt"],
            &promotion["createdBy"]
        ),
        (&json!(true), &json!(1), &json!("environment_promotion"))
    );
    chain.settled().await;
    assert_eq!(promotions(&chain.ada, &release, "dev").await.len(), 1);
    for environment in &DEFAULTS[1..] {
        let none = promotions(&chain.ada, &release, environment).await;
        assert!(
            none.is_empty(),
            "{environment} waits for a person: {none:?}"
        );
    }
    let declared = chain
        .gitops(&["ls-tree", "--name-only", "main", "environments/"])
        .await;
    assert_eq!(declared.trim(), "environments/dev");
    let head = chain.gitops(&["rev-parse", "main"]).await;
    assert_eq!(promotion["commitSha"], head.trim());
    chain.server.finish().await;
}

async fn deployment_promoted_leads_to_a_synced_target(backend: Backend) {
    let chain = Chain::start(backend).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let id = in_dev(&chain, &build).await;
    let promotion = promoted(&chain.ada, &id, "dev", "SUCCEEDED").await;
    let state = sync(&chain.ada, "dev", "shop").await;
    assert_eq!(
        [&state["sync"], &state["health"], &state["operation"]],
        ["SYNCED", "HEALTHY", "IDLE"].map(|it| json!(it)).each_ref()
    );
    assert_eq!(
        (&state["promotion"]["id"], &state["appliedRevision"]),
        (&promotion["id"], &promotion["commitSha"])
    );
    let causes = json!([{ "number": 1, "cause": "PROMOTION", "outcome": "SUCCEEDED" }]);
    assert_eq!(
        state["attempts"]["nodes"], causes,
        "the event, and no timer"
    );
    let image = release(&chain.ada, &id).await["items"][0]["artifacts"][1]["digest"].clone();
    let held = chain.target("dev", "shop");
    assert!(held.contains(&text(&image)), "{held}");
    assert_eq!(chain.target("test", "shop"), "");
    chain.server.finish().await;
}

async fn infrastructure_provisioned_leads_to_a_sync(backend: Backend) {
    let chain = Chain::start(backend).await;
    let build = built(&chain.ada, "shop", &[put("infra.yaml", INFRA)]).await;
    let release = in_dev(&chain, &build).await;
    let input = json!({
        "projectId": "web", "environment": "dev", "module": "shop", "confirm": "shop",
    });
    let fields = "infrastructurePlan { id status }";
    let payload = done(&chain.ada, "destroyInfrastructure", fields, input).await;
    assert_eq!(payload["infrastructurePlan"]["status"], "DESTROYED");
    let input = json!({ "releaseId": release, "environment": "dev" });
    let payload = done(&chain.ada, "provisionInfrastructure", fields, input).await;
    assert_eq!(payload["infrastructurePlan"]["status"], "PROVISIONED");
    eventually("the module on it is synchronised again", || async {
        let state = sync(&chain.ada, "dev", "shop").await;
        let attempts = state["attempts"]["nodes"].as_array()?.clone();
        let wanted = |it: &&Value| it["cause"] == "INFRASTRUCTURE" && it["outcome"] == "SUCCEEDED";
        attempts.iter().find(wanted).cloned()
    })
    .await;
    chain.server.finish().await;
}

async fn git_ops_synced_completes_the_promotion(backend: Backend) {
    let chain = Chain::start(backend).await;
    let first = built(&chain.ada, "shop", &[]).await;
    in_dev(&chain, &first).await;
    let state = sync(&chain.ada, "dev", "shop").await;
    let input = json!({ "syncId": state["id"], "reason": "looking at something" });
    done(&chain.ada, "pauseGitOps", "gitOpsSync { paused }", input).await;
    let second = built_in(&chain.ada, &first.repository, "shop", "1.1.0", &[]).await;
    let release = approved(&chain, &second).await;
    let waiting = promoted(&chain.ada, &release, "dev", "VERIFYING").await;
    eventually("the target is known to be behind", || async {
        let state = sync(&chain.ada, "dev", "shop").await;
        let behind = state["sync"] == "OUT_OF_SYNC" && state["promotion"]["id"] == waiting["id"];
        behind.then_some(())
    })
    .await;
    promoted(&chain.ada, &release, "dev", "VERIFYING").await;
    let input = json!({ "syncId": state["id"] });
    done(&chain.ada, "resumeGitOps", "gitOpsSync { paused }", input).await;
    let ended = promoted(&chain.ada, &release, "dev", "SUCCEEDED").await;
    assert_eq!(ended["id"], waiting["id"]);
    assert_eq!(sync(&chain.ada, "dev", "shop").await["sync"], "SYNCED");
    chain.server.finish().await;
}
