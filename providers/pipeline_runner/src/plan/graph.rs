//! Names in `dependsOn` to positions, without cycles.

use std::collections::{BTreeSet, HashMap};

use crate::error::Rule;
use crate::yaml::{Findings, View};

/// One stage or job with what it says about its order.
pub(super) struct Named<'a> {
    pub(super) name: String,
    pub(super) view: View<'a>,
    /// `None` when there is no `dependsOn`.
    pub(super) depends_on: Option<Vec<(String, View<'a>)>>,
}

/// Positions that each node waits for. `follow` is what a node without `dependsOn` does: wait for
/// the one before (stages) or start at once (jobs).
pub(super) fn resolve(
    what: &str,
    nodes: &[Named<'_>],
    follow: bool,
    findings: &mut Findings,
) -> Vec<Vec<usize>> {
    let mut positions: HashMap<String, usize> = HashMap::new();
    for (position, node) in nodes.iter().enumerate() {
        let first = *positions
            .entry(node.name.to_lowercase())
            .or_insert(position);
        if first != position {
            let message = format!("the {what} `{}` is defined twice", node.name);
            findings.add(&node.view, Rule::DuplicateName, message);
        }
    }
    let mut edges = Vec::with_capacity(nodes.len());
    for (position, node) in nodes.iter().enumerate() {
        let Some(names) = &node.depends_on else {
            let before = if follow {
                position.checked_sub(1)
            } else {
                None
            };
            edges.push(before.into_iter().collect());
            continue;
        };
        let mut before = BTreeSet::new();
        for (name, view) in names {
            match positions.get(&name.to_lowercase()) {
                Some(found) => {
                    before.insert(*found);
                }
                None => {
                    let message = format!("there is no {what} `{name}` to depend on");
                    findings.add(view, Rule::UnknownDependency, message);
                }
            }
        }
        edges.push(before.into_iter().collect::<Vec<usize>>());
    }
    report_cycles(what, nodes, &edges, findings);
    edges
}

fn report_cycles(what: &str, nodes: &[Named<'_>], edges: &[Vec<usize>], findings: &mut Findings) {
    let mut done = vec![false; nodes.len()];
    loop {
        let ready = |before: &Vec<usize>| before.iter().all(|at| done.get(*at) == Some(&true));
        let next: Vec<usize> = edges
            .iter()
            .enumerate()
            .filter(|(at, before)| done.get(*at) == Some(&false) && ready(before))
            .map(|(at, _)| at)
            .collect();
        if next.is_empty() {
            break;
        }
        for at in next {
            if let Some(flag) = done.get_mut(at) {
                *flag = true;
            }
        }
    }
    for (node, _) in nodes.iter().zip(&done).filter(|(_, done)| !**done) {
        let message = format!("the {what} `{}` waits, by dependsOn, for itself", node.name);
        findings.add(&node.view, Rule::DependencyCycle, message);
    }
}
