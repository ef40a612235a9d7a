//! Each after those that it depends on; otherwise as in the file.

use std::collections::BTreeSet;

/// Orders `0..edges.len()`, where `edges[i]` holds what `i` depends on.
///
/// # Errors
/// The members of one cycle, each depending on the next, the last on the first.
pub(crate) fn topological(edges: &[BTreeSet<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut order = Vec::with_capacity(edges.len());
    let mut done = vec![false; edges.len()];
    while order.len() < edges.len() {
        let ready = |at: &usize| !done[*at] && edges[*at].iter().all(|other| done[*other]);
        let Some(next) = (0..edges.len()).find(ready) else {
            return Err(cycle(edges, &done));
        };
        done[next] = true;
        order.push(next);
    }
    Ok(order)
}

/// Walks along unfinished edges, of which there is always one, until it comes back.
fn cycle(edges: &[BTreeSet<usize>], done: &[bool]) -> Vec<usize> {
    let mut at = done.iter().position(|done| !done).unwrap_or_default();
    let mut walk = Vec::new();
    loop {
        if let Some(start) = walk.iter().position(|seen| *seen == at) {
            return walk.split_off(start);
        }
        walk.push(at);
        let Some(next) = edges[at].iter().find(|other| !done[**other]) else {
            return walk;
        };
        at = *next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(list: &[&[usize]]) -> Vec<BTreeSet<usize>> {
        list.iter()
            .map(|edges| edges.iter().copied().collect())
            .collect()
    }

    #[test]
    fn dependencies_come_first_and_the_rest_stays_in_place() {
        assert_eq!(
            topological(&edges(&[&[2], &[], &[], &[0]])),
            Ok(vec![1, 2, 0, 3])
        );
        assert_eq!(topological(&[]), Ok(vec![]));
    }

    #[test]
    fn a_cycle_is_named_without_what_leads_to_it() {
        assert_eq!(topological(&edges(&[&[1], &[2], &[1]])), Err(vec![1, 2]));
        assert_eq!(topological(&edges(&[&[0]])), Err(vec![0]));
    }
}
