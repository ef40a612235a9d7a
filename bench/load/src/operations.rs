//! What is measured.

use bytes::Bytes;
use serde_json::{Value, json};

use sluice_bench::{BenchError, http1::Target};

/// An operation with the variables that it is asked with.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) document: &'static str,
    variables: Variables,
}

/// Where an operation's variables come from: many different ones, so that nothing is measured
/// that only ever touches one row.
#[derive(Debug)]
enum Variables {
    None,
    /// `id`s of a list, by the list's document and the path to the ids.
    Ids(&'static str),
    /// The made-up world's project of 100 modules that are all in production.
    Fleet,
}

pub(crate) const ALL: &[Operation] = &[
    Operation {
        name: "object by id",
        document: "query($id: ID!) { buildResult(id: $id) { id status branch commitSha createdAt } }",
        variables: Variables::Ids("{ list: buildResults(first: 200) { nodes { id } } }"),
    },
    Operation {
        name: "50 builds with run, commit, pull request, repository",
        document: "{ buildResults(first: 50) { nodes { id status createdAt \
                   run { id number status } commit { id sha message } \
                   pullRequest { id number title } repository { id name } } } }",
        variables: Variables::None,
    },
    Operation {
        name: "20 repositories with 10 pull requests with builds",
        document: "{ repositories(first: 20) { nodes { id name \
                   pullRequests(first: 10) { nodes { id number title status \
                   builds { id status } } } } } }",
        variables: Variables::None,
    },
    Operation {
        name: "lineage of a promotion back to the commit",
        document: "query($id: ID!) { lineage(id: $id, direction: UPSTREAM) { truncated \
                   nodes { key kind depth } edges { from to relation } } }",
        variables: Variables::Ids(
            "{ list: promotions(first: 200, filter: { environment: \"prod\" }) { nodes { id } } }",
        ),
    },
    Operation {
        name: "board of 100 modules in 4 environments",
        document: "query($id: ID!) { deliveryBoard(projectId: $id) { sequence modules \
                   environments { id name } cells { module environmentId changesWaiting \
                   desired { version since by } deployed { version commitSha since } \
                   sync { state health drift } } } }",
        variables: Variables::Fleet,
    },
];

/// The bodies that an operation is sent with, in turn.
pub(crate) async fn prepare(
    target: &Target,
    operation: &Operation,
) -> Result<Vec<Bytes>, BenchError> {
    let ids = match operation.variables {
        Variables::None => return Ok(vec![body(operation.document, &json!({}))?]),
        Variables::Ids(document) => ask(target, operation.name, document).await?,
        Variables::Fleet => vec!["fleet".to_owned()],
    };
    if ids.is_empty() {
        return Err(BenchError::Empty(operation.name));
    }
    let bodies = ids
        .iter()
        .map(|id| body(operation.document, &json!({ "id": id })));
    bodies.collect()
}

fn body(document: &str, variables: &Value) -> Result<Bytes, BenchError> {
    let request = json!({ "query": document, "variables": variables });
    Ok(serde_json::to_vec(&request)?.into())
}

async fn nodes(
    target: &Target,
    name: &'static str,
    document: &str,
) -> Result<Vec<Value>, BenchError> {
    let answer = target
        .connect()
        .await?
        .ask(body(document, &json!({}))?)
        .await?;
    if !answer.is_good() {
        return Err(BenchError::Refused {
            operation: name,
            status: answer.status,
            answer: String::from_utf8_lossy(&answer.body)
                .chars()
                .take(500)
                .collect(),
        });
    }
    let mut answer: Value = serde_json::from_slice(&answer.body)?;
    Ok(match answer["data"]["list"]["nodes"].take() {
        Value::Array(nodes) => nodes,
        _ => Vec::new(),
    })
}

async fn ask(
    target: &Target,
    name: &'static str,
    document: &str,
) -> Result<Vec<String>, BenchError> {
    let nodes = nodes(target, name, document).await?;
    Ok(texts(&nodes, "id"))
}

fn texts(nodes: &[Value], field: &str) -> Vec<String> {
    let texts = nodes.iter().filter_map(|node| node[field].as_str());
    texts.map(str::to_owned).collect()
}
