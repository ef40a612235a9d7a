use sluice_kernel::{Direction, PageRequest};
use sluice_pipeline_generator::{PipelineFilter, PipelineOrder};
use sluice_schema::{RepositoryId, TypedId};
use sluice_testkit::{Backend, User};

use crate::fixture::{World, module};

const ORDER: (PipelineOrder, Direction) = (PipelineOrder::CreatedAt, Direction::Descending);

async fn lists_cost_the_same_however_long_they_are(backend: Backend) {
    let world = World::new(backend).await;
    let mut commits = Vec::new();
    for n in 0..5 {
        let text = module(&format!("Shop {n}"));
        let sha = world.push("main", "module.yaml", &text).await;
        world.generate(None, None).await.unwrap();
        commits.push((world.repository.id, sha.to_string()));
    }
    let repositories = [world.repository.id, RepositoryId::generate()];
    let (filter, request) = (PipelineFilter::default(), PageRequest::first(2));
    let ctx = User::of("acme", "ada").ctx();
    let pages = world
        .service
        .pages_by_repository(&ctx, &repositories, &filter, ORDER, &request)
        .await
        .unwrap();
    assert_eq!(ctx.statements().get(), 1);
    assert_eq!(pages.len(), 1);
    let page = &pages[&world.repository.id];
    assert!(page.has_next);
    let names: Vec<_> = page
        .items
        .iter()
        .map(|item| item.module.clone().unwrap().name)
        .collect();
    assert_eq!(names, ["Shop 4", "Shop 3"]);
    let counts = world
        .service
        .counts_by_repository(&ctx, &repositories, &filter)
        .await
        .unwrap();
    assert_eq!(counts, [(world.repository.id, 5)].into());
    let ctx = User::of("acme", "ada").ctx();
    let found = world.service.find_by_commits(&ctx, &commits).await.unwrap();
    assert_eq!(ctx.statements().get(), 2);
    assert_eq!(found.len(), 5);
    assert!(commits.iter().all(|key| found[key].commit_sha == key.1));
}

async fn filters_restrict(backend: Backend) {
    let (world, sha) = World::with_module(backend).await;
    let definition = world.generate(None, None).await.unwrap().value;
    let none = PipelineFilter::default();
    let cases = [
        PipelineFilter {
            project_id: Some("web".parse().unwrap()),
            ..none.clone()
        },
        PipelineFilter {
            module_id: Some("shop".parse().unwrap()),
            ..none.clone()
        },
        PipelineFilter {
            repository_id: Some(world.repository.id),
            ..none.clone()
        },
        PipelineFilter {
            branch: Some("main".into()),
            ..none.clone()
        },
        PipelineFilter {
            commit_sha: Some(sha.to_string()),
            ..none.clone()
        },
        PipelineFilter {
            status: Some(definition.status),
            ..none.clone()
        },
    ];
    for filter in cases {
        let count = world.service.count(&world.ctx, &filter).await.unwrap();
        assert_eq!(count, 1, "{filter:?}");
    }
    let others = [
        PipelineFilter {
            project_id: Some("api".parse().unwrap()),
            ..none.clone()
        },
        PipelineFilter {
            module_id: Some("cart".parse().unwrap()),
            ..none.clone()
        },
        PipelineFilter {
            repository_id: Some(RepositoryId::generate()),
            ..none.clone()
        },
        PipelineFilter {
            branch: Some("x".into()),
            ..none
        },
    ];
    for filter in others {
        let page = world
            .service
            .page(&world.ctx, &filter, ORDER, &PageRequest::first(5))
            .await
            .unwrap();
        assert!(page.items.is_empty(), "{filter:?}");
    }
}

sluice_testkit::on_both_databases!(lists_cost_the_same_however_long_they_are, filters_restrict);
