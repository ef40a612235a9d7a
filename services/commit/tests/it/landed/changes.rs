//! One change, several commits.

use sluice_git_host::MergeStrategy;
use sluice_schema::{PullRequestId, TypedId};
use sluice_testkit::{Backend, on_both_databases};

use super::shop::{Shop, text};

on_both_databases!(
    a_merged_commit_lands_with_its_merge,
    a_fast_forward_lands_each_commit,
    each_commit_of_a_squashed_branch_has_landed_as_the_squash,
    a_squash_that_resolved_something_is_known_by_its_pull_request,
    a_squash_does_not_hold_what_its_branch_lost_or_got_later,
    a_rebased_commit_has_landed_as_its_copy,
    a_rebase_that_changed_the_patch_is_known_by_its_pull_request,
    a_pick_onto_a_release_branch_is_the_change,
    what_runs_from_beside_the_default_branch_has_what_it_branched_from,
    a_rewritten_default_branch_has_lost_what_it_lost,
);

async fn a_merged_commit_lands_with_its_merge(backend: Backend) {
    let shop = Shop::open(backend).await;
    let base = shop.head();
    let one = shop.commit("topic", "one", "1\n").await;
    let two = shop.commit("topic", "two", "2\n").await;
    shop.run(&base).await;
    assert_eq!(shop.told(&one).await, "NOT_STARTED");
    let opened = shop.opened(PullRequestId::generate(), "topic", &two);
    shop.append(&opened).await;
    assert_eq!(shop.told(&one).await, "IN_FLIGHT PULL_REQUEST");
    let beside = shop.commit("main", "other", "3\n").await;
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge topic", "topic"]);
    let merge = shop.push().await;
    assert_eq!(shop.told(&one).await, "IN_FLIGHT MERGED");
    shop.run(&beside).await;
    assert_eq!(shop.told(&two).await, "IN_FLIGHT MERGED");
    let promotion = shop.run(&merge).await;
    for sha in [&one, &two, &merge] {
        assert_eq!(shop.told(sha).await, format!("LANDED {sha}"));
    }
    let reach = shop.reach(&one).await;
    assert_eq!(reach.promotion_id, Some(promotion.to_string()));
    assert_eq!(
        (&*reach.environment, reach.module.as_deref()),
        ("prod", Some("shop"))
    );
    let later = shop.commit("main", "later", "4\n").await;
    shop.run(&later).await;
    assert_eq!(shop.reach(&one).await, reach);
    let release = shop.release(&merge).await;
    shop.request(release).await;
    assert_eq!(shop.reach(&one).await, reach);
}

async fn a_fast_forward_lands_each_commit(backend: Backend) {
    let shop = Shop::open(backend).await;
    let one = shop.commit("topic", "one", "1\n").await;
    let two = shop.commit("topic", "two", "2\n").await;
    shop.on("main");
    shop.git(&["merge", "--quiet", "--ff-only", "topic"]);
    shop.push().await;
    shop.run(&one).await;
    assert_eq!(shop.told(&one).await, format!("LANDED {one}"));
    assert_eq!(shop.told(&two).await, "IN_FLIGHT MERGED");
}

async fn each_commit_of_a_squashed_branch_has_landed_as_the_squash(backend: Backend) {
    let shop = Shop::open(backend).await;
    let one = shop.commit("topic", "one", "1\n").await;
    let two = shop.commit("topic", "shared", &text(&[30])).await;
    shop.commit("main", "shared", &text(&[2])).await;
    shop.git(&["merge", "--quiet", "--squash", "topic"]);
    shop.git(&["commit", "--quiet", "-m", "The topic as one"]);
    let squash = shop.push().await;
    assert_eq!(shop.told(&one).await, "IN_FLIGHT MERGED");
    shop.run(&squash).await;
    for sha in [&one, &two] {
        assert_eq!(shop.told(sha).await, format!("LANDED_AS {squash} SQUASH"));
    }
    assert_eq!(shop.told(&squash).await, format!("LANDED {squash}"));
}

async fn a_squash_that_resolved_something_is_known_by_its_pull_request(backend: Backend) {
    let shop = Shop::open(backend).await;
    let one = shop.commit("topic", "shared", &text(&[20])).await;
    // Close by, so that the patch of the squash has other lines around it.
    shop.commit("main", "shared", &text(&[17])).await;
    let squash = shop.merge_request("topic", MergeStrategy::Squash).await;
    shop.run(&squash).await;
    assert_eq!(shop.told(&one).await, format!("LANDED_AS {squash} SQUASH"));
}

async fn a_squash_does_not_hold_what_its_branch_lost_or_got_later(backend: Backend) {
    let shop = Shop::open(backend).await;
    let lost = shop.commit("topic", "lost", "1\n").await;
    shop.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let kept = shop.commit("topic", "kept", "2\n").await;
    let more = shop.commit("topic", "more", "3\n").await;
    let squash = shop.merge_request("topic", MergeStrategy::Squash).await;
    let late = shop.commit("topic", "late", "4\n").await;
    shop.run(&squash).await;
    for sha in [&kept, &more] {
        assert_eq!(shop.told(sha).await, format!("LANDED_AS {squash} SQUASH"));
    }
    assert_eq!(shop.told(&lost).await, "NOT_STARTED");
    assert_eq!(shop.told(&late).await, "NOT_STARTED");
}

async fn a_rebased_commit_has_landed_as_its_copy(backend: Backend) {
    let shop = Shop::open(backend).await;
    let one = shop.commit("topic", "shared", &text(&[30])).await;
    shop.commit("main", "shared", &text(&[2])).await;
    shop.on("topic");
    shop.git(&["rebase", "--quiet", "main"]);
    let copy = shop.push().await;
    shop.on("main");
    shop.git(&["merge", "--quiet", "--ff-only", "topic"]);
    shop.push().await;
    shop.run(&copy).await;
    assert_ne!(one, copy);
    assert_eq!(shop.told(&one).await, format!("LANDED_AS {copy} REBASE"));
    assert_eq!(shop.told(&copy).await, format!("LANDED {copy}"));
}

async fn a_rebase_that_changed_the_patch_is_known_by_its_pull_request(backend: Backend) {
    let shop = Shop::open(backend).await;
    let one = shop.commit("topic", "shared", &text(&[20])).await;
    let two = shop.commit("topic", "two", "2\n").await;
    shop.commit("main", "shared", &text(&[17])).await;
    let last = shop.merge_request("topic", MergeStrategy::Rebase).await;
    let first = shop.git(&["rev-parse", "main~1"]);
    shop.run(&first).await;
    assert_eq!(shop.told(&one).await, format!("LANDED_AS {first} REBASE"));
    assert_eq!(shop.told(&two).await, "IN_FLIGHT MERGED");
    shop.run(&last).await;
    assert_eq!(shop.told(&two).await, format!("LANDED_AS {last} REBASE"));
}

async fn a_pick_onto_a_release_branch_is_the_change(backend: Backend) {
    let shop = Shop::open(backend).await;
    let base = shop.head();
    let fix = shop.commit("main", "shared", &text(&[20])).await;
    shop.git(&["checkout", "--quiet", "-b", "release", &base]);
    shop.commit("release", "shared", &text(&[17])).await;
    // Other lines around it make another patch: the message names the commit.
    shop.git(&["cherry-pick", "-x", "main"]);
    let named = shop.push().await;
    shop.run(&named).await;
    assert_eq!(
        shop.told(&fix).await,
        format!("LANDED_AS {named} CHERRY_PICK")
    );
    let other = shop.commit("main", "other", "1\n").await;
    shop.on("release");
    shop.git(&["cherry-pick", "main"]);
    let unnamed = shop.push().await;
    assert_eq!(shop.told(&other).await, "IN_FLIGHT MERGED");
    shop.run(&unnamed).await;
    assert_eq!(
        shop.told(&other).await,
        format!("LANDED_AS {unnamed} CHERRY_PICK")
    );
    // Back at the default branch, it is the commit itself.
    shop.run(&other).await;
    assert_eq!(shop.told(&fix).await, format!("LANDED {fix}"));
}

async fn what_runs_from_beside_the_default_branch_has_what_it_branched_from(backend: Backend) {
    let shop = Shop::open(backend).await;
    let before = shop.commit("main", "before", "1\n").await;
    let one = shop.commit("topic", "one", "1\n").await;
    let after = shop.commit("main", "after", "2\n").await;
    shop.on("topic");
    let two = shop.commit("topic", "two", "2\n").await;
    shop.run(&two).await;
    for sha in [&before, &one, &two] {
        assert_eq!(shop.told(sha).await, format!("LANDED {sha}"));
    }
    assert_eq!(shop.told(&after).await, "IN_FLIGHT MERGED");
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Take main", "main"]);
    let taken = shop.push().await;
    shop.run(&taken).await;
    assert_eq!(shop.told(&after).await, format!("LANDED {after}"));
    // The answer stays when the branch lands.
    shop.on("main");
    shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge topic", "topic"]);
    shop.push().await;
    for sha in [&before, &one, &two, &after] {
        assert_eq!(shop.told(sha).await, format!("LANDED {sha}"));
    }
}

async fn a_rewritten_default_branch_has_lost_what_it_lost(backend: Backend) {
    let shop = Shop::open(backend).await;
    let lost = shop.commit("main", "lost", "1\n").await;
    shop.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let kept = shop.commit("main", "kept", "2\n").await;
    let later = shop.commit("main", "later", "3\n").await;
    shop.run(&later).await;
    assert_eq!(shop.told(&lost).await, "NOT_STARTED");
    assert_eq!(shop.told(&kept).await, format!("LANDED {kept}"));
}
