//! Where the time of a change went.

use sluice_kernel::time_of_micros;

use super::{
    ChangeLeadTime, LeadTimeParts,
    brought::Brought,
    facts::{Commit, Commits, Declared},
};

/// The lead times of what a deployment brought, by landing.
pub(super) fn of_deployment(
    it: &Declared,
    brought: Brought,
    commits: &Commits,
) -> Vec<ChangeLeadTime> {
    let Some((repository, running)) = it.repository.as_deref().zip(it.succeeded_at) else {
        return Vec::new();
    };
    let Some(landings) = commits.get(repository) else {
        return Vec::new();
    };
    let landings = landings.range(brought.after + 1..=brought.upto);
    let change = |(_, commits): (&i64, &Vec<Commit>)| {
        let commit = commits.iter().find(|commit| commit.mainline)?;
        let started = commits.iter().map(|it| it.authored_at).min()?;
        let merged = commit.merged_at.unwrap_or(commit.committed_at);
        let (started, parts) = split(Boundaries {
            started,
            merged,
            built: it.built_at,
            approved: it.approved_at,
            declared: it.declared_at,
            running,
        });
        Some(ChangeLeadTime {
            promotion_id: it.promotion_id.clone(),
            module: it.module.clone(),
            repository_id: repository.to_owned(),
            sha: commit.sha.clone(),
            pull_request_id: commit.pull_request_id.clone(),
            started_at: time_of_micros(started),
            running_at: time_of_micros(running),
            parts,
        })
    };
    landings.filter_map(change).collect()
}

/// Times between the parts.
struct Boundaries {
    started: i64,
    merged: i64,
    built: Option<i64>,
    approved: Option<i64>,
    declared: i64,
    running: i64,
}

/// Splits the time into parts that are contiguous and none of them negative, and says when it
/// began. A boundary that lies after a later one counts as the later one: later times are the
/// server's own, earlier ones are what authors wrote. One that is missing counts as the one
/// before it, so that its part is 0.
fn split(times: Boundaries) -> (i64, LeadTimeParts) {
    let declared = times.declared.min(times.running);
    let approved = times.approved.map(|at| at.min(declared));
    let built = times.built.map(|at| at.min(approved.unwrap_or(declared)));
    let first_known = built.or(approved).unwrap_or(declared);
    let merged = times.merged.min(first_known);
    let started = times.started.min(merged);
    let built = built.unwrap_or(merged);
    let approved = approved.unwrap_or(built);
    // Offsets from the start in whole milliseconds, so that the parts add up to the whole.
    let ms = |at: i64| at.abs_diff(started) / 1_000;
    let parts = LeadTimeParts {
        review_ms: ms(merged),
        ci_ms: ms(built) - ms(merged),
        approval_ms: ms(approved) - ms(built),
        soak_ms: ms(declared) - ms(approved),
        rollout_ms: ms(times.running) - ms(declared),
    };
    (started, parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(times: [Option<i64>; 6]) -> (i64, [u64; 5]) {
        let ms = |at: Option<i64>| at.unwrap_or_default() * 1_000;
        let (started, parts) = split(Boundaries {
            started: ms(times[0]),
            merged: ms(times[1]),
            built: times[2].map(|at| ms(Some(at))),
            approved: times[3].map(|at| ms(Some(at))),
            declared: ms(times[4]),
            running: ms(times[5]),
        });
        let LeadTimeParts {
            review_ms,
            ci_ms,
            approval_ms,
            soak_ms,
            rollout_ms,
        } = parts;
        let parts = [review_ms, ci_ms, approval_ms, soak_ms, rollout_ms];
        (started / 1_000, parts)
    }

    #[test]
    fn the_time_is_split_at_the_boundaries() {
        let times = [
            Some(10),
            Some(30),
            Some(60),
            Some(100),
            Some(150),
            Some(210),
        ];
        assert_eq!(parts(times), (10, [20, 30, 40, 50, 60]));
    }

    #[test]
    fn a_boundary_after_a_later_one_counts_as_the_later_one() {
        // Written in the future, by its author's clock.
        let times = [
            Some(500),
            Some(30),
            Some(60),
            Some(100),
            Some(150),
            Some(210),
        ];
        assert_eq!(parts(times), (30, [0, 30, 40, 50, 60]));
        // Approved again after it was declared.
        let times = [
            Some(10),
            Some(30),
            Some(60),
            Some(900),
            Some(150),
            Some(210),
        ];
        assert_eq!(parts(times), (10, [20, 30, 90, 0, 60]));
    }

    #[test]
    fn a_missing_boundary_takes_no_time() {
        let times = [Some(10), Some(30), None, Some(100), Some(150), Some(210)];
        assert_eq!(parts(times), (10, [20, 0, 70, 50, 60]));
        let times = [Some(10), Some(30), Some(60), None, Some(150), Some(210)];
        assert_eq!(parts(times), (10, [20, 30, 0, 90, 60]));
        let times = [Some(10), Some(30), None, None, Some(150), Some(210)];
        assert_eq!(parts(times), (10, [20, 0, 0, 120, 60]));
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_whole(
            started in -10_000_000_i64..10_000_000, merged in 0_i64..10_000_000,
            built in proptest::option::of(0_i64..10_000_000),
            approved in proptest::option::of(0_i64..10_000_000),
            declared in 0_i64..10_000_000, running in 0_i64..10_000_000,
        ) {
            let times = Boundaries { started, merged, built, approved, declared, running };
            let (began, parts) = split(times);
            prop_assert!(began <= started && began <= running);
            prop_assert_eq!(parts.total_ms(), running.abs_diff(began) / 1_000);
        }
    }
}
