use sluice_commit::{CommitFilter, CommitOrder, CreateCommit};
use sluice_kernel::{Direction, Fault, PageRequest};
use sluice_schema::{CommitId, ErrorCode, RepositoryId, TypedId};
use sluice_testkit::{Backend, User};

use crate::fixture::{World, put};

async fn lists_of_many_parents_cost_one_statement_each(backend: Backend) {
    let world = World::new(backend).await;
    world.branch("y").await;
    for content in ["1", "2", "3"] {
        world.commit(vec![put("a.txt", content)]).await;
    }
    let on_y = CreateCommit {
        branch: "y".into(),
        ..world.command(vec![put("a.txt", "1")])
    };
    let on_y = world.run(on_y).await.unwrap().value;
    let ctx = User::of("acme", "ada").ctx();
    let id = world.repository.id;
    let filter = CommitFilter::default();
    let order = (CommitOrder::CreatedAt, Direction::Descending);
    let request = PageRequest::first(2);
    let service = &world.service;
    let repositories = [id, RepositoryId::generate()];
    let pages = service.pages_by_repository(&ctx, &repositories, &filter, order, &request);
    let pages = pages.await.unwrap();
    assert!(pages.len() == 1 && pages[&id].has_next && pages[&id].items.len() == 2);
    let branches = ["x", "y", "z"].map(|name| (id, name.to_owned()));
    let pages = service.pages_by_branch(&ctx, &branches, &filter, order, &request);
    let pages = pages.await.unwrap();
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[&branches[1]].items[0].id, on_y.id);
    let counts = service.counts_by_branch(&ctx, &branches, &filter).await;
    let counts = counts.unwrap();
    assert_eq!((counts[&branches[0]], counts[&branches[1]]), (3, 1));
    let counts = service.counts_by_repository(&ctx, &repositories, &filter);
    assert_eq!(counts.await.unwrap()[&id], 4);
    assert_eq!(ctx.statements().get(), 4);
    let foreign = User::of("other", "eve").ctx();
    let refused = service.get(&foreign, on_y.id).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
    let keys = [(id, on_y.sha.clone().unwrap())];
    assert!(
        service
            .find_by_shas(&foreign, &keys)
            .await
            .unwrap()
            .is_empty()
    );
    let refused = service.diff(&ctx, CommitId::generate()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
}

sluice_testkit::on_both_databases!(lists_of_many_parents_cost_one_statement_each);
