//! The figures that the rows come to.

use super::{
    DeliveryMetrics, Deployment, Durations, MetricsRequest, Restore, model::ChangeLeadTime,
};

const MS_PER_DAY: f64 = 86_400_000.0;

/// The rows of a window.
pub(super) struct Shown {
    pub(super) deployments: Vec<Deployment>,
    pub(super) changes: Vec<ChangeLeadTime>,
    pub(super) restores: Vec<Restore>,
}

/// The figures of a window's rows.
pub(super) fn figures(request: &MetricsRequest, shown: Shown, sequence: u64) -> DeliveryMetrics {
    let Shown {
        deployments,
        changes,
        restores,
    } = shown;
    let succeeded = count(&deployments, |it| it.succeeded);
    let rework = count(&deployments, |it| it.succeeded && it.rework);
    let forward = count(&deployments, |it| !it.rollback);
    let failed = count(&deployments, |it| !it.rollback && it.failed);
    let window = (request.until - request.since).num_milliseconds();
    let lead_times = changes.iter().map(|change| change.parts.total_ms());
    DeliveryMetrics {
        deployments_per_day: number(succeeded) * MS_PER_DAY / number(window.unsigned_abs()),
        lead_time: durations(lead_times.collect()),
        change_failure_rate: share(failed, forward),
        time_to_restore: durations(restores.iter().filter_map(duration).collect()),
        rework_rate: share(rework, succeeded),
        deployments,
        changes,
        restores,
        sequence,
    }
}

fn count(deployments: &[Deployment], which: impl Fn(&Deployment) -> bool) -> u64 {
    deployments.iter().filter(|it| which(it)).count() as u64
}

fn duration(restore: &Restore) -> Option<u64> {
    let lasted = restore.restored_at? - restore.failed_at;
    Some(lasted.num_milliseconds().max(0).unsigned_abs())
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts and windows are far below 2^53"
)]
fn number(count: u64) -> f64 {
    count as f64
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| number(part) / number(whole))
}

fn durations(mut ms: Vec<u64>) -> Durations {
    ms.sort_unstable();
    let count = ms.len() as u64;
    let sum: u128 = ms.iter().map(|ms| u128::from(*ms)).sum();
    let mean = sum.checked_div(u128::from(count)).unwrap_or_default();
    Durations {
        count,
        p50_ms: nearest_rank(&ms, 50),
        p90_ms: nearest_rank(&ms, 90),
        mean_ms: u64::try_from(mean).unwrap_or(u64::MAX),
    }
}

/// The smallest value that at least `percent` of all are not above; 0 without any.
fn nearest_rank(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let all = durations((1..=10).rev().collect());
        let expected = Durations {
            count: 10,
            p50_ms: 5,
            p90_ms: 9,
            mean_ms: 5,
        };
        assert_eq!(all, expected);
        let one = durations(vec![7]);
        assert_eq!((one.p50_ms, one.p90_ms, one.mean_ms), (7, 7, 7));
        assert_eq!(durations(Vec::new()), Durations::default());
        assert_eq!(durations(vec![1, 2, 3]).p50_ms, 2);
        assert_eq!(durations((1..=11).collect()).p90_ms, 10);
    }

    #[test]
    fn shares_of_nothing_are_absent() {
        assert_eq!(share(0, 0), None);
        assert_eq!(share(1, 4), Some(0.25));
    }
}
