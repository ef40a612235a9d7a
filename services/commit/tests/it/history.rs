//! Histories of branches as they are told.

use std::io::Write;
use std::process::{Command, Stdio};

use sluice_commit::{HistoryReactions, HistoryRecovery};
use sluice_git_host::{GitHost, MergeOutcome, MergeSpec, MergeStrategy, Oid, RefChange};
use sluice_kernel::{Ctx, Reaction, Reconciler};
use sluice_schema::{
    EventPayload, PullRequestId, TypedId,
    events::{HistoryCommit, HistoryRecorded, PullRequestMerged, RepositoryProvisioned},
};
use sluice_testkit::{Backend, event, push, signature};

use crate::fixture::World;

fn provisioned(world: &World) -> RepositoryProvisioned {
    RepositoryProvisioned {
        repository_id: world.repository.id,
        name: "shop".into(),
        provider: "LOCAL".into(),
        remote_url: "http://localhost/shop".into(),
        default_branch: "main".into(),
        head_sha: world.root.to_string(),
        visibility: "PRIVATE".into(),
    }
}

fn opened(world: &World, branch: &str) -> sluice_schema::events::PullRequestOpened {
    sluice_schema::events::PullRequestOpened {
        pull_request_id: PullRequestId::generate(),
        repository_id: world.repository.id,
        number: 1,
        title: "x".into(),
        source_branch: branch.into(),
        target_branch: "main".into(),
        source_sha: "1".repeat(40),
        target_sha: "1".repeat(40),
    }
}

async fn try_tell<P: EventPayload>(world: &World, payload: &P) -> bool {
    let event = event(&world.ctx, &world.repository.project_id, None, payload);
    let ctx = Ctx::for_event("commit.history", &event);
    let reactions = HistoryReactions(world.service.clone());
    reactions.handle(&ctx, &event).await.is_ok()
}

async fn told(world: &World) -> Vec<HistoryRecorded> {
    let events = world.drain().await;
    let told = events.iter().map(|event| {
        assert_eq!(event.subject.id, world.repository.id.to_string());
        assert_eq!(event.module_id, world.repository.module_id);
        event.decode().unwrap().unwrap()
    });
    told.collect()
}

async fn tell<P: EventPayload>(world: &World, payload: &P) -> Vec<HistoryRecorded> {
    assert!(try_tell(world, payload).await);
    told(world).await
}

async fn on(world: &World, branch: &str, file: &str) -> Oid {
    push(world.git.real(), &world.path, branch, file, file).await
}

async fn move_to(world: &World, branch: &str, to: Oid) {
    let name = branch.parse().unwrap();
    let git = world.git.real();
    let change = RefChange {
        expected: git.head(&world.path, &name).await.unwrap(),
        new: Some(to),
    };
    git.update_ref(&world.path, &name, change).await.unwrap();
}

async fn merge(world: &World, source: Oid, strategy: MergeStrategy) -> Oid {
    let git = world.git.real();
    let main = "main".parse().unwrap();
    let target = git.head(&world.path, &main).await.unwrap().unwrap();
    let spec = MergeSpec {
        target,
        source,
        strategy,
        signature: signature("Ada"),
        message: "Merge it".into(),
        trailers: Vec::new(),
    };
    let merged = git.merge(&world.path, &spec).await.unwrap();
    let MergeOutcome::Merged { commit, .. } = merged else {
        panic!("{merged:?}")
    };
    move_to(world, "main", commit).await;
    commit
}

fn landings(event: &HistoryRecorded) -> Vec<(String, Option<u64>, bool)> {
    let commits = event.commits.iter();
    commits
        .map(|c: &HistoryCommit| (c.sha.clone(), c.landing, c.mainline))
        .collect()
}

async fn the_default_branch_is_told_from_its_root_and_only_once(backend: Backend) {
    let world = World::new(backend).await;
    let first = on(&world, "main", "a").await;
    let events = tell(&world, &provisioned(&world)).await;
    let [event] = &events[..] else {
        panic!("{events:?}")
    };
    let commit = |id: Oid, landing| (id.to_string(), Some(landing), true);
    assert_eq!(landings(event), [commit(world.root, 1), commit(first, 2)]);
    assert_eq!((event.landings, event.default_branch), (Some(2), true));
    assert!(!event.more && !event.rewritten);
    assert!(event.commits[1].patch_id.is_some());
    assert!(tell(&world, &provisioned(&world)).await.is_empty());
    let second = on(&world, "main", "b").await;
    let events = tell(&world, &provisioned(&world)).await;
    assert_eq!(landings(&events[0]), [commit(second, 3)]);
    assert_eq!(events[0].head_sha, second.to_string());
}

async fn a_branch_is_told_whole_and_again_when_it_lands(backend: Backend) {
    let world = World::new(backend).await;
    let base = on(&world, "main", "base").await;
    let one = on(&world, "topic", "a").await;
    let two = on(&world, "topic", "b").await;
    let events = tell(&world, &opened(&world, "topic")).await;
    let [main, topic] = &events[..] else {
        panic!("{events:?}")
    };
    assert!(main.default_branch && !topic.default_branch);
    let open = |id: Oid| (id.to_string(), None, false);
    assert_eq!(landings(topic), [open(one), open(two)]);
    assert_eq!(topic.merge_base, Some(base.to_string()));
    assert_eq!(topic.landings, None);
    // Every one of them is told with each move, so that a squash can be told apart.
    let three = on(&world, "topic", "c").await;
    let events = tell(&world, &opened(&world, "topic")).await;
    assert_eq!(landings(&events[0]), [open(one), open(two), open(three)]);
    let squash = merge(&world, three, MergeStrategy::Squash).await;
    let id = world.git.patch_id(&world.path, &squash).await.unwrap();
    assert!(id.is_some() && events[0].squash_patch_id == id);
    assert_ne!(topic.squash_patch_id, id);
    let landed = merge(&world, two, MergeStrategy::Merge).await;
    let events = tell(&world, &provisioned(&world)).await;
    let expected = [
        (squash.to_string(), Some(3), true),
        (one.to_string(), Some(4), false),
        (two.to_string(), Some(4), false),
        (landed.to_string(), Some(4), true),
    ];
    assert_eq!(landings(&events[0]), expected);
    assert_eq!(events[0].commits[0].patch_id, id);
}

async fn the_source_of_a_merge_is_told_though_its_branch_is_gone(backend: Backend) {
    let world = World::new(backend).await;
    let one = on(&world, "topic", "a").await;
    let squash = merge(&world, one, MergeStrategy::Squash).await;
    let name = "topic".parse().unwrap();
    let gone = RefChange {
        expected: Some(one),
        new: None,
    };
    let git = world.git.real();
    git.update_ref(&world.path, &name, gone).await.unwrap();
    let merged = PullRequestMerged {
        pull_request_id: PullRequestId::generate(),
        repository_id: world.repository.id,
        repository_name: "shop".into(),
        number: 1,
        title: "x".into(),
        source_branch: "topic".into(),
        target_branch: "main".into(),
        source_sha: one.to_string(),
        merge_commit_sha: squash.to_string(),
        tree_hash: "1".repeat(40),
        parent_shas: Vec::new(),
        created_shas: vec![squash.to_string()],
        strategy: "SQUASH".into(),
        merged_by: "ada".into(),
        delete_source_branch: true,
    };
    let events = tell(&world, &merged).await;
    let heads: Vec<&str> = events.iter().map(|event| &*event.head_sha).collect();
    assert_eq!(heads, [squash.to_string(), one.to_string()]);
    assert_eq!(landings(&events[1]), [(one.to_string(), None, false)]);
    assert!(tell(&world, &merged).await.is_empty());
    assert!(tell(&world, &opened(&world, "topic")).await.is_empty());
}

async fn a_rewritten_default_branch_is_told_from_where_the_lines_part(backend: Backend) {
    let world = World::new(backend).await;
    let kept = on(&world, "main", "a").await;
    let lost = on(&world, "main", "b").await;
    tell(&world, &provisioned(&world)).await;
    move_to(&world, "main", kept).await;
    let new = on(&world, "main", "c").await;
    let newer = on(&world, "main", "d").await;
    let events = tell(&world, &provisioned(&world)).await;
    let [back, on] = &events[..] else {
        panic!("{events:?}")
    };
    assert!(back.rewritten && back.more && back.landings == Some(2));
    assert_eq!(landings(back), [(lost.to_string(), None, false)]);
    let commit = |id: Oid, landing| (id.to_string(), Some(landing), true);
    assert_eq!(landings(on), [commit(new, 3), commit(newer, 4)]);
    assert!(!on.rewritten && on.landings == Some(4));
    // A branch that only goes back has lost what it had.
    move_to(&world, "main", new).await;
    let events = tell(&world, &provisioned(&world)).await;
    assert_eq!(landings(&events[0]), [(newer.to_string(), None, false)]);
    assert_eq!(events.last().unwrap().landings, Some(3));
    assert!(tell(&world, &provisioned(&world)).await.is_empty());
}

async fn a_merge_that_turns_the_first_parent_line_renumbers_it(backend: Backend) {
    let world = World::new(backend).await;
    let base = on(&world, "main", "base").await;
    let topic = on(&world, "topic", "t").await;
    let old = on(&world, "main", "m").await;
    tell(&world, &provisioned(&world)).await;
    let git = world.git.real();
    let spec = MergeSpec {
        target: topic,
        source: old,
        strategy: MergeStrategy::Merge,
        signature: signature("Ada"),
        message: "Merge main into topic".into(),
        trailers: Vec::new(),
    };
    let merged = git.merge(&world.path, &spec).await.unwrap();
    let MergeOutcome::Merged { commit, .. } = merged else {
        panic!("{merged:?}")
    };
    move_to(&world, "main", commit).await;
    let events = tell(&world, &provisioned(&world)).await;
    assert!(events[0].rewritten && events[0].commits.is_empty());
    let expected = [
        (topic.to_string(), Some(3), true),
        (old.to_string(), Some(4), false),
        (commit.to_string(), Some(4), true),
    ];
    assert_eq!(landings(&events[1]), expected);
    assert_ne!(base, topic);
}

async fn tellings_at_once_tell_each_commit_once(backend: Backend) {
    let world = World::new(backend).await;
    for file in ["a", "b", "c"] {
        on(&world, "main", file).await;
    }
    on(&world, "topic", "t").await;
    let event = opened(&world, "topic");
    let tell = || try_tell(&world, &event);
    let all = tokio::join!(tell(), tell(), tell(), tell());
    assert_eq!(all, (true, true, true, true));
    let events = told(&world).await;
    let commits: usize = events.iter().map(|event| event.commits.len()).sum();
    assert_eq!((events.len(), commits), (2, 5));
}

fn import(world: &World, commits: usize) {
    let dir = world.git.real().git_dir(&world.path);
    let mut child = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(dir)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for number in 0..commits {
        let from = match number {
            0 => format!("from {}\n", world.root),
            _ => String::new(),
        };
        let who = format!("Eve <eve@example.com> {} +0000", 1_700_000_000 + number);
        write!(
            stdin,
            "commit refs/heads/main\ncommitter {who}\ndata 1\nx\n{from}\
             M 644 inline f\ndata <<E\n{number}\nE\n\n"
        )
        .unwrap();
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

async fn a_long_history_is_told_in_portions_to_its_end(backend: Backend) {
    let world = World::new(backend).await;
    import(&world, 20_700);
    // More than one reaction tells; what is left waits for the recovery loop.
    assert!(!try_tell(&world, &provisioned(&world)).await);
    let recovery = HistoryRecovery(world.service.clone());
    assert_eq!(recovery.reconcile().await.unwrap(), 1);
    assert_eq!(recovery.reconcile().await.unwrap(), 0);
    let events = told(&world).await;
    assert!(events.iter().all(|event| event.commits.len() <= 500));
    let more = events.iter().filter(|event| event.more).count();
    assert_eq!(more, events.len() - 1);
    assert!(!events.last().unwrap().more);
    let commits: Vec<_> = events.iter().flat_map(|event| &event.commits).collect();
    assert_eq!(commits.len(), 20_701);
    for (landing, commit) in (1..).zip(&commits) {
        assert_eq!((commit.landing, commit.mainline), (Some(landing), true));
    }
    assert!(events.iter().all(|event| event.landings == Some(20_701)));
    let with_id = commits.iter().filter(|c| c.patch_id.is_some()).count();
    assert_eq!(with_id, 2_000);
    assert!(commits[18_701..].iter().all(|c| c.patch_id.is_some()));
}

sluice_testkit::on_both_databases!(
    the_default_branch_is_told_from_its_root_and_only_once,
    a_branch_is_told_whole_and_again_when_it_lands,
    the_source_of_a_merge_is_told_though_its_branch_is_gone,
    a_rewritten_default_branch_is_told_from_where_the_lines_part,
    a_merge_that_turns_the_first_parent_line_renumbers_it,
    tellings_at_once_tell_each_commit_once,
    a_long_history_is_told_in_portions_to_its_end,
);
