use sluice_kernel::{Direction, PageArgs, PageRequest, directory::ReleaseDirectory};
use sluice_release::{ReleaseFilter, ReleaseOrder, ReleaseStatus};
use sluice_schema::{ErrorCode, Fault, ReleaseId, Scope, TypedId};
use sluice_testkit::{Backend, User};

use crate::fixture::World;

async fn releases_are_found_by_build_commit_and_module(backend: Backend) {
    let world = World::new(backend).await;
    world.repository("api").await;
    let shop = world.plain("feat: a").await;
    let sha = world.commit("api", "bob", "feat: b").await;
    let api = world.built("api", &sha);
    let single = world.planned(&shop).await;
    let ids = [shop.build_id, api.build_id];
    let both = world.plan(&ids, None).await.unwrap().value;
    let service = &world.service;
    let by_build = service.find_by_builds(&world.ctx, &ids).await.unwrap();
    let found: Vec<ReleaseId> = by_build[&ids[0]].iter().map(|it| it.id).collect();
    assert_eq!(found, [single.id, both.id]);
    assert_eq!(by_build[&ids[1]].len(), 1);
    let key = (api.repository_id, sha);
    let keys = [key.clone(), (shop.repository_id, "0".repeat(40))];
    let by_commit = service.find_by_commits(&world.ctx, &keys).await.unwrap();
    assert_eq!((by_commit.len(), by_commit[&key][0].id), (1, both.id));
    let project = "web".parse().unwrap();
    let parents = [(project, "shop".to_owned())];
    let order = (ReleaseOrder::Version, Direction::Descending);
    let filter = ReleaseFilter::default();
    let first = PageRequest::first(10);
    let pages = service.pages_by_module(&world.ctx, &parents, &filter, order, &first);
    assert_eq!(pages.await.unwrap()[&parents[0]].items[0].id, single.id);
    let counts = service
        .counts_by_module(&world.ctx, &parents, &filter)
        .await;
    assert_eq!(counts.unwrap()[&parents[0]], 1);
    let projects = ["web".parse().unwrap()];
    let counts = service
        .counts_by_project(&world.ctx, &projects, &filter)
        .await;
    assert_eq!(counts.unwrap()[&projects[0]], 2);
}

async fn lists_are_ordered_by_version_as_versions_are(backend: Backend) {
    let world = World::new(backend).await;
    let versions = ["1.10.0", "1.9.0", "2.0.0-rc.1", "1.2.0", "2.0.0"];
    for version in versions {
        let build = world.plain("fix: x").await;
        world.plan(&[build.build_id], Some(version)).await.unwrap();
    }
    let (name, direction) = (ReleaseOrder::Version.name(), Direction::Ascending);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let args = PageArgs {
            first: Some(2),
            after,
            ..Default::default()
        };
        let request = PageRequest::new(&args, name, direction).unwrap();
        let order = (ReleaseOrder::Version, direction);
        let filter = ReleaseFilter::default();
        let page = world.service.page(&world.ctx, &filter, order, &request);
        let page = page.await.unwrap();
        seen.extend(page.items.iter().map(|it| it.version.clone()));
        if !page.has_next {
            break;
        }
        after = page.cursors.last().map(|cursor| cursor.encode());
    }
    let sorted = ["1.2.0", "1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0"];
    assert_eq!(seen, sorted);
}

async fn a_filter_narrows_a_list(backend: Backend) {
    let world = World::new(backend).await;
    let automatic = world.plain("fix: x").await;
    world.handle(&world.event(&automatic)).await;
    let waiting = world.with_artifacts("fix: y").await;
    let waiting = world.planned(&waiting).await;
    let count = |filter: ReleaseFilter| {
        let (service, ctx) = (world.service.clone(), world.ctx.clone());
        async move { service.count(&ctx, &filter).await.unwrap() }
    };
    let all = ReleaseFilter::default();
    assert_eq!(count(all.clone()).await, 2);
    for filter in [
        ReleaseFilter {
            status: Some(ReleaseStatus::Planned),
            ..all.clone()
        },
        ReleaseFilter {
            automatic: Some(true),
            ..all.clone()
        },
        ReleaseFilter {
            planned_by: Some("ada".into()),
            ..all.clone()
        },
        ReleaseFilter {
            version: Some(waiting.version.clone()),
            ..all.clone()
        },
    ] {
        assert_eq!(count(filter.clone()).await, 1, "{filter:?}");
    }
    let name = Some("api".to_owned());
    assert_eq!(count(ReleaseFilter { name, ..all }).await, 0);
}

async fn the_directory_says_what_promotions_need(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.planned(&world.plain("feat: a").await).await;
    world.approve(release.id, "zoe").await.unwrap();
    world.directory.facts().policies.required_approvals = 2;
    let view = world.service.release(&world.ctx, release.id).await;
    let view = view.unwrap().unwrap();
    assert_eq!(
        (view.status.as_str(), view.required_approvals),
        ("APPROVED", 2)
    );
    assert_eq!(view.approvals[0].approver, "zoe");
    let checks: Vec<_> = view
        .checks
        .iter()
        .map(|it| (it.name.as_str(), it.succeeded))
        .collect();
    assert_eq!(
        checks,
        [("build", true), ("tests", true), ("coverage", false)]
    );
    let none = world
        .service
        .release(&world.ctx, ReleaseId::generate())
        .await;
    assert_eq!(none.unwrap(), None);
    let stranger = User::of("globex", "eve").ctx();
    let none = world.service.release(&stranger, release.id).await;
    assert_eq!(none.unwrap(), None);
}

async fn what_belongs_to_others_is_not_found(backend: Backend) {
    let world = World::new(backend).await;
    let build = world.plain("feat: a").await;
    let release = world.planned(&build).await;
    world.approve(release.id, "zoe").await.unwrap();
    let approvals = world
        .service
        .find_approvals(&world.ctx, &[release.id])
        .await;
    let approval = approvals.unwrap()[&release.id][0].id;
    assert!(
        world
            .service
            .get_approval(&world.ctx, approval)
            .await
            .is_ok()
    );
    let strangers = [
        User::of("globex", "eve").ctx(),
        User::of("acme", "eve").in_projects(&["other"]).ctx(),
    ];
    for ctx in strangers {
        let service = &world.service;
        let refused = service.get(&ctx, release.id).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::NotFound);
        let refused = service.get_approval(&ctx, approval).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::NotFound);
        assert!(
            service
                .find_many(&ctx, &[release.id])
                .await
                .unwrap()
                .is_empty()
        );
        let found = service.find_by_builds(&ctx, &[build.build_id]).await;
        assert!(found.unwrap().is_empty());
        let found = service.find_approvals(&ctx, &[release.id]).await;
        assert!(found.unwrap().is_empty());
    }
    let writer = User::of("acme", "eve")
        .with_scopes(&[Scope::ReleasesPlan])
        .ctx();
    let refused = world.service.get(&writer, release.id).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
}

async fn look_ups_cost_the_same_for_many_as_for_one(backend: Backend) {
    let world = World::new(backend).await;
    let mut builds = Vec::new();
    let mut releases = Vec::new();
    for round in 0..5 {
        let build = world.plain(&format!("fix: {round}")).await;
        releases.push(world.planned(&build).await.id);
        builds.push(build.build_id);
    }
    let cost = |count: usize| {
        let ctx = User::of("acme", "ada").ctx();
        let service = world.service.clone();
        let (builds, releases) = (builds[..count].to_vec(), releases[..count].to_vec());
        async move {
            service.find_by_builds(&ctx, &builds).await.unwrap();
            service.find_approvals(&ctx, &releases).await.unwrap();
            ctx.statements().get()
        }
    };
    assert_eq!(cost(1).await, 2);
    assert_eq!(cost(5).await, 2);
}

sluice_testkit::on_both_databases!(
    releases_are_found_by_build_commit_and_module,
    lists_are_ordered_by_version_as_versions_are,
    a_filter_narrows_a_list,
    the_directory_says_what_promotions_need,
    what_belongs_to_others_is_not_found,
    look_ups_cost_the_same_for_many_as_for_one,
);
