//! Lists, look-ups, and what releases ask.

use sluice_kernel::{Direction, PageRequest, directory::ArtifactDirectory};
use sluice_package_publishing::{Origin, PackageFilter, PackageOrder};
use sluice_testkit::{Backend, on_both_databases};

use crate::fixture::{ada, nupkg, publish, world};

on_both_databases!(
    lists_filter_and_page,
    releases_learn_what_became_of_their_builds
);

async fn lists_filter_and_page(backend: Backend) {
    let world = world(backend).await;
    for (version, content) in [("1.0.0", "a"), ("2.0.0", "b")] {
        let build = world.build(version, content).await;
        world
            .service
            .publish(&ada(), publish(&build, None))
            .await
            .unwrap();
    }
    world
        .service
        .push(
            &ada(),
            &"api".parse().unwrap(),
            nupkg("Hand.Made", "1.0", "x"),
        )
        .await
        .unwrap();
    let count = |filter: PackageFilter| {
        let service = world.service.clone();
        async move { service.count(&ada(), &filter).await.unwrap() }
    };
    let all = PackageFilter::default();
    assert_eq!(count(all.clone()).await, 3);
    assert_eq!(
        count(PackageFilter {
            name: Some("ACME.greeter".into()),
            ..all.clone()
        })
        .await,
        2
    );
    assert_eq!(
        count(PackageFilter {
            origin: Some(Origin::Push),
            ..all.clone()
        })
        .await,
        1
    );
    assert_eq!(
        count(PackageFilter {
            project_id: Some("api".parse().unwrap()),
            ..all.clone()
        })
        .await,
        1
    );
    let order = (PackageOrder::Name, Direction::Descending);
    let page = world
        .service
        .page(&ada(), &all, order, &PageRequest::first(2))
        .await
        .unwrap();
    assert_eq!(
        (page.items[0].name.as_str(), page.has_next),
        ("Hand.Made", true)
    );
    let parents = [world.repository];
    let order = (PackageOrder::CreatedAt, Direction::Ascending);
    let pages = world
        .service
        .pages_by_repository(&ada(), &parents, &all, order, &PageRequest::first(5))
        .await
        .unwrap();
    assert_eq!(pages[&world.repository].items.len(), 2);
    let counts = world
        .service
        .counts_by_repository(&ada(), &parents, &all)
        .await
        .unwrap();
    assert_eq!(counts[&world.repository], 2);
}

async fn releases_learn_what_became_of_their_builds(backend: Backend) {
    let world = world(backend).await;
    let good = world.build("1.0.0", "a").await;
    world
        .service
        .publish(&ada(), publish(&good, None))
        .await
        .unwrap();
    let gone = world.build("2.0.0", "b").await;
    let mut build = gone.build.clone();
    build.artifacts.clear();
    world.know(build);
    world
        .service
        .publish(&ada(), publish(&gone, None))
        .await
        .unwrap_err();
    let never = world.build("3.0.0", "c").await;
    let builds = [
        good.build.build_id,
        gone.build.build_id,
        never.build.build_id,
    ];
    let mut artifacts = world.service.artifacts(&ada(), &builds).await.unwrap();
    artifacts.sort_by_key(|(build, _)| builds.iter().position(|id| id == build));
    let [(first, ready), (second, failed)] = artifacts.as_slice() else {
        panic!("{artifacts:?}");
    };
    assert_eq!((*first, *second), (builds[0], builds[1]));
    assert_eq!(
        (ready.kind.as_str(), ready.state.as_str()),
        ("PACKAGE", "READY")
    );
    assert_eq!(ready.reference.as_deref(), Some("1.0.0"));
    assert!(ready.digest.as_ref().unwrap().starts_with("sha256:"));
    assert_eq!(
        (failed.state.as_str(), failed.digest.as_ref()),
        ("FAILED", None)
    );
    assert!(failed.reason.is_some());
}
