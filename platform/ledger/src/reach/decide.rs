//! Where a change stands in each cell: a pure function of the facts.

use chrono::{DateTime, Utc};
use sluice_schema::{Blocker, BlockerCode};

use super::{
    contained::{Built, Fate, fate, fate_on_line},
    facts::{Cell, Facts, Promotion, Release, Work},
};
use crate::{EnvironmentReach, ReachStage, ReachState};

/// One answer for each cell, in the order of the cells.
pub(super) fn decide(facts: &Facts) -> Vec<EnvironmentReach> {
    facts
        .cells
        .iter()
        .map(|cell| of_cell(facts, cell))
        .collect()
}

/// How far a change in flight has got.
#[derive(Default)]
struct Flight {
    stage: Option<ReachStage>,
    object: Option<String>,
    since: Option<DateTime<Utc>>,
    blockers: Vec<Blocker>,
}

fn of_cell(facts: &Facts, cell: &Cell) -> EnvironmentReach {
    let line = fate_on_line(&facts.operations);
    if let Some(answer) = running(facts, cell) {
        return answer;
    }
    let released = release(facts, cell);
    let flight = match (&line, released) {
        (_, Some(flight)) => Some(flight),
        // It was taken back before it got here.
        (Fate::Gone(..), None) => return answer(cell, Some(&line), None),
        (Fate::There(_), None) => Some(landed(facts, cell)),
        (Fate::Absent, None) => proposed(facts, cell),
    };
    let Some(flight) = flight else {
        return answer(cell, None, None);
    };
    EnvironmentReach {
        state: ReachState::InFlight,
        since: flight.since,
        stage: flight.stage,
        stage_object_id: flight.object,
        blockers: flight.blockers,
        ..answer(cell, None, None)
    }
}

fn answer(cell: &Cell, fate: Option<&Fate>, first: Option<&Promotion>) -> EnvironmentReach {
    let (state, landing, reverted_by) = match fate {
        None | Some(Fate::Absent) => (ReachState::NotStarted, None, None),
        Some(Fate::There(by)) => (ReachState::LandedAs, Some(by.clone()), None),
        Some(Fate::Gone(by, undone)) => {
            (ReachState::Reverted, Some(by.clone()), Some(undone.clone()))
        }
    };
    EnvironmentReach {
        environment_id: cell.environment_id.clone(),
        environment: cell.environment.clone(),
        module: cell.module.clone(),
        state,
        since: first.and_then(|promotion| promotion.succeeded_at),
        stage: None,
        stage_object_id: None,
        blockers: Vec::new(),
        landing,
        reverted_by,
        promotion_id: first.map(|promotion| promotion.id.clone()),
    }
}

/// The answer when what runs there has the change, or had it.
fn running(facts: &Facts, cell: &Cell) -> Option<EnvironmentReach> {
    let running = cell.running.as_deref()?;
    let ran = of(facts, cell).filter(|promotion| promotion.succeeded_at.is_some());
    let mut ran = ran.skip_while(|promotion| promotion.id != running);
    let newest = ran.next()?;
    let fate_of = |built: &Built| fate(&facts.operations, built, &facts.walks);
    let now = fate_of(&newest.built);
    if now == Fate::Absent {
        return None;
    }
    let same = ran.take_while(|earlier| fate_of(&earlier.built).agrees(&now));
    let first = same.last().unwrap_or(newest);
    let mut found = answer(cell, Some(&now), Some(first));
    if let Fate::There(by) = &now {
        let asked = facts.operations.iter().find(|operation| operation.asked);
        if asked.is_some_and(|asked| asked.sha == by.sha) {
            found.state = ReachState::Landed;
        }
    }
    Some(found)
}

fn of<'a>(facts: &'a Facts, cell: &Cell) -> impl Iterator<Item = &'a Promotion> {
    let (environment, module) = (cell.environment_id.clone(), cell.module.clone());
    facts.promotions.iter().filter(move |promotion| {
        promotion.environment_id == environment && Some(&promotion.module) == module.as_ref()
    })
}

/// The furthest release that brings the change.
fn release(facts: &Facts, cell: &Cell) -> Option<Flight> {
    let brings = |release: &&Release| {
        Some(&release.module) == cell.module.as_ref()
            && fate(&facts.operations, &release.built, &facts.walks).is_there()
    };
    let mut best: Option<Flight> = None;
    for release in facts.releases.iter().filter(brings) {
        let found = released(facts, cell, release);
        let further = |best: &Flight| found.as_ref().is_some_and(|f| rank(f) > rank(best));
        if best.as_ref().is_none_or(further) && found.is_some() {
            best = found;
        }
    }
    best
}

/// Stages stand in the order of the chain.
fn rank(flight: &Flight) -> u8 {
    match flight.stage {
        None => 0,
        Some(ReachStage::PullRequest) => 1,
        Some(ReachStage::Merged) => 2,
        Some(ReachStage::Run) => 3,
        Some(ReachStage::Build) => 4,
        Some(ReachStage::ReleasePlanned) => 5,
        Some(ReachStage::ReleaseReady) => 6,
        Some(ReachStage::ReleaseApproved) => 7,
        Some(ReachStage::Promotion) => 8,
    }
}

fn released(facts: &Facts, cell: &Cell, release: &Release) -> Option<Flight> {
    let at = |stage, since, blockers| {
        Some(Flight {
            stage: Some(stage),
            object: Some(release.id.clone()),
            since,
            blockers,
        })
    };
    let waits = |what: &str| vec![Blocker::new(BlockerCode::NotApproved, what)];
    match release.state.as_str() {
        "PLANNED" => {
            let missing = "the release's packages and images are not ready, nor is it approved";
            at(
                ReachStage::ReleasePlanned,
                release.planned_at,
                waits(missing),
            )
        }
        "READY" => {
            let missing = "the release waits for its approvals";
            at(ReachStage::ReleaseReady, release.ready_at, waits(missing))
        }
        "APPROVED" => {
            let last = of(facts, cell).find(|promotion| promotion.release_id == release.id);
            match last {
                Some(promotion) => promoted(promotion, release),
                None => at(ReachStage::ReleaseApproved, release.approved_at, Vec::new()),
            }
        }
        // It was rejected or cancelled.
        _ => None,
    }
}

fn promoted(promotion: &Promotion, release: &Release) -> Option<Flight> {
    let approved = |blockers| {
        Some(Flight {
            stage: Some(ReachStage::ReleaseApproved),
            object: Some(release.id.clone()),
            since: release.approved_at,
            blockers,
        })
    };
    let failed = |message: String| {
        let blocker = Blocker::new(BlockerCode::CheckFailed, message);
        vec![blocker.about(&promotion.id)]
    };
    match promotion.state.as_str() {
        "REQUESTED" | "GATED" | "VERIFYING" => Some(Flight {
            stage: Some(ReachStage::Promotion),
            object: Some(promotion.id.clone()),
            since: promotion.requested_at,
            blockers: promotion.blockers.clone(),
        }),
        "FAILED" | "ERRORED" | "CANCELLED" => {
            let why = promotion.reason.as_deref().unwrap_or("no reason was given");
            let state = promotion.state.to_lowercase();
            approved(failed(format!("the last promotion {state}: {why}")))
        }
        "SUCCEEDED" => approved(match &promotion.rolled_back_by {
            Some(by) => failed(format!("the promotion was rolled back by {by}")),
            None => Vec::new(),
        }),
        _ => approved(Vec::new()),
    }
}

/// The change is on the default branch: how far what was built from there has got.
fn landed(facts: &Facts, cell: &Cell) -> Flight {
    let has = |work: &&Work| fate(&facts.operations, &work.built, &facts.walks).is_there();
    if let Some(flight) = worked(facts, cell, has) {
        return flight;
    }
    let merged = facts.pull_requests.iter().find(|pr| pr.state == "MERGED");
    Flight {
        stage: Some(ReachStage::Merged),
        object: merged.map(|pull_request| pull_request.id.clone()),
        since: merged.and_then(|pull_request| pull_request.merged_at),
        blockers: Vec::new(),
    }
}

/// The change is not on the default branch.
fn proposed(facts: &Facts, cell: &Cell) -> Option<Flight> {
    let exactly = |work: &&Work| {
        let mut operations = facts.operations.iter();
        operations.any(|operation| operation.applies && operation.sha == work.built.sha)
    };
    let built = worked(facts, cell, exactly);
    if let Some(open) = facts.pull_requests.iter().find(|pr| pr.state == "OPEN") {
        return Some(Flight {
            stage: Some(ReachStage::PullRequest),
            object: Some(open.id.clone()),
            since: open.opened_at,
            blockers: built.map(|flight| flight.blockers).unwrap_or_default(),
        });
    }
    let merged = facts.pull_requests.iter().find(|pr| pr.state == "MERGED");
    built.or_else(|| {
        // Into another branch than the default one, or the history is not told that far.
        merged.map(|pull_request| Flight {
            stage: Some(ReachStage::Merged),
            object: Some(pull_request.id.clone()),
            since: pull_request.merged_at,
            blockers: Vec::new(),
        })
    })
}

/// The newest build that succeeded, or else what there is now.
fn worked<'a>(facts: &'a Facts, cell: &Cell, has: impl Fn(&&'a Work) -> bool) -> Option<Flight> {
    let fits = |work: &&Work| match (&work.module, &cell.module) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    let works: Vec<&Work> = facts.works.iter().filter(fits).filter(has).collect();
    let built = works
        .iter()
        .find(|work| work.is_build && work.state == "SUCCEEDED");
    let under_way = works
        .iter()
        .find(|work| !work.is_build && work.state == "RUNNING");
    let failed = works.iter().find(|work| work.is_build);
    let work = built.or(under_way).or(failed).or(works.first())?;
    let stage = match work.is_build {
        true => ReachStage::Build,
        false => ReachStage::Run,
    };
    let what = match work.is_build {
        true => "build",
        false => "run",
    };
    let ended_well = matches!(work.state.as_str(), "SUCCEEDED" | "RUNNING");
    let blockers = (!ended_well).then(|| {
        let why = work.reason.as_deref().unwrap_or("no reason was given");
        let state = work.state.to_lowercase();
        let message = format!("the {what} {state}: {why}");
        Blocker::new(BlockerCode::CheckFailed, message).about(&work.id)
    });
    Some(Flight {
        stage: Some(stage),
        object: Some(work.id.clone()),
        since: work.at,
        blockers: blockers.into_iter().collect(),
    })
}

#[cfg(test)]
mod tests;
