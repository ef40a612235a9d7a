//! The figures once more, from the events alone, by walking the graph of commits: no landings, no
//! marks, no tables.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sluice_ledger::{
    ChangeLeadTime, DeliveryMetrics, Deployment, Durations, LeadTimeParts, MetricsRequest, Restore,
};
use sluice_schema::Envelope;

use super::{
    chain::{Chain, Deploy, History},
    graph::ancestors,
};

/// A change with all its commits.
#[derive(Debug, Clone)]
struct Change {
    sha: String,
    commits: BTreeSet<String>,
}

/// A deployment with what it brought and what had run before it.
struct Step {
    deploy: Deploy,
    brought: Vec<Change>,
    ran: BTreeSet<String>,
}

pub(super) fn figures(events: &[Envelope], request: &MetricsRequest) -> DeliveryMetrics {
    let chain = Chain::of(events);
    let steps = steps(&chain, request);
    let mut figures = DeliveryMetrics {
        deployments_per_day: 0.0,
        deployments: Vec::new(),
        lead_time: Durations::default(),
        changes: Vec::new(),
        change_failure_rate: None,
        time_to_restore: Durations::default(),
        restores: Vec::new(),
        rework_rate: None,
        sequence: events.len() as u64,
    };
    for (index, step) in steps.iter().enumerate() {
        let ended = step.deploy.ended;
        if !ended.is_some_and(|at| request.since <= at && at < request.until) {
            continue;
        }
        let failed = failure(&chain, &steps, index);
        figures.deployments.push(shown(&chain, step, &failed));
        if let Some((_, end)) = failed.filter(|_| !is_rollback(&step.deploy)) {
            figures.restores.push(Restore {
                failed_promotion_id: step.deploy.event.promotion_id.to_string(),
                module: step.deploy.module.clone(),
                failed_at: step.deploy.declared,
                restored_by: end.map(|end| steps[end].deploy.event.promotion_id.to_string()),
                restored_at: end.and_then(|end| steps[end].deploy.ended),
            });
        }
        let changes = step.brought.iter();
        figures
            .changes
            .extend(changes.map(|change| lead(&chain, &step.deploy, change)));
    }
    let key = |it: &Restore| {
        (
            it.failed_at,
            it.failed_promotion_id.clone(),
            it.module.clone(),
        )
    };
    figures.restores.sort_by_key(key);
    sum_up(&mut figures, request);
    figures
}

fn is_rollback(deploy: &Deploy) -> bool {
    deploy.event.kind == "ROLLBACK"
}

fn history<'c>(chain: &'c Chain, deploy: &Deploy) -> &'c History {
    &chain.histories[&deploy.item.repository_id.to_string()]
}

fn steps(chain: &Chain, request: &MetricsRequest) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for deploy in &chain.deploys {
        let wanted = deploy.event.environment_id.to_string() == request.environment_id
            && request
                .module
                .as_ref()
                .is_none_or(|it| *it == deploy.module);
        if !wanted {
            continue;
        }
        let history = history(chain, deploy);
        let holds = |deploy: &Deploy| {
            let known = deploy.succeeded && history.main.contains(&deploy.item.commit_sha);
            known.then(|| ancestors(&history.commits, &deploy.item.commit_sha))
        };
        let before = steps.iter().filter(|it| {
            it.deploy.module == deploy.module
                && it.deploy.item.repository_id == deploy.item.repository_id
        });
        let before: Vec<_> = before.filter_map(|it| holds(&it.deploy)).collect();
        let ran: BTreeSet<String> = before.iter().flatten().cloned().collect();
        let new = match holds(deploy) {
            Some(holds) if !is_rollback(deploy) => {
                let new = |sha: &&String| match before.is_empty() {
                    true => **sha == deploy.item.commit_sha,
                    false => holds.contains(*sha) && !ran.contains(*sha),
                };
                history.main.iter().filter(new).cloned().collect()
            }
            _ => Vec::new(),
        };
        steps.push(Step {
            deploy: deploy.clone(),
            brought: new.into_iter().map(|sha| change(history, sha)).collect(),
            ran: with_squashed(history, ran),
        });
    }
    steps
}

// What a commit of the line brought: what its parent there does not hold.
fn change(history: &History, sha: String) -> Change {
    let own = ancestors(&history.commits, &sha);
    let parent = history.commits[&sha].parents.first();
    let before = parent.map(|parent| ancestors(&history.commits, parent));
    let before = before.unwrap_or_default();
    let new = own.difference(&before).cloned();
    let commits = with_squashed(history, new.collect());
    Change { sha, commits }
}

// With what squashes among the commits were made of.
fn with_squashed(history: &History, mut commits: BTreeSet<String>) -> BTreeSet<String> {
    let squashes = history
        .merged
        .iter()
        .filter(|(pull, _)| pull.strategy == "SQUASH" && commits.contains(&pull.merge_commit_sha));
    let mut sources = BTreeSet::new();
    for (pull, _) in squashes {
        let source = ancestors(&history.commits, &pull.source_sha);
        let target = ancestors(&history.commits, &pull.merge_commit_sha);
        sources.extend(source.difference(&target).cloned());
    }
    commits.extend(sources);
    commits
}

// Who made it fail, and what ended that.
fn failure(chain: &Chain, steps: &[Step], index: usize) -> Option<(String, Option<usize>)> {
    let own = &steps[index].deploy;
    let success = |not_before: DateTime<Utc>| {
        (index + 1..steps.len()).find(|later| {
            let it = &steps[*later].deploy;
            it.module == own.module && it.succeeded && it.ended.unwrap() >= not_before
        })
    };
    if !own.succeeded {
        let end = success(own.declared);
        return Some((own.event.promotion_id.to_string(), end));
    }
    let left = chain.deploys.iter().filter(|it| {
        it.module == own.module && it.event.rollback_of == Some(own.event.promotion_id)
    });
    if let Some(rollback) = left.min_by_key(|it| it.declared) {
        let end = success(rollback.declared);
        return Some((rollback.event.promotion_id.to_string(), end));
    }
    let history = history(chain, own);
    let repairs = |later: &usize| {
        let it = &steps[*later];
        let same = it.deploy.module == own.module
            && it.deploy.item.repository_id == own.item.repository_id;
        let brought = it.brought.iter().flat_map(|change| &change.commits);
        let mut undone = brought.flat_map(|sha| &history.commits[sha].reverts);
        same && undone.any(|sha| {
            let mut changes = steps[index].brought.iter();
            changes.any(|change| change.commits.contains(sha))
        })
    };
    let by = (index + 1..steps.len()).find(repairs)?;
    Some((steps[by].deploy.event.promotion_id.to_string(), Some(by)))
}

fn shown(chain: &Chain, step: &Step, failed: &Option<(String, Option<usize>)>) -> Deployment {
    let (deploy, history) = (&step.deploy, history(chain, &step.deploy));
    let brought = step.brought.iter().flat_map(|change| &change.commits);
    let mut undone = brought.flat_map(|sha| &history.commits[sha].reverts);
    Deployment {
        promotion_id: deploy.event.promotion_id.to_string(),
        module: deploy.module.clone(),
        release_id: deploy.event.release_id.to_string(),
        version: deploy.event.version.clone(),
        at: deploy.ended.unwrap(),
        succeeded: deploy.succeeded,
        rollback: is_rollback(deploy),
        failed: failed.is_some(),
        rework: is_rollback(deploy) || undone.any(|sha| step.ran.contains(sha)),
        failed_by: failed.as_ref().map(|(by, _)| by.clone()),
    }
}

fn lead(chain: &Chain, deploy: &Deploy, change: &Change) -> ChangeLeadTime {
    let history = history(chain, deploy);
    let pull = history
        .merged
        .iter()
        .find(|(pull, _)| pull.created_shas.contains(&change.sha));
    let written = change
        .commits
        .iter()
        .map(|sha| history.commits[sha].authored_at);
    let merged = pull.map_or(history.commits[&change.sha].committed_at, |(_, at)| *at);
    let running = deploy.ended.unwrap();
    let mut times = [
        written.min(),
        Some(merged),
        chain.built.get(&deploy.item.build_id.to_string()).copied(),
        chain
            .approved
            .get(&deploy.event.release_id.to_string())
            .copied(),
        Some(deploy.declared),
        Some(running),
    ];
    let mut latest = running;
    for time in times.iter_mut().rev().flatten() {
        latest = latest.min(*time);
        *time = latest;
    }
    let started = times[0].unwrap();
    let mut last = started;
    let offsets = times.map(|time| {
        last = time.unwrap_or(last);
        (last - started).num_milliseconds().unsigned_abs()
    });
    ChangeLeadTime {
        promotion_id: deploy.event.promotion_id.to_string(),
        module: deploy.module.clone(),
        repository_id: deploy.item.repository_id.to_string(),
        sha: change.sha.clone(),
        pull_request_id: pull.map(|(pull, _)| pull.pull_request_id.to_string()),
        started_at: started,
        running_at: running,
        parts: LeadTimeParts {
            review_ms: offsets[1],
            ci_ms: offsets[2] - offsets[1],
            approval_ms: offsets[3] - offsets[2],
            soak_ms: offsets[4] - offsets[3],
            rollout_ms: offsets[5] - offsets[4],
        },
    }
}

fn sum_up(figures: &mut DeliveryMetrics, request: &MetricsRequest) {
    let all = &figures.deployments;
    let of = |which: &dyn Fn(&Deployment) -> bool| all.iter().filter(|it| which(it)).count() as f64;
    let (succeeded, forward) = (of(&|it| it.succeeded), of(&|it| !it.rollback));
    let days = (request.until - request.since).as_seconds_f64() / 86_400.0;
    figures.deployments_per_day = succeeded / days;
    let failed = of(&|it| it.failed && !it.rollback);
    figures.change_failure_rate = (forward > 0.0).then(|| failed / forward);
    let rework = of(&|it| it.rework && it.succeeded);
    figures.rework_rate = (succeeded > 0.0).then(|| rework / succeeded);
    let times = figures
        .changes
        .iter()
        .map(|it| it.running_at - it.started_at);
    figures.lead_time = durations(times.collect());
    let restores = figures.restores.iter();
    let times = restores.filter_map(|it| Some(it.restored_at? - it.failed_at));
    figures.time_to_restore = durations(times.collect());
}

fn durations(times: Vec<TimeDelta>) -> Durations {
    let ms: Vec<u64> = times
        .iter()
        .map(|it| it.num_milliseconds().unsigned_abs())
        .collect();
    // The smallest value that so many percent are not above.
    let rank = |percent: usize| {
        let enough =
            |it: &&u64| ms.iter().filter(|other| other <= it).count() * 100 >= percent * ms.len();
        ms.iter().filter(enough).min().copied().unwrap_or(0)
    };
    Durations {
        count: ms.len() as u64,
        p50_ms: rank(50),
        p90_ms: rank(90),
        mean_ms: ms
            .iter()
            .sum::<u64>()
            .checked_div(ms.len() as u64)
            .unwrap_or(0),
    }
}
