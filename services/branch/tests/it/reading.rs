use sluice_branch::{BranchFilter, BranchOrder, DeleteBranch};
use sluice_kernel::{Direction, PageRequest};
use sluice_schema::{RepositoryId, TypedId};
use sluice_testkit::{Backend, User};

use crate::fixture::World;

async fn lists_filter_order_and_leave_deleted_branches_out(backend: Backend) {
    let world = World::new(backend).await;
    for name in ["b", "a", "c"] {
        world.create(name, None).await.unwrap();
    }
    let gone = world.named("c").await.unwrap();
    let command = DeleteBranch { branch_id: gone.id };
    world.service.delete(&world.ctx, command).await.unwrap();
    let order = (BranchOrder::Name, Direction::Ascending);
    let names = |filter: BranchFilter| {
        let world = &world;
        async move {
            let request = PageRequest::first(10);
            let page = world.service.page(&world.ctx, &filter, order, &request);
            let page = page.await.unwrap();
            let count = world.service.count(&world.ctx, &filter).await.unwrap();
            assert_eq!(page.items.len() as u64, count);
            let names = page.items.iter().map(|branch| branch.name.clone());
            names.collect::<Vec<_>>()
        }
    };
    assert_eq!(names(BranchFilter::default()).await, ["a", "b", "main"]);
    let default = BranchFilter {
        is_default: Some(true),
        ..BranchFilter::default()
    };
    assert_eq!(names(default).await, ["main"]);
    let all = BranchFilter {
        include_deleted: true,
        is_protected: Some(false),
        ..BranchFilter::default()
    };
    assert_eq!(names(all).await, ["a", "b", "c"]);
}

async fn branches_of_many_repositories_cost_one_statement(backend: Backend) {
    let world = World::new(backend).await;
    for name in ["a", "b", "c"] {
        world.create(name, None).await.unwrap();
    }
    let ctx = User::of("acme", "ada").ctx();
    let ids = [world.repository.id, RepositoryId::generate()];
    let filter = BranchFilter::default();
    let order = (BranchOrder::Name, Direction::Descending);
    let request = PageRequest::first(2);
    let pages = world
        .service
        .pages_by_repository(&ctx, &ids, &filter, order, &request)
        .await
        .unwrap();
    assert_eq!(ctx.statements().get(), 1);
    let page = &pages[&world.repository.id];
    assert!(page.has_next && pages.len() == 1);
    assert_eq!(
        (page.items[0].name.as_str(), page.items[1].name.as_str()),
        ("main", "c")
    );
    let counts = world.service.counts_by_repository(&ctx, &ids, &filter);
    assert_eq!(counts.await.unwrap()[&world.repository.id], 4);
    assert_eq!(ctx.statements().get(), 2);
    let keys = ["a", "b", "nowhere"].map(|name| (world.repository.id, name.to_owned()));
    let found = world.service.find_by_names(&ctx, &keys).await.unwrap();
    assert_eq!((found.len(), ctx.statements().get()), (2, 3));
    let foreign = User::of("other", "eve").ctx();
    let found = world.service.find_by_names(&foreign, &keys).await.unwrap();
    assert!(found.is_empty());
}

sluice_testkit::on_both_databases!(
    lists_filter_order_and_leave_deleted_branches_out,
    branches_of_many_repositories_cost_one_statement,
);
