use sluice_commit::{Author, CommitOrigin, CommitStatus, CreateCommit, Trailer};
use sluice_kernel::Fault;
use sluice_schema::{ErrorCode, RepositoryId, Scope, TypedId, events::CommitCreated};
use sluice_testkit::{Backend, User};

use crate::fixture::{World, put};

async fn a_commit_stands_on_its_branch_and_carries_its_lineage(backend: Backend) {
    let world = World::new(backend).await;
    let command = CreateCommit {
        message: "Add the shop\n\nBecause.".into(),
        author: Some(Author {
            name: "Ada Lovelace".into(),
            email: "ada@example.com".into(),
        }),
        artifact_content_hash: Some("sha256:00".into()),
        trailers: Some(vec![Trailer {
            key: "Ticket".into(),
            value: "T-1".into(),
        }]),
        ..world.artifact("artifact-1", vec![put("a.txt", "a"), put("b/c.txt", "c")])
    };
    let outcome = world.run(command).await.unwrap();
    let commit = outcome.value;
    assert!(!outcome.replayed);
    assert_eq!(commit.status, CommitStatus::Created);
    assert_eq!(commit.origin, CommitOrigin::Authored);
    assert_eq!((commit.changed_paths, commit.meta.version), (2, 2));
    let sha = commit.sha.clone().unwrap();
    assert_eq!(world.head().await.to_string(), sha);
    let info = world.info(&sha).await;
    assert_eq!(info.subject, "Add the shop");
    assert_eq!(info.author.name, "Ada Lovelace");
    assert_eq!(info.committer.name, "Sluice");
    assert_eq!(info.tree.to_string(), commit.tree_hash);
    let trailers: Vec<_> = info.trailers.iter().map(|(k, v)| (&**k, &**v)).collect();
    let id = commit.id.to_string();
    let expected = [
        ("Ticket", "T-1"),
        ("Artifact-Id", "artifact-1"),
        ("Artifact-Hash", "sha256:00"),
        ("Trace-Id", world.ctx.trace_id()),
        ("Correlation-Id", world.ctx.correlation_id()),
        ("Commit-Id", &id),
    ];
    assert_eq!(trailers, expected);
    let events = world.drain().await;
    let event: CommitCreated = events[0].decode().unwrap().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((event.sha, event.branch.as_str()), (sha, "x"));
    assert_eq!(event.artifact_id.as_deref(), Some("artifact-1"));
    assert_eq!(
        (event.subject_line.as_str(), event.changed_paths),
        ("Add the shop", 2)
    );
}

async fn secrets_are_refused_before_anything_is_written_and_never_shown(backend: Backend) {
    let world = World::new(backend).await;
    let secret = ["ghp", "_", &"aB3dE6gH9jKl".repeat(3)].concat();
    let files = vec![
        put("ok.txt", "fine"),
        put("src/x.js", &format!("\n\nt = '{secret}'\n")),
    ];
    let refused = world.run(world.command(files)).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::SecretDetected);
    let findings = refused.findings();
    let finding = findings.iter().find(|f| f.rule == "github-token").unwrap();
    assert_eq!((finding.file.as_str(), finding.line), ("src/x.js", Some(3)));
    assert!(!format!("{refused} {refused:?}").contains(&secret));
    let message = CreateCommit {
        message: format!("Use {secret}"),
        ..world.command(vec![put("a", "a")])
    };
    let refused = world.run(message).await.unwrap_err();
    assert_eq!(refused.findings()[0].file, "(message)");
    let trailer = CreateCommit {
        trailers: Some(vec![Trailer {
            key: "Note".to_owned(),
            value: secret.clone(),
        }]),
        ..world.command(vec![put("a", "a")])
    };
    let refused = world.run(trailer).await.unwrap_err();
    assert_eq!(refused.findings()[0].file, "(trailers)");
    let count = world.service.count(&world.ctx, &Default::default()).await;
    assert_eq!((count.unwrap(), world.length().await), (0, 0));
    let marked = format!("t = '{secret}' // sluice:allow-secret github-token\n");
    world.commit(vec![put("src/x.js", &marked)]).await;
}

async fn protected_unknown_foreign_and_archived_are_refused(backend: Backend) {
    let mut world = World::new(backend).await;
    let code = |world: &World, command: CreateCommit| {
        let (service, ctx) = (world.service.clone(), world.ctx.clone());
        async move { service.create(&ctx, command).await.unwrap_err().code() }
    };
    let on = |world: &World, branch: &str| CreateCommit {
        branch: branch.into(),
        ..world.command(vec![put("a", "a")])
    };
    // Nobody told the branch service about the default branch yet.
    let refused = code(&world, on(&world, "main")).await;
    assert_eq!(refused, ErrorCode::BranchProtected);
    let refused = code(&world, on(&world, "nowhere")).await;
    assert_eq!(refused, ErrorCode::NotFound);
    world
        .facts
        .protected
        .lock()
        .unwrap()
        .insert("x".into(), true);
    assert_eq!(
        code(&world, on(&world, "x")).await,
        ErrorCode::BranchProtected
    );
    world
        .facts
        .protected
        .lock()
        .unwrap()
        .insert("x".into(), false);
    let unknown = CreateCommit {
        repository_id: RepositoryId::generate(),
        ..on(&world, "x")
    };
    assert_eq!(code(&world, unknown).await, ErrorCode::NotFound);
    let mine = world.ctx.clone();
    world.ctx = User::of("other", "eve").ctx();
    assert_eq!(code(&world, on(&world, "x")).await, ErrorCode::NotFound);
    world.ctx = User::of("acme", "eve").with_scopes(&[Scope::Read]).ctx();
    assert_eq!(code(&world, on(&world, "x")).await, ErrorCode::Forbidden);
    world.ctx = mine;
    let mut archived = world.repository.clone();
    archived.is_writable = false;
    world.list(&archived);
    let refused = code(&world, on(&world, "x")).await;
    assert_eq!(refused, ErrorCode::FailedPrecondition);
    assert_eq!((world.length().await, world.events().await), (0, 0));
}

async fn a_change_that_changes_nothing_is_refused(backend: Backend) {
    let world = World::new(backend).await;
    world.push("a.txt", "a").await;
    let refused = world.run(world.command(vec![put("a.txt", "a")])).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidInput);
    assert_eq!(refused.field().as_deref(), Some("changes"));
}

async fn going_back_to_an_earlier_content_is_a_new_commit(backend: Backend) {
    let world = World::new(backend).await;
    let first = world.commit(vec![put("a.txt", "1")]).await;
    world.commit(vec![put("a.txt", "2")]).await;
    let back = world.commit(vec![put("a.txt", "1")]).await;
    assert_ne!(back.id, first.id);
    assert_eq!(back.tree_hash, first.tree_hash);
    assert_eq!((world.length().await, world.events().await), (3, 3));
}

async fn an_expected_head_guards_the_branch(backend: Backend) {
    let world = World::new(backend).await;
    let at = |sha: String, content: &str| CreateCommit {
        expected_head: Some(sha),
        ..world.command(vec![put("a.txt", content)])
    };
    let root = world.root.to_string();
    let first = world.run(at(root.clone(), "1")).await.unwrap();
    assert!(!first.replayed);
    let again = world.run(at(root.clone(), "1")).await.unwrap();
    assert!(again.replayed && again.value.id == first.value.id);
    for sha in [root, "0".repeat(40)] {
        let refused = world.run(at(sha, "2")).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::VersionConflict);
        assert_eq!(refused.field().as_deref(), Some("expectedHead"));
    }
    assert_eq!(world.length().await, 1);
}

sluice_testkit::on_both_databases!(
    a_commit_stands_on_its_branch_and_carries_its_lineage,
    secrets_are_refused_before_anything_is_written_and_never_shown,
    protected_unknown_foreign_and_archived_are_refused,
    a_change_that_changes_nothing_is_refused,
    going_back_to_an_earlier_content_is_a_new_commit,
    an_expected_head_guards_the_branch,
);
