//! How many refusals of one actor are kept.
//!
//! The first ones of a minute are written one by one. After that only the last one is held, to be
//! written when the minute is over, with the number of those before it that were left out.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sluice_schema::{ActorKind, Envelope, TenantId};

/// How long refusals of an actor are counted together.
pub(super) const WINDOW: Duration = Duration::from_secs(60);
/// How many of them are written one by one.
const MAX_WRITTEN: u32 = 60;
/// Actors that are counted apart; the rest is counted together.
const MAX_ACTORS: usize = 10_000;

/// Whose refusals are counted together; `None` stands for the rest.
pub(super) type Who = Option<(TenantId, ActorKind, String)>;

#[derive(Debug)]
struct Window {
    since: Instant,
    written: u32,
    held: Option<Box<Held>>,
}

/// The last refusal of a minute that had too many.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Held {
    /// The event, not appended yet.
    pub(super) event: Envelope,
    /// How many before it were left out.
    pub(super) omitted: u64,
}

/// What becomes of a refusal.
#[derive(Debug, PartialEq)]
pub(super) enum Admitted {
    /// It is written, after what was held of the minute before.
    Write(Option<Box<Held>>),
    /// It is held; [`Flood::take`] must be called when the minute is over.
    HeldFirst(Who),
    /// It is held in the place of another.
    Held,
}

/// Counts refusals by actor.
#[derive(Debug, Default)]
pub(crate) struct Flood(Mutex<HashMap<Who, Window>>);

impl Flood {
    fn windows(&self) -> MutexGuard<'_, HashMap<Who, Window>> {
        // Every step leaves the map whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides on a refusal.
    pub(super) fn admit(&self, event: &Envelope, now: Instant) -> Admitted {
        let mut windows = self.windows();
        let who = who(event, &mut windows, now);
        let window = windows.entry(who.clone()).or_insert_with(|| Window {
            since: now,
            written: 0,
            held: None,
        });
        let mut before = None;
        if is_over(window, now) {
            before = window.held.take();
            (window.since, window.written) = (now, 0);
        }
        if window.written < MAX_WRITTEN {
            window.written += 1;
            return Admitted::Write(before);
        }
        let omitted = window.held.as_ref().map(|held| held.omitted + 1);
        window.held = Some(Box::new(Held {
            event: event.clone(),
            omitted: omitted.unwrap_or_default(),
        }));
        match omitted {
            None => Admitted::HeldFirst(who),
            Some(_) => Admitted::Held,
        }
    }

    /// What is held of an actor's minute that is over.
    pub(super) fn take(&self, who: &Who, now: Instant) -> Option<Box<Held>> {
        let mut windows = self.windows();
        let window = windows.get_mut(who)?;
        is_over(window, now).then(|| window.held.take()).flatten()
    }
}

fn is_over(window: &Window, now: Instant) -> bool {
    now.saturating_duration_since(window.since) >= WINDOW
}

fn who(event: &Envelope, windows: &mut HashMap<Who, Window>, now: Instant) -> Who {
    let (kind, id) = (event.actor.kind, event.actor.id.clone());
    let who = Some((event.tenant_id.clone(), kind, id));
    if windows.len() >= MAX_ACTORS && !windows.contains_key(&who) {
        windows.retain(|_, window| window.held.is_some() || !is_over(window, now));
        if windows.len() >= MAX_ACTORS {
            return None;
        }
    }
    who
}

#[cfg(test)]
mod tests {
    use sluice_kernel::{Ctx, Principal, ProjectAccess};
    use sluice_schema::Actor;

    use super::*;
    use crate::refusal::{envelope, tests::refusal};

    fn event(actor: &str, command: &str) -> Envelope {
        let principal = Principal {
            tenant: "acme".parse().unwrap(),
            projects: ProjectAccess::All,
            actor: Actor {
                kind: ActorKind::User,
                id: actor.to_owned(),
            },
            scopes: [].into(),
        };
        let ctx = Ctx::for_request(principal, None);
        let at = chrono::DateTime::UNIX_EPOCH;
        envelope(&ctx, &"web".parse().unwrap(), refusal(command), at).unwrap()
    }

    #[test]
    fn after_sixty_in_a_minute_the_last_one_is_held_with_the_number_of_those_left_out() {
        let (flood, start) = (Flood::default(), Instant::now());
        for _ in 0..60 {
            let admitted = flood.admit(&event("eve", "a"), start);
            assert_eq!(admitted, Admitted::Write(None));
        }
        let Admitted::HeldFirst(who) = flood.admit(&event("eve", "b"), start) else {
            panic!("the 61st is held");
        };
        assert_eq!(flood.admit(&event("eve", "c"), start), Admitted::Held);
        let last = event("eve", "d");
        assert_eq!(flood.admit(&last, start), Admitted::Held);
        // Others are not touched by it.
        let other = flood.admit(&event("ada", "a"), start);
        assert_eq!(other, Admitted::Write(None));
        let almost = start + WINDOW - Duration::from_millis(1);
        assert_eq!(flood.take(&who, almost), None, "the minute is not over");
        let held = Box::new(Held {
            event: last,
            omitted: 2,
        });
        assert_eq!(flood.take(&who, start + WINDOW), Some(held));
        assert_eq!(flood.take(&who, start + WINDOW), None, "once");
    }

    #[test]
    fn what_is_held_is_written_before_the_next_one() {
        let (flood, start) = (Flood::default(), Instant::now());
        for _ in 0..62 {
            flood.admit(&event("eve", "a"), start);
        }
        let next = flood.admit(&event("eve", "b"), start + WINDOW);
        let Admitted::Write(Some(held)) = next else {
            panic!("{next:?}");
        };
        assert_eq!(held.omitted, 1);
        let next = flood.admit(&event("eve", "b"), start + WINDOW);
        assert_eq!(next, Admitted::Write(None));
    }

    #[test]
    fn memory_is_bounded_however_many_actors_are_refused() {
        let (flood, start) = (Flood::default(), Instant::now());
        let mut event = event("eve", "a");
        for number in 0..MAX_ACTORS + 100 {
            event.actor.id = number.to_string();
            flood.admit(&event, start);
        }
        assert!(flood.windows().len() <= MAX_ACTORS + 1);
        event.actor.id = "later".to_owned();
        flood.admit(&event, start + WINDOW);
        assert!(
            flood.windows().len() < 3,
            "minutes that are over are let go"
        );
    }
}
