//! How a commit is asked for, and what an answer costs.

use chrono::DateTime;
use sluice_kernel::Fault;
use sluice_ledger::{CommitKey, LedgerError, ReachState};
use sluice_schema::{
    CommitId, ErrorCode, TypedId,
    events::{CommitCreated, CommitOrigin, HistoryCommit, HistoryRecorded},
};
use sluice_testkit::{Backend, User, on_both_databases};

use super::shop::Shop;

on_both_databases!(
    a_commit_is_found_by_id_by_sha_and_by_a_prefix,
    what_is_no_commit_of_the_caller_is_not_found,
    the_number_of_statements_does_not_depend_on_the_number_of_rows,
    a_repository_without_releases_has_an_answer_for_each_environment,
);

impl Shop {
    async fn ask(&self, user: &User, key: CommitKey) -> Result<String, LedgerError> {
        let mut found = self.ledger.reach(&user.ctx(), &key).await?;
        Ok(found.remove(0).state.as_str().to_owned())
    }

    fn sha(&self, sha: &str) -> CommitKey {
        CommitKey::Sha(self.repository().to_string(), sha.to_owned())
    }

    async fn recorded(&self, sha: &str) -> CommitId {
        let commit_id = CommitId::generate();
        let created = CommitCreated {
            commit_id,
            repository_id: self.repository(),
            branch: "main".into(),
            sha: sha.into(),
            tree_hash: "0".repeat(40),
            parent_shas: Vec::new(),
            artifact_id: None,
            subject_line: "Write".into(),
            author: "Eve".into(),
            origin: CommitOrigin::Authored,
            pull_request_id: None,
            changed_paths: 1,
        };
        self.append(&created).await;
        commit_id
    }

    async fn history_of(&self, shas: &[&str]) {
        let commit = |sha: &&str| HistoryCommit {
            sha: (*sha).into(),
            parents: Vec::new(),
            subject_line: "Write".into(),
            author: "Eve".into(),
            authored_at: DateTime::UNIX_EPOCH,
            committed_at: DateTime::UNIX_EPOCH,
            patch_id: None,
            reverts: Vec::new(),
            picked_from: None,
            landing: None,
            mainline: false,
        };
        let history = HistoryRecorded {
            repository_id: self.repository(),
            branch: "made-up".into(),
            default_branch: false,
            head_sha: shas[0].into(),
            landings: None,
            merge_base: None,
            squash_patch_id: None,
            rewritten: false,
            commits: shas.iter().map(commit).collect(),
            more: false,
        };
        self.append(&history).await;
    }
}

async fn a_commit_is_found_by_id_by_sha_and_by_a_prefix(backend: Backend) {
    let shop = Shop::open(backend).await;
    let head = shop.head();
    shop.run(&head).await;
    let ada = User::of("acme", "ada");
    let id = shop.recorded(&head).await;
    for key in [
        CommitKey::Id(id.to_string()),
        shop.sha(&head),
        shop.sha(&head[..7]),
        shop.sha(&head[..12].to_uppercase()),
    ] {
        assert_eq!(shop.ask(&ada, key).await.unwrap(), "LANDED");
    }
    // Its history may be told later than its record.
    let untold = "abcdef0123456789abcdef0123456789abcdef01";
    let id = shop.recorded(untold).await;
    for key in [CommitKey::Id(id.to_string()), shop.sha(untold)] {
        assert_eq!(shop.ask(&ada, key).await.unwrap(), "NOT_STARTED");
    }
    let twins = ["1234567a", "1234567b"].map(|begin| format!("{begin:0<40}"));
    shop.history_of(&[&twins[0], &twins[1]]).await;
    let ambiguous = shop.ask(&ada, shop.sha("1234567")).await.unwrap_err();
    assert_eq!(ambiguous.code(), ErrorCode::InvalidInput);
    assert_eq!(ambiguous.field().as_deref(), Some("sha"));
    assert_eq!(
        shop.ask(&ada, shop.sha("1234567a")).await.unwrap(),
        "NOT_STARTED"
    );
}

async fn what_is_no_commit_of_the_caller_is_not_found(backend: Backend) {
    let shop = Shop::open(backend).await;
    let head = shop.head();
    let id = shop.recorded(&head).await.to_string();
    let ada = User::of("acme", "ada");
    let code = async |user: &User, key| shop.ask(user, key).await.unwrap_err().code();
    for key in [
        CommitKey::Id(CommitId::generate().to_string()),
        CommitKey::Id(shop.repository().to_string()),
        CommitKey::Id(String::new()),
        CommitKey::Sha("repo_none".into(), head.clone()),
        shop.sha("0000000"),
    ] {
        assert_eq!(code(&ada, key).await, ErrorCode::NotFound);
    }
    for bad in ["", "abcdef", "main", "0000000'", &"a".repeat(41)] {
        assert_eq!(
            code(&ada, shop.sha(bad)).await,
            ErrorCode::InvalidInput,
            "{bad}"
        );
    }
    let elsewhere = User::of("acme", "bob").in_projects(&["api"]);
    for user in [elsewhere, User::of("globex", "gus")] {
        assert_eq!(
            code(&user, CommitKey::Id(id.clone())).await,
            ErrorCode::NotFound
        );
        assert_eq!(code(&user, shop.sha(&head)).await, ErrorCode::NotFound);
    }
    let nobody = User::of("acme", "bob").with_scopes(&[]);
    assert_eq!(code(&nobody, shop.sha(&head)).await, ErrorCode::Forbidden);
}

async fn the_number_of_statements_does_not_depend_on_the_number_of_rows(backend: Backend) {
    let shop = Shop::open(backend).await;
    let change = shop.commit("topic", "one", "1\n").await;
    let statements = async |key: CommitKey| {
        let ctx = shop.world.ctx.clone();
        let before = ctx.statements().get();
        shop.ledger.reach(&ctx, &key).await.unwrap();
        ctx.statements().get() - before
    };
    assert_eq!(statements(shop.sha(&change)).await, 8);
    shop.on("main");
    shop.git(&["cherry-pick", "topic"]);
    shop.push().await;
    for _ in 0..6 {
        shop.git(&["revert", "--no-edit", "HEAD"]);
        let head = shop.push().await;
        shop.run(&head).await;
    }
    shop.run(&change).await;
    assert_eq!(statements(shop.sha(&change)).await, 8);
    let id = shop.recorded(&change).await;
    assert_eq!(statements(CommitKey::Id(id.to_string())).await, 9);
}

async fn a_repository_without_releases_has_an_answer_for_each_environment(backend: Backend) {
    let shop = Shop::open(backend).await;
    let reach = shop.reach(&shop.head()).await;
    assert_eq!((reach.state, reach.module), (ReachState::InFlight, None));
    assert_eq!(reach.environment_id, shop.prod.to_string());
}
