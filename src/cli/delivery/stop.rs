//! Where a release stopped on its way.

use serde::Serialize;

use super::{Blocker, Promotion, Release, words};
use crate::cli::ship::{ShipError, clean};

/// What kind of end it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StopKind {
    /// People must approve the release.
    NeedsApproval,
    /// Gates are closed.
    Blocked,
    /// The work failed.
    Failed,
    /// The technique failed.
    Errored,
    /// Somebody ended it, or something newer took its place.
    Ended,
}

/// Where a release stopped on its way, and what leads on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stop {
    /// What kind of end it is.
    pub kind: StopKind,
    /// One sentence.
    pub message: String,
    /// What stands in the way.
    pub blockers: Vec<Blocker>,
    /// Commands that lead on, ready to be typed.
    pub next: Vec<String>,
}

/// A result that may also be an end that is nobody's fault.
pub(in crate::cli) type Way<T> = Result<T, End>;

/// Why a way ends.
#[derive(Debug)]
pub(in crate::cli) enum End {
    /// The release stopped.
    Stop(Box<Stop>),
    /// There is no telling.
    Error(ShipError),
}

impl From<ShipError> for End {
    fn from(error: ShipError) -> Self {
        Self::Error(error)
    }
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        Self::Stop(Box::new(stop))
    }
}

/// Tells the two kinds of ends apart.
pub(in crate::cli) fn way<T>(way: Way<T>) -> Result<Result<T, Stop>, ShipError> {
    match way {
        Ok(value) => Ok(Ok(value)),
        Err(End::Stop(stop)) => Ok(Err(*stop)),
        Err(End::Error(error)) => Err(error),
    }
}

impl Stop {
    /// 6 where a person must act, 1 for work that failed, 4 for the rest.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            StopKind::NeedsApproval | StopKind::Blocked => 6,
            StopKind::Failed => 1,
            StopKind::Errored | StopKind::Ended => 4,
        }
    }

    /// For people, one line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![clean(&self.message)];
        lines.extend(
            self.blockers
                .iter()
                .map(|it| format!("  {}", clean(&it.line()))),
        );
        lines.extend(self.next.iter().map(|it| format!("  next: {}", clean(it))));
        lines
    }

    fn new(kind: StopKind, message: String, next: Vec<String>) -> Self {
        let blockers = Vec::new();
        Self {
            kind,
            message,
            blockers,
            next,
        }
    }

    /// People must approve `release`.
    pub(in crate::cli) fn approval(release: &Release) -> Self {
        let (title, by) = (release.title(), &release.planned_by);
        let (have, need) = (release.approved_by(), release.required_approvals);
        let void = release.void_cause.as_deref().filter(|_| have == 0);
        let void = void.map(|cause| format!("; earlier ones are void: {cause}"));
        let message = format!(
            "release {title} waits for approval: it has {have} of {need}{}; it was planned on \
             behalf of {by}, so somebody else must approve",
            void.unwrap_or_default()
        );
        let next = format!("sluice approve {} --reason '…'", release.id);
        Self::new(StopKind::NeedsApproval, message, vec![next])
    }

    /// `release` is rejected or cancelled.
    pub(super) fn closed(release: &Release) -> Self {
        let by = release.closed_by.as_deref().map(|by| format!(" by {by}"));
        let why = release
            .closed_reason
            .as_deref()
            .map(|why| format!(": {why}"));
        let message = format!(
            "release {} was {}{}{}",
            release.title(),
            words(&release.status),
            by.unwrap_or_default(),
            why.unwrap_or_default()
        );
        let kind = match release.status.as_str() {
            "REJECTED" => StopKind::Failed,
            _ => StopKind::Ended,
        };
        Self::new(kind, message, Vec::new())
    }

    /// A package or image of `release` could not be made.
    pub(super) fn artifact(release: &Release) -> Option<Self> {
        let failed = release.artifacts().find(|it| it.state == "FAILED")?;
        let kind = words(&failed.kind);
        let why = failed.reason.as_deref().unwrap_or("no reason is known");
        let message = format!("the {kind} {} could not be made: {why}", failed.name);
        Some(Self::new(StopKind::Failed, message, Vec::new()))
    }

    /// Gates are closed.
    pub(super) fn blocked(release: &Release, environment: &str, blockers: Vec<Blocker>) -> Self {
        let message = format!("{} may not go into {environment} now:", release.title());
        let mut next = Vec::new();
        if blockers.iter().any(Blocker::wants_approval) {
            next.push(format!("sluice approve {} --reason '…'", release.id));
        }
        if blockers.iter().any(|it| it.code == "HOLD") {
            let project = &release.project_id;
            next.push(format!(
                "sluice rollback --environment {environment} --project {project} --resume"
            ));
        }
        let promote = format!("sluice promote {} --to {environment}", release.id);
        if !blockers.is_empty() && blockers.iter().all(|it| it.overridable) {
            let mut codes: Vec<_> = blockers.iter().map(|it| it.code.as_str()).collect();
            codes.sort_unstable();
            codes.dedup();
            next.push(format!(
                "{promote} --override {} --reason '…'",
                codes.join(",")
            ));
        }
        let passes = super::blockers::outlook(&blockers) != super::blockers::Outlook::Stuck;
        next.push(if passes {
            format!("{promote} --wait")
        } else {
            promote
        });
        Self {
            blockers,
            ..Self::new(StopKind::Blocked, message, next)
        }
    }

    /// Gates are closed for something that is no release.
    pub(in crate::cli) fn closed_gate(message: String, blockers: Vec<Blocker>) -> Self {
        Self {
            blockers,
            ..Self::new(StopKind::Blocked, message, Vec::new())
        }
    }

    /// A promotion ended without success.
    pub(super) fn ended(promotion: &Promotion) -> Self {
        let kind = match promotion.status.as_str() {
            "FAILED" => StopKind::Failed,
            "ERRORED" => StopKind::Errored,
            _ => StopKind::Ended,
        };
        let what = words(&promotion.kind);
        let (environment, status) = (&promotion.environment, words(&promotion.status));
        let why = promotion.reason.as_deref().map(|why| format!(": {why}"));
        let message = format!(
            "the {what} of {} into {environment} ({}) {status}{}",
            promotion.release(),
            promotion.id,
            why.unwrap_or_default()
        );
        let again = promotion.kind == "PROMOTION";
        let next = format!("sluice promote {} --to {environment}", promotion.release_id);
        let next = again.then_some(next);
        Self::new(kind, message, next.into_iter().collect())
    }

    /// The target does not follow, or does not work.
    pub(super) fn unsynced(environment: &str, state: &str) -> Self {
        let message = format!("{environment} does not run what was promoted: {state}");
        Self::new(StopKind::Failed, message, vec!["sluice status".to_owned()])
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::samples, *};

    #[test]
    fn exit_codes_tell_people_work_and_technique_apart() {
        let code = |status| Stop::ended(&samples::promotion("prod", status)).exit_code();
        assert_eq!(
            ["FAILED", "ERRORED", "CANCELLED", "ROLLED_BACK"].map(code),
            [1, 4, 4, 4]
        );
        let release = |status: &str| Release {
            status: status.to_owned(),
            ..samples::release()
        };
        assert_eq!(Stop::closed(&release("REJECTED")).exit_code(), 1);
        assert_eq!(Stop::closed(&release("CANCELLED")).exit_code(), 4);
        assert_eq!(Stop::approval(&release("PENDING_APPROVAL")).exit_code(), 6);
        let blocked = Stop::blocked(&samples::release(), "prod", Vec::new());
        assert_eq!(blocked.exit_code(), 6);
    }

    #[test]
    fn a_closed_gate_names_every_blocker_and_the_commands_that_lead_on() {
        let blockers = vec![
            samples::blocker("APPROVALS_MISSING", None, false),
            samples::blocker("SOAK_TIME", Some("2030-01-02T03:04:05Z"), true),
        ];
        let lines = Stop::blocked(&samples::release(), "prod", blockers).lines();
        let expected = [
            "greeter 1.4.0 may not go into prod now:",
            "  APPROVALS_MISSING: because",
            "  SOAK_TIME: because, until 2030-01-02T03:04:05Z",
            "  next: sluice approve release_1 --reason '…'",
            "  next: sluice promote release_1 --to prod --wait",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_override_is_offered_only_when_it_passes_every_blocker() {
        let freeze = || samples::blocker("FREEZE", Some("2030-01-02T03:04:05Z"), true);
        let next = |blockers| Stop::blocked(&samples::release(), "prod", blockers).next;
        let offered = "sluice promote release_1 --to prod --override FREEZE --reason '…'";
        assert_eq!(next(vec![freeze(), freeze()])[0], offered);
        let hold = samples::blocker("HOLD", None, false);
        let expected = [
            "sluice rollback --environment prod --project demo --resume",
            "sluice promote release_1 --to prod",
        ];
        assert_eq!(next(vec![freeze(), hold]), expected);
    }

    #[test]
    fn text_from_outside_cannot_draw_on_the_terminal() {
        let mut promotion = samples::promotion("prod", "FAILED");
        promotion.reason = Some("\u{1b}[2Jgone".to_owned());
        let line = &Stop::ended(&promotion).lines()[0];
        assert!(
            line.ends_with("failed: gone") && !line.contains('\u{1b}'),
            "{line:?}"
        );
    }

    #[test]
    fn a_missing_approval_says_how_many_and_who_may_not() {
        let release = Release {
            void_cause: Some("the image changed".to_owned()),
            ..samples::release()
        };
        let text = Stop::approval(&release).message;
        assert!(
            text.contains("it has 0 of 1; earlier ones are void: the image changed"),
            "{text}"
        );
        assert!(text.contains("on behalf of ada"), "{text}");
    }
}
