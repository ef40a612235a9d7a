//! The ledger of a server that is killed while events flow.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use sluice_testkit::{Backend, Client, Server, eventually_within, on_both_databases};

use crate::support::{ada, branch_with, put, repository, server};

on_both_databases!(
    kills_while_events_flow_leave_a_whole_ledger_and_read_models_equal_to_a_rebuild,
    a_ledger_that_was_altered_fails_its_verification,
);

const KILLS: usize = 6;

// `sluice ledger <arguments>` on the server's data: its exit code and what it says.
async fn ledger(server: &Server, arguments: &[&str]) -> (i32, String) {
    let mut command = server.command(&[&["ledger"], arguments].concat());
    let run = tokio::task::spawn_blocking(move || command.output());
    let output = run.await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text.into_owned())
}

async fn verified(server: &Server) -> String {
    let (code, text) = ledger(server, &["verify"]).await;
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with("acme: "), "{text}");
    assert!(text.contains("whole"), "{text}");
    text
}

async fn rebuilt(server: &Server) {
    let (code, text) = ledger(server, &["rebuild", "--tenant", "acme"]).await;
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(" equal"), "{text}");
    assert!(!text.contains("differed"), "{text}");
}

/// Commits to branches of the repository until told to stop, whether the server is there or not.
struct Writer {
    stop: Arc<AtomicBool>,
    running: tokio::task::JoinHandle<()>,
}

impl Writer {
    fn start(client: Client, repository: String, name: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let running = tokio::spawn(async move {
            for number in 0.. {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let branch = format!("{name}/{number}");
                let branches = "mutation($input: CreateBranchInput!) { \
                                createBranch(input: $input) { branch { id } } }";
                let input = json!({ "repositoryId": repository, "name": branch });
                let _ = client.try_send(branches, json!({ "input": input })).await;
                let commits = "mutation($input: CreateCommitInput!) { \
                               createCommit(input: $input) { commit { id } } }";
                let changes = [put("a.txt", &branch)];
                let input = json!({
                    "repositoryId": repository, "branch": branch, "message": "Change",
                    "changes": changes,
                });
                let _ = client.try_send(commits, json!({ "input": input })).await;
            }
        });
        Self { stop, running }
    }

    async fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.running.await.unwrap();
    }
}

async fn at_rest(server: &Server) {
    let patience = Duration::from_secs(120);
    eventually_within(patience, "every event has arrived", || async {
        server.is_at_rest().await.then_some(())
    })
    .await;
}

// Rows of a store that match; a change of nothing counts them.
async fn count(server: &Server, store: &str, sql: &'static str) -> u64 {
    server.change_store(store, sql).await
}

async fn kills_while_events_flow_leave_a_whole_ledger_and_read_models_equal_to_a_rebuild(
    backend: Backend,
) {
    let seed = rand::random::<u64>();
    let mut random = StdRng::seed_from_u64(seed);
    let mut server = server(backend).await;
    let client = server.client(&ada());
    let repository = repository(&client, "greeter").await;
    let writers =
        ["one", "two"].map(|name| Writer::start(client.clone(), repository.clone(), name));
    for _ in 0..KILLS {
        let moment = Duration::from_millis(random.random_range(50..1_500));
        tokio::time::sleep(moment).await;
        server.kill();
        server.restart().await;
    }
    // Events still flow.
    verified(&server).await;
    rebuilt(&server).await;
    for writer in writers {
        writer.end().await;
    }
    branch_with(&client, &repository, "last", vec![put("a.txt", "last")]).await;
    at_rest(&server).await;
    let told = verified(&server).await;
    rebuilt(&server).await;
    // Each commit that was made is told once, and nothing else is.
    let made = "UPDATE commit_record SET status = status WHERE status = 'CREATED'";
    let made = count(&server, "commit", made).await;
    let sql = "UPDATE ledger_event SET hash = hash WHERE event_type = 'CommitCreated'";
    let events = count(&server, "ledger", sql).await;
    assert!(made > 5, "the writers got somewhere: {made}");
    assert_eq!(events, made, "seed {seed}: {told}\n{}", server.log());
    let (code, text) = ledger(&server, &["verify", "--tenant", "nobody"]).await;
    assert_eq!(code, 1, "{text}");
    server.finish().await;
}

async fn a_ledger_that_was_altered_fails_its_verification(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    repository(&client, "greeter").await;
    at_rest(&server).await;
    verified(&server).await;
    let sql = "UPDATE ledger_event SET actor_id = 'mallory' WHERE sequence = 1";
    assert_eq!(server.change_store("ledger", sql).await, 1);
    let (code, text) = ledger(&server, &["verify"]).await;
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("ALTERED at sequence 1"), "{text}");
    server.finish().await;
}
