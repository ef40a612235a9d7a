//! The log of a run as a subscription.

use serde_json::{Value, json};
use sluice_pipeline_execution::{Executor, ExecutorConfig};
use sluice_resolvers::stream::Range;
use sluice_testkit::{Backend, User, on_both_databases};
use tokio_util::sync::CancellationToken;

use crate::stream::{Told, followed};

on_both_databases!(the_log_of_a_run_is_told_while_it_is_written_and_ends);

const RUN_LOG: &str = "subscription($id: ID!, $fromLine: Long! = 1) {
    pipelineRunLog(id: $id, fromLine: $fromLine) {
        lines { number stepId stepName jobName at text } nextLine isComplete } }";

/// All lines that are told, to the end.
async fn told_lines(mut told: Told) -> Vec<Value> {
    let mut lines = Vec::new();
    loop {
        let (position, item) = told.item().await;
        lines.extend(item["lines"].as_array().unwrap().iter().cloned());
        assert_eq!(item["nextLine"], json!(position + 1));
        if item["isComplete"] == true {
            assert_eq!(told.next().await, None);
            return lines;
        }
    }
}

async fn the_log_of_a_run_is_told_while_it_is_written_and_ends(backend: Backend) {
    let followed = followed(backend).await;
    let world = &followed.world;
    world.chain("one").await;
    let queued = "{ pipelineRuns(filter: { status: QUEUED }) { nodes { id } } }";
    let queued = world.send(queued, json!({})).await;
    let run = &queued.data()["pipelineRuns"]["nodes"][0]["id"];
    let told = followed.open(RUN_LOG, json!({ "id": run })).await;
    let executor = Executor::new(world.services.runs.clone(), ExecutorConfig::new("host"));
    let executor = tokio::spawn(executor.run(CancellationToken::new()));
    let lines = told_lines(told).await;
    assert!(lines.len() > 1, "{lines:#?}");
    for (line, number) in lines.iter().zip(1..) {
        assert_eq!(line["number"], json!(number));
        assert_ne!(line["jobName"], "");
    }
    // It goes on behind a line, by its argument or as the edge says.
    let rest = followed
        .open(RUN_LOG, json!({ "id": run, "fromLine": 2 }))
        .await;
    assert_eq!(told_lines(rest).await, lines[1..]);
    let range = Some(Range {
        after: 1,
        until: None,
    });
    let ctx = world.user.ctx();
    let rest = followed.try_open(ctx, (RUN_LOG, json!({ "id": run })), range);
    let rest = rest.await.unwrap_or_else(|refused| panic!("{refused:#}"));
    assert_eq!(told_lines(rest).await, lines[1..]);
    let page = "query($id: ID!) { pipelineRun(id: $id) { joinedLog(fromLine: 2) {
        lines { number stepId stepName jobName at text } nextLine isComplete } } }";
    let page = world.send(page, json!({ "id": run })).await;
    let page = &page.data()["pipelineRun"]["joinedLog"];
    assert_eq!(page["lines"].as_array().unwrap(), &lines[1..]);
    assert_eq!(page["isComplete"], true);
    executor.abort();
    let eve = User::of("acme", "eve").in_projects(&["api"]);
    for (user, vars, code) in [
        (&world.user, json!({ "id": "branch_1" }), "INVALID_INPUT"),
        (
            &world.user,
            json!({ "id": run, "fromLine": 0 }),
            "INVALID_INPUT",
        ),
        (&eve, json!({ "id": run }), "NOT_FOUND"),
    ] {
        let refused = followed.try_open(user.ctx(), (RUN_LOG, vars), None).await;
        let refused = refused.err().expect("a refusal");
        assert_eq!(refused["errors"][0]["extensions"]["code"], code);
    }
}
