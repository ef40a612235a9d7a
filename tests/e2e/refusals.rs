//! What the commands of the delivery half refuse: typed, with the field that is at fault.

use serde_json::{Value, json};
use sluice_schema::Scope;
use sluice_testkit::{Backend, on_both_databases};

use crate::{
    delivery_support::{Chain, bob, built, built_in, in_dev, pending, promoted, sync},
    support::{done, refused, send, text},
};

on_both_databases!(
    refused_failed_and_conflicting_input_is_answered_with_its_code_and_field,
    every_command_of_the_delivery_half_demands_its_scope,
);

/// A command, its input, and the code and the path below the input of its refusal.
type Refusal = (&'static str, Value, &'static str, &'static str);

const UNKNOWN: &str = "0123456789abcdefghjkmnpqrs";

/// The object that a command answers.
fn object_of(command: &str) -> &'static str {
    match command {
        "publishPackage" => "packagePublication { id }",
        "buildContainerImage" => "containerImage { id }",
        "planRelease" | "approveRelease" | "rejectRelease" | "cancelRelease" => "release { id }",
        "renderDeploymentManifest" => "deploymentManifest { id }",
        "defineEnvironment" | "holdEnvironment" | "resumeEnvironment" => "environment { id }",
        "promoteRelease" | "cancelPromotion" | "rollbackEnvironment" => "promotion { id }",
        "syncGitOps" | "pauseGitOps" | "resumeGitOps" => "gitOpsSync { id }",
        "configureProject" => "project { id }",
        _ => "infrastructurePlan { id }",
    }
}

/// What the refusals are about: a release that runs in dev, a second one that waits for
/// approval, and a build that failed.
struct State {
    build: String,
    second: String,
    failed: String,
    release: String,
    waiting: String,
    promotion: String,
    sync: String,
}

async fn state(chain: &Chain) -> State {
    let first = built(&chain.ada, "shop", &[]).await;
    let release = in_dev(chain, &first).await;
    let promotion = promoted(&chain.ada, &release, "dev", "SUCCEEDED").await;
    let second = built_in(&chain.ada, &first.repository, "shop", "1.1.0", &[]).await;
    let waiting = pending(&chain.ada, &second).await;
    let input = json!({
        "repositoryId": first.repository, "externalKey": "ci/1", "branch": "main",
        "commitSha": first.sha, "status": "FAILED", "finishedAt": "2026-01-01T00:00:00Z",
    });
    let failed = done(&chain.ada, "recordBuildResult", "buildResult { id }", input).await;
    let sync = sync(&chain.ada, "dev", "shop").await;
    let input = json!({ "syncId": sync["id"], "reason": "for now" });
    done(&chain.ada, "pauseGitOps", "gitOpsSync { id }", input).await;
    let input = json!({ "projectId": "web", "environment": "prod", "reason": "for now" });
    done(&chain.ada, "holdEnvironment", "environment { id }", input).await;
    State {
        build: first.id,
        second: second.id,
        failed: text(&failed["buildResult"]["id"]),
        release,
        waiting: text(&waiting["id"]),
        promotion: text(&promotion["id"]),
        sync: text(&sync["id"]),
    }
}

#[rustfmt::skip]
fn artifacts(it: &State) -> Vec<Refusal> {
    let (build, second, failed) = (&it.build, &it.second, &it.failed);
    let unknown = format!("build_{UNKNOWN}");
    vec![
        ("publishPackage", json!({ "buildId": "shop" }), "INVALID_INPUT", "buildId"),
        ("publishPackage", json!({ "buildId": unknown }), "NOT_FOUND", ""),
        ("publishPackage", json!({ "buildId": build, "version": "one" }), "INVALID_INPUT", "version"),
        ("publishPackage", json!({ "buildId": failed }), "FAILED_PRECONDITION", ""),
        ("publishPackage", json!({ "buildId": second, "version": "1.0.0" }), "CONFLICT", "version"),
        ("buildContainerImage", json!({ "buildId": unknown }), "NOT_FOUND", ""),
        ("buildContainerImage", json!({ "buildId": build, "base": "node" }), "INVALID_INPUT", "base"),
        ("buildContainerImage", json!({ "buildId": build, "tags": ["a", "latest"] }), "INVALID_INPUT", "tags.1"),
        ("buildContainerImage", json!({ "buildId": failed }), "FAILED_PRECONDITION", ""),
        ("buildContainerImage", json!({ "buildId": second, "tags": ["1.0.0"] }), "CONFLICT", "tags.0"),
        ("planRelease", json!({ "buildIds": [] }), "INVALID_INPUT", "buildIds"),
        ("planRelease", json!({ "buildIds": [build, build] }), "INVALID_INPUT", "buildIds.1"),
        ("planRelease", json!({ "buildIds": [build, unknown] }), "NOT_FOUND", "buildIds.1"),
        ("planRelease", json!({ "buildIds": [failed] }), "FAILED_PRECONDITION", "buildIds.0"),
        ("planRelease", json!({ "buildIds": [second], "version": "v2" }), "INVALID_INPUT", "version"),
        ("planRelease", json!({ "buildIds": [second], "version": "1.0.0" }), "CONFLICT", "version"),
    ]
}

#[rustfmt::skip]
fn releases(it: &State) -> Vec<Refusal> {
    let (release, waiting) = (&it.release, &it.waiting);
    let unknown = format!("release_{UNKNOWN}");
    let of = |environment: &str| json!({ "releaseId": release, "environment": environment });
    vec![
        ("approveRelease", json!({ "releaseId": unknown, "reason": "fine" }), "NOT_FOUND", ""),
        ("approveRelease", json!({ "releaseId": waiting, "reason": "" }), "INVALID_INPUT", "reason"),
        ("approveRelease", json!({ "releaseId": waiting, "reason": "fine", "contentDigest": "new" }), "INVALID_INPUT", "contentDigest"),
        ("rejectRelease", json!({ "releaseId": waiting, "reason": " " }), "INVALID_INPUT", "reason"),
        ("cancelRelease", json!({ "releaseId": unknown }), "NOT_FOUND", ""),
        ("planInfrastructure", of("dev"), "FAILED_PRECONDITION", ""),
        ("planInfrastructure", json!({ "releaseId": release }), "INVALID_INPUT", "environment"),
        ("provisionInfrastructure", json!({}), "INVALID_INPUT", "releaseId"),
        ("provisionInfrastructure", json!({ "planId": format!("infra_{UNKNOWN}") }), "NOT_FOUND", ""),
        ("refreshInfrastructure", json!({ "projectId": "web", "environment": "dev", "module": "shop" }), "NOT_FOUND", ""),
        ("destroyInfrastructure", json!({ "projectId": "web", "environment": "dev", "module": "shop", "confirm": "yes" }), "INVALID_INPUT", "confirm"),
        ("destroyInfrastructure", json!({ "projectId": "web", "environment": "dev", "module": "shop", "confirm": "shop" }), "NOT_FOUND", ""),
        ("renderDeploymentManifest", of("moon"), "NOT_FOUND", "environment"),
        ("renderDeploymentManifest", json!({ "releaseId": waiting, "environment": "dev" }), "FAILED_PRECONDITION", "releaseId"),
        ("promoteRelease", json!({ "releaseId": unknown, "environment": "dev" }), "NOT_FOUND", "releaseId"),
        ("promoteRelease", of("moon"), "NOT_FOUND", "environment"),
        ("promoteRelease", json!({ "releaseId": release }), "INVALID_INPUT", "environment"),
        ("promoteRelease", of("prod"), "PROMOTION_BLOCKED", ""),
        ("cancelPromotion", json!({ "promotionId": it.promotion, "reason": "late" }), "FAILED_PRECONDITION", ""),
        ("cancelPromotion", json!({ "promotionId": format!("promotion_{UNKNOWN}"), "reason": "late" }), "NOT_FOUND", ""),
    ]
}

#[rustfmt::skip]
fn places(it: &State) -> Vec<Refusal> {
    let named = |name: &str, more: Value| {
        let mut input = json!({ "projectId": "web", "environment": name, "reason": "slow" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let defined = |more: Value| {
        let mut input = json!({ "projectId": "web", "name": "dev" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let frozen = |freeze: Value| defined(json!({ "gates": { "freezes": [freeze] } }));
    let rule = json!({ "name": "a", "reason": "b", "rrule": "FREQ=NEVER", "start": "2026-01-01T00:00:00Z", "durationMinutes": 5 });
    let sync = &it.sync;
    vec![
        ("defineEnvironment", defined(json!({ "name": "Prod!" })), "INVALID_INPUT", "name"),
        ("defineEnvironment", defined(json!({ "upstream": ["moon"] })), "INVALID_INPUT", "upstream.0"),
        ("defineEnvironment", defined(json!({ "upstream": ["prod"] })), "INVALID_INPUT", "upstream"),
        ("defineEnvironment", frozen(rule), "INVALID_INPUT", "gates.freezes.0.rrule"),
        ("rollbackEnvironment", json!({ "environment": "dev", "reason": "slow" }), "INVALID_INPUT", "projectId"),
        ("rollbackEnvironment", named("test", json!({})), "FAILED_PRECONDITION", ""),
        ("rollbackEnvironment", named("dev", json!({})), "FAILED_PRECONDITION", ""),
        ("rollbackEnvironment", named("dev", json!({ "to": format!("promotion_{UNKNOWN}") })), "NOT_FOUND", "to"),
        ("holdEnvironment", named("moon", json!({})), "NOT_FOUND", "environment"),
        ("holdEnvironment", named("dev", json!({ "until": "2020-01-01T00:00:00Z" })), "INVALID_INPUT", "until"),
        ("holdEnvironment", named("prod", json!({})), "CONFLICT", "reason"),
        ("resumeEnvironment", json!({ "projectId": "web" }), "INVALID_INPUT", "environment"),
        ("syncGitOps", json!({}), "INVALID_INPUT", "syncId"),
        ("syncGitOps", json!({ "syncId": sync }), "FAILED_PRECONDITION", ""),
        ("pauseGitOps", json!({ "syncId": sync, "reason": " " }), "INVALID_INPUT", "reason"),
        ("pauseGitOps", json!({ "syncId": sync, "reason": "for ever" }), "CONFLICT", "reason"),
        ("resumeGitOps", json!({ "syncId": format!("sync_{UNKNOWN}") }), "NOT_FOUND", ""),
        ("configureProject", json!({ "projectId": "web", "requiredApprovals": 0 }), "INVALID_INPUT", "requiredApprovals"),
        ("configureProject", json!({ "projectId": "web", "approvers": ["bob", "bob"] }), "INVALID_INPUT", "approvers.1"),
        ("configureProject", json!({ "projectId": "web", "expectedVersion": 7 }), "VERSION_CONFLICT", "expectedVersion"),
    ]
}

async fn refused_failed_and_conflicting_input_is_answered_with_its_code_and_field(
    backend: Backend,
) {
    let chain = Chain::start(backend).await;
    let state = state(&chain).await;
    let mut wrong = Vec::new();
    for (command, input, code, field) in
        [artifacts(&state), releases(&state), places(&state)].concat()
    {
        let about = format!("{command} {input}");
        let answer = send(&chain.ada, command, object_of(command), input).await;
        let payload = answer.data()["payload"].clone();
        let error = &payload["userErrors"][0];
        let below = field.split('.').filter(|segment| !segment.is_empty());
        let path: Vec<&str> = std::iter::once("input").chain(below).collect();
        if (&error["code"], &error["path"]) != (&json!(code), &json!(path)) {
            wrong.push(format!(
                "{about}: {code} at {path:?} was expected, not {error}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What ended stays as it ended.
    let input = json!({ "releaseId": state.waiting, "reason": "no" });
    done(&chain.bob, "rejectRelease", "release { id }", input.clone()).await;
    for command in ["cancelRelease", "approveRelease"] {
        let error = refused(&chain.bob, command, "release { id }", input.clone()).await;
        assert_eq!(error["code"], "FAILED_PRECONDITION", "{command}");
    }
    let again = done(&chain.bob, "rejectRelease", "release { id }", input).await;
    assert_eq!(again["replayed"], true);
    chain.server.finish().await;
}

async fn every_command_of_the_delivery_half_demands_its_scope(backend: Backend) {
    let chain = Chain::start(backend).await;
    let reader = chain.server.client(&bob().with_scopes(&[Scope::Read]));
    let id = |kind: &str| format!("{kind}_{UNKNOWN}");
    let state = State {
        build: id("build"),
        second: id("build"),
        failed: id("build"),
        release: id("release"),
        waiting: id("release"),
        promotion: id("promotion"),
        sync: id("sync"),
    };
    let mut seen = std::collections::BTreeSet::new();
    for (command, input, ..) in [artifacts(&state), releases(&state), places(&state)].concat() {
        if input["buildId"] == "shop" {
            continue;
        }
        let answer = send(&reader, command, object_of(command), input).await;
        assert_eq!(
            answer.error_code(),
            "FORBIDDEN",
            "{command}: {:#}",
            answer.body
        );
        seen.insert(command);
    }
    assert_eq!(seen.len(), 21, "{seen:?}");
    chain.server.finish().await;
}
