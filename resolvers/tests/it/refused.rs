//! Refused commands and what is kept of them.

use serde_json::json;
use sluice_kernel::{Direction, PageRequest};
use sluice_ledger::EventFilter;
use sluice_schema::{Envelope, Scope, events::CommandRefused};
use sluice_testkit::User;

use crate::world::World;

async fn refusals(world: &World) -> Vec<Envelope> {
    let filter = EventFilter {
        types: vec!["CommandRefused".to_owned()],
        ..EventFilter::default()
    };
    let (ctx, page) = (world.user.ctx(), PageRequest::first(100));
    let page = world
        .ledger
        .events(&ctx, &filter, Direction::Ascending, &page);
    let events = page.await.unwrap().items;
    events.iter().map(|it| it.envelope.clone()).collect()
}

fn told(event: &Envelope) -> CommandRefused {
    event.decode().unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_command_is_recorded_without_a_value_of_its_input() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    let secret = format!("key = \"{}{}\"\n", "AKIA", "Q7RTB5KXJ2MWZP4N");
    world.branch(&repository, "x").await;
    let input = json!({
        "repositoryId": repository, "branch": "x", "message": "a word of mine",
        "changes": [{ "kind": "PUT", "path": "a.txt", "content": secret }],
    });
    let refused = world.command("createCommit", "commit", input).await;
    assert_eq!(refused["userErrors"][0]["code"], "SECRET_DETECTED");
    let [event] = &refusals(&world).await[..] else {
        panic!("one refusal");
    };
    let refusal = told(event);
    assert_eq!(refusal.command, "createCommit");
    assert_eq!(refusal.code, "SECRET_DETECTED");
    assert_eq!(refusal.subject_id, repository);
    assert_eq!(event.actor, *world.user.ctx().actor());
    let text = serde_json::to_string(event).unwrap();
    for part in ["AKIA", "a word of mine", "a.txt"] {
        assert!(!text.contains(part), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_the_right_to_it_is_recorded_under_the_project_that_it_names() {
    let world = World::new().await;
    let reader = User::of("acme", "eve").with_scopes(&[Scope::Read]);
    let query = "mutation($input: ProvisionRepositoryInput!) {
        again: provisionRepository(input: $input) { replayed } }";
    for project in ["web", "sluice.x"] {
        let input = json!({ "projectId": project, "name": "x" });
        let ctx = reader.ctx();
        let refused = world.send_as(ctx, query, json!({ "input": input })).await;
        assert_eq!(refused.error("code"), "FORBIDDEN");
    }
    let outsider = reader.in_projects(&["api"]);
    let input = json!({ "projectId": "web", "name": "x" });
    let ctx = outsider.ctx();
    world.send_as(ctx, query, json!({ "input": input })).await;
    let found = refusals(&world).await;
    let found: Vec<_> = found
        .iter()
        .map(|it| (it.project_id.as_str(), told(it).subject_id, told(it).code))
        .collect();
    let forbidden = |project, subject: &str| (project, subject.to_owned(), "FORBIDDEN".to_owned());
    let expected = [
        forbidden("web", "web"),
        forbidden("sluice.x", "sluice.x"),
        forbidden("sluice.unattributed", "web"),
    ];
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_and_malformed_input_are_not_recorded() {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    assert_eq!(world.repository("shop").await, repository);
    for (command, object, input) in [
        (
            "createBranch",
            "branch",
            json!({ "repositoryId": "shop", "name": "x" }),
        ),
        (
            "createBranch",
            "branch",
            json!({ "repositoryId": repository, "name": "a..b" }),
        ),
        (
            "provisionRepository",
            "repository",
            json!({ "projectId": "sluice.x", "name": "shop" }),
        ),
    ] {
        let refused = world.command(command, object, input).await;
        assert_eq!(refused["userErrors"][0]["code"], "INVALID_INPUT");
    }
    assert_eq!(refusals(&world).await, []);
}
