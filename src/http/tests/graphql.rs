use super::*;

#[tokio::test]
async fn a_query_is_answered_in_the_type_that_the_client_takes() {
    let server = server();
    for accept in [NEW, OLD] {
        let query = json!({"query": "query Q($x: Int!) { tenant twice(x: $x) } query R { tenant }",
                           "operationName": "Q", "variables": {"x": 21}});
        let answer = server.query(accept, query).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header("content-type").starts_with(accept));
        assert_eq!(
            answer.json()["data"],
            json!({"tenant": "acme", "twice": 42})
        );
        assert_eq!(answer.header("sluice-statements"), "0");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(
        server
            .query("text/html", json!({"query": "{tenant}"}))
            .await
            .status,
        406
    );
}

#[tokio::test]
async fn an_operation_that_does_not_begin_is_400_without_data_where_the_type_allows_it() {
    let server = server();
    for query in [
        "{",
        "{nosuch}",
        "query A {tenant} query B {tenant}",
        "{twice}",
    ] {
        let answer = server.query(NEW, json!({ "query": query })).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(answer.code(), "BAD_REQUEST");
        assert!(answer.json().get("data").is_none());
        let trace = answer
            .json()
            .pointer("/errors/0/extensions/traceId")
            .cloned();
        assert_eq!(trace, Some(answer.header("sluice-trace-id").into()));
        let answer = server.query(OLD, json!({ "query": query })).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}");
    }
    let unknown = json!({"query": "query A {tenant}", "operationName": "B"});
    assert_eq!(server.query(NEW, unknown).await.status, 400);
}

#[tokio::test]
async fn an_operation_that_failed_while_it_ran_is_200_with_data() {
    let answer = server().query(NEW, json!({"query": "{broken}"})).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json().get("data"), Some(&Value::Null));
    assert_eq!(
        answer.json().pointer("/errors/0/path/0"),
        Some(&json!("broken"))
    );
}

#[tokio::test]
async fn only_json_is_taken() {
    let server = server();
    let body = r#"{"query":"{tenant}"}"#;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
        "application/json; charset=latin1",
        "application/jsonx",
    ] {
        let answer = server
            .post("/graphql", &[("content-type", kind)], body)
            .await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let utf8 = [("content-type", "application/json; charset=UTF-8")];
    assert_eq!(server.post("/graphql", &utf8, body).await.status, 200);
    let packed = [("content-encoding", "gzip")];
    assert_eq!(server.post("/graphql", &packed, body).await.status, 415);
    for malformed in ["{", "[]", "{}", r#"{"query":"{tenant}","variables":[1]}"#] {
        let answer = server.post("/graphql", &[("accept", OLD)], malformed).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "BAD_REQUEST")
        );
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_on_every_path() {
    let server = server();
    let large = json!({"query": "{tenant}", "variables": {"x": "y".repeat(5_000)}}).to_string();
    let answer = server.post("/graphql", &[], large.clone()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (413, "LIMIT_EXCEEDED")
    );
    assert_eq!(server.post("/files", &[], large).await.status, 413);
    let medium = json!({"x": "y".repeat(2_000)}).to_string();
    assert_eq!(server.post("/files", &[], medium.clone()).await.status, 200);
    assert_eq!(server.post("/things", &[], medium).await.status, 413);
}

#[tokio::test]
async fn queries_come_by_get_and_mutations_do_not() {
    let server = server();
    let answer = server.get("/graphql?query=query%20A(%24x:Int!)%7Btwice(x:%24x)%7D&variables=%7B%22x%22:2%7D&operationName=A").await;
    assert_eq!(answer.json()["data"], json!({"twice": 4}));
    for query in [
        "mutation%7Bkey%7D",
        "query%20A%7Btenant%7D%20mutation%20M%7Bkey%7D&operationName=M",
    ] {
        let answer = server.get(&format!("/graphql?query={query}")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.header("allow"), "POST");
    }
    assert_eq!(server.get("/graphql").await.status, 400);
}

#[tokio::test]
async fn an_idempotency_key_stands_for_one_mutation_and_its_variables() {
    let server = server();
    let send = async |key: &'static str, query: &'static str, variables: Value| {
        let body = json!({"query": query, "variables": variables}).to_string();
        server
            .post("/graphql", &[("idempotency-key", key)], body)
            .await
    };
    let one = send("k1", "mutation {key}", json!({"a": 1, "b": 2})).await;
    assert!(
        one.json()["data"]["key"]
            .as_str()
            .unwrap()
            .starts_with("k1 ")
    );
    assert_eq!(one.header("sluice-statements"), "1");
    let same = send("k1", "mutation {key}", json!({"b": 2, "a": 1})).await;
    assert_eq!(one.json()["data"], same.json()["data"]);
    let other = send("k1", "mutation {key}", json!({"a": 2, "b": 1})).await;
    assert_ne!(one.json()["data"], other.json()["data"]);
    for query in [
        "mutation {key two: key}",
        "mutation {...F} fragment F on Mutation {key}",
    ] {
        assert_eq!(send("k1", query, json!({})).await.status, 400, "{query}");
    }
    assert_eq!(send("a b", "mutation {key}", json!({})).await.status, 400);
    assert_eq!(send("k1", "{tenant}", json!({})).await.status, 200);
}

#[tokio::test]
async fn documents_that_would_exhaust_the_parser_are_refused() {
    let mut server = server();
    server.edge.http.graphql_body_limit = 1 << 20;
    for query in [
        format!("{{a(x:{})}}", "[".repeat(100_000)),
        "{a".repeat(100_000),
    ] {
        let answer = server.query(NEW, json!({ "query": query })).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "LIMIT_EXCEEDED")
        );
    }
}
