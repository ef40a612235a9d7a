//! Load driver: asks a running server the product's operations over many connections and reports
//! throughput, latencies, and the statements and rows that the server says each answer cost.
//!
//! It measures from outside, over HTTP on kept-alive connections, with closed loops: a connection
//! sends its next request when the answer to the last one has arrived.

mod load;
mod operations;
mod report;

use std::time::Duration;

use clap::Parser;
use sluice_bench::{BenchError, http1, machine};

#[derive(Debug, Parser)]
#[command(about = "Measures the operations of a running, seeded server.")]
struct Args {
    /// The server, http://host:port.
    #[arg(long, env = "SLUICE_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// A bearer token that may read everything.
    #[arg(long, env = "SLUICE_TOKEN", hide_env_values = true)]
    token: String,
    /// Numbers of connections, one measurement each.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    connections: Vec<usize>,
    /// Seconds of each measurement, after a second of warming up.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Names of operations; all when absent.
    #[arg(long, value_delimiter = ',')]
    operations: Vec<String>,
    /// The server's process, to report its CPU time and memory.
    #[arg(long)]
    server_pid: Option<u32>,
    /// A title for the report.
    #[arg(long, default_value = "Results")]
    title: String,
}

#[tokio::main]
async fn main() -> Result<(), BenchError> {
    let args = Args::parse();
    let target = http1::Target::new(&args.url, &args.token)?;
    let wanted =
        |name: &str| args.operations.is_empty() || args.operations.iter().any(|n| n == name);
    let mut lines = Vec::new();
    for operation in operations::ALL.iter().filter(|it| wanted(it.name)) {
        let requests = operations::prepare(&target, operation).await?;
        for &connections in &args.connections {
            let time = Duration::from_secs(args.seconds);
            let before = args.server_pid.and_then(machine::cpu_of);
            let measured = load::run(&target, operation, &requests, connections, time).await?;
            let after = args.server_pid.and_then(machine::cpu_of);
            let cpu = before.zip(after).map(|(from, to)| to.saturating_sub(from));
            lines.push(report::Line::new(
                operation.name,
                connections,
                &measured,
                cpu,
            ));
        }
    }
    print!("{}", report::markdown(&args.title, &lines, args.server_pid));
    Ok(())
}
