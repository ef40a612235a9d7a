use std::sync::atomic::Ordering;

use futures::future::join_all;
use sluice_environment_promotion::{CancelPromotion, PromotionStatus};
use sluice_kernel::{ContentDigest, IdempotencyKey};
use sluice_schema::{BlockerCode, ErrorCode, Fault, Scope, events::DeploymentPromoted};
use sluice_testkit::{Backend, User};

use crate::world::{World, codes, to_promote};

async fn an_approved_release_is_declared_and_succeeds_once_its_target_follows(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let outcome = world.promote(&release, "dev").await.unwrap();
    assert!(!outcome.replayed);
    let promotion = outcome.value;
    assert_eq!(
        (promotion.status, promotion.attempt),
        (PromotionStatus::Verifying, 1)
    );
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 1.0.0");
    let head = world.head().await.to_string();
    assert_eq!(promotion.commit_sha.as_ref(), Some(&head));
    let events = world.drain().await;
    let types: Vec<_> = events.iter().map(|it| it.event_type.as_str()).collect();
    assert_eq!(types, ["PromotionRequested", "DeploymentPromoted"]);
    let promoted: DeploymentPromoted = events[1].decode().unwrap().unwrap();
    assert_eq!(
        (promoted.branch.as_str(), &promoted.commit_sha),
        ("main", &head)
    );
    assert_eq!(promoted.items[0].path, "environments/dev/shop");
    assert_eq!(world.recover().await, 0);
    world.follow(&promotion);
    assert_eq!(world.recover().await, 1);
    assert_eq!(
        world.get(promotion.id).await.status,
        PromotionStatus::Succeeded
    );
    assert_eq!(world.drained_types().await, ["PromotionSucceeded"]);
    assert_eq!(world.recover().await, 0);
}

async fn fifty_equal_commands_are_one_promotion(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let outcomes = join_all((0..50).map(|_| world.promote(&release, "dev"))).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|it| it.replayed).count(), 49);
    assert!(
        outcomes
            .iter()
            .all(|it| it.value.id == outcomes[0].value.id)
    );
    let types = world.drained_types().await;
    assert_eq!(types, ["PromotionRequested", "DeploymentPromoted"]);
}

async fn the_release_that_is_current_is_not_promoted_again(backend: Backend) {
    let world = World::new(backend).await;
    let one = world.shop("1.0.0").await;
    let first = world.succeed(&one, "dev").await;
    let again = world.promote(&one, "dev").await.unwrap();
    assert!(again.replayed && again.value.id == first.id);
    let two = world.shop("2.0.0").await;
    let second = world.succeed(&two, "dev").await;
    assert_eq!(second.previous, Some(first.id));
    // It is not current any more: it comes back as another attempt.
    let back = world.promote(&one, "dev").await.unwrap();
    assert_eq!((back.replayed, back.value.attempt), (false, 2));
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 1.0.0");
}

async fn what_is_rendered_anew_is_promoted_anew(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    world.succeed(&release, "dev").await;
    world
        .render(&release, "dev", "shop", "dev 1.0.0, two replicas")
        .await;
    let again = world.promote(&release, "dev").await.unwrap();
    assert_eq!((again.replayed, again.value.attempt), (false, 2));
    assert_eq!(
        world.shop_in("dev").await.unwrap(),
        "dev 1.0.0, two replicas"
    );
}

async fn modules_of_one_release_are_declared_in_one_commit(backend: Backend) {
    let world = World::new(backend).await;
    let before = world.head().await;
    let release = world.release("1.0.0", &["blog", "shop"]);
    world.render(&release, "dev", "shop", "shop").await;
    let refused = world.promote(&release, "dev").await.unwrap_err();
    assert_eq!(codes(&refused), [BlockerCode::ManifestMissing]);
    world.render(&release, "dev", "blog", "blog").await;
    let promotion = world.promote(&release, "dev").await.unwrap().value;
    let modules: Vec<_> = promotion
        .items
        .iter()
        .map(|it| it.module.as_str())
        .collect();
    assert_eq!(modules, ["blog", "shop"]);
    assert_eq!(world.declared().await.len(), 2);
    let git = world.git.real();
    let head = sluice_git_host::GitHost::commit(git, &world.gitops.path, &world.head().await).await;
    assert_eq!(head.unwrap().unwrap().parents, [before]);
    let current = world
        .promotions
        .current(&world.ctx, &[promotion.environment_id])
        .await
        .unwrap();
    assert_eq!(current.len(), 2);
    assert!(current.values().all(|it| it.id == promotion.id));
}

async fn a_key_stands_for_one_promotion(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let key = |body: &str| {
        let key = IdempotencyKey::new("k1", ContentDigest::of(body)).unwrap();
        world.ctx.with_idempotency(key)
    };
    let command = to_promote(&release, "dev");
    let first = world
        .promotions
        .promote(&key("a"), command.clone())
        .await
        .unwrap();
    let again = world
        .promotions
        .promote(&key("a"), command.clone())
        .await
        .unwrap();
    assert!(again.replayed && again.value.id == first.value.id);
    let other = world
        .promotions
        .promote(&key("b"), command)
        .await
        .unwrap_err();
    assert_eq!(other.code(), ErrorCode::Conflict);
}

async fn what_cannot_be_asked_for_is_refused_with_the_field(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let refused = async |change: fn(&mut sluice_environment_promotion::PromoteRelease)| {
        let mut command = to_promote(&release, "dev");
        change(&mut command);
        let error = world
            .promotions
            .promote(&world.ctx, command)
            .await
            .unwrap_err();
        (error.code(), error.field().unwrap_or_default())
    };
    let invalid = |field: &str| (ErrorCode::InvalidInput, field.to_owned());
    let missing = |field: &str| (ErrorCode::NotFound, field.to_owned());
    assert_eq!(
        refused(|it| it.environment = None).await,
        invalid("environment")
    );
    let unknown = refused(|it| it.environment = Some("qa".into())).await;
    assert_eq!(unknown, missing("environment"));
    let foreign = refused(|it| it.release_id = sluice_schema::TypedId::generate()).await;
    assert_eq!(foreign, missing("releaseId"));
    let hold = refused(|it| {
        it.overrides = vec![BlockerCode::Freeze, BlockerCode::Hold];
        it.override_reason = Some("urgent".into());
    });
    assert_eq!(hold.await, invalid("overrides[1]"));
    let unexplained = refused(|it| it.overrides = vec![BlockerCode::Freeze]).await;
    assert_eq!(unexplained, invalid("overrideReason"));
    assert!(world.drain().await.is_empty());
}

async fn promoting_and_overriding_take_their_scopes_and_projects(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let as_user = async |user: User, overrides: Vec<BlockerCode>| {
        let mut command = to_promote(&release, "dev");
        command.override_reason = (!overrides.is_empty()).then(|| "urgent".to_owned());
        command.overrides = overrides;
        let done = world.promotions.promote(&user.ctx(), command).await;
        done.err().map(|error| error.code())
    };
    let eve = || User::of("acme", "eve");
    let reader = eve().with_scopes(&[Scope::Read]);
    assert_eq!(as_user(reader, vec![]).await, Some(ErrorCode::Forbidden));
    let promoter = || eve().with_scopes(&[Scope::PromotionsWrite]);
    let freeze = vec![BlockerCode::Freeze];
    assert_eq!(
        as_user(promoter(), freeze).await,
        Some(ErrorCode::Forbidden)
    );
    let stranger = eve().in_projects(&["api"]);
    assert_eq!(as_user(stranger, vec![]).await, Some(ErrorCode::NotFound));
    assert_eq!(as_user(promoter(), vec![]).await, None);
}

async fn the_infrastructure_is_provisioned_before_anything_is_declared(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    world.facts.away.store(1, Ordering::SeqCst);
    let running = world.promote(&release, "dev").await.unwrap().value;
    assert_eq!(running.status, PromotionStatus::Running);
    assert_eq!(world.shop_in("dev").await, None);
    assert_eq!(world.recover().await, 1);
    assert_eq!(world.facts.provisioned.load(Ordering::SeqCst), 1);
    assert_eq!(
        world.get(running.id).await.status,
        PromotionStatus::Verifying
    );
}

async fn a_promotion_that_waits_is_cancelled_and_no_other(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.shop("1.0.0").await;
    let waiting = world.promote_waiting(&release, "test").await;
    assert_eq!(waiting.status, PromotionStatus::Gated);
    let cancel = |id| {
        let reason = "not needed".to_owned();
        let command = CancelPromotion {
            promotion_id: id,
            reason,
        };
        world.promotions.cancel(&world.ctx, command)
    };
    let outcomes = join_all((0..10).map(|_| cancel(waiting.id))).await;
    let done = outcomes
        .iter()
        .filter(|it| !it.as_ref().unwrap().replayed)
        .count();
    assert_eq!(done, 1);
    assert_eq!(
        world.drained_types().await,
        ["PromotionRequested", "PromotionFailed"]
    );
    let running = world.promote(&release, "dev").await.unwrap().value;
    let refused = cancel(running.id).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::FailedPrecondition);
    // What was cancelled may be asked for again.
    let again = world.promote_waiting(&release, "test").await;
    assert_eq!(again.attempt, 2);
}

sluice_testkit::on_both_databases!(
    an_approved_release_is_declared_and_succeeds_once_its_target_follows,
    fifty_equal_commands_are_one_promotion,
    the_release_that_is_current_is_not_promoted_again,
    what_is_rendered_anew_is_promoted_anew,
    modules_of_one_release_are_declared_in_one_commit,
    a_key_stands_for_one_promotion,
    what_cannot_be_asked_for_is_refused_with_the_field,
    promoting_and_overriding_take_their_scopes_and_projects,
    the_infrastructure_is_provisioned_before_anything_is_declared,
    a_promotion_that_waits_is_cancelled_and_no_other,
);
