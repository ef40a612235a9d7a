//! From facts to the board: pure.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sluice_schema::ProjectId;

use super::{
    Board, BoardCell, BoardEnvironment, BoardHold, Deployed, DriftState, SyncView,
    read::{CellRow, EnvironmentRow, Facts, Place, Standing, SyncRow},
};

/// The board of the facts.
pub(super) fn board(project: &ProjectId, mut facts: Facts) -> Board {
    let environments = environments(&mut facts);
    let order: HashMap<String, usize> = environments
        .iter()
        .enumerate()
        .map(|(at, it)| (it.id.clone(), at))
        .collect();
    let mut cells: BTreeMap<(String, usize), BoardCell> = BTreeMap::new();
    for row in std::mem::take(&mut facts.cells) {
        if let Some(at) = order.get(&row.environment_id) {
            let cell = cell(row, &facts);
            cells.insert((cell.module.clone(), *at), cell);
        }
    }
    for (environment, module) in facts.under_way.keys() {
        if let Some(at) = order.get(environment) {
            let row = empty(environment, module);
            let empty = || cell(row, &facts);
            cells.entry((module.clone(), *at)).or_insert_with(empty);
        }
    }
    let modules: BTreeSet<&String> = cells.keys().map(|(module, _)| module).collect();
    Board {
        project_id: project.to_string(),
        sequence: facts.sequence,
        modules: modules.into_iter().cloned().collect(),
        environments,
        cells: cells.into_values().collect(),
    }
}

/// The environments in order; those that only cells know come last.
fn environments(facts: &mut Facts) -> Vec<BoardEnvironment> {
    let mut known = std::mem::take(&mut facts.environments);
    let mut ids: HashSet<String> = known.iter().map(|it| it.id.clone()).collect();
    let in_cells = facts
        .cells
        .iter()
        .map(|it| (&it.environment_id, &it.environment));
    let in_requests = facts
        .under_way
        .iter()
        .map(|((id, _), it)| (id, &it.environment));
    let unknown: BTreeSet<(&String, &String)> = in_cells.chain(in_requests).collect();
    for (id, name) in unknown {
        if ids.insert(id.clone()) {
            known.push(EnvironmentRow {
                id: id.clone(),
                name: name.clone(),
                upstream: Vec::new(),
                retired: false,
            });
        }
    }
    known.retain(|it| !it.retired);
    let ordered = in_order(known).into_iter();
    let shown = ordered.map(|it| BoardEnvironment {
        hold: facts.holds.get(&(it.id.clone(), String::new())).cloned(),
        id: it.id,
        name: it.name,
        upstream: it.upstream,
    });
    shown.collect()
}

/// Upstream before downstream, as they were defined otherwise. Names of environments that are not
/// there do not count; a circle, which definitions refuse, is taken as it comes.
fn in_order(environments: Vec<EnvironmentRow>) -> Vec<EnvironmentRow> {
    let names: HashSet<String> = environments.iter().map(|it| it.name.clone()).collect();
    let mut placed: HashSet<String> = HashSet::new();
    let mut ordered = Vec::with_capacity(environments.len());
    let mut left = environments;
    while !left.is_empty() {
        let ready = |it: &EnvironmentRow| {
            let mut upstream = it.upstream.iter().filter(|name| names.contains(*name));
            upstream.all(|name| placed.contains(name))
        };
        let next = left.iter().position(ready).unwrap_or(0);
        let next = left.remove(next);
        placed.insert(next.name.clone());
        ordered.push(next);
    }
    ordered
}

fn empty(environment: &str, module: &str) -> CellRow {
    CellRow {
        module: module.to_owned(),
        environment_id: environment.to_owned(),
        environment: String::new(),
        declared: None,
        running: None,
        synced: None,
        sync: None,
    }
}

fn cell(row: CellRow, facts: &Facts) -> BoardCell {
    let origin = |it: &Standing| {
        let key = (it.promotion.clone(), row.module.clone());
        facts.origins.get(&key)
    };
    let declared = row.declared.as_ref().and_then(origin);
    let deployed = |it: &Standing| deployed(it, &row, facts);
    let place = (row.environment_id.clone(), row.module.clone());
    BoardCell {
        desired: row.declared.as_ref().and_then(deployed),
        deployed: row.running.as_ref().and_then(deployed),
        observed: row.synced.as_ref().and_then(deployed),
        changes_waiting: declared.and_then(|it| it.waiting),
        hold: hold(&place, facts),
        promotion_id: facts.under_way.get(&place).map(|it| it.promotion.clone()),
        sync: row.sync.map(sync),
        module: row.module,
        environment_id: row.environment_id,
    }
}

fn hold(place: &Place, facts: &Facts) -> Option<BoardHold> {
    let of_all = (place.0.clone(), String::new());
    let hold = facts.holds.get(place).or_else(|| facts.holds.get(&of_all));
    hold.cloned()
}

fn deployed(standing: &Standing, row: &CellRow, facts: &Facts) -> Option<Deployed> {
    let key = (standing.promotion.clone(), row.module.clone());
    let origin = facts.origins.get(&key)?;
    let declared = row.declared.as_ref();
    let is_left = declared.is_none_or(|it| it.promotion != standing.promotion);
    let state = match origin.rolled_back && is_left {
        true => "ROLLED_BACK",
        false => &origin.state,
    };
    let (pull_request_id, number) = origin.pull_request.clone().unzip();
    // Promotions are carried out by the system on behalf of who asked for them.
    let by = origin.requested_by.as_ref().or(standing.by.as_ref());
    Some(Deployed {
        version: origin.version.clone(),
        release_id: origin.release_id.clone(),
        promotion_id: standing.promotion.clone(),
        promotion_state: state.to_owned(),
        build_id: origin.build_id.clone(),
        run_id: origin.run_id.clone(),
        repository_id: origin.repository_id.clone(),
        commit_sha: origin.commit_sha.clone(),
        pull_request_id,
        pull_request_number: number,
        since: standing.since,
        by: by.cloned().unwrap_or_default(),
    })
}

fn sync(row: SyncRow) -> SyncView {
    SyncView {
        sync_id: row.id,
        state: row.state.parse().unwrap_or(DriftState::Unknown),
        health: row.health.unwrap_or_else(|| "UNKNOWN".to_owned()),
        drift: row.drift,
        reason: row.reason,
        observed_at: row.observed_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str, upstream: &[&str]) -> EnvironmentRow {
        EnvironmentRow {
            id: format!("env_{name}"),
            name: name.to_owned(),
            upstream: upstream.iter().map(|&it| it.to_owned()).collect(),
            retired: false,
        }
    }

    fn order(environments: Vec<EnvironmentRow>) -> Vec<String> {
        in_order(environments)
            .into_iter()
            .map(|it| it.name)
            .collect()
    }

    #[test]
    fn environments_follow_their_upstream_and_their_definition() {
        let all = vec![
            environment("prod", &["staging", "canary"]),
            environment("dev", &[]),
            environment("staging", &["dev"]),
            environment("canary", &["dev", "gone"]),
        ];
        assert_eq!(order(all), ["dev", "staging", "canary", "prod"]);
    }

    #[test]
    fn a_circle_of_environments_ends() {
        let all = vec![environment("a", &["b"]), environment("b", &["a"])];
        assert_eq!(order(all), ["a", "b"]);
    }
}
