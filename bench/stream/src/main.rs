//! Load driver of subscriptions: very many WebSocket subscribers of one stream of a running server,
//! events by real commands, and beside it a bare broadcast of the same bytes to as many sockets.
//!
//! It counts by sequence, per subscriber, what was delivered, lost and repeated, and tells what a
//! delivered message cost the server next to what it costs a server that does nothing else.

mod bare;
mod error;
mod fleet;
mod measure;
mod produce;
mod report;
mod socket;
mod stuck;
mod subscriber;
mod tally;

use std::{str::FromStr, time::Duration};

use clap::Parser;
use sluice_bench::{http1::Target, machine};

use crate::{
    bare::Bare,
    error::StreamError,
    fleet::Fleet,
    produce::{Pace, Producer},
    report::Round,
    socket::Door,
};

/// Files that stay free for everything that is no subscriber.
const SPARE: usize = 128;

const DOCUMENT: &str = "subscription { buildEvents { __typename \
    ... on BuildEvent { sequence cursor eventType occurredAt projectId \
    build { id status reason branch commitSha finishedAt repository { id name } } } \
    ... on StreamGap { from to reason } } }";

#[derive(Debug, Parser)]
#[command(about = "Measures the subscriptions of a running server.")]
enum Cli {
    /// Measure a running server
    Measure(Args),
    /// Broadcast the lines of the standard input to WebSockets: what `measure` compares with
    Bare,
}

#[derive(Debug, Parser)]
struct Args {
    /// The server, http://127.0.0.1:port.
    #[arg(long, env = "SLUICE_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Where it takes WebSockets.
    #[arg(long, default_value = "/graphql")]
    path: String,
    /// A bearer token that may do everything.
    #[arg(long, env = "SLUICE_TOKEN", hide_env_values = true)]
    token: String,
    /// Numbers of subscribers, one round each; `max`: as many as the open files allow.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    subscribers: Vec<Size>,
    /// Events of each measurement.
    #[arg(long, default_value_t = 100)]
    events: u64,
    /// Events per second of the paced measurement.
    #[arg(long, default_value_t = 5.0)]
    rate: f64,
    /// Subscribers that never read, in a round of their own; 0: no such round.
    #[arg(long, default_value_t = 20)]
    stuck: usize,
    /// Subscribers beside those that never read.
    #[arg(long, default_value_t = 1_000)]
    beside: usize,
    /// The server's process, to report its CPU time and memory.
    #[arg(long)]
    server_pid: Option<u32>,
    /// A title for the report.
    #[arg(long, default_value = "Streams")]
    title: String,
}

/// How many subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Exactly(usize),
    Most,
}

impl FromStr for Size {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "max" => Ok(Self::Most),
            _ => text.parse().map(Self::Exactly),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), StreamError> {
    match Cli::parse() {
        Cli::Bare => bare::serve().await,
        Cli::Measure(args) => measure(&args).await,
    }
}

async fn measure(args: &Args) -> Result<(), StreamError> {
    let producer = Producer::new(Target::new(&args.url, &args.token)?).await?;
    let door = Door::new(&args.url, &args.path)?.greet(&args.token, DOCUMENT);
    // The first commands find everything cold.
    producer.produce(args.events.min(20), Pace::Burst).await?;
    let mut paces = Vec::new();
    for pace in [Pace::Steady(args.rate), Pace::Burst] {
        let alone = measure::alone(&producer, args.events, pace, args.server_pid).await?;
        paces.push((pace, alone));
    }
    print!("{}", report::heading(&args.title, args.server_pid));
    let mut rounds = Vec::new();
    print!("{}", report::HEAD);
    for size in &args.subscribers {
        let round = round(args, &door, &producer, *size, &paces).await?;
        print!("{}", report::rows(&round));
        rounds.push(round);
    }
    println!();
    for round in &rounds {
        print!("{}", report::words(round));
    }
    if args.stuck > 0 {
        let (beside, _) = within_limits(Size::Exactly(args.beside), args.server_pid);
        let sizes = (beside, args.stuck);
        let how = (args.events, Pace::Steady(args.rate));
        let stuck = stuck::measure(&door, &producer, sizes, how, args.server_pid).await?;
        print!("{}", report::stuck(&stuck));
    }
    Ok(())
}

async fn round(
    args: &Args,
    door: &Door,
    producer: &Producer,
    size: Size,
    paces: &[(Pace, Duration)],
) -> Result<Round, StreamError> {
    let (size, limit) = within_limits(size, args.server_pid);
    let mut remarks: Vec<String> = limit.into_iter().collect();
    let before = args.server_pid.and_then(machine::share_of);
    let fleet = Fleet::open(door, size).await?;
    let size = fleet.size();
    if let Some(refused) = &fleet.refused {
        remarks.push(format!("Further subscribers were refused: {refused}"));
    }
    measure::rouse(&fleet, producer).await?;
    let memory = per_socket(before, args.server_pid, size);
    let (mut server, mut texts) = (Vec::new(), Vec::new());
    for &(pace, alone) in paces {
        let (measured, sent) =
            measure::server(&fleet, producer, args.events, pace, args.server_pid).await?;
        server.push((measured, alone));
        texts.push((pace, sent));
    }
    if let Some((count, reason)) = fleet.ended() {
        remarks.push(format!("{count} streams ended early: {reason}"));
    }
    let opening = fleet.opening;
    fleet.close().await;

    let mut bare = Bare::start().await?;
    let before = bare.pid().and_then(machine::share_of);
    let fleet = Fleet::open(&bare.door, size).await?;
    let bare_memory = per_socket(before, bare.pid(), size);
    let mut limits = Vec::new();
    for (pace, sent) in &texts {
        limits.push(measure::broadcast(&fleet, &mut bare, sent, *pace).await?);
    }
    let opening = (opening, fleet.opening);
    fleet.close().await;
    bare.end().await;
    Ok(Round {
        server,
        bare: limits,
        opening,
        memory: (memory, bare_memory),
        remarks,
    })
}

/// How many subscribers the open files of driver and server allow, and what is to be said of it.
fn within_limits(size: Size, server: Option<u32>) -> (usize, Option<String>) {
    let room = |pid: u32| {
        let (limit, open) = (machine::file_limit_of(pid)?, machine::files_of(pid)?);
        Some(limit.saturating_sub(open + SPARE))
    };
    let rooms = [
        ("driver", room(std::process::id())),
        ("server", server.and_then(room)),
    ];
    let least = rooms
        .iter()
        .filter_map(|(who, room)| Some((*who, (*room)?)));
    let Some((who, room)) = least.min_by_key(|(_, room)| *room) else {
        return match size {
            Size::Exactly(size) => (size, None),
            Size::Most => (10_000, None),
        };
    };
    match size {
        Size::Exactly(size) if size <= room => (size, None),
        Size::Exactly(_) | Size::Most => {
            let room_text = report::grouped(room as u64);
            let remark =
                format!("No more than {room_text}: the open files of the {who} end there.");
            (room, Some(remark))
        }
    }
}

/// KiB that each of `count` sockets added to the process's memory.
#[allow(clippy::cast_precision_loss, reason = "counts of a measurement")]
fn per_socket(before: Option<u64>, pid: Option<u32>, count: usize) -> Option<f64> {
    let after = pid.and_then(machine::share_of)?;
    Some(after.saturating_sub(before?) as f64 / count.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_subscribers_are_wanted_than_files_can_be_opened() {
        assert_eq!(within_limits(Size::Exactly(1), None), (1, None));
        let (most, remark) = within_limits(Size::Most, None);
        assert!(most > 1 && remark.is_some_and(|it| it.contains("driver")));
        assert_eq!("max".parse(), Ok(Size::Most));
        assert!("many".parse::<Size>().is_err());
    }
}
