//! The events of a history, read back without the ledger.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sluice_schema::{
    Envelope, EventPayload,
    events::{
        BuildCompleted, DeploymentPromoted, HistoryCommit, HistoryRecorded, PromotionFailed,
        PromotionSucceeded, PullRequestMerged, ReleaseApproved, ReleaseItem, ReleasePlanned,
    },
};

/// A repository's history: its commits by their parents alone, without landings.
#[derive(Default)]
pub(super) struct History {
    pub(super) commits: BTreeMap<String, HistoryCommit>,
    pub(super) main: Vec<String>,
    /// Merged pull requests, and when.
    pub(super) merged: Vec<(PullRequestMerged, DateTime<Utc>)>,
}

/// One module of what Git declared.
#[derive(Debug, Clone)]
pub(super) struct Deploy {
    pub(super) event: DeploymentPromoted,
    pub(super) module: String,
    pub(super) item: ReleaseItem,
    pub(super) declared: DateTime<Utc>,
    pub(super) ended: Option<DateTime<Utc>>,
    pub(super) succeeded: bool,
}

/// Everything that the events say.
#[derive(Default)]
pub(super) struct Chain {
    pub(super) histories: BTreeMap<String, History>,
    pub(super) built: BTreeMap<String, DateTime<Utc>>,
    pub(super) approved: BTreeMap<String, DateTime<Utc>>,
    pub(super) deploys: Vec<Deploy>,
}

fn of_type<P: EventPayload>(events: &[Envelope]) -> impl Iterator<Item = (P, DateTime<Utc>)> {
    let decoded = events
        .iter()
        .map(|it| (it.decode::<P>().unwrap(), it.occurred_at));
    decoded.filter_map(|(payload, at)| Some((payload?, at)))
}

impl Chain {
    pub(super) fn of(events: &[Envelope]) -> Self {
        let mut chain = Self::default();
        chain.source(events);
        for (build, at) in of_type::<BuildCompleted>(events) {
            chain.built.insert(build.build_id.to_string(), at);
        }
        for (release, at) in of_type::<ReleaseApproved>(events) {
            chain.approved.insert(release.release_id.to_string(), at);
        }
        chain.delivery(events);
        chain
    }

    fn source(&mut self, events: &[Envelope]) {
        let mut heads = BTreeMap::new();
        for (told, _) in of_type::<HistoryRecorded>(events) {
            let id = told.repository_id.to_string();
            if told.default_branch {
                heads.insert(id.clone(), told.head_sha);
            }
            let history = self.histories.entry(id).or_default();
            for mut commit in told.commits {
                (commit.landing, commit.mainline) = (None, false);
                history.commits.insert(commit.sha.clone(), commit);
            }
        }
        for (repository, head) in heads {
            let history = self.histories.get_mut(&repository).unwrap();
            history.main = super::graph::line(&history.commits, &head);
        }
        for (merged, at) in of_type::<PullRequestMerged>(events) {
            let history = self.histories.get_mut(&merged.repository_id.to_string());
            history.unwrap().merged.push((merged, at));
        }
    }

    fn delivery(&mut self, events: &[Envelope]) {
        let releases: BTreeMap<String, ReleasePlanned> = of_type::<ReleasePlanned>(events)
            .map(|(release, _)| (release.release_id.to_string(), release))
            .collect();
        let ends = |id: &str| {
            let success = of_type::<PromotionSucceeded>(events)
                .find(|(it, _)| it.promotion_id.to_string() == id)
                .map(|(_, at)| (at, true));
            let failure = of_type::<PromotionFailed>(events)
                .find(|(it, _)| it.promotion_id.to_string() == id)
                .map(|(_, at)| (at, false));
            success.or(failure)
        };
        for (event, declared) in of_type::<DeploymentPromoted>(events) {
            let end = ends(&event.promotion_id.to_string());
            let release = &releases[&event.release_id.to_string()];
            for module in event.items.iter().map(|item| item.module.clone()) {
                let item = release.items.iter().find(|it| it.module.id == module);
                self.deploys.push(Deploy {
                    item: item.unwrap().clone(),
                    event: event.clone(),
                    module,
                    declared,
                    ended: end.map(|(at, _)| at),
                    succeeded: end.is_some_and(|(_, succeeded)| succeeded),
                });
            }
        }
        // By end; a promotion's modules end together.
        self.deploys.sort_by_key(|it| {
            let id = it.event.promotion_id.to_string();
            (it.ended.is_none(), it.ended, id, it.module.clone())
        });
    }
}
