//! `sluice watch`: each event once, whatever happens to the server.

use std::{path::Path, process::Stdio, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, Server, eventually, on_both_databases};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::ship::{outcome, ship};
use crate::support::{PROGRAM, ada, build_of, land, module, put, repository, server, text};

on_both_databases!(
    watching_over_restarts_shows_every_event_once_in_order,
    builds_and_runs_are_shown_as_they_come,
    shipping_asks_less_while_the_stream_tells,
);

/// Events that a killed server had in hand come when its leases are over: a minute.
const PATIENCE: Duration = Duration::from_secs(150);

/// `sluice watch`, as a process of its own.
struct Watcher {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watcher {
    fn start(base: &str, token: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .arg("watch")
            .args(arguments)
            .env_remove("SLUICE_PROJECT")
            .env("SLUICE_URL", base)
            .env("SLUICE_TOKEN", token)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn of(server: &Server, arguments: &[&str]) -> Self {
        Self::start(&server.base(), &server.token(&ada()), arguments)
    }

    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line());
        let line = line.await.expect("a line in time").unwrap();
        match line {
            Some(line) => line,
            None => panic!("it ended: {}", self.said().await),
        }
    }

    // The name of a repository that was provisioned.
    async fn name(&mut self) -> String {
        name(&self.line().await)
    }

    async fn said(&mut self) -> String {
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).await.unwrap();
        said
    }

    /// Ends it with Ctrl-C; what it showed beside what was read, and what it said.
    async fn interrupt(self) -> (i32, Vec<String>, String) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
        self.end().await
    }

    async fn end(mut self) -> (i32, Vec<String>, String) {
        let mut rest = Vec::new();
        while let Some(line) = self.lines.next_line().await.unwrap() {
            rest.push(line);
        }
        let said = self.said().await;
        let code = self.child.wait().await.unwrap().code();
        (code.unwrap_or(-1), rest, said)
    }
}

fn name(line: &str) -> String {
    let event: Value = serde_json::from_str(line).unwrap();
    assert!(event["cursor"].is_string(), "{event}");
    text(&event["event"]["payload"]["name"])
}

const PROVISIONED: [&str; 4] = ["events", "--types", "RepositoryProvisioned", "--json"];

fn kept(state: &Path) -> Vec<&str> {
    [&PROVISIONED[..], &["--state", state.to_str().unwrap()]].concat()
}

async fn watching_over_restarts_shows_every_event_once_in_order(backend: Backend) {
    let mut server = server(backend).await;
    let client = server.client(&ada());
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("place");
    let mut watcher = Watcher::of(&server, &[&PROVISIONED[..], &["--after", "0"]].concat());
    let mut seen = Vec::new();
    for round in 0..2 {
        repository(&client, &format!("seen-{round}")).await;
        seen.push(watcher.name().await);
        // This one may be told before or after.
        repository(&client, &format!("lost-{round}")).await;
        match round {
            0 => server.stop(),
            _ => server.kill(),
        }
        server.restart().await;
        repository(&client, &format!("back-{round}")).await;
        seen.push(watcher.name().await);
        seen.push(watcher.name().await);
    }
    let expected: Vec<String> = (0..2)
        .flat_map(|round| ["seen", "lost", "back"].map(|what| format!("{what}-{round}")))
        .collect();
    assert_eq!(seen, expected);
    let (code, rest, said) = watcher.interrupt().await;
    assert_eq!((code, rest), (0, Vec::new()), "{said}");
    assert!(said.contains("interrupted: "), "{said}");
    assert!(said.contains("connected again"), "{said}");

    // The place in the file is where the next one begins.
    let mut watcher = Watcher::of(&server, &[&PROVISIONED[..], &["--after", "0"]].concat());
    let first: Value = serde_json::from_str(&watcher.line().await).unwrap();
    watcher.interrupt().await;
    std::fs::write(&state, text(&first["cursor"])).unwrap();
    let mut seen = vec![expected[0].clone()];
    while seen.len() < expected.len() {
        let mut watcher = Watcher::of(&server, &kept(&state));
        seen.push(watcher.name().await);
        let (code, rest, said) = watcher.interrupt().await;
        assert_eq!(code, 0, "{said}");
        seen.extend(rest.iter().map(|line| name(line)));
    }
    assert_eq!(seen, expected);
    server.finish().await;
}

async fn builds_and_runs_are_shown_as_they_come(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let mut builds = Watcher::of(&server, &["builds", "--project", "web", "--after", "0"]);
    let mut others = Watcher::of(&server, &["builds", "--project", "other", "--after", "0"]);
    let mut runs = Watcher::of(&server, &["runs", "--after", "0"]);
    let repository = repository(&client, "greeter").await;
    let changes = vec![
        put(
            "module.yaml",
            &module("greeter", "echo built", "echo tested"),
        ),
        put("a.txt", "a"),
    ];
    let sha = land(&client, &repository, "feature/one", changes).await;
    let run = run_of(&client, &repository, &sha).await;
    let following = Watcher::of(&server, &["log", &run]);
    let build = build_of(&client, &repository, &sha).await;
    let live = following.end().await;
    assert_eq!(live.0, 0, "{}", live.2);
    let tested = live.1.iter().filter(|line| line.ends_with("| tested"));
    assert_eq!(tested.count(), 1, "{:#?}", live.1);
    let line = builds.line().await;
    assert!(
        line.contains(" BuildCompleted web/greeter: greeter #1 "),
        "{line}"
    );
    assert!(line.contains(&text(&build["id"])), "{line}");
    let started = runs.line().await;
    assert!(started.contains(" PipelineRunStarted "), "{started}");
    the_log_is_shown_once_to_its_end(&server, &text(&build["run"]["id"])).await;
    let mut steps = 0;
    loop {
        let line = runs.line().await;
        if line.contains(" PipelineRunCompleted ") {
            assert!(line.contains("succeeded"), "{line}");
            break;
        }
        assert!(line.contains(" PipelineRunProgressed "), "{line}");
        steps += 1;
    }
    assert!(steps > 2, "{steps}");
    for watcher in [builds, runs] {
        assert_eq!(watcher.interrupt().await.0, 0);
    }
    let nothing = tokio::time::timeout(Duration::from_millis(100), others.line()).await;
    assert!(nothing.is_err(), "another project's events: {nothing:?}");
    others.interrupt().await;
    server.finish().await;
}

async fn run_of(client: &Client, repository: &str, sha: &str) -> String {
    let query = "query Runs($filter: PipelineRunFilter!) { \
                 pipelineRuns(filter: $filter, first: 1) { nodes { id } } }";
    let filter = json!({ "filter": { "repositoryId": repository, "commitSha": sha } });
    eventually("the commit has a run", || async {
        let data = client.data(query, filter.clone()).await;
        data["pipelineRuns"]["nodes"][0]["id"]
            .as_str()
            .map(str::to_owned)
    })
    .await
}

async fn the_log_is_shown_once_to_its_end(server: &Server, run: &str) {
    let (code, lines, said) = Watcher::of(server, &["log", run]).end().await;
    assert_eq!(code, 0, "{said}");
    for wanted in ["| built", "| tested"] {
        let found = lines.iter().filter(|line| line.ends_with(wanted)).count();
        assert_eq!(found, 1, "{wanted} in {lines:#?}");
    }
    let behind = ["log", run, "--json", "--after", "1"];
    let (code, objects, said) = Watcher::of(server, &behind).end().await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(objects.len() + 1, lines.len());
    let second: Value = serde_json::from_str(&objects[0]).unwrap();
    assert_eq!(
        (&second["number"], &second["cursor"]),
        (&json!(2), &json!("2"))
    );
    let missing = ["log", "run_00000000000000000000000000"];
    let (code, _, said) = Watcher::of(server, &missing).end().await;
    assert_eq!(code, 3, "{said}");
}

// Requests that were answered.
fn answered(server: &Server) -> usize {
    let log = server.log();
    let is_answer =
        |line: &&str| line.contains("\"status\":200") && line.contains("\"route\":\"/graphql\"");
    log.lines().filter(is_answer).count()
}

async fn shipped(server: &Server, name: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let description = module(name, "sleep 6", "echo tested");
    std::fs::write(folder.path().join("module.yaml"), description).unwrap();
    let before = answered(server);
    let (code, said) = outcome(ship(server, folder.path(), "web").spawn().unwrap()).await;
    assert_eq!(code, 0, "{said}");
    answered(server) - before
}

async fn shipping_asks_less_while_the_stream_tells(backend: Backend) {
    let settings = [("SLUICE_STREAM_MAX_CONNECTIONS", "1")];
    let server = Server::start_with(PROGRAM, backend, &settings).await;
    let client = server.client(&ada());
    // The only place is taken: there is no stream to follow.
    let mut taken = Watcher::of(&server, &[&PROVISIONED[..], &["--after", "0"]].concat());
    repository(&client, "first").await;
    taken.line().await;
    let asked = shipped(&server, "asked").await;
    taken.interrupt().await;
    let told = shipped(&server, "told").await;
    println!("requests of a ship: {asked} without a stream, {told} with one");
    assert!(told + 8 < asked, "{told} of {asked}");
    server.finish().await;
}

#[tokio::test]
async fn watching_ends_with_a_clear_word_when_the_token_is_over_or_wrong() {
    let settings = [("SLUICE_AUTH_LEEWAY", "0s")];
    let server = Server::start_with(PROGRAM, Backend::Sqlite, &settings).await;
    let token = ["token", "--tenant", "acme", "--actor", "ada", "--ttl", "3s"];
    let mut command = server.command(&token);
    let printed = tokio::task::spawn_blocking(move || command.output());
    let printed = String::from_utf8(printed.await.unwrap().unwrap().stdout).unwrap();
    for token in [printed.trim(), "nonsense"] {
        let watcher = Watcher::start(&server.base(), token, &["builds"]);
        let (code, shown, said) = watcher.end().await;
        assert_eq!((code, shown), (3, Vec::new()), "{said}");
        assert!(said.contains("error: UNAUTHENTICATED: "), "{said}");
    }
    let watcher = Watcher::of(&server, &["builds", "--after", "not-a-cursor"]);
    let (code, _, said) = watcher.end().await;
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("after"), "{said}");
    server.finish().await;
}
