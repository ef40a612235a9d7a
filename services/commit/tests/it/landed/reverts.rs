//! Changes that are taken back.

use sluice_git_host::MergeStrategy;
use sluice_testkit::{Backend, on_both_databases};

use super::shop::{Shop, text};

on_both_databases!(
    a_reverted_change_names_what_took_it_back,
    a_revert_of_a_revert_brings_the_change_again,
    a_reverted_merge_takes_its_commits_back,
    a_reverted_squash_takes_its_commits_back,
    a_change_picked_again_after_its_revert_is_there,
    a_revert_that_was_squashed_takes_back_all_the_same,
    a_branch_that_takes_its_own_change_back_brings_nothing,
    a_release_branch_may_lack_the_revert,
);

impl Shop {
    /// Reverts a commit on the branch that is checked out.
    async fn revert(&self, args: &[&str]) -> String {
        self.git(&[&["revert", "--no-edit"], args].concat());
        self.push().await
    }
}

async fn a_reverted_change_names_what_took_it_back(backend: Backend) {
    let shop = Shop::open(backend).await;
    let change = shop.commit("main", "one", "1\n").await;
    let landed = shop.run(&change).await;
    let revert = shop.revert(&["HEAD"]).await;
    let other = shop.commit("main", "other", "1\n").await;
    let reach = shop.reach(&change).await;
    assert_eq!(reach.promotion_id, Some(landed.to_string()));
    assert_eq!(shop.told(&change).await, format!("LANDED {change}"));
    let reverted = shop.run(&revert).await;
    shop.run(&other).await;
    assert_eq!(
        shop.told(&change).await,
        format!("REVERTED {change} {revert}")
    );
    let reach = shop.reach(&change).await;
    assert_eq!(reach.promotion_id, Some(reverted.to_string()));
    assert!(reach.since.is_some());
    assert_eq!(shop.told(&revert).await, format!("LANDED {revert}"));
}

async fn a_revert_of_a_revert_brings_the_change_again(backend: Backend) {
    let shop = Shop::open(backend).await;
    let base = shop.head();
    let change = shop.commit("main", "one", "1\n").await;
    let revert = shop.revert(&["HEAD"]).await;
    shop.run(&base).await;
    // Taken back before it got here.
    assert_eq!(
        shop.told(&change).await,
        format!("REVERTED {change} {revert}")
    );
    assert_eq!(shop.reach(&change).await.promotion_id, None);
    let again = shop.revert(&["HEAD"]).await;
    assert_eq!(shop.told(&change).await, "IN_FLIGHT MERGED");
    shop.run(&again).await;
    // It has the patch of the change, too.
    assert_eq!(
        shop.told(&change).await,
        format!("LANDED_AS {again} CHERRY_PICK")
    );
    assert_eq!(
        shop.told(&revert).await,
        format!("REVERTED {revert} {again}")
    );
    assert_eq!(shop.told(&again).await, format!("LANDED {again}"));
    let last = shop.revert(&["HEAD"]).await;
    shop.run(&last).await;
    assert_eq!(
        shop.told(&change).await,
        format!("REVERTED {again} CHERRY_PICK {last}")
    );
}

async fn a_reverted_merge_takes_its_commits_back(backend: Backend) {
    let shop = Shop::open(backend).await;
    let one = shop.commit("topic", "one", "1\n").await;
    let two = shop.commit("topic", "two", "2\n").await;
    let beside = shop.commit("main", "beside", "3\n").await;
    let merge = shop.merge_request("topic", MergeStrategy::Merge).await;
    shop.run(&merge).await;
    let revert = shop.revert(&["-m", "1", "HEAD"]).await;
    shop.run(&revert).await;
    for sha in [&one, &two, &merge] {
        assert_eq!(shop.told(sha).await, format!("REVERTED {sha} {revert}"));
    }
    assert_eq!(shop.told(&beside).await, format!("LANDED {beside}"));
    let again = shop.revert(&["HEAD"]).await;
    shop.run(&again).await;
    for sha in [&one, &two] {
        let told = shop.told(sha).await;
        assert!(told.starts_with(&format!("LANDED_AS {again}")), "{told}");
    }
}

async fn a_reverted_squash_takes_its_commits_back(backend: Backend) {
    let shop = Shop::open(backend).await;
    let one = shop.commit("topic", "one", "1\n").await;
    let two = shop.commit("topic", "two", "2\n").await;
    let squash = shop.merge_request("topic", MergeStrategy::Squash).await;
    let revert = shop.revert(&["HEAD"]).await;
    shop.run(&revert).await;
    for sha in [&one, &two] {
        assert_eq!(
            shop.told(sha).await,
            format!("REVERTED {squash} SQUASH {revert}")
        );
    }
}

async fn a_change_picked_again_after_its_revert_is_there(backend: Backend) {
    let shop = Shop::open(backend).await;
    let change = shop.commit("main", "one", "1\n").await;
    let revert = shop.revert(&["HEAD"]).await;
    shop.run(&revert).await;
    assert_eq!(
        shop.told(&change).await,
        format!("REVERTED {change} {revert}")
    );
    shop.git(&["cherry-pick", &change]);
    let again = shop.push().await;
    shop.run(&again).await;
    assert_eq!(
        shop.told(&change).await,
        format!("LANDED_AS {again} CHERRY_PICK")
    );
    assert_eq!(
        shop.told(&revert).await,
        format!("REVERTED {revert} {again}")
    );
}

async fn a_revert_that_was_squashed_takes_back_all_the_same(backend: Backend) {
    let shop = Shop::open(backend).await;
    let change = shop.commit("main", "one", "1\n").await;
    shop.on("undo");
    let revert = shop.revert(&["HEAD"]).await;
    shop.commit("undo", "two", "2\n").await;
    // Its message says nothing of what it reverts.
    let squash = shop.merge_request("undo", MergeStrategy::Squash).await;
    shop.run(&squash).await;
    assert_eq!(
        shop.told(&change).await,
        format!("REVERTED {change} {squash}")
    );
    assert_eq!(
        shop.told(&revert).await,
        format!("LANDED_AS {squash} SQUASH")
    );
    shop.on("main");
    let again = shop.revert(&["HEAD"]).await;
    shop.run(&again).await;
    let told = shop.told(&change).await;
    assert!(told.starts_with(&format!("LANDED_AS {again}")), "{told}");
}

async fn a_branch_that_takes_its_own_change_back_brings_nothing(backend: Backend) {
    let shop = Shop::open(backend).await;
    let change = shop.commit("topic", "one", "1\n").await;
    let revert = shop.revert(&["HEAD"]).await;
    let other = shop.commit("topic", "two", "2\n").await;
    let squash = shop.merge_request("topic", MergeStrategy::Squash).await;
    shop.run(&squash).await;
    assert_eq!(
        shop.told(&other).await,
        format!("LANDED_AS {squash} SQUASH")
    );
    let told = shop.told(&change).await;
    assert!(!told.starts_with("LANDED"), "{told}");
    assert!(shop.told(&revert).await.starts_with("LANDED_AS"));
}

async fn a_release_branch_may_lack_the_revert(backend: Backend) {
    let shop = Shop::open(backend).await;
    let change = shop.commit("main", "shared", &text(&[20])).await;
    shop.git(&["checkout", "--quiet", "-b", "release"]);
    let beside = shop.commit("release", "notes", "1\n").await;
    shop.on("main");
    let revert = shop.revert(&["HEAD"]).await;
    shop.run(&beside).await;
    assert_eq!(shop.told(&change).await, format!("LANDED {change}"));
    shop.on("release");
    shop.git(&["cherry-pick", "main"]);
    let picked = shop.push().await;
    shop.run(&picked).await;
    assert_eq!(
        shop.told(&change).await,
        format!("REVERTED {change} {picked}")
    );
    shop.run(&revert).await;
    assert_eq!(
        shop.told(&change).await,
        format!("REVERTED {change} {revert}")
    );
}
