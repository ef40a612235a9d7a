//! Approvals: who may give them, and what ends them.

use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, User, eventually, on_both_databases};

use crate::{
    delivery_support::{
        Chain, approve, approved, built, codes, define, in_dev, pending, policies, release,
        release_in,
    },
    support::{branch_with, done, merge, pull_request, put, refused, repository, send, text},
};

on_both_databases!(
    the_planner_cannot_approve_an_empty_list_is_nobody_and_authors_are_excluded_by_policy,
    as_many_distinct_approvers_as_demanded_give_their_reasons_until_their_approvals_expire,
    changing_an_artifact_after_approval_voids_it_with_the_cause,
    changing_an_environment_after_approval_voids_it_with_the_cause,
);

const FIELDS: &str = "release { id status } approval { approver reason state }";

fn approval(release: &Value, reason: &str) -> Value {
    json!({ "releaseId": release["id"], "reason": reason })
}

/// The message with which somebody is told that they may not approve.
async fn not_eligible(client: &Client, release: &Value) -> String {
    let error = refused(client, "approveRelease", FIELDS, approval(release, "fine")).await;
    assert_eq!(error["code"], "APPROVER_NOT_ELIGIBLE", "{error}");
    text(&error["message"])
}

async fn the_planner_cannot_approve_an_empty_list_is_nobody_and_authors_are_excluded_by_policy(
    backend: Backend,
) {
    let chain = Chain::start(backend).await;
    let carol = chain.server.client(&User::of("acme", "carol"));
    let id = repository(&chain.ada, "shop").await;
    let module = crate::delivery_support::deliverable("shop", "1.0.0");
    // Carol writes and asks, ada merges: ada plans, carol is an author, bob is neither.
    branch_with(&carol, &id, "feature/x", vec![put("module.yaml", &module)]).await;
    let opened = pull_request(&carol, &id, "feature/x").await;
    let sha = merge(&chain.ada, &opened).await;
    let build = crate::support::build_of(&chain.ada, &id, &sha).await;
    let build = crate::delivery_support::Built {
        repository: id,
        sha,
        id: text(&build["id"]),
    };
    let release = pending(&chain.ada, &build).await;
    assert_eq!(release["plannedBy"], "ada");
    let why = not_eligible(&chain.ada, &release).await;
    assert!(why.contains("planned on your behalf"), "{why}");
    policies(&chain.ada, json!({ "approvers": [] })).await;
    let why = not_eligible(&chain.bob, &release).await;
    assert!(why.contains("list of approvers is empty"), "{why}");
    policies(
        &chain.ada,
        json!({ "approvers": null, "authorsMayApprove": false }),
    )
    .await;
    let why = not_eligible(&carol, &release).await;
    assert!(why.contains("author"), "{why}");
    let why = not_eligible(&chain.ada, &release).await;
    assert!(why.contains("planned on your behalf"), "{why}");
    assert_eq!(
        approve(&chain.bob, &release).await["release"]["status"],
        "APPROVED"
    );
    chain.server.finish().await;
}

/// An approval says why, and is refused for something else than its approver saw.
async fn says_why(client: &Client, pending: &Value) {
    for (reason, field) in [(" ", "reason"), (&"x".repeat(501), "reason")] {
        let input = approval(pending, reason);
        let error = refused(client, "approveRelease", FIELDS, input).await;
        assert_eq!(error["code"], "INVALID_INPUT");
        assert_eq!(error["path"], json!(["input", field]));
    }
    let mut stale = approval(pending, "fine");
    stale["contentDigest"] = json!(format!("sha256:{}", "0".repeat(64)));
    let error = refused(client, "approveRelease", FIELDS, stale).await;
    assert_eq!(
        (&error["code"], &error["path"]),
        (&json!("CONFLICT"), &json!(["input", "contentDigest"]))
    );
}

async fn as_many_distinct_approvers_as_demanded_give_their_reasons_until_their_approvals_expire(
    backend: Backend,
) {
    let chain = Chain::start(backend).await;
    let user = |name: &str| chain.server.client(&User::of("acme", name));
    let (carol, eve) = (user("carol"), user("eve"));
    // Nothing follows an approval, so that only time changes the release.
    let changes = json!({
        "requiredApprovals": 2, "approvers": ["bob", "carol", "dave"],
        "approvalExpiresAfterHours": 1, "autoRenderManifests": false,
    });
    policies(&chain.ada, changes).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let pending = pending(&chain.ada, &build).await;
    let id = text(&pending["id"]);
    says_why(&chain.bob, &pending).await;
    let first = done(
        &chain.bob,
        "approveRelease",
        FIELDS,
        approval(&pending, "one"),
    )
    .await;
    assert_eq!(first["release"]["status"], "PENDING_APPROVAL", "one of two");
    let again = done(
        &chain.bob,
        "approveRelease",
        FIELDS,
        approval(&pending, "two"),
    )
    .await;
    assert_eq!(
        (&again["replayed"], &again["release"]["status"]),
        (&json!(true), &json!("PENDING_APPROVAL")),
        "the same person counts once"
    );
    let why = not_eligible(&eve, &pending).await;
    assert!(why.contains("not among the approvers"), "{why}");
    let second = done(
        &carol,
        "approveRelease",
        FIELDS,
        approval(&pending, "three"),
    )
    .await;
    assert_eq!(second["release"]["status"], "APPROVED");
    let approved = release(&chain.ada, &id).await;
    let of = |release: &Value, field: &str| -> Vec<String> {
        let approvals = release["approvals"].as_array().unwrap().iter();
        approvals.map(|it| text(&it[field])).collect()
    };
    assert_eq!(of(&approved, "approver"), ["bob", "carol"]);
    assert_eq!(of(&approved, "reason"), ["one", "three"]);
    assert!(approved["approvals"][0]["expiresAt"].is_string());
    // An hour passes for bob's approval.
    let aged = "UPDATE release_approval SET expires_at = at WHERE approver = 'bob'";
    assert_eq!(chain.server.change_store("release", aged).await, 1);
    let fallen = release_in(&chain.ada, &id, "PENDING_APPROVAL").await;
    assert_eq!(of(&fallen, "state"), ["EXPIRED", "VALID"]);
    let cause = text(&fallen["voidCause"]);
    assert!(cause.contains("the approval of bob has expired"), "{cause}");
    let input = json!({ "releaseId": id, "environment": "dev" });
    let error = refused(&chain.ada, "promoteRelease", "promotion { id }", input).await;
    let found = codes(&error["blockers"]);
    assert!(found.contains(&"NOT_APPROVED".to_owned()), "{error}");
    let back = done(
        &chain.bob,
        "approveRelease",
        FIELDS,
        approval(&pending, "again"),
    )
    .await;
    assert_eq!(back["release"]["status"], "APPROVED");
    chain.server.finish().await;
}

async fn changing_an_artifact_after_approval_voids_it_with_the_cause(backend: Backend) {
    let chain = Chain::start(backend).await;
    let base = built(&chain.ada, "base", &[]).await;
    pending(&chain.ada, &base).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let id = in_dev(&chain, &build).await;
    let before = release(&chain.ada, &id).await;
    let input = json!({ "buildId": build.id, "base": "base:1.0.0" });
    let fields = "containerImage { digest }";
    let payload = done(&chain.ada, "buildContainerImage", fields, input.clone()).await;
    let digest = &payload["containerImage"]["digest"];
    let known = &before["items"][0]["artifacts"][1]["digest"];
    assert_ne!(digest, known, "another base is another image");
    let void = release_in(&chain.ada, &id, "PENDING_APPROVAL").await;
    let cause = text(&void["voidCause"]);
    let (old, new) = (text(known), text(digest));
    assert!(
        cause.contains("the image shop changed")
            && cause.contains(&old[..19])
            && cause.contains(&new[..19]),
        "{cause}"
    );
    let approval = &void["approvals"][0];
    assert_eq!(
        (&approval["state"], &approval["cause"]),
        (&json!("VOID"), &json!(cause))
    );
    assert_ne!(void["contentDigest"], before["contentDigest"]);
    assert_ne!(
        approval["contentDigest"], void["contentDigest"],
        "it covers what was approved"
    );
    let input_test = json!({ "releaseId": id, "environment": "test" });
    let error = refused(&chain.ada, "promoteRelease", "promotion { id }", input_test).await;
    assert_eq!(error["code"], "PROMOTION_BLOCKED");
    let first = &error["blockers"][0];
    assert_eq!(first["code"], "NOT_APPROVED");
    assert!(
        text(&first["message"]).contains("the image shop changed"),
        "{first}"
    );
    let again = send(&chain.ada, "buildContainerImage", fields, input).await;
    assert_eq!(again.data()["payload"]["replayed"], true);
    // Who approved before may approve what it is now, and it goes on into dev by itself.
    assert_eq!(
        approve(&chain.bob, &void).await["release"]["status"],
        "APPROVED"
    );
    eventually("dev holds the new image", || async {
        chain.target("dev", "shop").contains(&new).then_some(())
    })
    .await;
    chain.server.finish().await;
}

async fn changing_an_environment_after_approval_voids_it_with_the_cause(backend: Backend) {
    let chain = Chain::start(backend).await;
    let build = built(&chain.ada, "shop", &[]).await;
    let id = approved(&chain, &build).await;
    // A gate is none of the things that a person approved.
    let mut prod = json!({ "upstream": ["staging"], "order": 40, "gates": { "soakMinutes": 5 } });
    define(&chain.ada, "prod", prod.clone()).await;
    prod["replicas"] = json!(3);
    define(&chain.ada, "prod", prod).await;
    let void = release_in(&chain.ada, &id, "PENDING_APPROVAL").await;
    let cause = "the definition of the environment prod changed";
    assert_eq!(void["voidCause"], cause);
    let approvals = void["approvals"].as_array().unwrap();
    assert_eq!(
        (approvals.len(), &approvals[0]["cause"]),
        (1, &json!(cause))
    );
    chain.server.finish().await;
}
