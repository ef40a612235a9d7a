//! Comparing environments and releases.

mod git;

use sluice_ledger::{Comparison, ItemDifference, LedgerError, ModuleComparison, Side};
use sluice_schema::{
    InfrastructureId, ReleaseId, RepositoryId, TypedId,
    events::{InfrastructureProvisioned, ReleaseItem, ResourceChanges},
};
use sluice_testkit::{Backend, User, on_both_databases};

use crate::{
    delivery::{Environment, Promotion, Release, artifact, item, merged},
    world::{Draft, World},
};
use git::GitHistory;

on_both_databases!(
    what_only_one_side_has_is_what_git_says,
    commits_have_the_pull_requests_that_landed_them,
    an_unknown_history_is_told_as_incomplete,
    packages_and_images_differ_by_version,
    settings_and_resources_differ_by_environment,
    a_release_is_compared_as_far_as_it_was_rendered,
    modules_of_one_side_are_told,
    equal_sides_have_no_differences,
    the_number_of_statements_does_not_depend_on_the_size,
    sides_of_others_are_not_found,
);

fn of_release(release: &Release) -> Side {
    Side::Release(release.id.to_string())
}

fn of_environment(environment: &Environment) -> Side {
    Side::Environment(environment.id.to_string())
}

async fn compare(world: &World, from: &Side, to: &Side) -> Comparison {
    let ctx = world.ctx();
    let comparison = world.ledger.compare(&ctx, from, to, None).await.unwrap();
    assert_eq!((&comparison.from, &comparison.to), (from, to));
    comparison
}

async fn only_module(world: &World, from: &Side, to: &Side) -> ModuleComparison {
    let mut modules = compare(world, from, to).await.modules;
    assert_eq!(modules.len(), 1, "{modules:?}");
    modules.remove(0)
}

fn sha(letter: char) -> String {
    letter.to_string().repeat(40)
}

fn shop(repository: RepositoryId, version: &str, sha: &str) -> Release {
    Release::new(version, vec![item(repository, "shop", sha)])
}

/// Two environments that run these releases.
async fn running(world: &World, releases: [&Release; 2]) -> [Promotion; 2] {
    let environments = [Environment::new("dev"), Environment::new("prod")];
    let mut drafts: Vec<Draft> = Vec::new();
    let promotions = [0, 1].map(|at| releases[at].promoted_into(&environments[at]));
    for (promotion, release) in promotions.iter().zip(releases) {
        drafts.push(world.event(&promotion.environment.defined(&[], false)));
        drafts.push(world.event(&release.planned()));
        drafts.extend(promotion.carried_out(world));
    }
    world.append_all(drafts).await;
    promotions
}

async fn what_only_one_side_has_is_what_git_says(backend: Backend) {
    let world = World::fresh(backend).await;
    let (git, repository) = (GitHistory::tangled(), RepositoryId::generate());
    for event in git.events(repository) {
        world.append(&event).await;
    }
    let commits = git.all();
    let releases: Vec<Release> = commits
        .iter()
        .map(|sha| shop(repository, "1.0.0", sha))
        .collect();
    let planned = releases.iter().map(|it| world.event(&it.planned()));
    world.append_all(planned.collect::<Vec<_>>()).await;
    for (one, from) in releases.iter().zip(&commits) {
        for (other, to) in releases.iter().zip(&commits) {
            let found = only_module(&world, &of_release(one), &of_release(other)).await;
            let shas = |changes: &[sluice_ledger::Change]| {
                let mut shas: Vec<_> = changes.iter().map(|it| it.sha.clone()).collect();
                shas.sort();
                shas
            };
            assert!(!found.truncated);
            let (left, right) = (git.only_in(from, to), git.only_in(to, from));
            assert_eq!(shas(&found.only_in_from), left, "{from} without {to}");
            assert_eq!(shas(&found.only_in_to), right, "{to} without {from}");
        }
    }
}

async fn commits_have_the_pull_requests_that_landed_them(backend: Backend) {
    let world = World::fresh(backend).await;
    let (git, repository) = (GitHistory::tangled(), RepositoryId::generate());
    for event in git.events(repository) {
        world.append(&event).await;
    }
    let merge = merged(repository, 7, &git.named("merge-a"));
    world.append(&merge).await;
    let (old, new) = (git.named("root"), git.named("merge-a"));
    let (old, new) = (shop(repository, "1", &old), shop(repository, "2", &new));
    world.append(&old.planned()).await;
    world.append(&new.planned()).await;
    let found = only_module(&world, &of_release(&old), &of_release(&new)).await;
    let pull = |name: &str| {
        let sha = git.named(name);
        let change = found.only_in_to.iter().find(|it| it.sha == sha).unwrap();
        assert_eq!(
            (change.subject_line.as_str(), change.author.as_str()),
            (name, "Ada")
        );
        change.pull_request_number
    };
    assert_eq!(
        (pull("merge-a"), pull("a1"), pull("a2")),
        (Some(7), Some(7), Some(7))
    );
    assert_eq!(pull("main-1"), None);
    assert_eq!(
        found.only_in_to[0].sha,
        git.named("merge-a"),
        "the newest first"
    );
}

async fn an_unknown_history_is_told_as_incomplete(backend: Backend) {
    let world = World::fresh(backend).await;
    let repository = RepositoryId::generate();
    let (one, other) = (
        shop(repository, "1", &sha('a')),
        shop(repository, "2", &sha('b')),
    );
    world.append(&one.planned()).await;
    world.append(&other.planned()).await;
    let found = only_module(&world, &of_release(&one), &of_release(&other)).await;
    assert!(found.truncated && found.only_in_to.is_empty());
    assert_eq!(found.to.unwrap().commit_sha, sha('b'));
}

async fn packages_and_images_differ_by_version(backend: Backend) {
    let world = World::fresh(backend).await;
    let repository = RepositoryId::generate();
    let release = |version: &str| {
        let mut made: ReleaseItem = item(repository, "shop", &sha('a'));
        made.artifacts = vec![
            artifact("PACKAGE", "Shop", version),
            artifact("PACKAGE", "Shop.Api", "1.0.0"),
            artifact("IMAGE", "shop", &format!("shop@sha256:{version}")),
        ];
        Release::new(version, vec![made])
    };
    let (one, other) = (release("1.0.0"), release("2.0.0"));
    world.append(&one.planned()).await;
    world.append(&other.planned()).await;
    let found = only_module(&world, &of_release(&one), &of_release(&other)).await;
    let expected = ItemDifference {
        name: "Shop".into(),
        from_id: Some("PACKAGE-Shop".into()),
        from: Some("1.0.0".into()),
        to_id: Some("PACKAGE-Shop".into()),
        to: Some("2.0.0".into()),
    };
    assert_eq!(found.packages, [expected]);
    assert_eq!(found.images[0].to.as_deref(), Some("shop@sha256:2.0.0"));
    assert!(!found.truncated && found.only_in_from.is_empty());
}

fn provisioned(promotion: &Promotion, resources: &[(&str, &str)]) -> InfrastructureProvisioned {
    let environment = &promotion.environment;
    let urn = |name: &str| {
        format!(
            "urn:pulumi:{}::shop::sluice:local:File::{name}",
            environment.name
        )
    };
    let resources = resources
        .iter()
        .map(|(name, it)| (urn(name), (*it).to_owned()));
    InfrastructureProvisioned {
        infrastructure_id: InfrastructureId::generate(),
        release_id: promotion.release.id,
        environment_id: environment.id,
        environment: environment.name.clone(),
        module: "shop".into(),
        repository_id: promotion.release.items[0].repository_id,
        commit_sha: sha('a'),
        program_digest: "sha256:p".into(),
        state_serial: 1,
        changes: ResourceChanges::default(),
        resources: resources.collect(),
    }
}

/// One release in two environments, with settings of its own for each.
async fn configured(world: &World) -> [Promotion; 2] {
    let mut made = item(RepositoryId::generate(), "shop", &sha('a'));
    for (environment, level) in [("dev", "debug"), ("prod", "info")] {
        let settings = [
            ("LOG".to_owned(), level.to_owned()),
            ("SAME".to_owned(), "1".to_owned()),
        ];
        let by_environment = &mut made.module.configuration;
        by_environment.insert(environment.to_owned(), settings.into());
    }
    let release = Release::new("1.0.0", vec![made]);
    running(world, [&release, &release]).await
}

fn shown(
    differences: &[sluice_ledger::ValueDifference],
) -> Vec<(&str, Option<&str>, Option<&str>)> {
    differences
        .iter()
        .map(|it| (it.key.as_str(), it.from.as_deref(), it.to.as_deref()))
        .collect()
}

async fn settings_and_resources_differ_by_environment(backend: Backend) {
    let world = World::fresh(backend).await;
    let [dev, prod] = configured(&world).await;
    // A later rendering of the release that was never declared.
    let newer = prod.release.promoted_into(&prod.environment);
    world
        .append(&dev.rendered("shop", &[("ConfigMap/shop/LOG", "sha256:1")]))
        .await;
    world
        .append(&prod.rendered("shop", &[("ConfigMap/shop/LOG", "sha256:2")]))
        .await;
    world
        .append(&newer.rendered("shop", &[("ConfigMap/shop/LOG", "sha256:3")]))
        .await;
    world
        .append(&provisioned(
            &dev,
            &[("conf", "sha256:1"), ("data", "sha256:2")],
        ))
        .await;
    world
        .append(&provisioned(
            &prod,
            &[("conf", "sha256:1"), ("data", "sha256:3")],
        ))
        .await;
    let (from, to) = (
        of_environment(&dev.environment),
        of_environment(&prod.environment),
    );
    let found = only_module(&world, &from, &to).await;
    let expected = [
        ("LOG", Some("debug"), Some("info")),
        ("ConfigMap/shop/LOG", Some("sha256:1"), Some("sha256:2")),
    ];
    assert_eq!(shown(&found.configuration), expected);
    let expected = [(
        "shop::sluice:local:File::data",
        Some("sha256:2"),
        Some("sha256:3"),
    )];
    assert_eq!(shown(&found.infrastructure), expected);
    assert_eq!(found.from.unwrap().promotion_id, Some(dev.id.to_string()));
    assert!(
        found.only_in_from.is_empty() && !found.truncated,
        "the same commit"
    );
}

async fn a_release_is_compared_as_far_as_it_was_rendered(backend: Backend) {
    let world = World::fresh(backend).await;
    let [_, prod] = configured(&world).await;
    world
        .append(&prod.rendered("shop", &[("ConfigMap/shop/LOG", "sha256:1")]))
        .await;
    world
        .append(&provisioned(&prod, &[("conf", "sha256:1")]))
        .await;
    let mut next = prod.release.clone();
    next.id = ReleaseId::generate();
    let settings = [("LOG".to_owned(), "warn".to_owned())].into();
    next.items[0].module.configuration = [("prod".to_owned(), settings)].into();
    world.append(&next.planned()).await;
    let (from, to) = (of_environment(&prod.environment), of_release(&next));
    let found = only_module(&world, &from, &to).await;
    let expected = [
        ("LOG", Some("info"), Some("warn")),
        ("SAME", Some("1"), None),
    ];
    assert_eq!(
        shown(&found.configuration),
        expected,
        "it is not rendered yet"
    );
    assert!(found.infrastructure.is_empty(), "nor provisioned");

    let promotion = next.promoted_into(&prod.environment);
    world
        .append(&promotion.rendered("shop", &[("ConfigMap/shop/LOG", "sha256:2")]))
        .await;
    world
        .append(&provisioned(&promotion, &[("conf", "sha256:2")]))
        .await;
    let found = only_module(&world, &from, &to).await;
    assert_eq!(
        shown(&found.configuration)[2],
        ("ConfigMap/shop/LOG", Some("sha256:1"), Some("sha256:2"))
    );
    assert_eq!(found.infrastructure.len(), 1);

    let found = only_module(&world, &of_release(&prod.release), &to).await;
    let keys: Vec<&str> = shown(&found.configuration).iter().map(|it| it.0).collect();
    let expected = [
        "dev/LOG",
        "dev/SAME",
        "prod/LOG",
        "prod/SAME",
        "prod/ConfigMap/shop/LOG",
    ];
    assert_eq!(keys, expected);
    assert_eq!(
        shown(&found.infrastructure)[0].0,
        "prod/shop::sluice:local:File::conf"
    );
}

async fn modules_of_one_side_are_told(backend: Backend) {
    let world = World::fresh(backend).await;
    let repository = RepositoryId::generate();
    let pair = |modules: [&str; 2]| {
        let items = modules.map(|module| item(repository, module, &sha('a')));
        Release::new("1.0.0", items.to_vec())
    };
    let (one, other) = (pair(["api", "shop"]), pair(["shop", "web"]));
    running(&world, [&one, &other]).await;
    let found = compare(&world, &of_release(&one), &of_release(&other)).await;
    let sides: Vec<_> = found
        .modules
        .iter()
        .map(|it| (it.module.as_str(), it.from.is_some(), it.to.is_some()))
        .collect();
    assert_eq!(
        sides,
        [
            ("api", true, false),
            ("shop", true, true),
            ("web", false, true)
        ]
    );
    let (from, to) = (of_release(&one), of_release(&other));
    let ctx = world.ctx();
    let only = world
        .ledger
        .compare(&ctx, &from, &to, Some("web"))
        .await
        .unwrap();
    let names: Vec<_> = only.modules.iter().map(|it| it.module.as_str()).collect();
    assert_eq!(names, ["web"]);
}

async fn equal_sides_have_no_differences(backend: Backend) {
    let world = World::fresh(backend).await;
    let [dev, _] = configured(&world).await;
    let side = of_environment(&dev.environment);
    let found = only_module(&world, &side, &side).await;
    assert_eq!(found.from, found.to);
    assert!(found.configuration.is_empty() && found.infrastructure.is_empty());
    assert!(found.only_in_from.is_empty() && found.only_in_to.is_empty());
    assert!(!found.truncated);
}

async fn the_number_of_statements_does_not_depend_on_the_size(backend: Backend) {
    let mut counts = Vec::new();
    for modules in [0, 2, 60] {
        let world = World::fresh(backend).await;
        let repository = RepositoryId::generate();
        let release = |letter: char| {
            let items =
                (0..modules).map(|at| item(repository, &format!("m-{at:03}"), &sha(letter)));
            Release::new("1.0.0", items.collect())
        };
        let [dev, prod] = running(&world, [&release('a'), &release('b')]).await;
        let (from, to) = (
            of_environment(&dev.environment),
            of_environment(&prod.environment),
        );
        let ctx = world.ctx();
        let found = world.ledger.compare(&ctx, &from, &to, None).await.unwrap();
        assert_eq!(found.modules.len(), modules);
        counts.push(ctx.statements().get());
    }
    assert_eq!(counts, [7, 7, 7]);
}

async fn sides_of_others_are_not_found(backend: Backend) {
    let world = World::fresh(backend).await;
    let [dev, prod] = configured(&world).await;
    let other = shop(RepositoryId::generate(), "1", &sha('a'));
    world
        .event(&other.planned())
        .project("other")
        .append(&world)
        .await;
    let (dev, prod, other) = (
        of_environment(&dev.environment),
        of_environment(&prod.environment),
        of_release(&other),
    );
    let ctx = world.ctx();
    assert!(
        world.ledger.compare(&ctx, &dev, &other, None).await.is_ok(),
        "of two projects"
    );
    let web = world.ctx_of(&["web"]);
    let hidden = world.ledger.compare(&web, &dev, &other, None).await;
    assert!(
        matches!(hidden, Err(LedgerError::NotFound("release", "to"))),
        "{hidden:?}"
    );
    let stranger = User::of("globex", "eve").ctx();
    let foreign = world.ledger.compare(&stranger, &dev, &prod, None).await;
    assert!(
        matches!(foreign, Err(LedgerError::NotFound("environment", "from"))),
        "{foreign:?}"
    );
    let mixed_up = Side::Release(match &dev {
        Side::Environment(id) | Side::Release(id) => id.clone(),
    });
    let wrong = world.ledger.compare(&ctx, &mixed_up, &prod, None).await;
    assert!(
        matches!(wrong, Err(LedgerError::NotFound("release", "from"))),
        "{wrong:?}"
    );
}
