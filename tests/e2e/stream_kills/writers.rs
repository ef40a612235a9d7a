//! Callers who make branches, whatever happens to the servers.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use serde_json::{Value, json};
use sluice_testkit::{Client, User};
use tokio::{sync::Semaphore, task::JoinHandle};

use super::site::Site;
use crate::support::{ada, done, text};

pub(super) const PROJECTS: [&str; 2] = ["web", "api"];
const REPOSITORIES: usize = 4;
const BRANCHES: usize = 2;
/// Commands under way at once: the kills shall meet all of them at work.
const AT_ONCE: usize = 12;
const PAUSE: Duration = Duration::from_millis(100);

/// Starts `count` writers; each is a caller of its own.
pub(super) async fn start(site: &Site, count: usize, bases: Arc<Vec<String>>) -> JoinHandle<()> {
    let client = site.servers[0].client(&ada());
    let mut repositories = Vec::new();
    for number in 0..REPOSITORIES {
        let project = PROJECTS[number % PROJECTS.len()];
        let input = json!({ "projectId": project, "name": format!("greeter-{number}") });
        let made = done(&client, "provisionRepository", "repository { id }", input).await;
        repositories.push(text(&made["repository"]["id"]));
    }
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let writers: Vec<_> = (0..count)
        .map(|number| {
            let token = site.servers[0].token(&User::of("acme", &format!("writer-{number}")));
            let clients: Vec<Client> = bases.iter().map(|base| Client::new(base, &token)).collect();
            let repository = repositories[number % REPOSITORIES].clone();
            write(clients, repository, number, turns.clone())
        })
        .collect();
    tokio::spawn(async move {
        let tasks = writers.into_iter().map(tokio::spawn);
        for ended in join_all(tasks).await {
            ended.expect("a writer ends well");
        }
    })
}

async fn write(clients: Vec<Client>, repository: String, number: usize, turns: Arc<Semaphore>) {
    for branch in 0..BRANCHES {
        let input = json!({ "repositoryId": repository, "name": format!("w/{number}/{branch}") });
        let mut attempt = number;
        loop {
            let turn = turns.acquire().await;
            let client = &clients[attempt % clients.len()];
            if made(client, &input).await {
                break;
            }
            attempt += 1;
            drop(turn);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

// Whether the branch is there: made now, or by an attempt whose answer did not come.
async fn made(client: &Client, input: &Value) -> bool {
    let query = "mutation($input: CreateBranchInput!) { createBranch(input: $input) { \
                 branch { id } userErrors { code message } } }";
    let Ok(answer) = client.try_send(query, json!({ "input": input })).await else {
        return false;
    };
    let payload = &answer.body["data"]["createBranch"];
    payload["branch"]["id"].is_string() || payload["userErrors"][0]["code"] == "CONFLICT"
}
