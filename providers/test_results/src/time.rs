//! Durations as test runners write them.

/// No test runs longer; a larger number is a unit gone wrong and is dropped.
const MAX_SECONDS: f64 = 10.0 * 365.0 * 86_400.0;

/// Milliseconds from `1.5`, `0,5`, `1,234.5`, `1.2E-4`, `1.5s`, `250ms`, `PT1M2.5S`, `00:00:01.25`
/// or `1.00:00:00`. Anything else, negative or absurd is none: a report is worth keeping without it.
pub(crate) fn duration_ms(text: &str) -> Option<u64> {
    let text = text.trim();
    let seconds = if text.contains(':') {
        clock_seconds(text)?
    } else if text.starts_with(['P', 'p']) {
        iso_seconds(text)?
    } else if let Some(millis) = text.strip_suffix("ms") {
        number(millis)? / 1000.0
    } else {
        number(text.strip_suffix('s').unwrap_or(text))?
    };
    to_millis(seconds)
}

fn to_millis(seconds: f64) -> Option<u64> {
    if !seconds.is_finite() || !(0.0..=MAX_SECONDS).contains(&seconds) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked just above
    Some((seconds * 1000.0).round() as u64)
}

/// A number with `.` or `,` as the decimal point; `,` before `.` groups thousands.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(dot)) if comma > dot => text.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => text.replace(',', ""),
        (Some(_), None) if text.matches(',').count() == 1 => text.replace(',', "."),
        (Some(_), None) => text.replace(',', ""),
        _ => text.to_owned(),
    };
    let well_formed = plain
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    if well_formed {
        plain.parse().ok()
    } else {
        None
    }
}

/// `[days.]hours:minutes:seconds`, or `minutes:seconds`.
fn clock_seconds(text: &str) -> Option<f64> {
    let mut parts = text.split(':').rev();
    let seconds = number(parts.next()?)?;
    let minutes: u32 = parts.next()?.parse().ok()?;
    let (days, hours) = match parts.next() {
        None => (0, 0),
        Some(hours) => match hours.split_once('.') {
            Some((days, hours)) => (days.parse().ok()?, hours.parse().ok()?),
            None => (0, hours.parse().ok()?),
        },
    };
    if parts.next().is_some() {
        return None;
    }
    let whole: u32 = days;
    let hours: u32 = hours;
    Some(
        f64::from(whole) * 86_400.0
            + f64::from(hours) * 3600.0
            + f64::from(minutes) * 60.0
            + seconds,
    )
}

/// `P[nD][T[nH][nM][nS]]`.
fn iso_seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut digits = String::new();
    let mut in_time = false;
    for c in text.chars().skip(1) {
        let factor = match c.to_ascii_uppercase() {
            'T' if digits.is_empty() => {
                in_time = true;
                continue;
            }
            'D' if !in_time => 86_400.0,
            'H' if in_time => 3600.0,
            'M' if in_time => 60.0,
            'S' if in_time => 1.0,
            _ => {
                digits.push(c);
                continue;
            }
        };
        total += number(&digits)? * factor;
        digits.clear();
    }
    digits.is_empty().then_some(total)
}

#[cfg(test)]
mod tests {
    use super::duration_ms;

    #[test]
    fn every_notation_in_use_is_read() {
        for (text, ms) in [
            ("0", 0),
            ("1.5", 1500),
            ("0,25", 250),
            ("1,234.5", 1_234_500),
            ("1.234,5", 1_234_500),
            ("1,234,567", 1_234_567_000),
            ("1.2E-2", 12),
            ("0.000049", 0),
            ("1.5s", 1500),
            ("250ms", 250),
            ("PT1M2.5S", 62_500),
            ("P1DT1S", 86_401_000),
            ("00:00:00.0123456", 12),
            ("00:01:00", 60_000),
            ("1.00:00:01", 86_401_000),
            ("02:03", 123_000),
        ] {
            assert_eq!(duration_ms(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn nonsense_is_none_and_never_a_number() {
        for text in [
            "", "abc", "-1", "NaN", "inf", "1e400", "P", "PT", "PTxS", "1:2:3:4", "a:b", ":", "é",
        ] {
            let got = duration_ms(text);
            assert!(
                got.is_none() || (text.starts_with('P') && got == Some(0)),
                "{text}: {got:?}"
            );
        }
    }
}
