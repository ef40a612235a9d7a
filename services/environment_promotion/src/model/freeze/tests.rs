use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn weekly(zone: &str) -> Freeze {
    Freeze {
        name: "weekend".into(),
        reason: "nobody is there".into(),
        // A Friday, 18:00 in Berlin.
        start: Some(at("2026-01-02T17:00:00Z")),
        rrule: Some("FREQ=WEEKLY;BYDAY=FR".into()),
        time_zone: Some(zone.into()),
        duration_minutes: Some(60 * 60),
        ..Freeze::default()
    }
}

fn nightly(pattern: &str, minutes: u32) -> Freeze {
    Freeze {
        name: "night".into(),
        reason: "backups run".into(),
        cron: Some(pattern.into()),
        time_zone: Some("Europe/Berlin".into()),
        duration_minutes: Some(minutes),
        ..Freeze::default()
    }
}

fn until(freeze: &Freeze, now: &str) -> Option<DateTime<Utc>> {
    freeze.check().unwrap();
    let on = frozen_at(std::slice::from_ref(freeze), at(now));
    on.first().and_then(|frozen| frozen.until)
}

#[test]
fn a_single_freeze_is_on_from_its_begin_until_just_before_its_end() {
    let freeze = Freeze {
        name: "year-end".into(),
        reason: "books are closed".into(),
        from: Some(at("2026-12-20T00:00:00Z")),
        until: Some(at("2027-01-03T00:00:00Z")),
        ..Freeze::default()
    };
    let end = Some(at("2027-01-03T00:00:00Z"));
    assert_eq!(until(&freeze, "2026-12-19T23:59:59Z"), None);
    assert_eq!(until(&freeze, "2026-12-20T00:00:00Z"), end);
    assert_eq!(until(&freeze, "2027-01-02T23:59:59Z"), end);
    assert_eq!(until(&freeze, "2027-01-03T00:00:00Z"), None);
}

#[test]
fn a_recurring_freeze_keeps_its_wall_clock_over_the_change_to_summer_time() {
    let freeze = weekly("Europe/Berlin");
    // Winter: 18:00 is 17:00 UTC; summer: 16:00 UTC.
    assert_eq!(until(&freeze, "2026-03-20T16:59:59Z"), None);
    assert_eq!(
        until(&freeze, "2026-03-20T17:00:00Z"),
        Some(at("2026-03-23T05:00:00Z"))
    );
    assert_eq!(until(&freeze, "2026-04-03T15:59:59Z"), None);
    assert_eq!(
        until(&freeze, "2026-04-03T16:00:00Z"),
        Some(at("2026-04-06T04:00:00Z"))
    );
    // The weekend of the change itself: sixty hours elapse, whatever the wall clock shows.
    assert_eq!(
        until(&freeze, "2026-03-29T12:00:00Z"),
        Some(at("2026-03-30T05:00:00Z"))
    );
    assert_eq!(until(&freeze, "2026-03-30T05:00:00Z"), None);
}

#[test]
fn a_rule_in_utc_does_not_follow_summer_time() {
    let freeze = weekly("UTC");
    assert_eq!(until(&freeze, "2026-07-03T16:30:00Z"), None);
    assert!(until(&freeze, "2026-07-03T17:00:00Z").is_some());
}

#[test]
fn a_pattern_follows_summer_time_in_its_zone() {
    let freeze = nightly("0 22 * * *", 120);
    assert_eq!(
        until(&freeze, "2026-01-10T21:30:00Z"),
        Some(at("2026-01-10T23:00:00Z"))
    );
    assert_eq!(until(&freeze, "2026-07-10T19:59:59Z"), None);
    assert_eq!(
        until(&freeze, "2026-07-10T20:00:00Z"),
        Some(at("2026-07-10T22:00:00Z"))
    );
    assert_eq!(until(&freeze, "2026-07-10T22:00:00Z"), None);
}

#[test]
fn windows_that_overlap_end_together() {
    // Every day at 08:00 for 26 hours never ends; Saturdays and Sundays at 00:00 for 24 hours are
    // one weekend.
    let freeze = nightly("0 0 * * SAT,SUN", 24 * 60);
    assert_eq!(
        until(&freeze, "2026-06-06T10:00:00Z"),
        Some(at("2026-06-07T22:00:00Z"))
    );
    assert_eq!(until(&freeze, "2026-06-07T22:00:00Z"), None);
}

#[test]
fn a_pattern_does_not_start_before_its_start() {
    let mut freeze = nightly("0 22 * * *", 120);
    freeze.start = Some(at("2026-06-01T00:00:00Z"));
    assert_eq!(until(&freeze, "2026-05-31T20:30:00Z"), None);
    assert!(until(&freeze, "2026-06-01T20:30:00Z").is_some());
}

#[test]
fn a_rule_ends_where_it_says() {
    let mut freeze = weekly("Europe/Berlin");
    freeze.rrule = Some("RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=2".into());
    assert!(until(&freeze, "2026-01-09T18:00:00Z").is_some());
    assert_eq!(until(&freeze, "2026-01-16T18:00:00Z"), None);
}

#[test]
fn what_no_freeze_can_be_names_the_field() {
    let rule = |change: fn(&mut Freeze)| {
        let mut freeze = weekly("Europe/Berlin");
        change(&mut freeze);
        freeze.check().unwrap_err().field
    };
    assert_eq!(rule(|it| it.name = String::new()), "name");
    assert_eq!(rule(|it| it.reason = "x".repeat(501)), "reason");
    assert_eq!(
        rule(|it| it.time_zone = Some("Mars/Base".into())),
        "timeZone"
    );
    assert_eq!(rule(|it| it.duration_minutes = None), "durationMinutes");
    assert_eq!(rule(|it| it.duration_minutes = Some(0)), "durationMinutes");
    assert_eq!(rule(|it| it.start = None), "start");
    assert_eq!(
        rule(|it| it.start = Some(at("1999-12-31T00:00:00Z"))),
        "start"
    );
    assert_eq!(rule(|it| it.rrule = Some("FREQ=SOMETIMES".into())), "rrule");
    assert_eq!(rule(|it| it.rrule = Some("FREQ=MINUTELY".into())), "rrule");
    assert_eq!(
        rule(|it| it.rrule = Some("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30".into())),
        "rrule"
    );
    assert_eq!(rule(|it| it.cron = Some("0 0 * * *".into())), "rrule");
    assert_eq!(
        rule(|it| it.from = Some(at("2026-01-01T00:00:00Z"))),
        "rrule"
    );
    let pattern = |pattern: &str| nightly(pattern, 10).check().unwrap_err().field;
    assert_eq!(pattern("every night"), "cron");
    assert_eq!(pattern("0 0 * * * *"), "cron");
    assert_eq!(pattern("0 0 30 2 *"), "cron");
    let mut single = Freeze {
        name: "x".into(),
        reason: "x".into(),
        from: Some(at("2026-01-02T00:00:00Z")),
        ..Freeze::default()
    };
    assert_eq!(single.check().unwrap_err().field, "until");
    single.until = single.from;
    assert_eq!(single.check().unwrap_err().field, "until");
}
