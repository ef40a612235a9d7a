use sluice_kernel::{Direction, PageRequest, directory::RunDirectory};
use sluice_pipeline_execution::{PipelineRunFilter, PipelineRunOrder, RunPipeline};
use sluice_schema::{RepositoryId, TypedId};
use sluice_testkit::{Backend, User};

use crate::fixture::{QUICK, World, command};

const NEWEST: (PipelineRunOrder, Direction) = (PipelineRunOrder::Number, Direction::Descending);

async fn pages_and_counts_of_many_parents_cost_one_statement(backend: Backend) {
    let world = World::new(backend).await;
    let pipelines: Vec<_> = (0..3).map(|_| world.define(QUICK)).collect();
    for branch in ["main", "a", "b"] {
        world.push(branch, &[("f", branch)]).await;
        for pipeline in &pipelines {
            let run = RunPipeline {
                branch: Some(branch.into()),
                ..command(pipeline)
            };
            world.runs.run_pipeline(&world.ctx, run).await.unwrap();
        }
    }
    let ids: Vec<_> = pipelines.iter().map(|pipeline| pipeline.id).collect();
    let (all, two) = (PipelineRunFilter::default(), PageRequest::first(2));
    let ctx = User::of("acme", "ada").ctx();
    let pages = world.runs.pages_by_pipeline(&ctx, &ids, &all, NEWEST, &two);
    let pages = pages.await.unwrap();
    assert_eq!(ctx.statements().get(), 1);
    for id in &ids {
        let page = &pages[id];
        assert!(page.has_next);
        assert_eq!(page.items.len(), 2);
        assert!(page.items.iter().all(|run| run.pipeline_id == *id));
        assert!(page.items[0].number > page.items[1].number);
    }
    let counts = world.runs.counts_by_pipeline(&ctx, &ids, &all).await;
    assert!(counts.unwrap().values().all(|count| *count == 3));
    assert_eq!(ctx.statements().get(), 2);
    let of_branch = PipelineRunFilter {
        branch: Some("a".into()),
        ..Default::default()
    };
    let repositories = [world.repository, RepositoryId::generate()];
    let counts = world
        .runs
        .counts_by_repository(&ctx, &repositories, &of_branch)
        .await;
    assert_eq!(counts.unwrap(), [(world.repository, 3)].into());
    let pages = world
        .runs
        .pages_by_repository(&ctx, &repositories, &of_branch, NEWEST, &two)
        .await;
    assert_eq!(pages.unwrap()[&world.repository].items.len(), 2);
}

async fn runs_of_commits_are_found_by_repository_and_commit_newest_first(backend: Backend) {
    let world = World::new(backend).await;
    let older = world.queue(&world.define(QUICK)).await;
    let newer = world.queue(&world.define(QUICK)).await;
    let other = RepositoryId::generate();
    world.queue(&world.define_in("web", other, QUICK)).await;
    let sha = world.root.to_string();
    let keys = [
        (world.repository, sha.clone()),
        (world.repository, "0".repeat(40)),
    ];
    let ctx = User::of("acme", "ada").ctx();
    let found = world.runs.find_by_commits(&ctx, &keys).await.unwrap();
    assert_eq!(ctx.statements().get(), 1);
    assert_eq!(found.len(), 1);
    let ids: Vec<_> = found[&keys[0]].iter().map(|run| run.id).collect();
    assert_eq!(ids, [newer, older]);
    let stranger = User::of("other", "eve").ctx();
    let found = world.runs.find_by_commits(&stranger, &keys).await.unwrap();
    assert!(found.is_empty());
}

async fn pages_continue_after_their_cursor(backend: Backend) {
    let world = World::new(backend).await;
    for _ in 0..5 {
        world.queue(&world.define(QUICK)).await;
    }
    let all = PipelineRunFilter::default();
    let mut request = PageRequest::first(2);
    let mut numbers = Vec::new();
    loop {
        let page = world.runs.page(&world.ctx, &all, NEWEST, &request).await;
        let page = page.unwrap();
        numbers.extend(page.items.iter().map(|run| run.number));
        request.after = page.cursors.last().cloned();
        if !page.has_next {
            break;
        }
    }
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
}

async fn other_services_see_a_run_of_their_caller_only(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.queue(&world.define(QUICK)).await;
    let view = RunDirectory::run(&world.runs, &world.ctx, run).await;
    let view = view.unwrap().unwrap();
    assert_eq!((view.id, view.finished_at), (run, None));
    let stranger = User::of("other", "eve").ctx();
    let foreign = RunDirectory::run(&world.runs, &stranger, run).await;
    assert_eq!(foreign.unwrap(), None);
    let unknown = RunDirectory::run(&world.runs, &world.ctx, TypedId::generate()).await;
    assert_eq!(unknown.unwrap(), None);
}

sluice_testkit::on_both_databases!(
    pages_and_counts_of_many_parents_cost_one_statement,
    runs_of_commits_are_found_by_repository_and_commit_newest_first,
    pages_continue_after_their_cursor,
    other_services_see_a_run_of_their_caller_only,
);
