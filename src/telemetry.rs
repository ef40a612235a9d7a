//! Logs and metrics of the process.

use std::{io::IsTerminal, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

use crate::{config::LogFormat, http::DURATION_BUCKETS};

const DEFAULT_FILTER: &str = "info,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,hyper=warn";

/// Sends logs to stderr, as `RUST_LOG` selects them. The first call decides.
pub fn init_logs(format: LogFormat) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let terminal = std::io::stderr().is_terminal();
    let pretty = match format {
        LogFormat::Auto => terminal,
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE);
    // A second call, as tests make it, changes nothing.
    let _ = if pretty {
        builder.with_ansi(terminal).with_target(false).try_init()
    } else {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    };
}

/// The process's metrics; made by the first call.
pub fn metrics() -> PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let suffix = Matcher::Suffix("_seconds".to_owned());
    // Refused only for an empty list of buckets.
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(suffix, DURATION_BUCKETS)
        .unwrap_or_default();
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another recorder of metrics is in place; /metrics shows none of ours");
    }
    describe();
    handle
}

fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("sluice_http_requests_total", "Requests by route and status");
    describe_histogram!(
        "sluice_http_request_duration_seconds",
        Unit::Seconds,
        "Time to the answer's headers, by route and status"
    );
    describe_counter!(
        "sluice_auth_refusals_total",
        "Requests without a good token"
    );
    describe_counter!("sluice_reaction_failures_total", "Reactions that failed");
    describe_counter!(
        "sluice_relay_failures_total",
        "Failed moves from outbox to bus"
    );
    describe_gauge!(
        "sluice_bus_deliveries",
        "Deliveries on the bus that are not done"
    );
    describe_gauge!("sluice_dead_letters", "Dead letters");
    describe_gauge!(
        "sluice_outbox_events",
        "Events that wait for the relay, by store"
    );
    describe_gauge!("sluice_stream_tenants", "Ledgers that are followed");
    describe_gauge!("sluice_stream_feeds", "Those who follow a ledger");
    for (name, what) in [
        (
            "sluice_ledger_untold_total",
            "Events left out of the live channel: it was too slow or away",
        ),
        (
            "sluice_stream_heard_total",
            "Events that the live channel told",
        ),
        (
            "sluice_stream_broken_total",
            "Messages of the live channel that are no next event of their ledger",
        ),
        (
            "sluice_stream_resyncs_total",
            "Times that messages of the live channel may have been lost",
        ),
        (
            "sluice_stream_fills_total",
            "Reads of a ledger for events that the live channel did not tell",
        ),
        (
            "sluice_stream_read_back_total",
            "Events that streams read from the ledger",
        ),
        (
            "sluice_stream_read_failures_total",
            "Failed reads of the ledger, which streams repeat",
        ),
    ] {
        describe_counter!(name, what);
    }
}
