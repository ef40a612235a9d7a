//! Packages that clients push.

use sluice_kernel::Fault;
use sluice_package_publishing::{Origin, SetListed};
use sluice_schema::{ErrorCode, Scope, events::PackagePublished};
use sluice_testkit::{Backend, User, on_both_databases};

use crate::fixture::{ada, nupkg, publish, world};

on_both_databases!(
    a_pushed_package_is_a_publication_and_the_same_again_a_replay,
    fifty_parallel_pushes_of_one_package_make_one_publication,
    a_version_that_a_build_holds_is_a_conflict,
    what_is_no_package_is_refused_and_leaves_nothing,
    a_version_that_is_not_listed_says_so_on_record,
    rights_and_walls_are_checked,
);

async fn a_pushed_package_is_a_publication_and_the_same_again_a_replay(backend: Backend) {
    let world = world(backend).await;
    let project = "web".parse().unwrap();
    let bytes = nupkg("Hand.Made", "1.0-RC", "x");
    let pushed = world
        .service
        .push(&ada(), &project, bytes.clone())
        .await
        .unwrap();
    assert!(!pushed.replayed);
    assert_eq!(
        (pushed.value.origin, pushed.value.build_id),
        (Origin::Push, None)
    );
    assert_eq!(pushed.value.version, "1.0.0-RC");
    let again = world.service.push(&ada(), &project, bytes).await.unwrap();
    assert_eq!((again.replayed, again.value.id), (true, pushed.value.id));
    let other = nupkg("HAND.made", "1.0.0-rc", "y");
    let error = world
        .service
        .push(&ada(), &project, other)
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.field().as_deref()),
        (ErrorCode::Conflict, Some("version"))
    );
    let events = world.events().await;
    assert_eq!(events.len(), 1);
    let event = events[0].decode::<PackagePublished>().unwrap().unwrap();
    assert_eq!((event.package_id, event.build_id), (pushed.value.id, None));
}

async fn fifty_parallel_pushes_of_one_package_make_one_publication(backend: Backend) {
    let world = world(backend).await;
    let bytes = nupkg("Hand.Made", "1.0", "x");
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (service, bytes) = (world.service.clone(), bytes.clone());
        calls.spawn(async move {
            service
                .push(&ada(), &"web".parse().unwrap(), bytes)
                .await
                .unwrap()
        });
    }
    let outcomes = calls.join_all().await;
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.replayed).count(),
        49
    );
    assert!(outcomes.iter().all(|o| o.value.id == outcomes[0].value.id));
    assert_eq!(world.event_types().await, ["PackagePublished"]);
}

async fn a_version_that_a_build_holds_is_a_conflict(backend: Backend) {
    let world = world(backend).await;
    let build = world.build("1.0.0", "x").await;
    world
        .service
        .publish(&ada(), publish(&build, None))
        .await
        .unwrap();
    let error = world
        .service
        .push(
            &ada(),
            &"web".parse().unwrap(),
            nupkg("acme.greeter", "1", "y"),
        )
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    // Another project's feed is another place.
    let pushed = world
        .service
        .push(
            &ada(),
            &"api".parse().unwrap(),
            nupkg("acme.greeter", "1", "y"),
        )
        .await;
    assert!(!pushed.unwrap().replayed);
}

async fn what_is_no_package_is_refused_and_leaves_nothing(backend: Backend) {
    let world = world(backend).await;
    let error = world
        .service
        .push(&ada(), &"web".parse().unwrap(), "junk".into())
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.field().as_deref()),
        (ErrorCode::InvalidInput, Some("package"))
    );
    assert_eq!(
        world
            .service
            .count(&ada(), &Default::default())
            .await
            .unwrap(),
        0
    );
}

async fn a_version_that_is_not_listed_says_so_on_record(backend: Backend) {
    let world = world(backend).await;
    let pushed = world
        .service
        .push(
            &ada(),
            &"web".parse().unwrap(),
            nupkg("Hand.Made", "1.0", "x"),
        )
        .await
        .unwrap();
    let list = |listed| SetListed {
        project_id: "web".parse().unwrap(),
        name: "hand.made".parse().unwrap(),
        version: "1.0.0".parse().unwrap(),
        listed,
    };
    assert!(world.service.set_listed(&ada(), list(false)).await.unwrap());
    assert!(!world.service.set_listed(&ada(), list(false)).await.unwrap());
    assert!(
        !world
            .service
            .get(&ada(), pushed.value.id)
            .await
            .unwrap()
            .listed
    );
    assert!(world.service.set_listed(&ada(), list(true)).await.unwrap());
    assert!(
        world
            .service
            .get(&ada(), pushed.value.id)
            .await
            .unwrap()
            .listed
    );
    let missing = SetListed {
        version: "9.0".parse().unwrap(),
        ..list(true)
    };
    assert_eq!(
        world
            .service
            .set_listed(&ada(), missing)
            .await
            .unwrap_err()
            .code(),
        ErrorCode::NotFound
    );
}

async fn rights_and_walls_are_checked(backend: Backend) {
    let world = world(backend).await;
    let project = "web".parse().unwrap();
    let bytes = nupkg("Hand.Made", "1.0", "x");
    let reader = User::of("acme", "ron").with_scopes(&[Scope::Read]).ctx();
    let error = world
        .service
        .push(&reader, &project, bytes.clone())
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
    let elsewhere = User::of("acme", "eve").in_projects(&["other"]).ctx();
    let error = world
        .service
        .push(&elsewhere, &project, bytes.clone())
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
    // Another tenant has a feed of its own under the same names.
    let pushed = world
        .service
        .push(&ada(), &project, bytes.clone())
        .await
        .unwrap();
    let other = world
        .service
        .push(&User::of("globex", "bob").ctx(), &project, bytes)
        .await
        .unwrap();
    assert!(!other.replayed);
    assert_ne!(other.value.id, pushed.value.id);
}
