//! Measurements as a table.

use std::{fmt::Write, time::Duration};

use sluice_bench::machine;

use crate::load::Measured;

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Line {
    operation: &'static str,
    connections: usize,
    per_second: f64,
    p50: f64,
    p99: f64,
    statements: (u64, u64),
    rows: (u64, u64),
    bytes: u64,
    cpu_ms: Option<f64>,
}

#[allow(clippy::cast_precision_loss, reason = "counts of a measurement")]
impl Line {
    pub(crate) fn new(
        operation: &'static str,
        connections: usize,
        measured: &Measured,
        cpu: Option<Duration>,
    ) -> Self {
        let count = measured.latencies.len().max(1);
        Self {
            operation,
            connections,
            per_second: measured.latencies.len() as f64 / measured.time.as_secs_f64(),
            p50: percentile(&measured.latencies, 50),
            p99: percentile(&measured.latencies, 99),
            statements: measured.statements,
            rows: measured.rows,
            bytes: measured.bytes / count as u64,
            // The second of warming up is in the process's time, so it is in the divisor too.
            cpu_ms: cpu.map(|cpu| {
                let measured_share =
                    measured.time.as_secs_f64() / (measured.time.as_secs_f64() + 1.0);
                cpu.as_secs_f64() * 1_000.0 * measured_share / count as f64
            }),
        }
    }
}

/// Milliseconds at which `percent` of the sorted latencies are reached (nearest rank).
fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    let micros = sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0);
    f64::from(micros) / 1_000.0
}

fn range((least, most): (u64, u64)) -> String {
    if least == most {
        least.to_string()
    } else {
        format!("{least}–{most}")
    }
}

/// The table, under a heading.
pub(crate) fn markdown(title: &str, lines: &[Line], server: Option<u32>) -> String {
    let mut text = format!("### {title}\n\n{}", machine::description());
    if let Some(memory) = server.and_then(machine::memory_of) {
        let _ = write!(text, "; the server holds {memory} MiB afterwards");
    }
    text += ".\n\n| operation | connections | requests/s | p50 ms | p99 ms | statements | rows | bytes | server CPU ms |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|\n";
    for line in lines {
        let cpu = line
            .cpu_ms
            .map_or_else(|| "–".to_owned(), |cpu| format!("{cpu:.2}"));
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {:.2} | {:.2} | {} | {} | {} | {cpu} |",
            line.operation,
            line.connections,
            line.per_second,
            line.p50,
            line.p99,
            range(line.statements),
            range(line.rows),
            line.bytes,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_nearest_rank() {
        let latencies: Vec<u32> = (1..=200).map(|n| n * 1_000).collect();
        assert!((percentile(&latencies, 50) - 100.0).abs() < f64::EPSILON);
        assert!((percentile(&latencies, 99) - 198.0).abs() < f64::EPSILON);
        assert!((percentile(&latencies[..1], 99) - 1.0).abs() < f64::EPSILON);
        assert!(percentile(&[], 99).abs() < f64::EPSILON);
    }

    #[test]
    fn a_count_that_varies_is_shown_as_a_range() {
        assert_eq!(range((5, 5)), "5");
        assert_eq!(range((1, 1_000)), "1–1000");
    }
}
