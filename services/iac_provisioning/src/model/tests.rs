use chrono::DateTime;
use sluice_infrastructure_engine::{DiffKind, Operation};
use sluice_kernel::Ctx;
use sluice_schema::TypedId;

use super::*;

fn plan() -> InfrastructurePlan {
    let ctx = Ctx::for_system("test", "acme".parse().unwrap(), "trace", "correlation");
    let now = DateTime::UNIX_EPOCH;
    InfrastructurePlan {
        id: TypedId::generate(),
        meta: Meta::new(&ctx, now, "web".parse().unwrap(), None),
        release_id: TypedId::generate(),
        environment_id: TypedId::generate(),
        environment: "prod".to_owned(),
        module: "shop".to_owned(),
        repository_id: TypedId::generate(),
        repository_name: "shop".to_owned(),
        commit_sha: "a".repeat(40),
        program_digest: "sha256:00".to_owned(),
        attempt: 1,
        operation: InfrastructureOperation::Provision,
        status: InfrastructureStatus::Planning,
        settings: BTreeMap::new(),
        plan: None,
        state_serial: 0,
        changes: ResourceChanges::default(),
        code: None,
        reason: None,
        failed_urn: None,
        outputs: BTreeMap::new(),
        drift: Vec::new(),
        refreshed_at: None,
        finished_at: None,
    }
}

fn compared(steps: serde_json::Value) -> Plan {
    let stack = sluice_infrastructure_engine::StackId::new(
        "acme".parse().unwrap(),
        "web".parse().unwrap(),
        "shop".parse().unwrap(),
        "prod",
    );
    Plan {
        digest: "sha256:11".to_owned(),
        stack: stack.unwrap(),
        operation: Operation::Update,
        program_digest: Some("sha256:00".to_owned()),
        state_serial: 4,
        steps: serde_json::from_value(steps).unwrap(),
    }
}

fn outcome() -> Outcome {
    Outcome {
        failure: None,
        changes: [(Op::Create, 2)].into(),
        serial: 5,
        started_at: DateTime::UNIX_EPOCH,
        finished_at: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_plan_is_announced_once_and_carried_out_once() {
    let mut plan = plan();
    assert!(!plan.begin(), "nothing to carry out yet");
    let planned = plan.planned(compared(serde_json::json!([]))).unwrap();
    assert_eq!(planned.state_serial, 4);
    assert!(plan.planned(compared(serde_json::json!([]))).is_none());
    assert!(plan.begin());
    assert!(!plan.begin());
    let provisioned = plan.provisioned(&outcome(), BTreeMap::new()).unwrap();
    assert_eq!(
        (provisioned.state_serial, provisioned.changes.create),
        (5, 2)
    );
    assert!(plan.provisioned(&outcome(), BTreeMap::new()).is_none());
    assert!(
        plan.failed(ErrorCode::Internal, "late", None, DateTime::UNIX_EPOCH)
            .is_none()
    );
    assert!(!plan.outdated("late", DateTime::UNIX_EPOCH));
    assert_eq!(plan.status, InfrastructureStatus::Provisioned);
}

#[test]
fn a_destroyed_stack_is_not_announced_as_provisioned() {
    let mut plan = plan();
    plan.operation = InfrastructureOperation::Destroy;
    plan.status = InfrastructureStatus::Applying;
    assert!(plan.provisioned(&outcome(), BTreeMap::new()).is_none());
    assert_eq!(plan.status, InfrastructureStatus::Destroyed);
}

#[test]
fn reasons_are_one_line_of_bounded_length() {
    let mut plan = plan();
    let long = format!("first\nsecond {}", "x".repeat(2_000));
    let event = plan.failed(ErrorCode::Internal, &long, None, DateTime::UNIX_EPOCH);
    let reason = event.unwrap().reason;
    assert!(reason.starts_with("first second xxx"));
    assert_eq!(reason.chars().count(), MAX_REASON);
}

#[test]
fn steps_tell_values_and_hide_secrets() {
    let mut plan = plan();
    let secret = serde_json::json!({
        sluice_infrastructure_engine::SECRET_MARKER: "x", "ciphertext": "hmac-sha256:00"
    });
    plan.planned(compared(serde_json::json!([
        { "urn": "urn:pulumi:prod::shop::sluice:local:File::conf", "op": "update",
          "old": {"path": "a", "mode": "0600", "contentDigest": secret}, 
          "new": {"path": "a", "mode": "0640", "contentDigest": secret},
          "diffs": {"contentDigest": {"kind": "update", "inputDiff": true},
                    "mode": {"kind": "update", "inputDiff": true}}, "protected": false },
        { "urn": "urn:pulumi:prod::shop::sluice:local:Directory::data", "op": "create",
          "old": null, "new": {"path": "data", "forceDestroy": true}, "diffs": {}, "protected": false },
    ])));
    assert_eq!((plan.changes.update, plan.changes.create), (1, 1));
    let steps = plan.steps();
    assert_eq!(
        (steps[0].name.as_str(), steps[0].resource_type.as_str()),
        ("conf", "sluice:local:File")
    );
    let texts: Vec<_> = steps[0]
        .diffs
        .iter()
        .map(|one| (one.path.as_str(), one.old.as_deref()))
        .collect();
    assert_eq!(
        texts,
        [("contentDigest", Some("[secret]")), ("mode", Some("0600"))]
    );
    assert_eq!(steps[1].diffs[0].new.as_deref(), Some("true"));
    assert_eq!(steps[1].diffs[0].kind, DiffKind::Add);
}

/// The resources that are announced once steps of these inputs were carried out.
fn announced(stack: &str, mode: &str, secret: &str) -> BTreeMap<String, String> {
    let mut plan = plan();
    let secret = serde_json::json!({
        sluice_infrastructure_engine::SECRET_MARKER: "x", "ciphertext": secret
    });
    let conf = format!("urn:pulumi:{stack}::shop::sluice:local:File::conf");
    let gone = format!("urn:pulumi:{stack}::shop::sluice:local:File::gone");
    plan.planned(compared(serde_json::json!([
        { "urn": conf, "op": "same", "old": {"mode": mode},
          "new": {"mode": mode, "contentDigest": secret, "tags": {"b": 1, "a": [secret]}},
          "diffs": {}, "protected": false },
        { "urn": gone, "op": "delete", "old": {"path": "a"}, "new": null,
          "diffs": {}, "protected": false },
    ])));
    assert!(plan.begin());
    plan.provisioned(&outcome(), BTreeMap::new())
        .unwrap()
        .resources
}

#[test]
fn what_is_left_in_place_is_announced_with_a_digest_of_its_inputs() {
    let one = announced("prod", "0600", "hmac-sha256:00");
    let urns: Vec<&String> = one.keys().collect();
    assert_eq!(urns, ["urn:pulumi:prod::shop::sluice:local:File::conf"]);
    let digest = |of: &BTreeMap<String, String>| of.values().next().cloned();
    assert!(digest(&one).unwrap().starts_with("sha256:"));
    let other = announced("staging", "0600", "hmac-sha256:11");
    assert_eq!(digest(&one), digest(&other), "secrets do not count");
    assert_ne!(
        digest(&one),
        digest(&announced("prod", "0640", "hmac-sha256:00"))
    );
}
