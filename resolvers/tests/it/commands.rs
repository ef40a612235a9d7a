use serde_json::json;
use sluice_schema::Scope;
use sluice_testkit::User;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_again_is_replayed_and_another_content_is_a_conflict() {
    let world = World::new().await;
    let input = json!({ "projectId": "web", "name": "shop" });
    let first = world
        .command("provisionRepository", "repository", input.clone())
        .await;
    assert_eq!(first["replayed"], false);
    let again = world
        .command("provisionRepository", "repository", input)
        .await;
    assert_eq!(
        (&again["replayed"], &again["object"]),
        (&json!(true), &first["object"])
    );
    let input = json!({ "projectId": "web", "name": "shop", "defaultBranch": "trunk" });
    let refused = world
        .command("provisionRepository", "repository", input)
        .await;
    assert_eq!(refused["object"], json!(null));
    assert_eq!(refused["userErrors"][0]["code"], "CONFLICT");
    assert_eq!(refused["userErrors"][0]["path"], json!(["input", "name"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_a_user_error_that_leads_to_the_field() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    let bad_id = json!({ "repositoryId": "shop", "name": "x" });
    let refused = world.command("createBranch", "branch", bad_id).await;
    assert_eq!(refused["userErrors"][0]["code"], "INVALID_INPUT");
    assert_eq!(
        refused["userErrors"][0]["path"],
        json!(["input", "repositoryId"])
    );
    let bad_name = json!({ "repositoryId": repository, "name": "a..b" });
    let refused = world.command("createBranch", "branch", bad_name).await;
    assert_eq!(refused["userErrors"][0]["path"], json!(["input", "name"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_of_a_refusal_stand_in_the_payload() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    world.branch(&repository, "x").await;
    let key = format!("key = \"{}{}\"\n", "AKIA", "Q7RTB5KXJ2MWZP4N");
    let input = json!({
        "repositoryId": repository, "branch": "x", "message": "add",
        "changes": [{ "kind": "PUT", "path": "a.txt", "content": format!("x\n{key}") }],
    });
    let refused = world.command("createCommit", "commit", input).await;
    assert_eq!(refused["userErrors"][0]["code"], "SECRET_DETECTED");
    let finding = &refused["userErrors"][0]["findings"][0];
    assert_eq!(
        (&finding["file"], &finding["line"]),
        (&json!("a.txt"), &json!(2))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_scope_is_a_top_level_error_with_its_trace() {
    let world = World::new().await;
    let reader = User::of("acme", "eve").with_scopes(&[Scope::Read]);
    let query = "mutation { provisionRepository(input: { projectId: \"web\", name: \"x\" }) {
        replayed } }";
    let ctx = reader.ctx();
    let refused = world.send_as(ctx.clone(), query, json!({})).await;
    assert_eq!(refused.error("code"), "FORBIDDEN");
    assert_eq!(refused.error("retryable"), false);
    assert_eq!(refused.error("traceId"), ctx.trace_id());
    let letters = world.send_as(
        reader.ctx(),
        "{ deadLetters { nodes { error } } }",
        json!({}),
    );
    assert_eq!(letters.await.error("code"), "FORBIDDEN");
    let letters = world
        .send("{ deadLetters { nodes { error } } }", json!({}))
        .await;
    assert_eq!(letters.data()["deadLetters"]["nodes"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mutation_changed_is_seen_by_its_later_fields() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    let query = "mutation($id: ID!) {
        a: updateRepository(input: { repositoryId: $id, description: \"one\" }) {
            repository { defaultBranchHead { id } branches { nodes { name } } } }
        b: createBranch(input: { repositoryId: $id, name: \"x\" }) {
            branch { repository { description branches { nodes { name } } } } }
        c: updateRepository(input: { repositoryId: $id, description: \"two\" }) { replayed }
        d: createBranch(input: { repositoryId: $id, name: \"y\" }) {
            branch { repository { description branches { nodes { name } } } } }
    }";
    let answer = world.send(query, json!({ "id": repository })).await;
    let data = answer.data();
    assert_eq!(data["a"]["repository"]["branches"]["nodes"], json!([]));
    let b = &data["b"]["branch"]["repository"];
    assert_eq!(
        (
            &b["description"],
            b["branches"]["nodes"].as_array().unwrap().len()
        ),
        (&json!("one"), 1)
    );
    let d = &data["d"]["branch"]["repository"];
    assert_eq!(
        (
            &d["description"],
            d["branches"]["nodes"].as_array().unwrap().len()
        ),
        (&json!("two"), 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_viewer_is_the_caller_and_the_server_tells_its_limits() {
    let world = World::new().await;
    let user = User::of("acme", "ada")
        .in_projects(&["web"])
        .with_scopes(&[Scope::Read]);
    let query = "{ viewer { actor { kind id } tenant projects scopes }
        serverInfo { version mode limits { maxPageSize bodyBytes complexity } } }";
    let answer = world.send_as(user.ctx(), query, json!({})).await;
    let viewer = json!({
        "actor": { "kind": "USER", "id": "ada" }, "tenant": "acme",
        "projects": ["web"], "scopes": ["devops.read"],
    });
    assert_eq!(answer.data()["viewer"], viewer);
    assert_eq!(answer.data()["serverInfo"]["mode"], "EMBEDDED");
    assert_eq!(answer.data()["serverInfo"]["limits"]["maxPageSize"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_module_is_explained_line_by_line() {
    let world = World::new().await;
    let query = "query($content: String!) { lintModule(content: $content) {
        valid stages module { id } findings { line rule severity } yaml } }";
    let wrong = json!({ "content": "id: shop\nkind: nonsense\nstack: node\n" });
    let answer = world.send(query, wrong).await;
    let lint = &answer.data()["lintModule"];
    assert_eq!(
        (&lint["valid"], &lint["yaml"]),
        (&json!(false), &json!(null))
    );
    assert_eq!(lint["findings"][0]["line"], 2);
    let right = json!({ "content": "id: shop\nkind: library\nstack: node\n" });
    let answer = world.send(query, right).await;
    let lint = &answer.data()["lintModule"];
    assert_eq!(lint["valid"], true, "{lint:#}");
    assert_eq!(lint["module"]["id"], "shop");
}
