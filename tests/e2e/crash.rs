//! Kills: the server dies at any moment, and the chain still ends once.

use std::{fs, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use sluice_testkit::{Backend, Server, eventually, on_both_databases};

use crate::{
    ship::{outcome, ship},
    support::{ada, module, server},
};

on_both_databases!(
    ten_kills_at_random_moments_leave_one_commit_one_pull_request_one_outcome_one_build,
);

const CHAIN: &str = "query($p: ID!) { \
    repositories(filter: { projectId: $p }, first: 5) { nodes { name \
      commits(first: 9, filter: { origin: AUTHORED }) { totalCount nodes { status } } \
      merges: commits(first: 9, filter: { origin: MERGE }) { totalCount } \
      pullRequests(first: 9) { totalCount nodes { status } } \
      runs(first: 9) { totalCount nodes { status outcome } } \
      builds(first: 9) { totalCount nodes { status } } } } }";

async fn chain(server: &Server, project: &str) -> Value {
    let client = server.client(&ada());
    eventually("the chain is at rest", || async {
        let data = client.data(CHAIN, json!({ "p": project })).await;
        let repository = data["repositories"]["nodes"].as_array()?.first()?.clone();
        let whole = ["commits", "merges", "pullRequests", "runs", "builds"]
            .iter()
            .all(|list| repository[list]["totalCount"] != 0);
        whole.then_some(repository)
    })
    .await
}

// The moments are spread over the time that an undisturbed ship takes.
async fn ten_kills_at_random_moments_leave_one_commit_one_pull_request_one_outcome_one_build(
    backend: Backend,
) {
    let seed = rand::random::<u64>();
    let mut random = StdRng::seed_from_u64(seed);
    let mut server = server(backend).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("module.yaml"),
        module("greeter", "echo built", "read -t 1 x || true"),
    )
    .unwrap();
    let begun = std::time::Instant::now();
    let (code, text) = outcome(ship(&server, folder.path(), "calm").spawn().unwrap()).await;
    assert_eq!(code, 0, "{text}\n{}", server.log());
    let calm = begun.elapsed();
    for round in 0..10 {
        let project = format!("p{round}");
        let moment = calm.mul_f64(random.random_range(0.0..1.0));
        let mut child = ship(&server, folder.path(), &project).spawn().unwrap();
        let _ = tokio::time::timeout(moment, child.wait()).await;
        server.kill();
        server.restart().await;
        let (code, text) = outcome(child).await;
        let about = format!("round {round} of seed {seed}, killed after {moment:?}\n{text}");
        // A run that the kill hit is errored, not run twice; everything else succeeds.
        assert!(
            code == 0 || code == 4,
            "exit code {code}: {about}\n{}",
            server.log()
        );
        let chain = chain(&server, &project).await;
        for list in ["commits", "merges", "pullRequests", "runs", "builds"] {
            assert_eq!(chain[list]["totalCount"], 1, "{list} of {chain:#}\n{about}");
        }
        assert_eq!(chain["commits"]["nodes"][0]["status"], "CREATED", "{about}");
        assert_eq!(
            chain["pullRequests"]["nodes"][0]["status"], "MERGED",
            "{about}"
        );
        assert_eq!(chain["runs"]["nodes"][0]["status"], "COMPLETED", "{about}");
        let outcome = &chain["runs"]["nodes"][0]["outcome"];
        assert_eq!(&chain["builds"]["nodes"][0]["status"], outcome, "{about}");
    }
    tokio::time::timeout(Duration::from_secs(180), server.finish())
        .await
        .unwrap();
}
