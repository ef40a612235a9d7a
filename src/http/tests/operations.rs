//! What the edge adds to an operation: order, cost, allowance, batches, known documents, origins.

use sluice_kernel::ContentDigest;

use super::*;

#[tokio::test]
async fn fields_are_answered_in_the_order_in_which_they_are_asked_for() {
    let query = json!({"query": "{ a: later tenant ...f b: twice(x: 2) } fragment f on Query { z: later t: tenant }"});
    let answer = server().query(NEW, query).await;
    let data = r#"{"data":{"a":1,"tenant":"acme","z":1,"t":"acme","b":4}"#;
    assert!(answer.body.starts_with(data), "{}", answer.body);
}

#[tokio::test]
async fn every_answer_tells_what_its_operation_cost() {
    let server = server_with(|graphql| graphql.cost_per_minute = 1_000);
    let answer = server
        .query(NEW, json!({"query": "{ many(first: 30) tenant }"}))
        .await;
    let cost = &answer.json()["extensions"]["cost"];
    let expected =
        json!({"complexity": 31, "depth": 1, "statements": 0, "rows": 0, "remaining": 969});
    assert_eq!(*cost, expected);
    let mutation = server.query(NEW, json!({"query": "mutation {key}"})).await;
    assert_eq!(mutation.json()["extensions"]["cost"]["statements"], 1);
    let refused = server.query(NEW, json!({"query": "{nosuch}"})).await;
    assert!(refused.json().get("extensions").is_none());
}

#[tokio::test]
async fn who_has_spent_all_is_told_when_to_come_again_and_nothing_is_executed_for_it() {
    let server = server_with(|graphql| graphql.cost_per_minute = 100);
    let query = |first: u32| json!({"query": format!("{{ many(first: {first}) }}")});
    assert_eq!(server.query(OLD, query(90)).await.status, 200);
    let refused = server.query(OLD, query(40)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (429, "RATE_LIMITED")
    );
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((15..=18).contains(&wait), "{wait}");
    let error = &refused.json()["errors"][0]["extensions"];
    assert_eq!(
        (&error["retryable"], &error["retryAfter"]),
        (&json!(true), &json!(wait))
    );
    // What fits is still answered; when nothing does, not even the parser runs.
    assert_eq!(server.query(OLD, query(9)).await.status, 200);
    assert_eq!(server.query(OLD, query(1)).await.status, 200);
    let executed = server.executed.load(Ordering::Relaxed);
    let malformed = server.query(OLD, json!({"query": "{{{"})).await;
    assert_eq!(malformed.status, 429);
    assert_eq!(server.executed.load(Ordering::Relaxed), executed);
}

#[tokio::test]
async fn batches_are_answered_in_their_order_where_they_are_taken_at_all() {
    let batch = json!([
        {"query": "{ later }"},
        {"query": "{ nosuch }"},
        {"query": "query A($x: Int!) { twice(x: $x) }", "variables": {"x": 4}},
        {"query": "{"},
    ]);
    let refused = server().query(NEW, batch.clone()).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (400, "BAD_REQUEST")
    );
    let server = server_with(|graphql| graphql.max_batch = 4);
    let answer = server.query(NEW, batch).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answers = answer.json();
    assert_eq!(answers[0]["data"], json!({"later": 1}));
    assert_eq!(answers[1]["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    assert!(answers[1].get("data").is_none());
    assert_eq!(answers[2]["data"], json!({"twice": 8}));
    assert_eq!(
        answers[2]["extensions"]["cost"],
        json!({"complexity": 1, "depth": 1})
    );
    assert!(answers[3].get("data").is_none());
    for bad in [json!([]), json!([1]), json!([{}]), json!([{"query": 1}])] {
        assert_eq!(server.query(NEW, bad).await.status, 400);
    }
}

#[tokio::test]
async fn a_batch_is_held_to_the_limits_as_a_whole() {
    let server = server_with(|graphql| {
        graphql.max_batch = 10;
        graphql.max_selections = 20;
        graphql.max_complexity = 100;
    });
    let many = |count: usize, query: &str| Value::from(vec![json!({ "query": query }); count]);
    let refused = server.query(NEW, many(11, "{ tenant }")).await;
    assert_eq!(refused.code(), "LIMIT_EXCEEDED");
    let refused = server
        .query(
            NEW,
            many(
                3,
                "{ tenant a: tenant b: tenant c: tenant d: tenant e: tenant f: tenant }",
            ),
        )
        .await;
    assert_eq!(refused.code(), "LIMIT_EXCEEDED");
    assert_eq!(server.executed.load(Ordering::Relaxed), 0);
    let answers = server
        .query(NEW, many(2, "{ many(first: 60) }"))
        .await
        .json();
    let refused = answers
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED");
    assert_eq!(refused.count(), 1);
}

#[tokio::test]
async fn the_mutations_of_a_batch_happen_one_after_the_other() {
    let server = server_with(|graphql| graphql.max_batch = 5);
    let batch: Vec<_> = (0..5)
        .map(|n| json!({"query": format!("mutation {{ order(n: {n}) }}")}))
        .collect();
    let answers = server.query(NEW, batch.clone().into()).await.json();
    assert_eq!(answers[4]["data"]["order"], json!([0, 1, 2, 3, 4]));
    let key = [("idempotency-key", "k1")];
    let keyed = server
        .post("/graphql", &key, Value::from(batch).to_string())
        .await;
    assert_eq!(keyed.status, 400);
}

#[tokio::test]
async fn a_document_is_named_by_its_digest_once_it_was_sent() {
    let server = server();
    let digest = ContentDigest::of("{ tenant }".as_bytes());
    let named = json!({"documentId": digest.to_string()});
    let unknown = server.query(OLD, named.clone()).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.code().as_str()),
        (400, "PERSISTED_QUERY_NOT_FOUND")
    );
    assert_eq!(
        unknown.json()["errors"][0]["message"],
        "PersistedQueryNotFound"
    );
    let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": digest.hex()}});
    let sent = json!({"query": "{ tenant }", "extensions": extensions});
    assert_eq!(server.query(OLD, sent).await.status, 200);
    assert_eq!(
        server.query(OLD, named).await.json()["data"]["tenant"],
        "acme"
    );
    let path = format!("/graphql?documentId={digest}");
    assert_eq!(server.get(&path).await.json()["data"]["tenant"], "acme");
    let extensions = extensions.to_string();
    let mut url = reqwest::Url::parse("http://x/graphql").unwrap();
    url.query_pairs_mut().append_pair("extensions", &extensions);
    let path = format!("/graphql?{}", url.query().unwrap());
    assert_eq!(server.get(&path).await.json()["data"]["tenant"], "acme");
}

#[tokio::test]
async fn what_pages_of_foreign_origins_send_is_refused_before_the_token_is_judged() {
    let server = server();
    let body = r#"{"query":"{tenant}"}"#;
    for headers in [
        [("origin", "https://evil.test"), ("host", "sluice.test")],
        [("origin", "null"), ("host", "sluice.test")],
        [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors"),
        ],
        [
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-mode", "navigate"),
        ],
    ] {
        let answer = server.post("/graphql", &headers, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (403, "FORBIDDEN")
        );
        let mut get = self::Request::builder().uri("/graphql?query=%7Btenant%7D");
        for (name, value) in headers {
            get = get.header(name, value);
        }
        assert_eq!(
            server.send(get.body(Body::empty()).unwrap()).await.status,
            403
        );
    }
    let own = [("origin", "http://sluice.test"), ("host", "sluice.test")];
    assert_eq!(server.post("/graphql", &own, body).await.status, 200);
}

#[tokio::test]
async fn the_pages_of_the_settings_may_read_answers_and_no_others() {
    let server = server();
    let asks = |origin: &'static str| {
        let request = self::Request::builder()
            .method(Method::OPTIONS)
            .uri("/graphql")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        request.body(Body::empty()).unwrap()
    };
    let allowed = server.send(asks("https://pages.test")).await;
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "https://pages.test"
    );
    assert!(
        allowed
            .header("access-control-allow-headers")
            .contains("authorization")
    );
    assert_eq!(allowed.header("access-control-allow-credentials"), "");
    let refused = server.send(asks("https://evil.test")).await;
    assert_eq!(refused.header("access-control-allow-origin"), "");
    let headers = [("origin", "https://pages.test")];
    let answer = server
        .post("/graphql", &headers, r#"{"query":"{tenant}"}"#)
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://pages.test"
    );
    assert!(answer.header("vary").contains("origin"));
}
