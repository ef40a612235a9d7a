//! Commands: replay, conflict, refusal.

use futures::future::join_all;
use serde_json::json;
use sluice_testkit::{Backend, on_both_databases};

use crate::support::{
    ada, branch_with, done, land, merge, pull_request, put, refused, repository, send, server, text,
};

on_both_databases!(
    fifty_parallel_identical_commands_take_effect_once,
    the_same_key_with_other_content_is_a_conflict,
    a_protected_branch_changes_only_through_a_pull_request,
    a_secret_is_refused_with_path_line_and_rule,
    conflicts_name_their_paths,
    of_two_merges_at_once_both_land_and_neither_is_lost,
    the_author_cannot_review_and_a_required_review_holds_the_merge,
);

async fn fifty_parallel_identical_commands_take_effect_once(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let input = json!({ "projectId": "web", "name": "greeter" });
    let fields = "repository { id status }";
    let calls = (0..50).map(|_| done(&client, "provisionRepository", fields, input.clone()));
    let payloads = join_all(calls).await;
    let replayed = payloads.iter().filter(|p| p["replayed"] == true).count();
    assert_eq!(replayed, 49);
    assert!(
        payloads
            .iter()
            .all(|p| p["repository"]["id"] == payloads[0]["repository"]["id"])
    );
    let id = text(&payloads[0]["repository"]["id"]);
    let input = json!({ "repositoryId": id, "name": "feature/x" });
    done(&client, "createBranch", "branch { id }", input).await;
    let input = json!({
        "repositoryId": id, "branch": "feature/x", "message": "Add", "artifactId": "artifact-1",
        "changes": [put("a.txt", "a")],
    });
    let calls = (0..50).map(|_| done(&client, "createCommit", "commit { id sha }", input.clone()));
    let payloads = join_all(calls).await;
    assert_eq!(
        payloads.iter().filter(|p| p["replayed"] == true).count(),
        49
    );
    assert!(
        payloads
            .iter()
            .all(|p| p["commit"]["sha"] == payloads[0]["commit"]["sha"])
    );
    let query = "query($f: CommitFilter!) { commits(filter: $f) { totalCount } }";
    let data = client
        .data(query, json!({ "f": { "repositoryId": id } }))
        .await;
    assert_eq!(data["commits"]["totalCount"], 1);
    server.finish().await;
}

async fn the_same_key_with_other_content_is_a_conflict(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    repository(&client, "greeter").await;
    let input = json!({ "projectId": "web", "name": "greeter", "defaultBranch": "trunk" });
    let error = refused(&client, "provisionRepository", "repository { id }", input).await;
    assert_eq!(error["code"], "CONFLICT");
    let id = repository(&client, "greeter").await;
    branch_with(&client, &id, "feature/x", vec![put("a.txt", "a")]).await;
    let commit = |content: &str| {
        json!({
            "repositoryId": id, "branch": "feature/x", "message": "m", "artifactId": "artifact-1",
            "changes": [put("b.txt", content)],
        })
    };
    done(&client, "createCommit", "commit { id }", commit("one")).await;
    let again = done(&client, "createCommit", "commit { id }", commit("one")).await;
    assert_eq!(again["replayed"], true);
    let error = refused(&client, "createCommit", "commit { id }", commit("two")).await;
    assert_eq!(error["code"], "CONFLICT");
    server.finish().await;
}

async fn a_protected_branch_changes_only_through_a_pull_request(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let input = json!({
        "repositoryId": id, "branch": "main", "message": "m", "changes": [put("a.txt", "a")],
    });
    let error = refused(&client, "createCommit", "commit { id }", input).await;
    assert_eq!(error["code"], "BRANCH_PROTECTED");
    server.finish().await;
}

async fn a_secret_is_refused_with_path_line_and_rule(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let input = json!({ "repositoryId": id, "name": "feature/x" });
    done(&client, "createBranch", "branch { id }", input).await;
    // Put together here, so that this file holds no secret either.
    let secret = format!("AKIA{}", "IOSFODNN7EXAMPL3");
    let content = format!("# settings\nkey = {secret}\n");
    let input = json!({
        "repositoryId": id, "branch": "feature/x", "message": "m",
        "changes": [put("ok.txt", "fine"), put("conf/aws.ini", &content)],
    });
    let answer = send(&client, "createCommit", "commit { id }", input).await;
    assert!(
        !answer.body.to_string().contains(&secret),
        "the secret is not repeated"
    );
    let error = &answer.data()["payload"]["userErrors"][0];
    assert_eq!(error["code"], "SECRET_DETECTED");
    assert_eq!(error["findings"][0]["file"], "conf/aws.ini");
    assert_eq!(error["findings"][0]["line"], 2);
    assert!(
        error["findings"][0]["rule"]
            .as_str()
            .unwrap()
            .contains("aws")
    );
    assert!(!server.log().contains(&secret), "nor logged");
    server.finish().await;
}

async fn conflicts_name_their_paths(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    land(
        &client,
        &id,
        "feature/base",
        vec![put("a.txt", "base\n"), put("b.txt", "base\n")],
    )
    .await;
    let ours = vec![put("a.txt", "ours\n")];
    let theirs = vec![put("a.txt", "theirs\n"), put("b.txt", "theirs\n")];
    branch_with(&client, &id, "feature/ours", ours).await;
    branch_with(&client, &id, "feature/theirs", theirs).await;
    let ours = pull_request(&client, &id, "feature/ours").await;
    let theirs = pull_request(&client, &id, "feature/theirs").await;
    merge(&client, &ours).await;
    let input = json!({ "pullRequestId": theirs });
    let error = refused(&client, "mergePullRequest", "pullRequest { id }", input).await;
    assert_eq!(error["code"], "MERGE_CONFLICT");
    let files: Vec<_> = error["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["file"])
        .collect();
    assert_eq!(files, ["a.txt"]);
    server.finish().await;
}

async fn of_two_merges_at_once_both_land_and_neither_is_lost(backend: Backend) {
    let server = server(backend).await;
    let client = server.client(&ada());
    let id = repository(&client, "greeter").await;
    let mut opened = Vec::new();
    for number in 0..4 {
        let branch = format!("feature/{number}");
        let file = put(&format!("f{number}.txt"), "x");
        branch_with(&client, &id, &branch, vec![file]).await;
        opened.push(pull_request(&client, &id, &branch).await);
    }
    // Each is merged twice at the same time.
    let merges = join_all(opened.iter().chain(&opened).map(|id| merge(&client, id))).await;
    assert_eq!(
        merges[..4],
        merges[4..],
        "the same merge is the same commit"
    );
    let folder = tempfile::tempdir().unwrap();
    let clone = crate::git_http::clone(&server, "acme/web/greeter", folder.path()).await;
    for number in 0..4 {
        assert!(
            clone.join(format!("f{number}.txt")).exists(),
            "f{number}.txt is on main"
        );
    }
    server.finish().await;
}

async fn the_author_cannot_review_and_a_required_review_holds_the_merge(backend: Backend) {
    let server = server(backend).await;
    let author = server.client(&ada());
    let reviewer = server.client(&sluice_testkit::User::of("acme", "grace"));
    let id = repository(&author, "greeter").await;
    branch_with(&author, &id, "feature/x", vec![put("a.txt", "a")]).await;
    let opened = pull_request(&author, &id, "feature/x").await;
    let query = "query($r: ID!) { branchByName(repositoryId: $r, name: \"main\") { id } }";
    let main = sluice_testkit::eventually("main is known", || async {
        let data = author.data(query, json!({ "r": id })).await;
        data["branchByName"]["id"].as_str().map(str::to_owned)
    })
    .await;
    let policy = json!({ "isProtected": true, "requiredApprovals": 1, "requiredChecks": [] });
    let input = json!({ "branchId": main, "policy": policy });
    done(&author, "setBranchPolicy", "branch { id }", input).await;
    let merge_input = json!({ "pullRequestId": opened });
    let fields = "pullRequest { id }";
    let error = refused(&author, "mergePullRequest", fields, merge_input.clone()).await;
    assert_eq!(error["code"], "POLICY_NOT_SATISFIED");
    let review = json!({ "pullRequestId": opened, "decision": "APPROVED" });
    let error = refused(&author, "reviewPullRequest", fields, review.clone()).await;
    assert_eq!(error["code"], "FAILED_PRECONDITION");
    done(&reviewer, "reviewPullRequest", fields, review).await;
    merge(&author, &opened).await;
    server.finish().await;
}
