//! `publishPackage`.

use futures::TryStreamExt;
use sluice_kernel::{ContentDigest, Fault, IdempotencyKey};
use sluice_package_feed::{FeedName, Limits, PackageFeed, digest, inspect};
use sluice_package_publishing::PackageStatus;
use sluice_schema::{ErrorCode, Scope, events::PackagePublished};
use sluice_testkit::{Backend, User, on_both_databases};

use crate::fixture::{ada, module, publish, world};

on_both_databases!(
    a_build_becomes_a_package_in_its_projects_feed,
    fifty_parallel_identical_commands_make_one_publication_and_one_event,
    another_build_of_the_version_is_published_behind_it,
    a_taken_version_is_a_conflict_when_it_was_asked_for,
    an_idempotency_key_stands_for_one_request,
    builds_that_make_no_package_are_refused,
    what_cannot_be_published_fails_on_record_and_can_be_tried_again,
    rights_and_walls_are_checked,
);

async fn a_build_becomes_a_package_in_its_projects_feed(backend: Backend) {
    let world = world(backend).await;
    let build = world.build("1.2.0", "the files").await;
    let done = world
        .service
        .publish(&ada(), publish(&build, None))
        .await
        .unwrap();
    assert!(!done.replayed);
    let package = done.value;
    assert_eq!(package.status, PackageStatus::Published);
    assert_eq!(
        (
            package.name.as_str(),
            package.version.as_str(),
            package.files
        ),
        ("Acme.Greeter", "1.2.0", 1)
    );
    let feed = FeedName {
        tenant: "acme".parse().unwrap(),
        project: "web".parse().unwrap(),
    };
    let content = world
        .feed
        .open(
            &feed,
            &"acme.greeter".parse().unwrap(),
            &"1.2".parse().unwrap(),
        )
        .await
        .unwrap();
    let bytes = content
        .stream
        .try_collect::<Vec<_>>()
        .await
        .unwrap()
        .concat();
    assert_eq!(Some(digest(&bytes)), package.digest);
    assert_eq!(Some(&content.sha512), package.sha512.as_ref());
    let metadata = inspect(&bytes, &Limits::default()).unwrap();
    let source = metadata.repository.unwrap();
    assert_eq!(source.url, "http://sluice.example/git/acme/web/greeter.git");
    assert_eq!(source.commit, Some("a".repeat(40)));
    let events = world.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].module_id, build.module_id);
    let event = events[0].decode::<PackagePublished>().unwrap().unwrap();
    assert_eq!(
        (event.build_id, event.feed.as_str()),
        (Some(build.build.build_id), "web")
    );
    assert_eq!(Some(event.digest), package.digest);
    let again = world
        .service
        .publish(&ada(), publish(&build, Some("1.2.0.0")))
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(again.value, package);
    assert!(world.events().await.is_empty());
}

async fn fifty_parallel_identical_commands_make_one_publication_and_one_event(backend: Backend) {
    let world = world(backend).await;
    let build = world.build("1.0.0", "x").await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (service, command) = (world.service.clone(), publish(&build, None));
        calls.spawn(async move { service.publish(&ada(), command).await.unwrap() });
    }
    let outcomes = calls.join_all().await;
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.replayed).count(),
        49
    );
    assert!(outcomes.iter().all(|o| o.value.id == outcomes[0].value.id));
    assert!(
        outcomes
            .iter()
            .all(|o| o.value.status == PackageStatus::Published)
    );
    assert_eq!(world.event_types().await, ["PackagePublished"]);
}

async fn another_build_of_the_version_is_published_behind_it(backend: Backend) {
    let world = world(backend).await;
    let mut builds = Vec::new();
    for content in ["one", "two", "three", "four"] {
        builds.push(world.build("1.0.0", content).await);
    }
    let first = world
        .service
        .publish(&ada(), publish(&builds[0], None))
        .await
        .unwrap();
    assert_eq!(first.value.version, "1.0.0");
    let mut calls = tokio::task::JoinSet::new();
    for build in &builds[1..] {
        let (service, command) = (world.service.clone(), publish(build, None));
        calls.spawn(async move { service.publish(&ada(), command).await.unwrap() });
    }
    let outcomes = calls.join_all().await;
    let mut versions: Vec<_> = outcomes.iter().map(|o| o.value.version.clone()).collect();
    versions.sort();
    versions.dedup();
    assert_eq!(versions.len(), 3, "{versions:?}");
    assert!(
        versions
            .iter()
            .all(|version| version.starts_with("1.0.1-build.")),
        "{versions:?}"
    );
    assert!(
        outcomes
            .iter()
            .all(|o| o.value.base_version == "1.0.0" && !o.replayed)
    );
}

async fn a_taken_version_is_a_conflict_when_it_was_asked_for(backend: Backend) {
    let world = world(backend).await;
    let (one, two) = (
        world.build("1.0.0", "one").await,
        world.build("1.0.0", "two").await,
    );
    world
        .service
        .publish(&ada(), publish(&one, None))
        .await
        .unwrap();
    let refused = world
        .service
        .publish(&ada(), publish(&two, Some("1.0")))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.field().as_deref()),
        (ErrorCode::Conflict, Some("version"))
    );
    let refused = world
        .service
        .publish(&ada(), publish(&one, Some("9.9.9")))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    let other = world
        .service
        .publish(&ada(), publish(&two, Some("2.0.0-rc.1")))
        .await
        .unwrap();
    assert_eq!(other.value.version, "2.0.0-rc.1");
    let refused = world
        .service
        .publish(&ada(), publish(&two, Some("1.x")))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.field().as_deref()),
        (ErrorCode::InvalidInput, Some("version"))
    );
}

async fn an_idempotency_key_stands_for_one_request(backend: Backend) {
    let world = world(backend).await;
    let (one, two) = (
        world.build("1.0.0", "one").await,
        world.build("2.0.0", "two").await,
    );
    let keyed = |body: &[u8]| {
        let key = IdempotencyKey::new("k-1", ContentDigest::of_parts([body])).unwrap();
        ada().with_idempotency(key)
    };
    let first = world
        .service
        .publish(&keyed(b"one"), publish(&one, None))
        .await
        .unwrap();
    let again = world
        .service
        .publish(&keyed(b"one"), publish(&one, None))
        .await
        .unwrap();
    assert_eq!((again.replayed, again.value.id), (true, first.value.id));
    let refused = world
        .service
        .publish(&keyed(b"two"), publish(&two, None))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

async fn builds_that_make_no_package_are_refused(backend: Backend) {
    let world = world(backend).await;
    let good = world.build("1.0.0", "x").await;
    let refused = |change: fn(&mut sluice_schema::events::BuildCompleted)| {
        let mut build = good.build.clone();
        change(&mut build);
        let view = world.know(build);
        let service = world.service.clone();
        async move {
            let error = service
                .publish(&ada(), publish(&view, None))
                .await
                .unwrap_err();
            (error.code(), error.to_string())
        }
    };
    let (code, text) = refused(|build| build.status = "FAILED".to_owned()).await;
    assert_eq!(code, ErrorCode::FailedPrecondition);
    assert!(text.contains("FAILED"), "{text}");
    let (code, _) = refused(|build| build.module = None).await;
    assert_eq!(code, ErrorCode::FailedPrecondition);
    let (code, text) = refused(|build| build.module.as_mut().unwrap().package = None).await;
    assert_eq!(code, ErrorCode::FailedPrecondition);
    assert!(text.contains("greeter"), "{text}");
    assert!(world.events().await.is_empty(), "nothing was announced");
    let mut unknown = publish(&good, None);
    unknown.build_id = sluice_schema::TypedId::generate();
    let error = world.service.publish(&ada(), unknown).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
}

async fn what_cannot_be_published_fails_on_record_and_can_be_tried_again(backend: Backend) {
    let world = world(backend).await;
    let good = world.build("1.0.0", "x").await;
    let mut gone = good.build.clone();
    gone.artifacts[0].blob.key = "artifacts/never".to_owned();
    world.know(gone);
    let error = world
        .service
        .publish(&ada(), publish(&good, None))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::FailedPrecondition);
    assert!(error.to_string().contains("app.tgz is gone"), "{error}");
    let found = world
        .service
        .find_by_builds(&ada(), &[good.build.build_id])
        .await
        .unwrap();
    let failed = &found[&good.build.build_id];
    assert_eq!((failed.status, failed.attempts), (PackageStatus::Failed, 1));
    assert_eq!(failed.code, Some(ErrorCode::FailedPrecondition));
    assert_eq!(world.event_types().await, ["PackagePublicationFailed"]);
    // The version that failed is free for others.
    let other = world.build("1.0.0", "y").await;
    let other = world
        .service
        .publish(&ada(), publish(&other, None))
        .await
        .unwrap();
    assert_eq!(other.value.version, "1.0.0");
    // The files are back: the same publication, under the version that is free now.
    world.know(good.build.clone());
    let again = world
        .service
        .publish(&ada(), publish(&good, None))
        .await
        .unwrap();
    assert_eq!((again.value.id, again.value.attempts), (failed.id, 2));
    assert_eq!(again.value.version, "1.0.1-build.2");
    assert_eq!(again.value.reason, None);
    assert_eq!(
        world.event_types().await,
        ["PackagePublished", "PackagePublished"]
    );
    let changed = world.build("3.0.0", "z").await;
    let mut build = changed.build.clone();
    build.artifacts[0].blob.digest = format!("sha256:{}", "0".repeat(64));
    world.know(build);
    let error = world
        .service
        .publish(&ada(), publish(&changed, None))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("not what the build left"),
        "{error}"
    );
    let mut named = module("1.0.0");
    named.package.as_mut().unwrap().name = "no--id".to_owned();
    let mut build = world.build("4.0.0", "z").await.build;
    build.module = Some(named);
    let view = world.know(build);
    let error = world
        .service
        .publish(&ada(), publish(&view, None))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidInput);
}

async fn rights_and_walls_are_checked(backend: Backend) {
    let world = world(backend).await;
    let build = world.build("1.0.0", "x").await;
    let reader = User::of("acme", "ron").with_scopes(&[Scope::Read]).ctx();
    let error = world
        .service
        .publish(&reader, publish(&build, None))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
    let elsewhere = User::of("acme", "eve").in_projects(&["other"]).ctx();
    let error = world
        .service
        .publish(&elsewhere, publish(&build, None))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
    let package = world
        .service
        .publish(&ada(), publish(&build, None))
        .await
        .unwrap()
        .value;
    for stranger in [elsewhere, User::of("globex", "bob").ctx()] {
        assert_eq!(
            world
                .service
                .get(&stranger, package.id)
                .await
                .unwrap_err()
                .code(),
            ErrorCode::NotFound
        );
        let builds = [build.build.build_id];
        assert!(
            world
                .service
                .find_by_builds(&stranger, &builds)
                .await
                .unwrap()
                .is_empty()
        );
    }
}
