use sluice_git_host::DiffLimits;
use sluice_kernel::{Direction, PageArgs, PageRequest};
use sluice_pull_request::{PullRequestFilter, PullRequestOrder, PullRequestStatus};
use sluice_schema::{ErrorCode, Fault, RepositoryId, Scope, TypedId};
use sluice_testkit::{Backend, User};

use crate::fixture::World;

const NEWEST: (PullRequestOrder, Direction) = (PullRequestOrder::Number, Direction::Descending);

async fn five(world: &World) {
    for n in 0..5 {
        let name = format!("b{n}");
        world.branch(&name).await;
        world.push(&name, &format!("{n}.txt"), "x").await;
        world
            .service
            .open(&world.ctx, world.to_open(&name))
            .await
            .unwrap();
    }
}

async fn pages_follow_the_order_and_the_filter(backend: Backend) {
    let world = World::new(backend).await;
    five(&world).await;
    let filter = PullRequestFilter::default();
    let first = PageRequest::first(2);
    let page = world
        .service
        .page(&world.ctx, &filter, NEWEST, &first)
        .await
        .unwrap();
    let numbers: Vec<u64> = page.items.iter().map(|it| it.number).collect();
    assert_eq!((numbers, page.has_next), (vec![5, 4], true));
    let args = PageArgs {
        first: Some(10),
        after: Some(page.cursors[1].encode()),
        ..PageArgs::default()
    };
    let rest = PageRequest::new(&args, "NUMBER", Direction::Descending).unwrap();
    let page = world
        .service
        .page(&world.ctx, &filter, NEWEST, &rest)
        .await
        .unwrap();
    let numbers: Vec<u64> = page.items.iter().map(|it| it.number).collect();
    assert_eq!((numbers, page.has_next), (vec![3, 2, 1], false));
    let filter = PullRequestFilter {
        source_branch: Some("b3".into()),
        status: Some(PullRequestStatus::Open),
        author: Some("ada".into()),
        repository_id: Some(world.repository.id),
        project_id: Some("web".parse().unwrap()),
        target_branch: Some("main".into()),
    };
    assert_eq!(world.service.count(&world.ctx, &filter).await.unwrap(), 1);
    let filter = PullRequestFilter {
        author: Some("bob".into()),
        ..PullRequestFilter::default()
    };
    assert_eq!(world.service.count(&world.ctx, &filter).await.unwrap(), 0);
}

async fn lists_of_repositories_cost_one_statement_each(backend: Backend) {
    let world = World::new(backend).await;
    five(&world).await;
    let ctx = User::of("acme", "ada").ctx();
    let parents = [world.repository.id, RepositoryId::generate()];
    let filter = PullRequestFilter::default();
    let request = PageRequest::first(3);
    let pages = world
        .service
        .pages_by_repository(&ctx, &parents, &filter, NEWEST, &request);
    let pages = pages.await.unwrap();
    assert_eq!(pages.len(), 1);
    let page = &pages[&world.repository.id];
    assert_eq!((page.items.len(), page.has_next), (3, true));
    assert_eq!(ctx.statements().get(), 1);
    let counts = world
        .service
        .counts_by_repository(&ctx, &parents, &filter)
        .await
        .unwrap();
    assert_eq!(counts[&world.repository.id], 5);
    assert_eq!(ctx.statements().get(), 2);
    let branch = page.items[0].source_branch.clone();
    let sources = [
        (world.repository.id, branch.clone()),
        (world.repository.id, "nowhere".to_owned()),
        (RepositoryId::generate(), branch),
    ];
    let pages = world
        .service
        .pages_by_source_branch(&ctx, &sources, &filter, NEWEST, &request);
    let pages = pages.await.unwrap();
    assert_eq!(pages.len(), 1);
    assert!(pages[&sources[0]].items.contains(&page.items[0]));
    let counts = world
        .service
        .counts_by_source_branch(&ctx, &sources, &filter);
    assert!(counts.await.unwrap()[&sources[0]] >= 1);
    assert_eq!(ctx.statements().get(), 4);
}

async fn commits_lead_to_their_pull_requests_in_one_statement(backend: Backend) {
    let world = World::new(backend).await;
    let merged = world.opened().await;
    let merged = world.merge(merged.id, None).await.unwrap().value;
    five(&world).await;
    let ctx = User::of("acme", "ada").ctx();
    let id = world.repository.id;
    let key = (id, merged.merge_commit_sha.clone().unwrap());
    let elsewhere = (RepositoryId::generate(), key.1.clone());
    let keys = [
        key.clone(),
        elsewhere.clone(),
        (id, merged.source_sha.clone()),
    ];
    let found = world
        .service
        .find_by_merge_commits(&ctx, &keys)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[&key].id, merged.id);
    let found = world
        .service
        .find_by_source_shas(&ctx, &keys)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[&keys[2]][0].id, merged.id);
    assert_eq!(ctx.statements().get(), 2);
    let by_number = world.service.get_by_number(&ctx, id, 1).await.unwrap();
    assert_eq!(by_number.id, merged.id);
}

async fn others_find_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let id = world.opened().await.id;
    for user in [
        User::of("other", "ada"),
        User::of("acme", "bob").in_projects(&["api"]),
    ] {
        let ctx = user.ctx();
        let refused = world.service.get(&ctx, id).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::NotFound);
        assert!(
            world
                .service
                .find_many(&ctx, &[id])
                .await
                .unwrap()
                .is_empty()
        );
        let all = PullRequestFilter::default();
        assert_eq!(world.service.count(&ctx, &all).await.unwrap(), 0);
        let refused = world.service.diff(&ctx, id, DiffLimits::default()).await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
    }
    let nobody = User::of("acme", "ada")
        .with_scopes(&[Scope::PullRequestsWrite])
        .ctx();
    let refused = world.service.get(&nobody, id).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
}

async fn a_diff_shows_what_the_source_changed_and_nothing_of_the_target(backend: Backend) {
    let world = World::new(backend).await;
    world.push("main", "main.txt", "x").await;
    let opened = world.opened().await;
    let paths = async || {
        let limits = DiffLimits::default();
        let diff = world
            .service
            .diff(&world.ctx, opened.id, limits)
            .await
            .unwrap();
        diff.files
            .into_iter()
            .map(|file| file.path)
            .collect::<Vec<_>>()
    };
    assert_eq!(paths().await, ["feature.txt"]);
    let commits = world
        .service
        .commits(&world.ctx, opened.id, 10)
        .await
        .unwrap();
    assert_eq!(commits.len(), 1);
    world.merge(opened.id, None).await.unwrap();
    world.push("main", "later.txt", "x").await;
    assert_eq!(paths().await, ["feature.txt"]);
    let commits = world
        .service
        .commits(&world.ctx, opened.id, 10)
        .await
        .unwrap();
    assert_eq!(commits[0].id.to_string(), opened.source_sha);
}

async fn a_source_that_took_the_target_in_shows_only_its_own_changes(backend: Backend) {
    use sluice_git_host::{GitHost, MergeOutcome, MergeSpec, MergeStrategy};
    let world = World::new(backend).await;
    let main = world.push("main", "main.txt", "x").await;
    let feature = world.head("feature").await.unwrap();
    let spec = MergeSpec {
        target: feature,
        source: main,
        strategy: MergeStrategy::Merge,
        signature: sluice_testkit::signature("Ada"),
        message: "Take main in".into(),
        trailers: Vec::new(),
    };
    let MergeOutcome::Merged { commit, .. } = world.git.merge(&world.path, &spec).await.unwrap()
    else {
        panic!("the branches merge");
    };
    world.set_head("feature", Some(feature), Some(commit)).await;
    world.push("feature", "after.txt", "x").await;
    let opened = world.opened().await;
    let diff = world
        .service
        .diff(&world.ctx, opened.id, DiffLimits::default())
        .await
        .unwrap();
    let paths: Vec<_> = diff.files.into_iter().map(|file| file.path).collect();
    assert_eq!(paths, ["after.txt", "feature.txt"]);
    assert_eq!(diff.base_sha, main.to_string());
}

async fn an_unknown_id_is_not_found(backend: Backend) {
    let world = World::new(backend).await;
    let refused = world.merge(TypedId::generate(), None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
}

sluice_testkit::on_both_databases!(
    pages_follow_the_order_and_the_filter,
    lists_of_repositories_cost_one_statement_each,
    commits_lead_to_their_pull_requests_in_one_statement,
    others_find_nothing,
    a_diff_shows_what_the_source_changed_and_nothing_of_the_target,
    a_source_that_took_the_target_in_shows_only_its_own_changes,
    an_unknown_id_is_not_found,
);
