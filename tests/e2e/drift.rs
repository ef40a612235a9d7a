//! Drift: what people change in a target is told, and undone where it may be.

use std::fs;

use serde_json::{Value, json};
use sluice_testkit::{Backend, eventually, on_both_databases};

use crate::{
    delivery_support::{Chain, approved, built, built_in, define, promoted},
    prod_support::{edit, in_prod, object_file, short_way, sync_in_prod, target_folder, watching},
    support::{done, git, ok, refused},
};

on_both_databases!(
    editing_a_file_in_the_prod_target_is_manual_drift_with_a_diff_and_heals_by_policy,
    a_deleted_file_in_the_prod_target_is_drift_and_a_strangers_file_is_told_and_left_alone,
    a_paused_target_is_left_alone_until_it_is_resumed,
    what_people_commit_to_the_declared_branch_is_applied,
);

/// A module `shop` that runs in prod.
async fn running(backend: Backend) -> Chain {
    let chain = watching(backend).await;
    short_way(&chain.ada).await;
    let build = built(&chain.ada, "shop", &[]).await;
    in_prod(&chain, &build).await;
    chain
}

async fn heal_prod(chain: &Chain) {
    let definition = json!({ "upstream": ["dev"], "order": 40, "selfHeal": true });
    define(&chain.ada, "prod", definition).await;
}

fn is_at_rest(state: &Value) -> bool {
    state["sync"] == "SYNCED" && state["health"] == "HEALTHY" && state["operation"] == "IDLE"
}

async fn editing_a_file_in_the_prod_target_is_manual_drift_with_a_diff_and_heals_by_policy(
    backend: Backend,
) {
    let chain = running(backend).await;
    let file = object_file(&target_folder(&chain.server, "prod", "shop"), "Deployment");
    let declared = fs::read_to_string(&file).unwrap();
    edit(&file, "replicas: 1", "replicas: 9");
    let edited = fs::read_to_string(&file).unwrap();
    let drifted = |state: &Value| state["driftTotal"] == 1;
    let state = sync_in_prod(&chain.ada, "shop", "the edit is seen", drifted).await;
    assert_eq!(state["sync"], "OUT_OF_SYNC", "{state}");
    let item = &state["drift"][0];
    assert_eq!(item["object"], "Deployment/web-prod/shop");
    assert_eq!(
        (&item["classification"], &item["change"]),
        (&json!("MANUAL_EDIT"), &json!("MODIFIED"))
    );
    let diff = item["diff"].as_str().unwrap();
    assert!(
        diff.contains("\n-  replicas: 1\n+  replicas: 9\n"),
        "{diff}"
    );
    assert_eq!(
        state["attempts"]["nodes"].as_array().unwrap().len(),
        1,
        "told, not undone: {state}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), edited);

    heal_prod(&chain).await;
    let state = sync_in_prod(&chain.ada, "shop", "the edit is undone", is_at_rest).await;
    assert_eq!(fs::read_to_string(&file).unwrap(), declared);
    assert_eq!(state["drift"], json!([]));
    // Now an edit does not last.
    edit(&file, "replicas: 1", "replicas: 7");
    eventually("the next edit is undone as well", || async {
        (fs::read_to_string(&file).unwrap() == declared).then_some(())
    })
    .await;
    let healed = |state: &Value| {
        let attempts = state["attempts"]["nodes"].as_array().unwrap().iter();
        attempts
            .filter(|it| it["cause"] == "SELF_HEAL" && it["outcome"] == "SUCCEEDED")
            .count()
            == 2
    };
    sync_in_prod(&chain.ada, "shop", "both were healed", healed).await;
    chain.server.finish().await;
}

async fn a_deleted_file_in_the_prod_target_is_drift_and_a_strangers_file_is_told_and_left_alone(
    backend: Backend,
) {
    let chain = running(backend).await;
    let folder = target_folder(&chain.server, "prod", "shop");
    let service = object_file(&folder, "Service");
    fs::remove_file(&service).unwrap();
    let drifted = |state: &Value| state["driftTotal"] == 1;
    let state = sync_in_prod(&chain.ada, "shop", "the deletion is seen", drifted).await;
    let item = &state["drift"][0];
    assert_eq!(item["object"], "Service/web-prod/shop");
    assert_eq!(
        (&item["classification"], &item["change"]),
        (&json!("MANUAL_EDIT"), &json!("MISSING"))
    );
    assert_eq!(
        (&state["sync"], &state["health"]),
        (&json!("OUT_OF_SYNC"), &json!("MISSING"))
    );
    // A command brings it back although prod does not heal itself.
    let input = json!({ "syncId": state["id"] });
    done(&chain.ada, "syncGitOps", "gitOpsSync { id }", input).await;
    sync_in_prod(&chain.ada, "shop", "it is back", is_at_rest).await;
    assert!(service.exists());

    heal_prod(&chain).await;
    let stranger = folder.join("mine.yaml");
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mine\n  namespace: web-prod\n";
    fs::write(&stranger, text).unwrap();
    let state = sync_in_prod(&chain.ada, "shop", "the stranger is seen", drifted).await;
    let item = &state["drift"][0];
    assert_eq!(
        (&item["change"], &item["owned"]),
        (&json!("EXTRA"), &json!(false))
    );
    assert_eq!(state["sync"], "SYNCED", "it is no part of what is declared");
    assert_eq!(fs::read_to_string(&stranger).unwrap(), text);
    chain.server.finish().await;
}

async fn a_paused_target_is_left_alone_until_it_is_resumed(backend: Backend) {
    let chain = watching(backend).await;
    short_way(&chain.ada).await;
    heal_prod(&chain).await;
    let first = built(&chain.ada, "shop", &[]).await;
    in_prod(&chain, &first).await;
    let state = sync_in_prod(&chain.ada, "shop", "it is at rest", is_at_rest).await;
    let input = json!({ "syncId": state["id"], "reason": "looking into it" });
    done(&chain.ada, "pauseGitOps", "gitOpsSync { paused }", input).await;

    let file = object_file(&target_folder(&chain.server, "prod", "shop"), "Service");
    edit(&file, "port: 8080", "port: 9090");
    let second = built_in(&chain.ada, &first.repository, "shop", "1.1.0", &[]).await;
    let release = approved(&chain, &second).await;
    promoted(&chain.ada, &release, "dev", "SUCCEEDED").await;
    let input = json!({ "releaseId": release, "environment": "prod" });
    done(&chain.ada, "promoteRelease", "promotion { id }", input).await;
    promoted(&chain.ada, &release, "prod", "VERIFYING").await;
    let classes = |state: &Value, class: &str| {
        let drift = state["drift"].as_array().unwrap();
        drift.iter().any(|it| it["classification"] == class)
    };
    let both = |state: &Value| classes(state, "MANUAL_EDIT") && classes(state, "PENDING_PROMOTION");
    let state = sync_in_prod(&chain.ada, "shop", "edit and promotion are pending", both).await;
    assert_eq!(
        (&state["paused"], &state["pauseReason"]),
        (&json!(true), &json!("looking into it"))
    );
    assert!(fs::read_to_string(&file).unwrap().contains("port: 9090"));
    let named = json!({ "syncId": state["id"] });
    let error = refused(&chain.ada, "syncGitOps", "gitOpsSync { id }", named.clone()).await;
    assert_eq!(error["code"], "FAILED_PRECONDITION", "{error}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("looking into it")
    );

    done(&chain.ada, "resumeGitOps", "gitOpsSync { paused }", named).await;
    promoted(&chain.ada, &release, "prod", "SUCCEEDED").await;
    let state = sync_in_prod(&chain.ada, "shop", "everything is applied", is_at_rest).await;
    assert_eq!(state["release"]["id"], release);
    assert!(fs::read_to_string(&file).unwrap().contains("port: 8080"));
    chain.server.finish().await;
}

async fn what_people_commit_to_the_declared_branch_is_applied(backend: Backend) {
    let chain = running(backend).await;
    let bare = chain.server.data_dir().join("git/acme/web/gitops.git");
    let clones = tempfile::tempdir().unwrap();
    let url = bare.to_str().unwrap();
    ok(&git(
        clones.path(),
        &["clone", "--quiet", "--branch", "main", url, "gitops"],
    )
    .await);
    let clone = clones.path().join("gitops");
    edit(
        &object_file(&clone.join("environments/prod/shop"), "Deployment"),
        "replicas: 1",
        "replicas: 4",
    );
    let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    let commit = ["commit", "--quiet", "--all", "--message", "Four of them"];
    ok(&git(&clone, &[who.as_slice(), &commit].concat()).await);
    ok(&git(&clone, &["push", "--quiet", "origin", "main"]).await);
    let head = ok(&git(&clone, &["rev-parse", "HEAD"]).await)
        .trim()
        .to_owned();
    let applied = |state: &Value| state["appliedRevision"] == head && is_at_rest(state);
    let state = sync_in_prod(&chain.ada, "shop", "the commit is applied", applied).await;
    let attempts = state["attempts"]["nodes"].as_array().unwrap();
    let newest = attempts
        .iter()
        .max_by_key(|it| it["number"].as_u64())
        .unwrap();
    assert_eq!(newest["cause"], "TIMER");
    let file = object_file(&target_folder(&chain.server, "prod", "shop"), "Deployment");
    assert!(fs::read_to_string(file).unwrap().contains("replicas: 4"));
    chain.server.finish().await;
}
