//! The environments of a project as a graph: who comes before whom.

use std::collections::{BTreeSet, HashMap, HashSet};

/// What the graph knows of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node<'a> {
    pub(crate) name: &'a str,
    pub(crate) upstream: &'a [String],
    pub(crate) rank: u32,
    pub(crate) retired: bool,
}

/// What is wrong with a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadGraph {
    /// An environment before is not one of the project's.
    Unknown(String),
    /// Environments come before each other: the names along the circle, the first one again last.
    Cycle(Vec<String>),
}

/// Checks what `node` has before it, among the project's other environments.
pub(crate) fn check(node: &Node<'_>, others: &[Node<'_>]) -> Result<(), BadGraph> {
    let mut known: HashMap<&str, &[String]> = others
        .iter()
        .map(|other| (other.name, other.upstream))
        .collect();
    known.insert(node.name, node.upstream);
    if let Some(unknown) = node
        .upstream
        .iter()
        .find(|name| !known.contains_key(name.as_str()))
    {
        return Err(BadGraph::Unknown(unknown.clone()));
    }
    let mut path = vec![node.name];
    let mut seen = HashSet::new();
    match circle(node.name, node.name, &known, &mut path, &mut seen) {
        true => Err(BadGraph::Cycle(
            path.iter().map(ToString::to_string).collect(),
        )),
        false => Ok(()),
    }
}

// Depth is at most the number of environments of a project, which is limited.
fn circle<'a>(
    from: &'a str,
    target: &str,
    known: &HashMap<&'a str, &'a [String]>,
    path: &mut Vec<&'a str>,
    seen: &mut HashSet<&'a str>,
) -> bool {
    for next in known.get(from).copied().unwrap_or_default() {
        path.push(next);
        if next == target || (seen.insert(next) && circle(next, target, known, path, seen)) {
            return true;
        }
        path.pop();
    }
    false
}

/// Names in the order of promotion: what comes before stands before, then by rank and name;
/// retired ones last.
pub(crate) fn in_order(nodes: &[Node<'_>]) -> Vec<String> {
    let mut waiting: Vec<&Node<'_>> = nodes.iter().collect();
    waiting.sort_by_key(|node| (node.retired, node.rank, node.name.to_owned()));
    let names: HashSet<&str> = nodes.iter().map(|node| node.name).collect();
    let mut done: Vec<String> = Vec::with_capacity(nodes.len());
    let mut placed: HashSet<&str> = HashSet::new();
    while !waiting.is_empty() {
        let free = waiting.iter().position(|node| {
            let mut before = node.upstream.iter().map(String::as_str);
            node.retired
                || before.all(|name| {
                    placed.contains(name) || !names.contains(name) || is_retired(nodes, name)
                })
        });
        // No circle is ever stored; should one be, the rest follows by rank.
        let node = waiting.remove(free.unwrap_or(0));
        placed.insert(node.name);
        done.push(node.name.to_owned());
    }
    let (retired, active): (Vec<_>, Vec<_>) =
        done.into_iter().partition(|name| is_retired(nodes, name));
    active.into_iter().chain(retired).collect()
}

fn is_retired(nodes: &[Node<'_>], name: &str) -> bool {
    nodes.iter().any(|node| node.name == name && node.retired)
}

/// The environments right before `name` that are in use: a retired one is stood in for by those
/// before it.
pub(crate) fn effective_upstream(name: &str, nodes: &[Node<'_>]) -> Vec<String> {
    let by_name: HashMap<&str, &Node<'_>> = nodes.iter().map(|node| (node.name, node)).collect();
    let mut found = BTreeSet::new();
    let mut seen: HashSet<&str> = HashSet::from([name]);
    let start = by_name
        .get(name)
        .map(|node| node.upstream)
        .unwrap_or_default();
    let mut open: Vec<&str> = start.iter().map(String::as_str).collect();
    while let Some(next) = open.pop() {
        if !seen.insert(next) {
            continue;
        }
        match by_name.get(next) {
            Some(node) if node.retired => open.extend(node.upstream.iter().map(String::as_str)),
            Some(_) => {
                found.insert(next.to_owned());
            }
            None => {}
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    fn node<'a>(name: &'a str, upstream: &'a [String], rank: u32) -> Node<'a> {
        Node {
            name,
            upstream,
            rank,
            retired: false,
        }
    }

    #[test]
    fn an_environment_that_would_come_before_itself_is_refused_with_the_circle() {
        let (none, dev, test) = (names(&[]), names(&["dev"]), names(&["test"]));
        let others = [node("dev", &none, 1), node("test", &dev, 2)];
        assert_eq!(check(&node("prod", &test, 3), &others), Ok(()));
        assert_eq!(
            check(&node("dev", &test, 1), &others[1..]),
            Err(BadGraph::Cycle(names(&["dev", "test", "dev"])))
        );
        assert_eq!(
            check(&node("dev", &dev, 1), &others[1..]),
            Err(BadGraph::Cycle(names(&["dev", "dev"])))
        );
    }

    #[test]
    fn an_unknown_environment_before_is_refused() {
        let unknown = names(&["qa"]);
        let refused = check(&node("prod", &unknown, 1), &[]);
        assert_eq!(refused, Err(BadGraph::Unknown("qa".into())));
    }

    #[test]
    fn the_order_follows_the_graph_first_and_the_rank_second() {
        let (none, dev, both) = (names(&[]), names(&["dev"]), names(&["eu", "us"]));
        let mut nodes = vec![
            node("global", &both, 1),
            node("us", &dev, 5),
            node("eu", &dev, 9),
            node("dev", &none, 50),
        ];
        assert_eq!(in_order(&nodes), ["dev", "us", "eu", "global"]);
        nodes[1].retired = true;
        assert_eq!(in_order(&nodes), ["dev", "eu", "global", "us"]);
    }

    #[test]
    fn a_retired_environment_is_stood_in_for_by_those_before_it() {
        let (none, dev, test) = (names(&[]), names(&["dev"]), names(&["test", "dev"]));
        let mut nodes = vec![
            node("dev", &none, 1),
            node("test", &dev, 2),
            node("prod", &test, 3),
        ];
        assert_eq!(effective_upstream("prod", &nodes), ["dev", "test"]);
        nodes[1].retired = true;
        assert_eq!(effective_upstream("prod", &nodes), ["dev"]);
        assert!(effective_upstream("dev", &nodes).is_empty());
    }
}
