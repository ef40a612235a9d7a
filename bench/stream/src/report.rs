//! Measurements as Markdown.

use std::{fmt::Write, time::Duration};

use sluice_bench::machine;

use crate::{measure::Measured, stuck::Stuck};

/// Everything measured with one number of subscribers.
#[derive(Debug)]
pub(crate) struct Round {
    /// The server, at each pace, with the CPU time that the same commands take when nobody listens.
    pub(crate) server: Vec<(Measured, Duration)>,
    /// The bare broadcast of the same messages, at each pace.
    pub(crate) bare: Vec<Measured>,
    /// How long it took to open the sockets of the server, and of the broadcast.
    pub(crate) opening: (Duration, Duration),
    /// KiB of memory of each idle socket: the server's, and the broadcast's.
    pub(crate) memory: (Option<f64>, Option<f64>),
    /// What else must be said: why there are fewer subscribers, or streams that ended.
    pub(crate) remarks: Vec<String>,
}

/// The heading, the machine, and how many files the driver and the server may open.
pub(crate) fn heading(title: &str, server: Option<u32>) -> String {
    let mut text = format!("### {title}\n\n{}", machine::description());
    let own = machine::file_limit_of(std::process::id());
    if let Some(limit) = own {
        let _ = write!(
            text,
            "; the driver may open {} files",
            grouped(limit as u64)
        );
    }
    if let Some(limit) = server.and_then(machine::file_limit_of) {
        let _ = write!(text, ", the server {}", grouped(limit as u64));
    }
    text + ".\n\n"
}

/// The head of the table of rounds.
pub(crate) const HEAD: &str = "| subscribers | of | pace | delivered | lost | repeated | out of order | p50 ms | p99 ms | messages/s | bytes | CPU µs per message | without the commands' own |\n\
     |--:|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";

/// The rows of a round.
pub(crate) fn rows(round: &Round) -> String {
    let mut text = String::new();
    for (measured, alone) in &round.server {
        text += &row("the server", measured, *alone);
    }
    for measured in &round.bare {
        text += &row("a bare broadcast", measured, Duration::ZERO);
    }
    text
}

#[allow(clippy::cast_precision_loss, reason = "counts of a measurement")]
fn row(of: &str, measured: &Measured, alone: Duration) -> String {
    let tally = &measured.tally;
    let wanted = measured.events * measured.subscribers as u64;
    let per_second = tally.delivered as f64 / measured.time.as_secs_f64().max(0.001);
    format!(
        "| {} | {of} | {} | {} of {} | {} | {} | {} | {:.1} | {:.1} | {per_second:.0} | {} | {} | {} |\n",
        grouped(measured.subscribers as u64),
        measured.pace.label(),
        grouped(tally.delivered),
        grouped(wanted),
        tally.lost,
        tally.repeated,
        tally.disordered,
        tally.percentile(50),
        tally.percentile(99),
        tally.bytes / (tally.delivered + tally.repeated).max(1),
        figure(measured.cpu_per_message(Duration::ZERO)),
        figure(measured.cpu_per_message(alone)),
    )
}

/// What a round says in words: connecting, memory, ratios, remarks.
#[allow(clippy::cast_precision_loss, reason = "counts of a measurement")]
pub(crate) fn words(round: &Round) -> String {
    let size = round.server.first().map_or(0, |it| it.0.subscribers);
    let rate = |time: Duration| size as f64 / time.as_secs_f64().max(0.001);
    let mut text = format!(
        "- {} subscribers: {:.0} connected and subscribed a second (bare: {:.0}), \
         {} KiB of the server's memory per idle socket (bare: {}), the kernel's buffers aside.\n",
        grouped(size as u64),
        rate(round.opening.0),
        rate(round.opening.1),
        figure(round.memory.0),
        figure(round.memory.1),
    );
    for ((measured, alone), bare) in round.server.iter().zip(&round.bare) {
        let limit = bare.cpu_per_message(Duration::ZERO).filter(|it| *it > 0.0);
        let times = |cpu: Option<f64>| figure(cpu.zip(limit).map(|(cpu, limit)| cpu / limit));
        let _ = writeln!(
            text,
            "  - {}: CPU per delivered message **{} times** the bare broadcast's, \
             {} times with the commands' own.",
            measured.pace.label(),
            times(measured.cpu_per_message(*alone)),
            times(measured.cpu_per_message(Duration::ZERO)),
        );
    }
    for remark in &round.remarks {
        let _ = writeln!(text, "  - {remark}");
    }
    text
}

/// What stuck subscribers did.
pub(crate) fn stuck(stuck: &Stuck) -> String {
    let Stuck {
        without, beside, ..
    } = stuck;
    let mut text = format!(
        "- {} subscribers that never read, beside {} that do, messages of {} bytes: \
         p99 {:.1} ms with them, {:.1} ms without; {} of {} messages delivered to the others, \
         {} lost, {} repeated.\n",
        stuck.count,
        grouped(beside.subscribers as u64),
        grouped(beside.tally.bytes / (beside.tally.delivered + beside.tally.repeated).max(1)),
        beside.tally.percentile(99),
        without.tally.percentile(99),
        grouped(beside.tally.delivered),
        grouped(beside.events * beside.subscribers as u64),
        beside.tally.lost,
        beside.tally.repeated,
    );
    if let Some((before, most, after)) = stuck.memory {
        let _ = writeln!(
            text,
            "  - The server's memory: {} MiB before them, at most {} MiB meanwhile, {} MiB in the end.",
            before / 1_024,
            most / 1_024,
            after / 1_024
        );
    }
    if let Some((closed, after)) = stuck.closed {
        let _ = writeln!(
            text,
            "  - The server had closed {closed} of them {} s after they came.",
            after.as_secs()
        );
    }
    text
}

/// A figure of three digits.
fn figure(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.1}"),
    }
}

/// A number with commas between its thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn a_figure_has_three_digits_or_a_dash() {
        assert_eq!(figure(Some(1.234)), "1.23");
        assert_eq!(figure(Some(12.34)), "12.3");
        assert_eq!(figure(None), "–");
    }
}
