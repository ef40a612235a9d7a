//! From a build into an environment, against a server that answers by a script.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::cli::{
    client::{Client, Connection},
    scripted::{Scripted, payload, refused, refused_for},
    ship::{ShipError, Silent, session::Session},
};

const POLL: Duration = Duration::from_millis(1);

pub(super) mod samples {
    use super::*;

    /// Release 1 of `greeter`, 1.4.0, that waits for approval.
    pub(in super::super) fn release() -> Release {
        serde_json::from_value(super::release("PENDING_APPROVAL")).unwrap()
    }

    /// A promotion of it.
    pub(in super::super) fn promotion(environment: &str, status: &str) -> Promotion {
        serde_json::from_value(super::promotion(environment, status, &json!([]))).unwrap()
    }

    pub(in super::super) fn blocker(code: &str, until: Option<&str>, overridable: bool) -> Blocker {
        serde_json::from_value(super::blocker(code, until, overridable)).unwrap()
    }
}

fn release(status: &str) -> Value {
    let image = json!({"kind": "IMAGE", "name": "greeter", "reference": null, "reason": null,
        "state": if status == "PLANNED" { "PENDING" } else { "READY" }});
    let approvals = match status {
        "APPROVED" => json!([{"id": "approval_1", "approver": "rita", "decision": "APPROVED",
            "state": "VALID", "decidedAt": "2030-01-02T03:04:05Z"}]),
        _ => json!([]),
    };
    json!({"id": "release_1", "projectId": "demo", "name": "greeter", "version": "1.4.0",
        "status": status, "contentDigest": "sha256:00", "plannedBy": "ada",
        "requiredApprovals": 1, "voidCause": null, "closedBy": null, "closedReason": null,
        "items": [{"buildId": "build_1", "module": {"id": "greeter"}, "artifacts": [image]}],
        "approvals": approvals})
}

fn releases(found: &[Value]) -> Value {
    json!({"buildResult": {"releases": found}})
}

fn blocker(code: &str, until: Option<&str>, overridable: bool) -> Value {
    json!({"code": code, "message": "because", "until": until, "overridable": overridable})
}

fn promotion(environment: &str, status: &str, blockers: &Value) -> Value {
    json!({"id": "promotion_1", "status": status, "kind": "PROMOTION", "attempt": 1,
        "environment": environment, "releaseId": "release_1", "releaseName": "greeter",
        "releaseVersion": "1.4.0", "modules": ["greeter"], "blockers": blockers, "reason": null})
}

fn newest(found: Option<Value>) -> Value {
    json!({"promotions": {"nodes": found.into_iter().collect::<Vec<_>>()}})
}

fn sync(sync: &str, health: &str) -> Value {
    json!({"gitOpsSyncs": {"nodes": [{"id": "sync_1", "module": "greeter", "sync": sync,
        "health": health, "operation": "IDLE", "release": {"id": "release_1"}}]}})
}

/// A build of `greeter` that is to come into an environment, and a server on which all goes well.
struct Stage {
    server: Scripted,
    options: DeliveryOptions,
    again: bool,
    timeout: Duration,
}

impl Stage {
    async fn new(environment: &str) -> Self {
        let server = Scripted::start().await;
        let approver = Connection::new(&server.url, "ritas").unwrap();
        let options = DeliveryOptions {
            environment: environment.to_owned(),
            approvers: vec![approver],
            reason: "fine".to_owned(),
            wait: false,
        };
        let stage = Self {
            server,
            options,
            again: false,
            timeout: Duration::from_secs(20),
        };
        stage.all_goes_well();
        stage
    }

    fn all_goes_well(&self) {
        let environment = |name: &str, upstream: Value, auto: bool| {
            json!({"id": format!("env_{name}"), "name": name, "upstream": upstream,
                "autoPromote": auto})
        };
        let environments = [
            environment("dev", json!([]), true),
            environment("prod", json!(["dev"]), false),
        ];
        let on = |operation, answers: Vec<Value>| self.server.on(operation, answers);
        on(
            "ProjectEnvironments",
            vec![json!({"environments": {"nodes": environments}})],
        );
        on("ProjectPolicies", vec![policies(true)]);
        let steps = ["PLANNED", "PENDING_APPROVAL", "APPROVED"];
        on(
            "ReleasesOfBuild",
            steps.map(|it| releases(&[release(it)])).to_vec(),
        );
        on("ReleaseById", vec![json!({"release": release("APPROVED")})]);
        on("ApproveRelease", vec![payload(&release("APPROVED"))]);
        let none = json!([]);
        let promotions = [
            None,
            Some(promotion("dev", "RUNNING", &none)),
            Some(promotion("dev", "SUCCEEDED", &none)),
            None,
            Some(promotion("prod", "VERIFYING", &none)),
            Some(promotion("prod", "SUCCEEDED", &none)),
        ];
        on("NewestPromotion", promotions.map(newest).to_vec());
        on(
            "PromoteRelease",
            vec![payload(&promotion("prod", "RUNNING", &none))],
        );
        on(
            "SyncStates",
            vec![
                sync("OUT_OF_SYNC", "PROGRESSING"),
                sync("SYNCED", "HEALTHY"),
            ],
        );
        let chain = json!({"buildResult": null, "release": null, "gitOpsSyncs": {"nodes": []}});
        on("DeliveryChain", vec![chain]);
    }

    async fn deliver(&self) -> Result<DeliveryReport, ShipError> {
        let client = Client::new(Connection::new(&self.server.url, "adas").unwrap()).unwrap();
        let mut silent = Silent;
        let mut session = Session::new(client, self.timeout, &mut silent);
        let delivery = Delivery {
            options: &self.options,
            project: "demo",
            module: "greeter",
            build: "build_1",
            again: self.again,
            poll: POLL,
        };
        deliver(&mut session, &delivery).await
    }

    async fn stop(&self) -> Stop {
        self.deliver().await.unwrap().stop.unwrap()
    }
}

fn policies(all: bool) -> Value {
    json!({"project": {"policies": {"autoPublishPackages": all, "autoBuildImages": all,
        "autoPlanReleases": all}}})
}

#[tokio::test]
async fn a_build_travels_through_approval_and_every_environment_before_the_target() {
    let stage = Stage::new("prod").await;
    let report = stage.deliver().await.unwrap();
    assert_eq!((report.stop.as_ref(), report.exit_code()), (None, 0));
    let approved = stage.server.asked_by("ApproveRelease");
    let input = json!({"releaseId": "release_1", "reason": "fine", "contentDigest": "sha256:00"});
    assert_eq!(approved, [(json!({ "input": input }), "ritas".to_owned())]);
    let promoted = stage.server.asked_by("PromoteRelease");
    let input = json!({"releaseId": "release_1", "environment": "prod", "whenBlocked": "REFUSE"});
    assert_eq!(promoted, [(json!({ "input": input }), "adas".to_owned())]);
    assert!(stage.server.asked("PlanRelease").is_empty());
    assert_eq!(
        stage.server.asked("SyncStates").len(),
        2,
        "it waited for the target"
    );
}

#[tokio::test]
async fn a_release_that_arrived_is_found_and_nothing_is_sent_but_the_question_what_runs() {
    let stage = Stage::new("prod").await;
    stage
        .server
        .on("ReleasesOfBuild", [releases(&[release("APPROVED")])]);
    let none = json!([]);
    let found = ["dev", "prod"].map(|it| newest(Some(promotion(it, "SUCCEEDED", &none))));
    stage.server.on("NewestPromotion", found);
    let replayed = promotion("prod", "SUCCEEDED", &none);
    stage.server.on("PromoteRelease", [payload(&replayed)]);
    let report = stage.deliver().await.unwrap();
    assert_eq!(report.exit_code(), 0);
    assert_eq!(
        stage.server.asked("PromoteRelease").len(),
        1,
        "only for the target"
    );
    assert!(stage.server.asked("ApproveRelease").is_empty());
}

#[tokio::test]
async fn without_an_approver_it_stops_with_the_command_that_leads_on() {
    let mut stage = Stage::new("dev").await;
    stage.options.approvers.clear();
    let pending = releases(&[release("PENDING_APPROVAL")]);
    stage.server.on("ReleasesOfBuild", [pending]);
    let report = stage.deliver().await.unwrap();
    assert_eq!(report.exit_code(), 6);
    let stop = report.stop.unwrap();
    assert_eq!(stop.kind, StopKind::NeedsApproval);
    assert_eq!(stop.next, ["sluice approve release_1 --reason '…'"]);
    assert!(stage.server.asked("NewestPromotion").is_empty());
}

#[tokio::test]
async fn with_wait_it_goes_on_once_somebody_approved() {
    let mut stage = Stage::new("dev").await;
    stage.options.approvers.clear();
    stage.options.wait = true;
    let steps = [
        "PENDING_APPROVAL",
        "PENDING_APPROVAL",
        "PENDING_APPROVAL",
        "APPROVED",
    ];
    stage
        .server
        .on("ReleasesOfBuild", steps.map(|it| releases(&[release(it)])));
    let found = [None, Some(promotion("dev", "SUCCEEDED", &json!([])))].map(newest);
    stage.server.on("NewestPromotion", found);
    stage.server.on(
        "PromoteRelease",
        [payload(&promotion("dev", "SUCCEEDED", &json!([])))],
    );
    assert_eq!(stage.deliver().await.unwrap().exit_code(), 0);
}

#[tokio::test]
async fn what_a_project_does_not_let_come_by_itself_is_asked_for_once() {
    let stage = Stage::new("dev").await;
    stage.server.on("ProjectPolicies", [policies(false)]);
    stage
        .server
        .on("PlanRelease", [payload(&json!({"id": "release_1"}))]);
    stage
        .server
        .on("BuildContainerImage", [payload(&json!({"id": "image_1"}))]);
    let planned = releases(&[release("PLANNED")]);
    let none = releases(&[]);
    let approved = releases(&[release("APPROVED")]);
    stage.server.on(
        "ReleasesOfBuild",
        [none.clone(), none, planned.clone(), planned, approved],
    );
    let report = stage.deliver().await.unwrap();
    assert_eq!(report.exit_code(), 0);
    let input = json!({"input": {"buildIds": ["build_1"]}});
    assert_eq!(stage.server.asked("PlanRelease"), [input]);
    let input = json!({"input": {"buildId": "build_1"}});
    assert_eq!(stage.server.asked("BuildContainerImage"), [input]);
}

#[tokio::test]
async fn an_artifact_that_could_not_be_made_ends_it() {
    let stage = Stage::new("dev").await;
    let mut failed = release("PLANNED");
    failed["items"][0]["artifacts"][0]["state"] = json!("FAILED");
    failed["items"][0]["artifacts"][0]["reason"] = json!("no such folder");
    stage.server.on("ReleasesOfBuild", [releases(&[failed])]);
    let stop = stage.stop().await;
    assert_eq!((stop.kind, stop.exit_code()), (StopKind::Failed, 1));
    assert_eq!(
        stop.message,
        "the image greeter could not be made: no such folder"
    );
}

#[tokio::test]
async fn a_rejected_release_ends_it() {
    let stage = Stage::new("dev").await;
    let mut rejected = release("REJECTED");
    rejected["closedBy"] = json!("rita");
    rejected["closedReason"] = json!("not today");
    stage.server.on("ReleasesOfBuild", [releases(&[rejected])]);
    let stop = stage.stop().await;
    assert_eq!(stop.exit_code(), 1);
    assert_eq!(
        stop.message,
        "release greeter 1.4.0 was rejected by rita: not today"
    );
}

#[tokio::test]
async fn an_approval_of_something_that_changed_meanwhile_is_given_again() {
    let stage = Stage::new("dev").await;
    let steps = ["PENDING_APPROVAL", "PENDING_APPROVAL", "APPROVED"];
    stage
        .server
        .on("ReleasesOfBuild", steps.map(|it| releases(&[release(it)])));
    stage.server.on(
        "ApproveRelease",
        [refused("CONFLICT"), payload(&release("APPROVED"))],
    );
    assert_eq!(stage.deliver().await.unwrap().exit_code(), 0);
    assert_eq!(stage.server.asked("ApproveRelease").len(), 2);
}

#[tokio::test]
async fn an_approver_who_may_not_is_told_as_a_refusal() {
    let stage = Stage::new("dev").await;
    stage
        .server
        .on("ApproveRelease", [refused("APPROVER_NOT_ELIGIBLE")]);
    let error = stage.deliver().await.unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(
        error.to_string().contains("APPROVER_NOT_ELIGIBLE"),
        "{error}"
    );
}

/// A stage on which only the gates of `prod` are left.
async fn gated(answers: Vec<Value>) -> Stage {
    let stage = Stage::new("prod").await;
    stage
        .server
        .on("ReleasesOfBuild", [releases(&[release("APPROVED")])]);
    let none = json!([]);
    let found = [
        Some(promotion("dev", "SUCCEEDED", &none)),
        None,
        None,
        None,
        Some(promotion("prod", "SUCCEEDED", &none)),
    ];
    stage.server.on("NewestPromotion", found.map(newest));
    stage.server.on("PromoteRelease", answers);
    stage
}

const TOMORROW: Option<&str> = Some("2030-01-02T03:04:05Z");

#[tokio::test]
async fn closed_gates_are_told_with_every_blocker() {
    let blockers = json!([
        blocker("SOAK_TIME", TOMORROW, true),
        blocker("HOLD", None, false)
    ]);
    let mut stage = gated(vec![refused_for("PROMOTION_BLOCKED", &blockers)]).await;
    for wait in [false, true] {
        stage.options.wait = wait;
        let stop = stage.stop().await;
        assert_eq!((stop.kind, stop.exit_code()), (StopKind::Blocked, 6));
        assert_eq!(stop.blockers.len(), 2, "a hold does not end by itself");
    }
}

#[tokio::test]
async fn with_wait_a_gate_that_opens_by_itself_is_waited_for_by_the_server() {
    let soak = json!([blocker("SOAK_TIME", TOMORROW, true)]);
    let waiting = payload(&promotion("prod", "GATED", &soak));
    let mut stage = gated(vec![refused_for("PROMOTION_BLOCKED", &soak), waiting]).await;
    assert_eq!(stage.stop().await.exit_code(), 6, "not without it");
    let waiting = payload(&promotion("prod", "GATED", &soak));
    stage = gated(vec![refused_for("PROMOTION_BLOCKED", &soak), waiting]).await;
    stage.options.wait = true;
    let found = [
        Some(promotion("dev", "SUCCEEDED", &json!([]))),
        None,
        None,
        Some(promotion("prod", "GATED", &soak)),
        Some(promotion("prod", "SUCCEEDED", &json!([]))),
    ];
    stage.server.on("NewestPromotion", found.map(newest));
    assert_eq!(stage.deliver().await.unwrap().exit_code(), 0);
    let asked = stage.server.asked("PromoteRelease");
    let modes: Vec<_> = asked
        .iter()
        .map(|it| it["input"]["whenBlocked"].clone())
        .collect();
    assert_eq!(modes, ["REFUSE", "WAIT"]);
}

#[tokio::test]
async fn what_the_server_is_about_to_do_is_waited_for() {
    let soon = json!([blocker("MANIFEST_MISSING", None, false)]);
    let made = payload(&promotion("prod", "RUNNING", &json!([])));
    let stage = gated(vec![refused_for("PROMOTION_BLOCKED", &soon), made]).await;
    assert_eq!(stage.deliver().await.unwrap().exit_code(), 0);
}

#[tokio::test]
async fn an_approval_that_an_environment_demands_is_asked_of_the_approvers() {
    let missing = json!([blocker("APPROVALS_MISSING", None, false)]);
    let made = payload(&promotion("prod", "RUNNING", &json!([])));
    let stage = gated(vec![refused_for("PROMOTION_BLOCKED", &missing), made]).await;
    assert_eq!(stage.deliver().await.unwrap().exit_code(), 0);
    assert_eq!(stage.server.asked("ApproveRelease").len(), 1);
}

#[tokio::test]
async fn a_promotion_that_failed_before_is_repeated_only_on_demand() {
    let none = json!([]);
    let failed = || Some(promotion("prod", "FAILED", &none));
    let mut stage = gated(vec![payload(&promotion("prod", "RUNNING", &none))]).await;
    let dev = || Some(promotion("dev", "SUCCEEDED", &none));
    stage
        .server
        .on("NewestPromotion", [dev(), failed()].map(newest));
    let stop = stage.stop().await;
    assert_eq!((stop.kind, stop.exit_code()), (StopKind::Failed, 1));
    assert_eq!(stop.next, ["sluice promote release_1 --to prod"]);
    assert!(stage.server.asked("PromoteRelease").is_empty());
    stage.again = true;
    let succeeded = Some(promotion("prod", "SUCCEEDED", &none));
    stage
        .server
        .on("NewestPromotion", [dev(), failed(), succeeded].map(newest));
    assert_eq!(stage.deliver().await.unwrap().exit_code(), 0);
    assert_eq!(stage.server.asked("PromoteRelease").len(), 1);
}

#[tokio::test]
async fn an_environment_that_is_not_there_is_wrong_usage_and_names_those_that_are() {
    let stage = Stage::new("qa").await;
    let error = stage.deliver().await.unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().ends_with("it has dev, prod"), "{error}");
}

async fn found(stage: &Stage) -> Result<String, ShipError> {
    let client = Client::new(Connection::new(&stage.server.url, "adas").unwrap()).unwrap();
    let mut silent = Silent;
    project(&mut Session::new(client, stage.timeout, &mut silent), None).await
}

#[tokio::test]
async fn a_project_need_not_be_named_when_there_is_only_one() {
    let stage = Stage::new("dev").await;
    let page = |projects: &[&str], more: bool| {
        let nodes: Vec<_> = projects
            .iter()
            .map(|it| json!({ "projectId": it }))
            .collect();
        let cursor = more.then_some("c");
        json!({"repositories": {"nodes": nodes,
            "pageInfo": {"hasNextPage": more, "endCursor": cursor}}})
    };
    stage.server.on(
        "VisibleProjects",
        [page(&["demo"], true), page(&["demo"], false)],
    );
    assert_eq!(found(&stage).await.unwrap(), "demo");
    stage.server.on(
        "VisibleProjects",
        [page(&["demo"], true), page(&["web"], false)],
    );
    let error = found(&stage).await.unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(
        error.to_string().contains("such as demo and web"),
        "{error}"
    );
    stage.server.on("VisibleProjects", [page(&[], false)]);
    assert_eq!(found(&stage).await.unwrap_err().exit_code(), 2);
}
