//! Requests that ask for much with little: refused by counted, bounded work, whatever their size.

use async_graphql::parser::parse_query;
use proptest::{prelude::*, test_runner::TestCaseResult};
use sluice_resolvers::measure;

use super::*;

/// A document, and the limits on what a walk over it looks at.
fn bomb() -> impl Strategy<Value = String> {
    let times = |count: usize, part: &dyn Fn(usize) -> String| {
        (0..count).map(part).collect::<Vec<_>>().join(" ")
    };
    prop_oneof![
        // Fragments that spread the next one several times.
        (12..40_usize, 2..9_usize).prop_map(move |(levels, width)| {
            let spread = |level: usize| times(width, &|_| format!("...f{}", level + 1));
            let fragment = |n: usize| format!("fragment f{n} on Query {{ {} }}", spread(n));
            let last = format!("fragment f{levels} on Query {{ tenant }}");
            format!("{{ ...f0 }} {} {last}", times(levels, &fragment))
        }),
        // Fragments in a circle.
        (1..40_usize).prop_map(move |levels| {
            let next = |n: usize| (n + 1) % levels;
            let fragment = |n: usize| format!("fragment f{n} on Query {{ ...f{} }}", next(n));
            format!("{{ ...f0 }} {}", times(levels, &fragment))
        }),
        (51..3_000_usize)
            .prop_map(move |n| { format!("{{ {} }}", times(n, &|n| format!("a{n}: tenant"))) }),
        (51..3_000_usize).prop_map(move |n| {
            format!(
                "{{ tenant {} }}",
                times(n, &|_| "@skip(if: false)".to_owned())
            )
        }),
        (16..90_usize).prop_map(|n| format!("{}tenant{}", "{ a ".repeat(n), "}".repeat(n))),
        (21..1_000_usize).prop_map(move |n| { times(n, &|n| format!("query q{n} {{ tenant }}")) }),
        (10_001..60_000_usize).prop_map(|n| format!("{{ {} }}", "a ".repeat(n))),
        (200..60_000_usize).prop_map(|n| format!("{{ a(x: {}", "[".repeat(n))),
        (260_000..400_000_usize).prop_map(|n| format!("{{ a(x: \"{}\") }}", "x".repeat(n))),
        (101..5_000_usize).prop_map(move |n| {
            let fragment = |n: usize| format!("fragment f{n} on Query {{ ...f{} }}", n + 1);
            format!("{{ ...f0 }} {}", times(n, &fragment))
        }),
    ]
}

fn refused_without_work(server: &Server, answer: &Answer) -> TestCaseResult {
    prop_assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let code = answer.code();
    prop_assert!(["LIMIT_EXCEEDED", "BAD_REQUEST"].contains(&code.as_str()));
    prop_assert!(answer.body.len() < 1_000, "{} bytes", answer.body.len());
    prop_assert_eq!(server.executed.load(Ordering::Relaxed), 0);
    Ok(())
}

// Selections that the walk looks at, when the document gets as far as that.
fn work(document: &str) -> Option<usize> {
    let measured = measure(&parse_query(document).ok()?, &no_limits());
    measured.ok().map(|measure| measure.visited)
}

fn no_limits() -> sluice_resolvers::Limits {
    sluice_resolvers::Limits {
        selections: usize::MAX,
        depth: usize::MAX,
        aliases: usize::MAX,
        root_fields: usize::MAX,
        directives: usize::MAX,
        complexity: usize::MAX,
    }
}

fn large() -> Server {
    let mut server = server_with(|graphql| graphql.max_batch = 3);
    server.edge.http.graphql_body_limit = 4 << 20;
    server
}

#[test]
fn bombs_reach_neither_the_validator_nor_the_executor() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(async { large() });
    let config = ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(document in bomb())| {
        let sent = json!({ "query": document });
        let answer = runtime.block_on(server.query(NEW, sent));
        refused_without_work(&server, &answer)?;
        // Even without limits the walk looks at each selection of the text once.
        if document.len() < 5_000 && let Some(work) = work(&document) {
            prop_assert!(work <= document.len(), "{work} steps for {} bytes", document.len());
        }
    });
}

#[test]
fn long_batches_and_deep_variables_are_refused_where_they_stand() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(async { large() });
    let config = ProptestConfig {
        cases: 20,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(length in 4..20_000_usize, depth in 128..100_000_usize)| {
        let batch = vec![r#"{"query":"{tenant}"}"#; length].join(",");
        let answer = runtime.block_on(server.post("/graphql", &[("accept", NEW)], format!("[{batch}]")));
        refused_without_work(&server, &answer)?;
        // What stands behind the last that is taken is not even read.
        let cut = format!("[{},{{ no json", [r#"{"query":"{tenant}"}"#; 4].join(","));
        let answer = runtime.block_on(server.post("/graphql", &[("accept", NEW)], cut));
        prop_assert_eq!(answer.code(), "LIMIT_EXCEEDED");
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let sent = format!(r#"{{"query":"{{tenant}}","variables":{{"x":{deep}}}}}"#);
        let answer = runtime.block_on(server.post("/graphql", &[("accept", NEW)], sent));
        refused_without_work(&server, &answer)?;
    });
}
