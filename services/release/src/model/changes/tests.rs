use chrono::{DateTime, Utc};
use sluice_kernel::directory::EnvironmentView;
use sluice_schema::{
    EnvironmentId, ManifestId, ReleaseId, RepositoryId, TypedId, events::DeploymentManifestRendered,
};

use crate::model::{
    ReleasePlan, ReleaseStatus,
    samples::{artifact, release},
};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn prod(id: EnvironmentId, digest: &str) -> EnvironmentView {
    EnvironmentView {
        id,
        project_id: "web".parse().unwrap(),
        name: "prod".into(),
        upstream: Vec::new(),
        auto_promote: false,
        self_heal: false,
        namespace: None,
        ingress_domain: None,
        replicas: 1,
        autoscale: None,
        configuration: Default::default(),
        target_digest: digest.into(),
        retired: false,
    }
}

fn rendered(environment: EnvironmentId, digest: &str) -> DeploymentManifestRendered {
    DeploymentManifestRendered {
        manifest_id: ManifestId::generate(),
        release_id: ReleaseId::generate(),
        version: "1.0.0".into(),
        environment_id: environment,
        environment: "prod".into(),
        module: "api".into(),
        content_digest: digest.into(),
        gitops_repository_id: RepositoryId::generate(),
        gitops_repository: "gitops".into(),
        commit_sha: "a".repeat(40),
        path: "environments/prod/api".into(),
        objects: 3,
        configuration: Default::default(),
    }
}

fn with_image() -> ReleasePlan {
    let mut release = release(&["api"]);
    release.items[0].item.artifacts = vec![artifact("IMAGE", None)];
    release
}

#[test]
fn another_digest_of_a_ready_artifact_is_a_cause() {
    let mut release = with_image();
    let build = release.builds()[0];
    let first = release.learn(build, &artifact("IMAGE", Some("sha256:1")), at(1));
    assert!(first.changed && first.causes.is_empty());
    let same = release.learn(build, &artifact("IMAGE", Some("sha256:1")), at(2));
    assert!(!same.changed);
    let other = release.learn(build, &artifact("IMAGE", Some("sha256:2")), at(3));
    let cause = "the image shop changed from sha256:1 to sha256:2";
    assert_eq!(other.cause().as_deref(), Some(cause));
}

#[test]
fn what_is_ready_stays_when_another_attempt_fails_or_another_object_is_made() {
    let mut release = with_image();
    let build = release.builds()[0];
    release.learn(build, &artifact("IMAGE", Some("sha256:1")), at(1));
    let mut failed = artifact("IMAGE", None);
    failed.state = "FAILED".into();
    failed.id = Some("id_1".into());
    let mut elsewhere = artifact("IMAGE", Some("sha256:2"));
    elsewhere.id = Some("id_2".into());
    for told in [failed, elsewhere] {
        assert!(!release.learn(build, &told, at(2)).changed);
    }
}

#[test]
fn an_artifact_that_failed_may_become_ready() {
    let mut release = with_image();
    let build = release.builds()[0];
    let mut failed = artifact("IMAGE", None);
    failed.state = "FAILED".into();
    release.learn(build, &failed, at(1));
    assert!(!release.is_ready());
    let effect = release.learn(build, &artifact("IMAGE", Some("sha256:1")), at(2));
    assert!(effect.changed && effect.causes.is_empty() && release.is_ready());
}

#[test]
fn a_target_counts_by_its_digest_and_a_retired_one_is_left_alone() {
    let mut release = release(&["api"]);
    let id = EnvironmentId::generate();
    assert!(release.retarget(&[prod(id, "sha256:1")], at(1)).changed);
    assert!(!release.retarget(&[prod(id, "sha256:1")], at(2)).changed);
    let effect = release.retarget(&[prod(id, "sha256:2")], at(3));
    let cause = "the definition of the environment prod changed";
    assert_eq!(effect.causes, [cause]);
    let mut retired = prod(id, "sha256:3");
    retired.retired = true;
    assert!(!release.retarget(&[retired], at(4)).changed);
    assert!(!release.retarget(&[], at(4)).changed);
}

#[test]
fn manifests_are_pinned_by_the_first_and_voided_by_another() {
    let mut release = release(&["api"]);
    let id = EnvironmentId::generate();
    let first = release.pin(&rendered(id, "sha256:1"), at(1));
    assert!(first.changed && first.causes.is_empty());
    assert!(!release.pin(&rendered(id, "sha256:1"), at(2)).changed);
    let other = release.pin(&rendered(id, "sha256:2"), at(3));
    assert_eq!(other.causes.len(), 1);
    assert_eq!(release.manifests[0].digest.as_deref(), Some("sha256:2"));
    let older = release.pin(&rendered(id, "sha256:3"), at(2));
    assert_eq!(older.causes.len(), 1);
    assert_eq!(release.manifests[0].digest.as_deref(), Some("sha256:2"));
}

#[test]
fn manifests_of_an_earlier_target_or_artifact_do_not_count() {
    let mut release = with_image();
    let (id, build) = (EnvironmentId::generate(), release.builds()[0]);
    release.learn(build, &artifact("IMAGE", Some("sha256:1")), at(1));
    release.retarget(&[prod(id, "sha256:1")], at(1));
    release.pin(&rendered(id, "sha256:1"), at(2));
    release.retarget(&[prod(id, "sha256:2")], at(5));
    assert!(!release.pin(&rendered(id, "sha256:1"), at(4)).changed);
    let anew = release.pin(&rendered(id, "sha256:2"), at(6));
    assert!(anew.changed && anew.causes.is_empty());
    release.learn(build, &artifact("IMAGE", Some("sha256:2")), at(8));
    assert!(!release.pin(&rendered(id, "sha256:2"), at(7)).changed);
    let anew = release.pin(&rendered(id, "sha256:3"), at(9));
    assert!(anew.changed && anew.causes.is_empty());
}

#[test]
fn a_closed_release_learns_nothing() {
    let mut release = with_image();
    release.status = ReleaseStatus::Rejected;
    let build = release.builds()[0];
    let id = EnvironmentId::generate();
    assert!(
        !release
            .learn(build, &artifact("IMAGE", Some("sha256:1")), at(1))
            .changed
    );
    assert!(!release.retarget(&[prod(id, "sha256:1")], at(1)).changed);
    assert!(!release.pin(&rendered(id, "sha256:1"), at(1)).changed);
}
