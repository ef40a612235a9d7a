use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn documents_above_a_limit_are_refused_with_its_code() {
    let world = World::new().await;
    let mut bomb = "{ ...f0 }".to_owned();
    for level in 0..24 {
        let next = level + 1;
        bomb += &format!(" fragment f{level} on Query {{ ...f{next} ...f{next} }}");
    }
    bomb += " fragment f24 on Query { viewer { tenant } }";
    let deep = format!(
        "{{ {}id{} }}",
        "branches { nodes { repository { ".repeat(6),
        " } } }".repeat(6)
    );
    let wide = "{ repositories(first: 200) { nodes { branches(first: 200) { nodes {
        commits(first: 200) { nodes { id } } } } } } }";
    for document in [bomb.as_str(), &deep, wide] {
        let refused = world.send(document, json!({})).await;
        assert_eq!(
            refused.error("code"),
            "LIMIT_EXCEEDED",
            "{:#}",
            refused.body
        );
        assert_eq!(refused.statements, 0);
    }
    let ids = vec!["repo_1"; 101];
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let refused = world.send(query, json!({ "ids": ids })).await;
    assert_eq!(refused.error("code"), "LIMIT_EXCEEDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_not_valid_is_a_bad_request_with_few_errors() {
    let world = World::new().await;
    let wrong = "nope ".repeat(500);
    let refused = world
        .send(&format!("{{ viewer {{ {wrong} }} }}"), json!({}))
        .await;
    assert_eq!(refused.error("code"), "BAD_REQUEST");
    assert!(refused.body["errors"].as_array().unwrap().len() <= 20);
    let refused = world.send("{ viewer", json!({})).await;
    assert_eq!(refused.error("code"), "BAD_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_whose_variable_is_left_out_counts_as_left_out() {
    let world = World::new().await;
    let query = "query($first: Int, $after: String, $name: String, $direction: OrderDirection) {
        repositories(first: $first, after: $after, filter: { name: $name },
            orderBy: { field: NAME, direction: $direction }) { totalCount nodes { name } } }";
    world.repository("shop").await;
    let answer = world.send(query, json!({})).await;
    assert_eq!(answer.data()["repositories"]["nodes"][0]["name"], "shop");
    let answer = world.send(query, json!({ "name": "other" })).await;
    assert_eq!(answer.data()["repositories"]["totalCount"], 0);
    let refused = world
        .send("query($id: ID!) { repository(id: $id) { id } }", json!({}))
        .await;
    assert_eq!(refused.error("code"), "BAD_REQUEST");
    // Nothing was executed, so there is no data and no path.
    assert!(
        refused.body["errors"][0].get("path").is_none(),
        "{:#}",
        refused.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_quote_long_input_in_part_and_name_no_place_that_is_none() {
    let world = World::new().await;
    let long = "x".repeat(100_000);
    let query = "query($first: Int) { repositories(first: $first) { totalCount } }";
    let refused = world.send(query, json!({ "first": long })).await;
    for error in refused.body["errors"].as_array().unwrap() {
        assert!(error["message"].as_str().unwrap().chars().count() <= 2_001);
    }
    let aliases: String = (0..51).map(|n| format!("a{n}: tenant ")).collect();
    let refused = world
        .send(&format!("{{ viewer {{ {aliases} }} }}"), json!({}))
        .await;
    assert_eq!(refused.error("code"), "LIMIT_EXCEEDED");
    assert!(
        refused.body["errors"][0].get("locations").is_none(),
        "{:#}",
        refused.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_introspection_of_usual_tools_is_allowed() {
    let world = World::new().await;
    let of_type = "ofType { kind name ".repeat(9) + &"}".repeat(9);
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} mutationType {{ name }}
            types {{ ...FullType }}
            directives {{ name description locations args {{ ...InputValue }} }} }} }}
        fragment FullType on __Type {{ kind name description
            fields(includeDeprecated: true) {{ name description args {{ ...InputValue }}
                type {{ ...TypeRef }} isDeprecated deprecationReason }}
            inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }}
            enumValues(includeDeprecated: true) {{ name description isDeprecated }}
            possibleTypes {{ ...TypeRef }} }}
        fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }}
            defaultValue }}
        fragment TypeRef on __Type {{ kind name {of_type} }}"
    );
    let answer = world.send(&query, json!({})).await;
    assert_eq!(answer.data()["__schema"]["queryType"]["name"], "Query");
}
