use sluice_environment_promotion::{PromotionFilter, PromotionStatus};
use sluice_kernel::directory::ManifestView;
use sluice_testkit::Backend;

use crate::world::World;

async fn count(world: &World) -> u64 {
    let filter = PromotionFilter::default();
    world.promotions.count(&world.ctx, &filter).await.unwrap()
}

async fn rendered(world: &World, version: &str, environment: &str) -> ManifestView {
    let release = world.release(version, &["shop"]);
    let content = format!("{environment} {version}");
    world.render(&release, environment, "shop", &content).await
}

async fn a_rendered_manifest_is_promoted_where_the_environment_does_so_itself(backend: Backend) {
    let world = World::new(backend).await;
    let prod = rendered(&world, "1.0.0", "prod").await;
    world.handle(&world.rendered(&prod, "1.0.0")).await;
    assert_eq!(count(&world).await, 0);
    let dev = rendered(&world, "1.0.0", "dev").await;
    let event = world.rendered(&dev, "1.0.0");
    tokio::join!(world.handle(&event), world.handle(&event));
    world.handle(&event).await;
    assert_eq!(count(&world).await, 1);
    assert_eq!(world.drained_types().await, ["PromotionRequested"]);
    world.recover().await;
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 1.0.0");
    let events = world.drain().await;
    assert_eq!(events[0].event_type, "DeploymentPromoted");
    assert_eq!(events[0].causation_id, Some(event.event_id));
    assert_eq!(events[0].trace_id, event.trace_id);
}

async fn a_release_of_two_modules_waits_until_both_are_rendered(backend: Backend) {
    let world = World::new(backend).await;
    let release = world.release("1.0.0", &["blog", "shop"]);
    let blog = world.render(&release, "dev", "blog", "blog").await;
    world.handle(&world.rendered(&blog, "1.0.0")).await;
    world.recover().await;
    assert!(world.declared().await.is_empty());
    let shop = world.render(&release, "dev", "shop", "shop").await;
    world.handle(&world.rendered(&shop, "1.0.0")).await;
    world.recover().await;
    assert_eq!(world.declared().await.len(), 2);
    assert_eq!(count(&world).await, 1);
}

async fn an_environment_never_goes_back_or_tries_again_by_itself(backend: Backend) {
    let world = World::new(backend).await;
    let new = rendered(&world, "2.0.0", "dev").await;
    let old = rendered(&world, "1.0.0", "dev").await;
    world.handle(&world.rendered(&new, "2.0.0")).await;
    // The older one's event comes late: while the newer one waits, and when it is declared.
    world.handle(&world.rendered(&old, "1.0.0")).await;
    world.recover().await;
    world.handle(&world.rendered(&old, "1.0.0")).await;
    assert_eq!(count(&world).await, 1);
    world.clock.advance(chrono::TimeDelta::minutes(10));
    world.recover().await;
    world.handle(&world.rendered(&new, "2.0.0")).await;
    assert_eq!(count(&world).await, 1);
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 2.0.0");
}

async fn a_newer_release_takes_the_place_of_one_that_waits(backend: Backend) {
    let world = World::new(backend).await;
    let waits = world.release("1.0.0", &["shop"]);
    let mut pending = waits.clone();
    pending.status = "PENDING_APPROVAL".into();
    world.put_release(&pending);
    let old = world.render(&waits, "dev", "shop", "dev 1.0.0").await;
    world.handle(&world.rendered(&old, "1.0.0")).await;
    world.recover().await;
    let new = rendered(&world, "2.0.0", "dev").await;
    world.handle(&world.rendered(&new, "2.0.0")).await;
    world.recover().await;
    assert_eq!(world.shop_in("dev").await.unwrap(), "dev 2.0.0");
    let all = world
        .promotions
        .find_by_releases(&world.ctx, &[waits.id])
        .await
        .unwrap();
    assert_eq!(all[&waits.id][0].status, PromotionStatus::Superseded);
}

async fn what_runs_by_itself_passes_through_every_environment_in_order(backend: Backend) {
    let world = World::new(backend).await;
    world.redefine("test", |it| it.auto_promote = true).await;
    let release = world.shop("1.0.0").await;
    let manifests = world.facts.manifests.lock().unwrap().clone();
    // Events of different environments come in any order.
    for manifest in manifests.iter().rev() {
        world.handle(&world.rendered(manifest, "1.0.0")).await;
    }
    world.recover().await;
    assert_eq!(world.shop_in("test").await, None);
    let dev = world.promote(&release, "dev").await.unwrap();
    assert!(dev.replayed && dev.value.automatic);
    world.follow(&dev.value);
    world.recover().await;
    world.recover().await;
    assert_eq!(world.shop_in("test").await.unwrap(), "test 1.0.0");
}

async fn an_event_of_an_environment_that_is_gone_is_passed_over(backend: Backend) {
    let world = World::new(backend).await;
    let mut dev = rendered(&world, "1.0.0", "dev").await;
    dev.environment_id = sluice_schema::TypedId::generate();
    world.handle(&world.rendered(&dev, "1.0.0")).await;
    assert_eq!(count(&world).await, 0);
}

sluice_testkit::on_both_databases!(
    a_rendered_manifest_is_promoted_where_the_environment_does_so_itself,
    a_release_of_two_modules_waits_until_both_are_rendered,
    an_environment_never_goes_back_or_tries_again_by_itself,
    a_newer_release_takes_the_place_of_one_that_waits,
    what_runs_by_itself_passes_through_every_environment_in_order,
    an_event_of_an_environment_that_is_gone_is_passed_over,
);
