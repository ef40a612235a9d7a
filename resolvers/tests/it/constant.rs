//! No query costs more statements because it returns more rows: every edge of the schema, as its
//! introspection tells them, in lists of four levels.

use std::collections::BTreeSet;

use async_graphql::Request;
use serde_json::{Value, json};
use sluice_resolvers::{Limits, Options, SluiceSchema, execute, schema};
use sluice_testkit::{Backend, on_both_databases};

use crate::{
    types::{INTROSPECTION, Types},
    world::World,
};

on_both_databases!(
    every_edge_costs_the_same_for_one_chain_as_for_two,
    several_roots_cost_exactly_what_each_costs,
    from_a_synchronisation_to_its_repository_is_one_statement_per_hop,
);

/// Fields that are followed for each object by itself, and why. They weigh in `complexity`.
pub(crate) const BY_ITSELF: [(&str, &str); 6] = [
    ("lineage", "a graph of its own for each object"),
    ("reach", "a walk of its own for each change"),
    (
        "blockers",
        "asks every service that has a say; needs an argument",
    ),
    ("diff", "reads two trees in Git, or needs an argument"),
    ("log", "reads a file; needs an argument"),
    ("joinedLog", "reads files, in an order of its own"),
];

/// Edges that no chain of the test has, and why.
const NEVER_THERE: [&str; 0] = [];

const WIDE: Limits = Limits {
    selections: 1_000_000,
    depth: 50,
    aliases: 1_000,
    root_fields: 1_000,
    directives: 10,
    complexity: usize::MAX,
};

fn wide(world: &World) -> SluiceSchema {
    let options = Options {
        limits: WIDE,
        ..Options::default()
    };
    schema(world.services.clone(), options)
}

/// The answer and what it cost.
async fn ask(world: &World, schema: &SluiceSchema, query: &str) -> (Value, u64) {
    let ctx = world.user.ctx();
    let response = execute(schema, ctx.clone(), Request::new(query)).await;
    assert!(response.errors.is_empty(), "{query}: {:?}", response.errors);
    let data = response.data.into_json().unwrap();
    (data, ctx.statements().get())
}

async fn types(world: &World, schema: &SluiceSchema) -> Types {
    Types::of(&ask(world, schema, INTROSPECTION).await.0)
}

/// Whether any object of the list has something at the edge.
fn leads_on(answer: &Value, edge: &str) -> bool {
    let list = answer.as_object().unwrap().values().next().unwrap();
    let mut nodes = list["nodes"].as_array().unwrap().iter();
    nodes.any(|node| match &node[edge] {
        Value::Null => false,
        Value::Array(all) => !all.is_empty(),
        Value::Object(it) => it.get("totalCount").is_none_or(|count| *count != 0),
        _ => true,
    })
}

async fn every_edge_costs_the_same_for_one_chain_as_for_two(backend: Backend) {
    let world = World::on(backend).await;
    let schema = wide(&world);
    let types = types(&world, &schema).await;
    assert_eq!(types.closed(), Vec::<String>::new(), "exempt them");
    let queries = types.queries();
    assert!(queries.len() > 120, "{} queries", queries.len());
    world.chain("one").await;
    let mut few = Vec::new();
    let mut nowhere = BTreeSet::new();
    for (edge, query) in &queries {
        let (answer, statements) = ask(&world, &schema, query).await;
        few.push(statements);
        let (_, name) = edge.split_once('.').unwrap();
        if types.is_edge(edge) && !leads_on(&answer, name) {
            nowhere.insert(edge.as_str());
        }
    }
    world.chain("two").await;
    let mut more = Vec::new();
    for ((edge, query), few) in queries.iter().zip(few) {
        let (_, many) = ask(&world, &schema, query).await;
        if many != few {
            more.push(format!("{edge}: {few} became {many}: {query}"));
        }
    }
    assert!(more.is_empty(), "{}", more.join("\n"));
    assert_eq!(nowhere, NEVER_THERE.into(), "no chain has these edges");
}

async fn several_roots_cost_exactly_what_each_costs(backend: Backend) {
    let world = World::on(backend).await;
    world.chain("one").await;
    let schema = wide(&world);
    let types = types(&world, &schema).await;
    let names: Vec<&str> = types.roots().map(|(root, _)| root).collect();
    assert!(names.len() > 13, "{names:?}");
    let list = |name: &&str| format!("{name}(first: 3) {{ totalCount nodes {{ id }} }}");
    let lists: Vec<String> = names.iter().map(list).collect();
    let query = format!("{{ {} }}", lists.join(" "));
    let expected = 2 * u64::try_from(names.len()).unwrap();
    // Edges that lead to the same kind from several roots are one statement.
    let joined = "{ buildResults(first: 3) { nodes { repository { name } commit { id } } }
        pipelineRuns(first: 3) { nodes { repository { name } commit { id } } }
        pullRequests(first: 3) { nodes { repository { name } headCommit { id } } } }";
    for _ in 0..10 {
        assert_eq!(ask(&world, &schema, &query).await.1, expected);
        assert_eq!(ask(&world, &schema, joined).await.1, 5);
    }
}

const PATH: &str = "{ gitOpsSyncs(first: 50) { nodes { promotion { release { builds { run {
    commit { pullRequests { repository { name } } } } } } } } } }";

async fn from_a_synchronisation_to_its_repository_is_one_statement_per_hop(backend: Backend) {
    let world = World::on(backend).await;
    world.chain("one").await;
    world.chain("two").await;
    let answer = world.send(PATH, json!({})).await;
    let syncs = answer.data()["gitOpsSyncs"]["nodes"].as_array().unwrap();
    assert_eq!(syncs.len(), 2);
    for sync in syncs {
        let build = &sync["promotion"]["release"]["builds"][0];
        let pull_request = &build["run"]["commit"]["pullRequests"][0];
        let name = pull_request["repository"]["name"].as_str();
        assert!(
            ["one", "two"].contains(&name.unwrap_or_default()),
            "{sync:#}"
        );
    }
    assert_eq!(answer.statements, 8);
}
