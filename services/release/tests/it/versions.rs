use std::sync::Arc;

use sluice_release::{Bump, RejectRelease, ReleasePlan};
use sluice_schema::{ErrorCode, Fault, ReleaseId};
use sluice_testkit::Backend;

use crate::fixture::{World, user};

async fn next(world: &World, message: &str) -> Arc<ReleasePlan> {
    let build = world.plain(message).await;
    world.planned(&build).await
}

async fn reject(world: &World, id: ReleaseId) {
    let command = RejectRelease {
        release_id: id,
        reason: "no".into(),
    };
    world.service.reject(&user("bob"), command).await.unwrap();
}

async fn versions_follow_the_weight_of_commits(backend: Backend) {
    let world = World::new(backend).await;
    for (message, version, bump) in [
        ("feat: a shop", "1.0.0", Bump::Minor),
        ("fix: a leak", "1.0.1", Bump::Patch),
        ("feat: colours", "1.1.0", Bump::Minor),
        ("docs: colours", "1.1.1", Bump::Patch),
        ("feat!: other colours", "2.0.0", Bump::Major),
        ("fix: x\n\nBREAKING CHANGE: y", "3.0.0", Bump::Major),
    ] {
        let release = next(&world, message).await;
        let told = (release.version.as_str(), release.proposed_bump);
        assert_eq!(told, (version, bump), "{message}");
    }
}

async fn a_stated_version_that_is_greater_wins(backend: Backend) {
    let world = World::new(backend).await;
    next(&world, "feat: a").await;
    let mut build = world.plain("fix: b").await;
    build.module.as_mut().unwrap().version = "4.2.0".into();
    world.know(&build);
    assert_eq!(world.planned(&build).await.version, "4.2.0");
    let again = next(&world, "fix: c").await;
    assert_eq!(again.version, "4.2.1");
}

async fn a_rejected_version_is_not_used_again_and_its_commits_come_back(backend: Backend) {
    let world = World::new(backend).await;
    next(&world, "feat: a").await;
    let rejected = next(&world, "feat: b").await;
    assert_eq!(rejected.version, "1.1.0");
    reject(&world, rejected.id).await;
    let release = next(&world, "fix: c").await;
    assert_eq!(release.version, "1.1.1");
    let subjects: Vec<_> = release.notes.iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(subjects, ["fix: c", "feat: b"]);
}

async fn a_version_must_be_greater_than_the_last_approved_one(backend: Backend) {
    let world = World::new(backend).await;
    let first = next(&world, "feat: a").await;
    let build = world.plain("feat: b").await;
    let ids = [build.build_id];
    world.approve(first.id, "zoe").await.unwrap();
    for version in ["0.9.0", "1.0.0-rc.1"] {
        let refused = world.plan(&ids, Some(version)).await.unwrap_err();
        let told = (refused.code(), refused.field());
        assert_eq!(told, (ErrorCode::InvalidInput, Some("version".into())));
    }
    let taken = world.plan(&ids, Some("1.0.0")).await.unwrap_err();
    assert_eq!(taken.code(), ErrorCode::Conflict);
    let release = world.plan(&ids, Some("1.0.1-rc.1")).await.unwrap().value;
    assert_eq!(release.version, "1.0.1-rc.1");
}

async fn a_second_build_of_a_commit_is_a_release_of_its_own(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    world.planned(&build).await;
    let again = world.built("shop", &build.commit_sha);
    let again = world.planned(&again).await;
    assert_eq!((again.version.as_str(), again.notes.len()), ("1.0.1", 0));
    let people = &again.authors;
    assert!(people.iter().any(|it| it == "bob"), "its author stays one");
}

sluice_testkit::on_both_databases!(
    versions_follow_the_weight_of_commits,
    a_stated_version_that_is_greater_wins,
    a_rejected_version_is_not_used_again_and_its_commits_come_back,
    a_version_must_be_greater_than_the_last_approved_one,
    a_second_build_of_a_commit_is_a_release_of_its_own,
);
