//! Freezes: times in which nothing is promoted into an environment.
//!
//! A freeze lasts once, from a moment to a moment, or recurs: it starts by a rule in the wall
//! clock of a time zone and lasts a number of minutes as they elapse, so that a freeze over the
//! change to or from summer time is neither shorter nor longer than it says.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use rrule::{Frequency, RRule, RRuleSet, Unvalidated};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest recurring freeze: 31 days.
const MAX_MINUTES: u32 = 31 * 24 * 60;
const MAX_NAME: usize = 100;
const MAX_REASON: usize = 500;
const MAX_RULE: usize = 500;
/// Starts of a rule that are looked at to find the present one.
const MAX_STARTS: usize = 400_000;
/// Windows that follow each other without a gap which are joined to one.
const MAX_JOINED: usize = 1_000;
/// Starts in one day that a rule may have.
const MAX_PER_DAY: usize = 24;

/// A time in which nothing is promoted into an environment: `from` and `until`, or `rrule` or
/// `cron` with `durationMinutes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Freeze {
    /// Unique in the environment, 1 to 100 characters.
    pub name: String,
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// Recurrence rule of RFC 5545 without `DTSTART`, at most daily: `FREQ=WEEKLY;BYDAY=FR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// Five fields of cron: minute, hour, day of month, month, day of week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// First start of an `rrule`, whose wall clock recurs; a `cron` does not start before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<DateTime<Utc>>,
    /// IANA time zone of the wall clock; UTC when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How long a recurring freeze lasts, 1 to 44,640 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<u32>,
    /// When a single freeze begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
    /// When a single freeze ends; later than `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// The field of a freeze that breaks a rule, and the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadFreeze {
    pub(crate) field: &'static str,
    pub(crate) rule: String,
}

fn bad(field: &'static str, rule: impl Into<String>) -> BadFreeze {
    BadFreeze {
        field,
        rule: rule.into(),
    }
}

/// A freeze that is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// When it ends; unknown when its rule cannot be read any more.
    pub until: Option<DateTime<Utc>>,
}

/// The freezes that are on at `now`, in their order.
pub fn frozen_at(freezes: &[Freeze], now: DateTime<Utc>) -> Vec<Frozen> {
    let on = freezes.iter().filter_map(|freeze| {
        let until = match Window::of(freeze) {
            Ok(window) => Some(window.open_until(now)?),
            // It was checked when it was defined. Should a later time zone table refuse it, the
            // environment stays closed rather than open.
            Err(_) => None,
        };
        Some(Frozen {
            name: freeze.name.clone(),
            reason: freeze.reason.clone(),
            until,
        })
    });
    on.collect()
}

impl Freeze {
    /// Checks every field.
    pub(crate) fn check(&self) -> Result<(), BadFreeze> {
        if !(1..=MAX_NAME).contains(&self.name.chars().count()) {
            return Err(bad("name", "name must have 1 to 100 characters"));
        }
        if !(1..=MAX_REASON).contains(&self.reason.chars().count()) {
            return Err(bad("reason", "reason must have 1 to 500 characters"));
        }
        Window::of(self)?.ensure_happens()
    }
}

enum Window {
    Once {
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    },
    Rule {
        set: Box<RRuleSet>,
        lasts: TimeDelta,
    },
    Cron {
        cron: Box<Cron>,
        zone: chrono_tz::Tz,
        start: Option<DateTime<Utc>>,
        lasts: TimeDelta,
    },
}

impl Window {
    fn of(freeze: &Freeze) -> Result<Self, BadFreeze> {
        match (&freeze.rrule, &freeze.cron, freeze.from, freeze.until) {
            (None, None, Some(from), Some(until)) => once(freeze, from, until),
            (Some(rule), None, None, None) => {
                let zone = zone(freeze)?;
                let start = freeze.start.ok_or_else(|| {
                    bad(
                        "start",
                        "an rrule needs start, the first time that it happens",
                    )
                })?;
                let set = recurrence(rule, start, zone)?;
                let lasts = lasts(freeze)?;
                Ok(Self::Rule {
                    set: Box::new(set),
                    lasts,
                })
            }
            (None, Some(pattern), None, None) => Ok(Self::Cron {
                cron: Box::new(cron(pattern)?),
                zone: zone(freeze)?,
                start: freeze.start,
                lasts: lasts(freeze)?,
            }),
            (None, None, Some(_), None) => Err(bad("until", "a freeze with from needs until")),
            (None, None, None, Some(_)) => Err(bad("from", "a freeze with until needs from")),
            _ => Err(bad(
                "rrule",
                "a freeze has either rrule, or cron, or from and until",
            )),
        }
    }

    /// When the window that is open at `now` closes; `None` when none is open.
    fn open_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Once { from, until } => (*from <= now && now < *until).then_some(*until),
            Self::Rule { set, lasts } => {
                let starts = set.into_iter().take(MAX_STARTS).map(|at| at.to_utc());
                join(starts, *lasts, now)
            }
            Self::Cron {
                cron,
                zone,
                start,
                lasts,
            } => {
                let local = now.with_timezone(zone);
                let last = cron.find_previous_occurrence(&local, true).ok()?;
                let later = cron.iter_after(last).map(|at| at.to_utc());
                let starts = std::iter::once(last.to_utc())
                    .chain(later)
                    .filter(|at| start.is_none_or(|start| *at >= start));
                join(starts, *lasts, now)
            }
        }
    }

    fn ensure_happens(&self) -> Result<(), BadFreeze> {
        match self {
            Self::Once { .. } => Ok(()),
            Self::Rule { set, .. } => match set.into_iter().next() {
                Some(_) => Ok(()),
                None => Err(bad("rrule", "the rule never happens")),
            },
            Self::Cron { cron, zone, .. } => {
                let some_time = DateTime::UNIX_EPOCH.with_timezone(zone);
                match cron.find_next_occurrence(&some_time, true) {
                    Ok(_) => Ok(()),
                    Err(_) => Err(bad("cron", "the pattern never happens")),
                }
            }
        }
    }
}

/// Follows windows that begin at `starts`, which ascend; those that overlap or touch are one.
fn join(
    starts: impl Iterator<Item = DateTime<Utc>>,
    lasts: TimeDelta,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut end: Option<DateTime<Utc>> = None;
    for start in starts
        .skip_while(|start| *start + lasts <= now)
        .take(MAX_JOINED)
    {
        match end {
            None if start > now => return None,
            Some(until) if start > until => return end,
            _ => end = Some(start + lasts),
        }
    }
    end
}

fn once(freeze: &Freeze, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Window, BadFreeze> {
    if until <= from {
        return Err(bad("until", "until must be later than from"));
    }
    let absent = [
        ("start", freeze.start.is_none()),
        ("timeZone", freeze.time_zone.is_none()),
        ("durationMinutes", freeze.duration_minutes.is_none()),
    ];
    if let Some((field, _)) = absent.into_iter().find(|(_, absent)| !absent) {
        return Err(bad(
            field,
            format!("{field} belongs to a freeze that recurs"),
        ));
    }
    Ok(Window::Once { from, until })
}

fn zone(freeze: &Freeze) -> Result<chrono_tz::Tz, BadFreeze> {
    let name = freeze.time_zone.as_deref().unwrap_or("UTC");
    chrono_tz::Tz::from_str(name).map_err(|_| {
        bad(
            "timeZone",
            "timeZone must be an IANA name such as Europe/Berlin",
        )
    })
}

fn lasts(freeze: &Freeze) -> Result<TimeDelta, BadFreeze> {
    let rule = || {
        bad(
            "durationMinutes",
            format!("a freeze that recurs needs durationMinutes, 1 to {MAX_MINUTES}"),
        )
    };
    let minutes = freeze.duration_minutes.ok_or_else(rule)?;
    if !(1..=MAX_MINUTES).contains(&minutes) {
        return Err(rule());
    }
    Ok(TimeDelta::minutes(minutes.into()))
}

fn recurrence(
    rule: &str,
    start: DateTime<Utc>,
    zone: chrono_tz::Tz,
) -> Result<RRuleSet, BadFreeze> {
    if rule.len() > MAX_RULE || rule.contains(['\n', '\r']) {
        return Err(bad(
            "rrule",
            "rrule must be one line of at most 500 characters",
        ));
    }
    if start.timestamp() < 946_684_800 {
        return Err(bad("start", "start must not be before the year 2000"));
    }
    let text = rule.strip_prefix("RRULE:").unwrap_or(rule);
    let refused = |error: &dyn std::fmt::Display| {
        bad("rrule", format!("rrule is not a rule of RFC 5545: {error}"))
    };
    let rule: RRule<Unvalidated> = text.parse().map_err(|error| refused(&error))?;
    let start = start.with_timezone(&rrule::Tz::Tz(zone));
    let rule = rule.validate(start).map_err(|error| refused(&error))?;
    let sub_daily = matches!(
        rule.get_freq(),
        Frequency::Hourly | Frequency::Minutely | Frequency::Secondly
    );
    let times = [
        rule.get_by_hour(),
        rule.get_by_minute(),
        rule.get_by_second(),
    ];
    let per_day: usize = times.iter().map(|times| times.len().max(1)).product();
    if sub_daily || per_day > MAX_PER_DAY {
        return Err(bad(
            "rrule",
            "rrule may start at most 24 times a day, by BYHOUR",
        ));
    }
    Ok(RRuleSet::new(start).rrule(rule).limit())
}

fn cron(pattern: &str) -> Result<Cron, BadFreeze> {
    if pattern.len() > MAX_RULE {
        return Err(bad("cron", "cron must have at most 500 characters"));
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let parsed = parser.parse(pattern);
    parsed.map_err(|error| {
        bad(
            "cron",
            format!("cron is not a pattern of five fields: {error}"),
        )
    })
}

#[cfg(test)]
mod tests;
