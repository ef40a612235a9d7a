//! Runs: cancel, retry, logs, masking.

use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, eventually, on_both_databases};

use crate::support::{ada, build_of, done, land, module, put, refused, repository, server, text};

on_both_databases!(
    a_cancelled_run_ends_cancelled_and_leaves_no_process,
    a_failed_run_is_retried_as_a_new_attempt_and_the_first_stays,
    logs_are_read_line_by_line,
);

const RUNS: &str = "query($f: PipelineRunFilter!) { pipelineRuns(filter: $f, first: 10, \
    orderBy: { field: CREATED_AT, direction: ASC }) { nodes { id attempt status outcome \
    stages { id state } } } }";

async fn runs(client: &Client, repository: &str) -> Vec<Value> {
    let data = client
        .data(RUNS, json!({ "f": { "repositoryId": repository } }))
        .await;
    data["pipelineRuns"]["nodes"].as_array().unwrap().clone()
}

async fn a_cancelled_run_ends_cancelled_and_leaves_no_process(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let wait = format!("sleep 1000 & echo $! > {}; wait", pid_file.display());
    let changes = vec![put("module.yaml", &module("greeter", &wait, "echo never"))];
    let sha = land(&client, &id, "feature/x", changes).await;
    let pid = eventually("the step runs", || async {
        std::fs::read_to_string(&pid_file)
            .ok()?
            .trim()
            .parse::<u32>()
            .ok()
    })
    .await;
    let run = text(&runs(&client, &id).await[0]["id"]);
    let input = json!({ "runId": run, "reason": "no longer wanted" });
    done(
        &client,
        "cancelPipelineRun",
        "pipelineRun { id }",
        input.clone(),
    )
    .await;
    let build = build_of(&client, &id, &sha).await;
    assert_eq!(build["status"], "CANCELLED");
    let again = done(&client, "cancelPipelineRun", "pipelineRun { id }", input).await;
    assert_eq!(again["replayed"], true);
    eventually("the process is gone", || async {
        (!std::path::Path::new(&format!("/proc/{pid}")).exists()).then_some(())
    })
    .await;
    server.finish().await;
}

async fn a_failed_run_is_retried_as_a_new_attempt_and_the_first_stays(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let folder = tempfile::tempdir().unwrap();
    let flag = folder.path().join("mended");
    let test = format!("test -e {}", flag.display());
    let changes = vec![put("module.yaml", &module("greeter", "echo built", &test))];
    let sha = land(&client, &id, "feature/x", changes).await;
    assert_eq!(build_of(&client, &id, &sha).await["status"], "FAILED");
    std::fs::write(&flag, "").unwrap();
    let first = text(&runs(&client, &id).await[0]["id"]);
    let input = json!({ "runId": first });
    done(
        &client,
        "retryPipelineRun",
        "pipelineRun { id attempt }",
        input.clone(),
    )
    .await;
    let both = eventually("the second attempt ended", || async {
        let runs = runs(&client, &id).await;
        (runs.len() == 2 && runs[1]["status"] == "COMPLETED").then_some(runs)
    })
    .await;
    let outcomes: Vec<_> = both
        .iter()
        .map(|run| (&run["attempt"], &run["outcome"]))
        .collect();
    assert_eq!(
        outcomes,
        [
            (&json!(1), &json!("FAILED")),
            (&json!(2), &json!("SUCCEEDED"))
        ]
    );
    let again = done(&client, "retryPipelineRun", "pipelineRun { id }", input).await;
    assert_eq!(again["replayed"], true);
    let input = json!({ "runId": both[1]["id"] });
    let error = refused(&client, "retryPipelineRun", "pipelineRun { id }", input).await;
    assert_eq!(error["code"], "FAILED_PRECONDITION");
    server.finish().await;
}

async fn logs_are_read_line_by_line(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let build = "for i in 1 2 3 4 5; do echo line $i; done";
    let changes = vec![put("module.yaml", &module("greeter", build, "echo tested"))];
    let sha = land(&client, &id, "feature/x", changes).await;
    build_of(&client, &id, &sha).await;
    let query = "query($f: PipelineRunFilter!) { pipelineRuns(filter: $f, first: 1) { nodes { id \
                 stages { jobs { steps { id displayName logLines } } } } } }";
    let data = client
        .data(query, json!({ "f": { "repositoryId": id } }))
        .await;
    let run = &data["pipelineRuns"]["nodes"][0];
    let steps = run["stages"].as_array().unwrap().iter();
    let steps = steps.flat_map(|stage| stage["jobs"].as_array().unwrap());
    let steps: Vec<&Value> = steps
        .flat_map(|job| job["steps"].as_array().unwrap())
        .collect();
    let mut lines = Vec::new();
    for step in steps {
        let query = "query($id: ID!, $step: String!) { pipelineRun(id: $id) { \
                     log(step: $step, fromLine: 1, limit: 100) { lines { number text } } } }";
        let variables = json!({ "id": run["id"], "step": step["id"] });
        let data = client.data(query, variables).await;
        lines.extend(
            data["pipelineRun"]["log"]["lines"]
                .as_array()
                .unwrap()
                .clone(),
        );
    }
    for number in 1..=5 {
        let wanted = format!("line {number}");
        assert!(
            lines
                .iter()
                .any(|line| line["text"].as_str().unwrap().ends_with(&wanted)),
            "{lines:?}"
        );
    }
    server.finish().await;
}
