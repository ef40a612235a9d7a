//! Runs the nodes of a graph, each as soon as those before it are done.

use std::future::Future;

use futures::stream::{FuturesUnordered, StreamExt as _};

/// `before[n]` holds the positions that node `n` waits for; there is no cycle. `start` sees the
/// outcomes so far. Returns the outcomes in the order of the nodes.
pub(crate) async fn drive<T, Work>(
    before: &[&[usize]],
    mut start: impl FnMut(usize, &[Option<T>]) -> Work,
) -> Vec<Option<T>>
where
    Work: Future<Output = T>,
{
    let mut outcomes: Vec<Option<T>> = before.iter().map(|_| None).collect();
    let mut started = vec![false; before.len()];
    let mut running = FuturesUnordered::new();
    loop {
        for (node, before) in before.iter().enumerate() {
            let done = |at: &usize| outcomes.get(*at).is_some_and(Option::is_some);
            if let Some(flag) = started.get_mut(node).filter(|flag| !**flag)
                && before.iter().all(done)
            {
                *flag = true;
                let work = start(node, &outcomes);
                running.push(async move { (node, work.await) });
            }
        }
        let Some((node, outcome)) = running.next().await else {
            return outcomes;
        };
        if let Some(slot) = outcomes.get_mut(node) {
            *slot = Some(outcome);
        }
    }
}

/// Everything that comes before a node, directly or not, in ascending order.
pub(crate) fn ancestors(node: usize, before: &[&[usize]]) -> Vec<usize> {
    let mut found = std::collections::BTreeSet::new();
    let mut open = vec![node];
    while let Some(at) = open.pop() {
        for next in before.get(at).copied().unwrap_or_default() {
            if found.insert(*next) {
                open.push(*next);
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nodes_run_after_what_they_wait_for() {
        let order = std::sync::Mutex::new(Vec::new());
        let before: [&[usize]; 4] = [&[1, 2], &[2], &[], &[0]];
        let outcomes = drive(&before, |node, seen| {
            assert!(before[node].iter().all(|at| seen[*at] == Some(*at)));
            order.lock().unwrap().push(node);
            async move { node }
        })
        .await;
        assert_eq!(outcomes, [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(*order.lock().unwrap(), [2, 1, 0, 3]);
        assert_eq!(ancestors(3, &before), [0, 1, 2]);
    }
}
