use serde_json::{Value, json};
use sluice_schema::Scope;
use sluice_testkit::User;

use crate::world::World;

/// A repository with so many branches, as the ledger knows them.
async fn with_branches(count: usize) -> World {
    let world = World::new().await;
    let repository = world.repository("shop").await;
    for number in 0..count {
        world.branch(&repository, &format!("b{number:02}")).await;
    }
    world.record_sources().await;
    world
}

const EVENTS: &str = "query($filter: LedgerEventFilter, $first: Int, $last: Int, $after: String,
    $before: String, $direction: OrderDirection) {
    events(filter: $filter, first: $first, last: $last, after: $after, before: $before,
        orderBy: { field: SEQUENCE, direction: $direction }) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { sequence cursor eventId eventType schemaVersion projectId moduleId traceId
            correlationId causationId occurredAt payload hash actor { kind id }
            subject { kind id node { id ... on Repository { name } ... on Branch { name } } } }
    } }";

fn sequences(events: &Value) -> Vec<u64> {
    let nodes = events["nodes"].as_array().unwrap().iter();
    nodes.map(|it| it["sequence"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_paged_both_ways_without_holes_or_repeats() {
    let world = with_branches(5).await;
    let all = world.send(EVENTS, json!({ "first": 200 })).await;
    let all = all.data()["events"].clone();
    let total = all["totalCount"].as_u64().unwrap();
    let expected: Vec<u64> = (1..=total).collect();
    assert_eq!(sequences(&all), expected);
    for direction in ["ASC", "DESC"] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let vars = json!({ "first": 2, "after": after, "direction": direction });
            let page = world.send(EVENTS, vars).await.data()["events"].clone();
            seen.extend(sequences(&page));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, expected, "{direction}");
        // From the end, and back from there.
        let vars = json!({ "last": 2, "direction": direction });
        let end = world.send(EVENTS, vars).await.data()["events"].clone();
        assert_eq!(end["pageInfo"]["hasPreviousPage"], true);
        let vars = json!({ "last": 1, "before": end["pageInfo"]["startCursor"],
            "direction": direction });
        let before = world.send(EVENTS, vars).await.data()["events"].clone();
        let step = sequences(&before)[0].abs_diff(sequences(&end)[0]);
        assert_eq!(step, 1, "{direction}");
    }
    // An event's own cursor leads on.
    let cursor = &all["nodes"][1]["cursor"];
    let rest = world.send(EVENTS, json!({ "after": cursor })).await;
    assert_eq!(sequences(&rest.data()["events"]), expected[2..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_shows_what_happened_and_leads_to_its_subject() {
    let world = with_branches(1).await;
    let filter = json!({ "types": ["BranchCreated"], "subjectKinds": ["Branch"],
        "actors": ["ada"], "projectIds": ["web"], "since": "2020-01-01T00:00:00Z" });
    let answer = world.send(EVENTS, json!({ "filter": filter })).await;
    let nodes = answer.data()["events"]["nodes"].as_array().unwrap();
    let event = nodes
        .iter()
        .find(|it| it["payload"]["name"] == "b00")
        .unwrap();
    assert_eq!(event["subject"]["node"]["name"], "b00", "{event:#}");
    assert_eq!(event["subject"]["node"]["id"], event["subject"]["id"]);
    assert_eq!(event["actor"], json!({ "kind": "USER", "id": "ada" }));
    assert_eq!(event["hash"].as_str().unwrap().len(), 64);
    let correlation = json!({ "correlationIds": [event["correlationId"]] });
    let of_command = world.send(EVENTS, json!({ "filter": correlation })).await;
    assert_eq!(of_command.data()["events"]["totalCount"], 1);
    let subject = json!({ "subjectIds": [event["subject"]["id"]], "moduleIds": ["other"] });
    let none = world.send(EVENTS, json!({ "filter": subject })).await;
    assert_eq!(none.data()["events"]["totalCount"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_see_no_events_and_wrong_arguments_name_their_field() {
    let world = with_branches(1).await;
    for user in [
        User::of("other", "eve"),
        User::of("acme", "eve").in_projects(&["api"]),
    ] {
        let answer = world.send_as(user.ctx(), EVENTS, json!({})).await;
        assert_eq!(answer.data()["events"]["totalCount"], 0);
        assert_eq!(answer.data()["events"]["nodes"], json!([]));
    }
    let nobody = User::of("acme", "eve").with_scopes(&[Scope::Admin]);
    let refused = world.send_as(nobody.ctx(), EVENTS, json!({})).await;
    assert_eq!(refused.error("code"), "FORBIDDEN");
    for (vars, field) in [
        (json!({ "filter": { "types": [] } }), "filter.types"),
        (json!({ "filter": { "actors": [""] } }), "filter.actors[0]"),
        (
            json!({ "filter": { "projectIds": ["web", ".."] } }),
            "filter.projectIds[0]",
        ),
        (json!({ "first": 201 }), "first"),
        (json!({ "after": "nonsense" }), "after"),
    ] {
        let refused = world.send(EVENTS, vars).await;
        assert_eq!(refused.error("code"), "INVALID_INPUT", "{field}");
        assert_eq!(refused.error("field"), field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_with_their_subjects_cost_as_many_statements_for_two_as_for_thirty() {
    let world = with_branches(30).await;
    let query = "query($first: Int!) { events(first: $first,
        filter: { types: [\"BranchCreated\"] }) { totalCount nodes { sequence
            subject { node { ... on Branch { name repository { name } } } } } } }";
    let two = world.send(query, json!({ "first": 2 })).await;
    let all = world.send(query, json!({ "first": 30 })).await;
    let nodes = all.data()["events"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 30);
    for node in nodes {
        assert_eq!(node["subject"]["node"]["repository"]["name"], "shop");
    }
    assert_eq!((two.statements, all.statements), (4, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_of_a_list_are_one_statement_and_their_counts_another() {
    let world = with_branches(20).await;
    let query = "query($first: Int!) { branches(first: $first, filter: { isDefault: false }) {
        nodes { name history(first: 3) { totalCount pageInfo { hasNextPage }
            nodes { eventType payload subject { node { ... on Branch { name } } } } } } } }";
    let two = world.send(query, json!({ "first": 2 })).await;
    let all = world.send(query, json!({ "first": 20 })).await;
    let nodes = all.data()["branches"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 20);
    for node in nodes {
        let history = &node["history"];
        assert_eq!(history["totalCount"], 1, "{node:#}");
        let event = &history["nodes"][0];
        assert_eq!(event["eventType"], "BranchCreated");
        assert_eq!(event["payload"]["name"], node["name"]);
        assert_eq!(event["subject"]["node"]["name"], node["name"]);
    }
    assert_eq!((two.statements, all.statements), (4, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_interfaces_ask_for_again_and_again_is_refused_in_time() {
    let world = with_branches(25).await;
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Aggregate {
        history(first: 1, filter: { types: [\"BranchCreated\"] }) { nodes { eventType } } } } }";
    let branches = world.send("{ branches(first: 25) { nodes { id } } }", json!({}));
    let ids: Vec<Value> = branches.await.data()["branches"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].clone())
        .collect();
    let answer = world.send(query, json!({ "ids": ids })).await;
    for node in answer.data()["nodes"].as_array().unwrap() {
        assert_eq!(node["history"]["nodes"].as_array().unwrap().len(), 1);
    }
    let wide = query.replace("first: 1,", "first: 200,");
    let ids = [ids.clone(), ids.clone(), ids].concat();
    let refused = world.send(&wide, json!({ "ids": ids })).await;
    assert_eq!(
        refused.error("code"),
        "LIMIT_EXCEEDED",
        "{:#}",
        refused.body
    );
    // Where the fields of objects are known, the document alone tells.
    let wide =
        "{ branches(first: 200) { nodes { history(first: 200) { nodes { hash sequence } } } } }";
    let refused = world.send(wide, json!({})).await;
    assert_eq!(refused.error("code"), "LIMIT_EXCEEDED");
    assert_eq!(refused.statements, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_tells_its_place_and_what_follows_is_all_that_follows() {
    let world = with_branches(2).await;
    let query = "query { branches(first: 1) { nodes { name } } ...f }
        fragment f on Query { at: ledger { sequence hash } }";
    let snapshot = world.send(query, json!({})).await;
    assert_eq!(snapshot.statements, 2);
    let at = &snapshot.data()["at"];
    let last = world.send(EVENTS, json!({ "last": 1 })).await;
    let last = &last.data()["events"]["nodes"][0];
    assert_eq!(
        (&at["sequence"], &at["hash"]),
        (&last["sequence"], &last["hash"])
    );
    world.repository("later").await;
    world.record_sources().await;
    let after = json!({ "after": last["cursor"] });
    let followed = world.send(EVENTS, after).await;
    let nodes = followed.data()["events"]["nodes"].as_array().unwrap();
    assert!(!nodes.is_empty());
    assert_eq!(nodes[0]["subject"]["node"]["name"], "later");
    // A tenant without events stands at the beginning.
    let eve = User::of("other", "eve");
    let empty = world.send_as(eve.ctx(), "{ ledger { sequence hash } }", json!({}));
    let hash = "0".repeat(64);
    assert_eq!(
        empty.await.data()["ledger"],
        json!({ "sequence": 0, "hash": hash })
    );
}

const VERIFY: &str = "query($from: Sequence, $to: Sequence) { verifyLedger(from: $from, to: $to) {
    from to checked hash valid violation { sequence kind } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_altered_is_told_with_the_place() {
    let world = with_branches(3).await;
    let head = world.send("{ ledger { sequence hash } }", json!({})).await;
    let head = &head.data()["ledger"];
    let whole = world.send(VERIFY, json!({})).await;
    let whole = &whole.data()["verifyLedger"];
    assert_eq!(
        (&whole["valid"], &whole["violation"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(
        (&whole["to"], &whole["hash"]),
        (&head["sequence"], &head["hash"])
    );
    let tx = world
        .databases
        .open("ledger")
        .await
        .begin_raw()
        .await
        .unwrap();
    let sql = "UPDATE ledger_event SET actor_id = 'eve' WHERE sequence = 2";
    tx.execute(sql, []).await.unwrap();
    tx.commit().await.unwrap();
    let found = world.send(VERIFY, json!({})).await;
    let found = &found.data()["verifyLedger"];
    assert_eq!(found["valid"], false);
    assert_eq!(
        found["violation"],
        json!({ "sequence": 2, "kind": "ALTERED" })
    );
    for (vars, field) in [
        (json!({ "from": 0 }), "from"),
        (json!({ "from": 3, "to": 2 }), "to"),
    ] {
        let refused = world.send(VERIFY, vars).await;
        assert_eq!(refused.error("code"), "INVALID_INPUT");
        assert_eq!(refused.error("field"), field);
    }
    let refused = world.send(VERIFY, json!({ "from": -1 })).await;
    assert_eq!(refused.error("code"), "BAD_REQUEST");
}
