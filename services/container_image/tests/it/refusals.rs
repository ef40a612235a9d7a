//! What is refused, and with which words.

use sluice_container_image::{BuildContainerImage, ContainerImageError, ImageStatus};
use sluice_kernel::{Fault, IdempotencyKey};
use sluice_schema::{BuildId, ErrorCode, Scope, TypedId, events::BuildCompleted};
use sluice_testkit::{Backend, User, on_both_databases};

use crate::world::{FILES, World, ada, command, world};

on_both_databases!(
    bad_input_names_its_field,
    a_build_that_makes_no_image_is_refused_before_anything_is_begun,
    a_build_whose_files_are_gone_or_changed_fails_for_good,
    a_base_that_is_not_there_fails_and_names_it,
    a_rebuild_that_cannot_be_is_told_and_leaves_the_image,
    a_tag_of_another_image_is_a_conflict,
    others_cannot_see_or_build,
    an_idempotency_key_stands_for_one_command,
);

type Change<T> = fn(&mut T);

async fn refused(world: &World, command: BuildContainerImage) -> ContainerImageError {
    world.service.build(&ada(), command).await.unwrap_err()
}

async fn bad_input_names_its_field(backend: Backend) {
    let world = world(backend).await;
    let build = world.built(FILES).await;
    let changes: [(&str, Change<BuildContainerImage>); 4] = [
        ("base", |c| c.base = Some("no tag".into())),
        ("tags[0]", |c| c.tags = vec!["a b".into()]),
        ("tags[0]", |c| c.tags = vec!["latest".into()]),
        ("registry", |c| {
            c.registry = Some("elsewhere.example".into())
        }),
    ];
    for (field, change) in changes {
        let mut command = command(&build);
        change(&mut command);
        let error = refused(&world, command).await;
        assert_eq!(error.code(), ErrorCode::InvalidInput);
        assert_eq!(error.field().as_deref(), Some(field));
    }
}

async fn a_build_that_makes_no_image_is_refused_before_anything_is_begun(backend: Backend) {
    let world = world(backend).await;
    let changes: [Change<BuildCompleted>; 3] = [
        |build| build.status = "FAILED".to_owned(),
        |build| build.module = None,
        |build| build.module.as_mut().unwrap().image = None,
    ];
    for change in changes {
        let mut build = world.built(FILES).await;
        change(&mut build);
        world.know(&build);
        let error = refused(&world, command(&build)).await;
        assert_eq!(error.code(), ErrorCode::FailedPrecondition);
        let found = world
            .service
            .find_by_builds(&ada(), &[build.build_id])
            .await;
        assert!(found.unwrap().is_empty());
    }
    let mut unknown = command(&world.built(FILES).await);
    unknown.build_id = BuildId::generate();
    assert_eq!(refused(&world, unknown).await.code(), ErrorCode::NotFound);
}

async fn a_build_whose_files_are_gone_or_changed_fails_for_good(backend: Backend) {
    let world = world(backend).await;
    let changes: [(Change<BuildCompleted>, &str); 5] = [
        (|b| b.artifacts.clear(), "has no files"),
        (
            |b| b.artifacts[0].blob.key = "artifacts/gone".into(),
            "is gone",
        ),
        (
            |b| b.artifacts[0].blob.key = "https://ci.example/x".into(),
            "outside",
        ),
        (
            |b| b.artifacts[0].blob.digest = format!("sha256:{}", "0".repeat(64)),
            "is not what",
        ),
        (|b| b.artifacts[0].path = "../bin/run".into(), "`..`"),
    ];
    for (change, words) in changes {
        let mut build = world.built(FILES).await;
        change(&mut build);
        world.know(&build);
        world.tell(&world.event(&build)).await;
        world.work().await;
        let image = world.image_of(&build).await;
        assert_eq!(image.status, ImageStatus::Failed, "{words}");
        let reason = image.reason.clone().unwrap();
        assert!(reason.contains(words), "{reason}");
        let events = world.events().await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].event_type, "ContainerImageFailed");
        assert_eq!(events[0].payload["reason"], reason);
        assert_eq!(world.work().await, 0, "not again by itself");
        let error = refused(&world, command(&build)).await;
        assert_eq!(error.to_string(), reason);
        world.events().await;
    }
    assert_eq!(world.work_left(), 0);
}

async fn a_base_that_is_not_there_fails_and_names_it(backend: Backend) {
    let world = world(backend).await;
    let mut build = world.built(FILES).await;
    let image = build.module.as_mut().unwrap().image.as_mut().unwrap();
    image.base = Some("node:20".to_owned());
    world.know(&build);
    let error = refused(&world, command(&build)).await;
    assert_eq!(error.code(), ErrorCode::FailedPrecondition);
    assert!(error.to_string().contains("node:20"), "{error}");
    assert_eq!(world.image_of(&build).await.status, ImageStatus::Failed);
}

async fn a_rebuild_that_cannot_be_is_told_and_leaves_the_image(backend: Backend) {
    let world = world(backend).await;
    let build = world.built(FILES).await;
    let first = world
        .service
        .build(&ada(), command(&build))
        .await
        .unwrap()
        .value;
    world.events().await;
    let mut rebased = command(&build);
    rebased.base = Some("node:20".to_owned());
    let error = refused(&world, rebased).await;
    assert_eq!(error.code(), ErrorCode::FailedPrecondition);
    let image = world.image_of(&build).await;
    assert_eq!(image.status, ImageStatus::Built);
    assert_eq!(image.digest, first.digest);
    assert!(world.events().await.is_empty());
    assert!(
        world
            .service
            .build(&ada(), command(&build))
            .await
            .unwrap()
            .replayed
    );
}

async fn a_tag_of_another_image_is_a_conflict(backend: Backend) {
    let world = world(backend).await;
    let one = world.built(FILES).await;
    let two = world.built(&[("bin/run", "#!/bin/sh\n")]).await;
    let blue = |build: &BuildCompleted| {
        let mut command = command(build);
        command.tags = vec!["green".to_owned(), "blue".to_owned()];
        command
    };
    world.service.build(&ada(), blue(&one)).await.unwrap();
    let mut other = blue(&two);
    other.tags[0] = "red".to_owned();
    let error = refused(&world, other).await;
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert_eq!(error.field().as_deref(), Some("tags[1]"));
    let found = world.service.find_by_builds(&ada(), &[two.build_id]).await;
    assert!(found.unwrap().is_empty(), "nothing was begun");
}

async fn others_cannot_see_or_build(backend: Backend) {
    let world = world(backend).await;
    let build = world.built(FILES).await;
    let image = world
        .service
        .build(&ada(), command(&build))
        .await
        .unwrap()
        .value;
    let stranger = User::of("globex", "bob").ctx();
    let elsewhere = User::of("acme", "eve").in_projects(&["other"]).ctx();
    for ctx in [stranger, elsewhere] {
        let seen = world.service.get(&ctx, image.id).await.unwrap_err();
        assert_eq!(seen.code(), ErrorCode::NotFound);
        let bill = world.service.sbom(&ctx, image.id).await.unwrap_err();
        assert_eq!(bill.code(), ErrorCode::NotFound);
        let built = world
            .service
            .build(&ctx, command(&build))
            .await
            .unwrap_err();
        assert_eq!(built.code(), ErrorCode::NotFound);
    }
    let reader = User::of("acme", "eve").with_scopes(&[Scope::Read]).ctx();
    let built = world
        .service
        .build(&reader, command(&build))
        .await
        .unwrap_err();
    assert_eq!(built.code(), ErrorCode::Forbidden);
    assert!(world.service.provenance(&reader, image.id).await.is_ok());
}

async fn an_idempotency_key_stands_for_one_command(backend: Backend) {
    let world = world(backend).await;
    let build = world.built(FILES).await;
    let key = |fingerprint: &str| {
        let fingerprint = sluice_kernel::ContentDigest::of(fingerprint);
        let key = IdempotencyKey {
            key: "once".to_owned(),
            fingerprint,
        };
        ada().with_idempotency(key)
    };
    let first = world
        .service
        .build(&key("a"), command(&build))
        .await
        .unwrap();
    let again = world
        .service
        .build(&key("a"), command(&build))
        .await
        .unwrap();
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(first.value.id, again.value.id);
    let other = world
        .service
        .build(&key("b"), command(&build))
        .await
        .unwrap_err();
    assert_eq!(other.code(), ErrorCode::Conflict);
}
