//! Gates: what keeps releases out of environments, said the same way to everybody.

use std::process::Stdio;

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use sluice_schema::Scope;
use sluice_testkit::{Backend, Client, eventually, on_both_databases};
use tokio::process::Command;

use crate::{
    delivery_support::{
        Chain, approved, bob, built, built_in, codes, define, in_dev, promoted, promotions, release,
    },
    support::{PROGRAM, done, refused, send, text},
};

on_both_databases!(
    a_promotion_in_a_freeze_before_its_soak_time_or_out_of_order_is_refused_with_all_its_blockers,
    gates_are_passed_only_with_the_scope_and_a_reason_and_it_is_recorded,
    an_automatic_promotion_waits_with_all_its_blockers_and_runs_when_they_are_gone,
    a_rollback_is_refused_in_a_freeze_and_holds_the_environment_until_it_is_resumed,
);

/// The blockers of prod as [`closed`] defines it, in the order of the table.
const CLOSED: [&str; 3] = ["OUT_OF_ORDER", "SOAK_TIME", "FREEZE"];

fn freeze() -> Value {
    let now = Utc::now();
    json!([{
        "name": "year end", "reason": "the books are closed",
        "from": now - TimeDelta::hours(1), "until": now + TimeDelta::days(2),
    }])
}

/// What a release that ran in dev, and in nothing else, meets in prod: staging did not take it,
/// its time in dev is short, and there is a freeze.
fn closed() -> Value {
    json!({
        "upstream": ["dev", "staging"], "order": 40,
        "gates": { "soakMinutes": 60, "freezes": freeze() },
    })
}

async fn promote_over_rest(client: &Client, release: &str) -> (u16, Value) {
    let body = json!({ "releaseId": release, "environment": "prod" });
    let request = client.request(Method::POST, "/promotions").json(&body);
    let response = request.send().await.unwrap();
    let kind = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(kind, "application/problem+json");
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn promote_over_cli(chain: &Chain, release: &str) -> (Option<i32>, String) {
    let output = Command::new(PROGRAM)
        .args(["promote", release, "--to", "prod", "--project", "web"])
        .env("SLUICE_URL", chain.server.base())
        .env("SLUICE_TOKEN", chain.ada.token())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text.into_owned())
}

async fn a_promotion_in_a_freeze_before_its_soak_time_or_out_of_order_is_refused_with_all_its_blockers(
    backend: Backend,
) {
    let chain = Chain::start(backend).await;
    define(&chain.ada, "prod", closed()).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let release = in_dev(&chain, &build).await;
    let input = json!({ "releaseId": release, "environment": "prod" });
    let error = refused(
        &chain.ada,
        "promoteRelease",
        "promotion { id }",
        input.clone(),
    )
    .await;
    assert_eq!(error["code"], "PROMOTION_BLOCKED");
    let blockers = error["blockers"].clone();
    assert_eq!(codes(&blockers), CLOSED, "{error}");
    let overridable: Vec<bool> = blockers
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["overridable"] == true)
        .collect();
    assert_eq!(overridable, [false, true, true]);
    assert_eq!(
        blockers[0]["until"],
        Value::Null,
        "it does not end by itself"
    );
    assert!(blockers[1]["until"].is_string() && blockers[2]["until"].is_string());
    assert_eq!(blockers[2]["subject"], "year end");
    let query = "query($r: ID!) { environments(filter: { projectId: \"web\", name: \"prod\" }) { \
        nodes { blockers(releaseId: $r) { code message subject until overridable } } } }";
    let data = chain.ada.data(query, json!({ "r": release })).await;
    assert_eq!(
        data["environments"]["nodes"][0]["blockers"], blockers,
        "asked before"
    );
    let (status, problem) = promote_over_rest(&chain.ada, &release).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("PROMOTION_BLOCKED"))
    );
    let messages = |from: &Value| -> Vec<(String, String)> {
        let blockers = from.as_array().unwrap().iter();
        blockers
            .map(|it| (text(&it["code"]), text(&it["message"])))
            .collect()
    };
    assert_eq!(messages(&problem["blockers"]), messages(&blockers));
    let (code, said) = promote_over_cli(&chain, &release).await;
    assert_eq!(code, Some(6), "{said}");
    for (code, message) in messages(&blockers) {
        assert!(
            said.contains(&code) && said.contains(&message),
            "{code} in {said}"
        );
    }
    assert!(promotions(&chain.ada, &release, "prod").await.is_empty());
    let mut waits = input;
    waits["whenBlocked"] = json!("WAIT");
    let fields = "promotion { id status blockers { code } }";
    let payload = done(&chain.ada, "promoteRelease", fields, waits).await;
    assert_eq!(payload["promotion"]["status"], "GATED");
    assert_eq!(codes(&payload["promotion"]["blockers"]), CLOSED);
    let input = json!({ "promotionId": payload["promotion"]["id"], "reason": "not this year" });
    let payload = done(&chain.ada, "cancelPromotion", "promotion { status }", input).await;
    assert_eq!(payload["promotion"]["status"], "CANCELLED");
    chain.server.finish().await;
}

async fn gates_are_passed_only_with_the_scope_and_a_reason_and_it_is_recorded(backend: Backend) {
    let chain = Chain::start(backend).await;
    let gates = json!({ "soakMinutes": 60, "freezes": freeze() });
    let test = json!({ "upstream": ["dev"], "order": 20, "gates": gates });
    define(&chain.ada, "test", test).await;
    define(&chain.ada, "prod", closed()).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let release = in_dev(&chain, &build).await;
    let passing = |environment: &str| {
        json!({
            "releaseId": release, "environment": environment,
            "overrides": ["SOAK_TIME", "FREEZE"], "overrideReason": "a fix that cannot wait",
        })
    };
    let fields = "promotion { id }";
    let mut scopes = Scope::ALL.to_vec();
    scopes.retain(|scope| *scope != Scope::PromotionsOverride);
    let limited = chain.server.client(&bob().with_scopes(&scopes));
    let answer = send(&limited, "promoteRelease", fields, passing("test")).await;
    assert_eq!(answer.error_code(), "FORBIDDEN");
    let mut silent = passing("test");
    silent.as_object_mut().unwrap().remove("overrideReason");
    let error = refused(&chain.bob, "promoteRelease", fields, silent).await;
    assert_eq!(error["path"], json!(["input", "overrideReason"]));
    let mut order = passing("test");
    order["overrides"] = json!(["OUT_OF_ORDER"]);
    let error = refused(&chain.bob, "promoteRelease", fields, order).await;
    assert_eq!(error["path"], json!(["input", "overrides", "0"]));
    let error = refused(&chain.bob, "promoteRelease", fields, passing("prod")).await;
    assert_eq!(codes(&error["blockers"]), ["OUT_OF_ORDER"], "what remains");
    done(&chain.bob, "promoteRelease", fields, passing("test")).await;
    let promotion = promoted(&chain.ada, &release, "test", "SUCCEEDED").await;
    let overrides = json!({
        "codes": ["SOAK_TIME", "FREEZE"], "reason": "a fix that cannot wait", "by": "bob",
    });
    assert_eq!(promotion["overrides"], overrides);
    chain.server.finish().await;
}

async fn an_automatic_promotion_waits_with_all_its_blockers_and_runs_when_they_are_gone(
    backend: Backend,
) {
    let chain = Chain::start(backend).await;
    let mut prod = closed();
    prod["autoPromote"] = json!(true);
    define(&chain.ada, "prod", prod).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let release = in_dev(&chain, &build).await;
    let waiting = eventually("prod waits for what dev cannot give", || async {
        let waiting = promotions(&chain.ada, &release, "prod").await.pop()?;
        (waiting["status"] == "GATED" && codes(&waiting["blockers"]) == CLOSED).then_some(waiting)
    })
    .await;
    assert_eq!(waiting["automatic"], true);
    let open = json!({ "upstream": ["dev"], "order": 40, "autoPromote": true });
    define(&chain.ada, "prod", open).await;
    let ended = promoted(&chain.ada, &release, "prod", "SUCCEEDED").await;
    assert_eq!(ended["id"], waiting["id"]);
    assert_eq!(ended["blockers"], json!([]));
    chain.server.finish().await;
}

async fn image_of(client: &Client, id: &str) -> String {
    text(&release(client, id).await["items"][0]["artifacts"][1]["digest"])
}

async fn a_rollback_is_refused_in_a_freeze_and_holds_the_environment_until_it_is_resumed(
    backend: Backend,
) {
    let chain = Chain::start(backend).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let first = in_dev(&chain, &build).await;
    let next = built_in(&chain.ada, &build.repository, "shop", "1.1.0", &[]).await;
    let second = in_dev(&chain, &next).await;
    let frozen = json!({ "order": 10, "autoPromote": true, "gates": { "freezes": freeze() } });
    define(&chain.ada, "dev", frozen).await;
    let input = json!({ "projectId": "web", "environment": "dev", "reason": "1.1.0 is slow" });
    let fields = "promotion { id kind rollbackOf { id } }";
    let error = refused(&chain.ada, "rollbackEnvironment", fields, input.clone()).await;
    assert_eq!(error["code"], "PROMOTION_BLOCKED");
    assert_eq!(codes(&error["blockers"]), ["FREEZE"], "{error}");
    define(
        &chain.ada,
        "dev",
        json!({ "order": 10, "autoPromote": true }),
    )
    .await;
    let payload = done(&chain.ada, "rollbackEnvironment", fields, input).await;
    assert_eq!(payload["promotion"]["kind"], "ROLLBACK");
    promoted(&chain.ada, &first, "dev", "SUCCEEDED").await;
    let left = promoted(&chain.ada, &second, "dev", "ROLLED_BACK").await;
    assert_eq!(payload["promotion"]["rollbackOf"]["id"], left["id"]);
    let held = chain.target("dev", "shop");
    assert!(
        held.contains(&image_of(&chain.ada, &first).await),
        "the first image again: {held}"
    );
    // A third release meets the hold, by itself and by command.
    let last = built_in(&chain.ada, &build.repository, "shop", "1.2.0", &[]).await;
    let third = approved(&chain, &last).await;
    let waiting = promoted(&chain.ada, &third, "dev", "GATED").await;
    assert_eq!(codes(&waiting["blockers"]), ["HOLD"]);
    let input = json!({ "releaseId": second, "environment": "dev" });
    let error = refused(&chain.ada, "promoteRelease", "promotion { id }", input).await;
    assert!(
        codes(&error["blockers"]).contains(&"HOLD".to_owned()),
        "{error}"
    );
    let message = text(&waiting["blockers"][0]["message"]);
    assert!(
        message.contains("1.1.0 is slow"),
        "the hold says why: {message}"
    );
    let held = chain.target("dev", "shop");
    assert!(
        held.contains(&image_of(&chain.ada, &first).await),
        "it stays: {held}"
    );
    let input = json!({ "projectId": "web", "environment": "dev" });
    let fields = "environment { holds { reason } }";
    let payload = done(&chain.ada, "resumeEnvironment", fields, input).await;
    assert_eq!(payload["environment"]["holds"], json!([]));
    promoted(&chain.ada, &third, "dev", "SUCCEEDED").await;
    let held = chain.target("dev", "shop");
    assert!(held.contains(&image_of(&chain.ada, &third).await), "{held}");
    chain.server.finish().await;
}
