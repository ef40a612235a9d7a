//! A release on its way into one environment.

use std::time::Duration;

use serde::Serialize;

use super::{
    Blocker, Promotion, Release, Stop, Way,
    api::{self, ById, OnePromotion, Promotions},
    approve_all,
    blockers::{Outlook, outlook},
    named,
};
use crate::cli::{
    client::Connection,
    ship::{
        ShipError,
        session::{Deadline, Grace, Refusal, Session},
    },
};

/// Time, in looks, without a promotion after which an environment that promotes by itself is told to.
const PATIENT_LOOKS: u32 = 50;
/// Time, in looks, after which blockers that the server removes by itself are told as they are.
const SOON_LOOKS: u32 = 150;
/// How often approvers are asked for approvals that an environment demands.
const MAX_ROUNDS: u32 = 5;
/// The pause between looks while time or people must pass.
const SLOW: Duration = Duration::from_secs(2);

/// How a release is brought into an environment.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Drive<'a> {
    /// The release.
    pub(in crate::cli) release: &'a Release,
    /// The environment's name in the release's project.
    pub(in crate::cli) environment: &'a str,
    /// Whether the environment asks by itself, so that a command may wait.
    pub(in crate::cli) asks_itself: bool,
    /// Whether it must be what the environment runs, not only have succeeded.
    pub(in crate::cli) must_run: bool,
    /// Whether a promotion that ended without success before is followed by another.
    pub(in crate::cli) again: bool,
    /// Whether to wait for what ends by itself or by approval.
    pub(in crate::cli) wait: bool,
    /// Blockers to pass.
    pub(in crate::cli) overrides: &'a [String],
    /// Why they are passed, and releases approved.
    pub(in crate::cli) reason: &'a str,
    /// Who may be asked for approvals.
    pub(in crate::cli) approvers: &'a [Connection],
    /// The pause between looks.
    pub(in crate::cli) poll: Duration,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter<'a> {
    release_id: &'a str,
    environment: &'a str,
    kind: &'static str,
}

#[derive(Serialize)]
struct Newest<'a> {
    filter: Filter<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input<'a> {
    release_id: &'a str,
    environment: &'a str,
    when_blocked: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    overrides: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    override_reason: Option<&'a str>,
}

/// What was done about it so far.
struct State {
    /// A command asked for it.
    asked: bool,
    /// A command is to wait for its gates.
    patient: bool,
    /// Since when looks meet only what the server is about to remove.
    soon: Option<Grace>,
    rounds: u32,
    deadline: Deadline,
    pause: Duration,
}

impl Drive<'_> {
    /// Waits for the promotion to succeed.
    pub(in crate::cli) async fn wait(self, session: &mut Session<'_>) -> Way<Promotion> {
        let mut seen = None;
        let mut state = State {
            asked: false,
            patient: false,
            soon: None,
            rounds: 0,
            deadline: session.deadline("a change of the promotion"),
            pause: self.poll,
        };
        let grace = Grace::new(self.poll);
        loop {
            state.pause = self.poll;
            let newest = self.newest(session).await?;
            if let Some(promotion) = &newest {
                session.tell_change("promotion", promotion.state());
            }
            if seen != newest {
                state.deadline.renew();
                seen.clone_from(&newest);
            }
            if let Some(succeeded) = self.step(session, &mut state, newest, grace).await? {
                return Ok(succeeded);
            }
            session.pause(&state.deadline, state.pause).await?;
        }
    }

    async fn newest(&self, session: &mut Session<'_>) -> Result<Option<Promotion>, ShipError> {
        let (release_id, environment) = (self.release.id.as_str(), self.environment);
        let filter = Filter {
            release_id,
            environment,
            kind: "PROMOTION",
        };
        let found: Promotions = session
            .ask(api::NEWEST_PROMOTION, Newest { filter })
            .await?;
        Ok(found.promotions.first())
    }

    async fn step(
        &self,
        session: &mut Session<'_>,
        state: &mut State,
        newest: Option<Promotion>,
        grace: Grace,
    ) -> Way<Option<Promotion>> {
        let is_ours = state.asked;
        match newest {
            Some(it) if it.is_active() => {}
            Some(it) if it.is_waiting() && (is_ours || self.overrides.is_empty()) => {
                self.weigh(session, state, it.blockers).await?;
            }
            Some(it) if it.is_succeeded() && (is_ours || !self.must_run) => return Ok(Some(it)),
            Some(it) if !it.is_waiting() && !it.is_succeeded() && (is_ours || !self.again) => {
                return Err(Stop::ended(&it).into());
            }
            None if self.asks_itself && !grace.is_over(PATIENT_LOOKS) => {}
            _ => self.ask(session, state).await?,
        }
        Ok(None)
    }

    async fn ask(&self, session: &mut Session<'_>, state: &mut State) -> Way<()> {
        let passes = !self.overrides.is_empty();
        let input = Input {
            release_id: &self.release.id,
            environment: self.environment,
            when_blocked: if state.patient { "WAIT" } else { "REFUSE" },
            overrides: self.overrides,
            override_reason: passes.then_some(self.reason),
        };
        let made: Result<Promotion, Refusal> = session.command(api::PROMOTE_RELEASE, input).await;
        match made {
            Ok(_) => {
                state.asked = true;
                // It is looked at at once: it may be one that succeeded before.
                state.pause = Duration::ZERO;
                Ok(())
            }
            Err(Refusal::User(errors)) if errors.iter().any(|it| !it.blockers.is_empty()) => {
                let blockers: Vec<Blocker> =
                    errors.into_iter().flat_map(|it| it.blockers).collect();
                // It is left to wait only when that will have an end.
                state.patient = self.wait && outlook(&blockers) == Outlook::Passing;
                self.weigh(session, state, blockers).await
            }
            Err(refusal) => Err(refusal.into_error("promoting the release").into()),
        }
    }

    /// Decides whether to wait for the end of blockers.
    async fn weigh(
        &self,
        session: &mut Session<'_>,
        state: &mut State,
        blockers: Vec<Blocker>,
    ) -> Way<()> {
        let outlook = outlook(&blockers);
        if outlook == Outlook::Soon {
            let since = state.soon.get_or_insert_with(|| Grace::new(self.poll));
            if self.wait || !since.is_over(SOON_LOOKS) {
                return Ok(());
            }
        } else {
            state.soon = None;
        }
        let wants_approval = blockers.iter().any(Blocker::wants_approval);
        if wants_approval && !self.approvers.is_empty() && state.rounds < MAX_ROUNDS {
            state.rounds += 1;
            // Approvals cover what the release is now.
            let release = named::release(session, &self.release.id).await?;
            approve_all(session, self.approvers, &release, self.reason).await?;
            return Ok(());
        }
        if outlook == Outlook::Passing && self.wait {
            let first = blockers.first().map(Blocker::line).unwrap_or_default();
            session.pending(&format!(
                "{} into {}: {first}",
                self.release.title(),
                self.environment
            ));
            state.deadline.renew();
            state.pause = self.poll.max(SLOW.min(self.poll.saturating_mul(5)));
            return Ok(());
        }
        Err(Stop::blocked(self.release, self.environment, blockers).into())
    }
}

/// Waits for a promotion that was asked for to end.
pub(in crate::cli) async fn follow(
    session: &mut Session<'_>,
    id: &str,
    poll: Duration,
) -> Way<Promotion> {
    let mut deadline = session.deadline("a change of the promotion");
    let mut seen = None;
    loop {
        let found: OnePromotion = session.ask(api::PROMOTION_BY_ID, ById { id }).await?;
        let missing = || ShipError::Missing {
            what: format!("no promotion {id}"),
        };
        let promotion = found.promotion.ok_or_else(missing)?;
        session.tell_change("promotion", promotion.state());
        if promotion.is_succeeded() {
            return Ok(promotion);
        }
        if !promotion.is_active() && !promotion.is_waiting() {
            return Err(Stop::ended(&promotion).into());
        }
        if seen.as_ref() != Some(&promotion) {
            deadline.renew();
            seen = Some(promotion);
        }
        session.pause(&deadline, poll).await?;
    }
}
