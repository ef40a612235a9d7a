//! Reads what a process writes until it is over or must stop.

use std::future::Future;
use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::Child;
use tokio::time::{Instant, sleep_until};

use crate::lines::Splitter;
use crate::process::Group;
use crate::run::{Session, StopReason};

const CHUNK: usize = 16 * 1024;
/// After the process ended, others may hold its output open: how long silence must last.
const QUIET: Duration = Duration::from_millis(200);
/// And how long they are listened to at all.
const DRAIN: Duration = Duration::from_secs(2);
/// How long a killed process may take to be collected.
const COLLECT: Duration = Duration::from_secs(5);

/// What was seen of a process.
pub(super) struct Seen {
    /// Absent only when the process could not be collected.
    pub(super) status: Option<ExitStatus>,
    pub(super) stopped: Option<StopReason>,
    pub(super) stderr_used: bool,
}

enum Event {
    Stop(StopReason),
    Exited(std::io::Result<ExitStatus>),
    Read {
        stderr: bool,
        bytes: std::io::Result<usize>,
    },
    Time,
}

/// One pipe of the process.
struct Stream {
    pipe: Option<Receiver>,
    splitter: Splitter,
    chunk: Vec<u8>,
}

impl Stream {
    fn new(pipe: Option<Receiver>) -> Self {
        Self {
            pipe,
            splitter: Splitter::default(),
            chunk: vec![0; CHUNK],
        }
    }

    async fn read(&mut self) -> std::io::Result<usize> {
        match &mut self.pipe {
            Some(pipe) => pipe.read(&mut self.chunk).await,
            None => std::future::pending().await,
        }
    }

    /// Hands the lines of what was read to the session; an empty or failed read ends the stream.
    async fn deliver(&mut self, bytes: std::io::Result<usize>, session: &mut Session<'_>) -> bool {
        let lines = match bytes {
            Ok(count) if count > 0 => {
                let chunk = self.chunk.get(..count).unwrap_or_default();
                self.splitter.feed(chunk, session.read_limit())
            }
            _ => {
                self.pipe = None;
                self.splitter.finish().into_iter().collect()
            }
        };
        for line in lines {
            session.take(line).await;
        }
        self.pipe.is_some()
    }
}

/// When things are due.
#[derive(Default)]
struct Times {
    kill: Option<Instant>,
    /// No longer than this after the end of the process.
    drain: Option<Instant>,
    quiet: Option<Instant>,
    /// Not waited for beyond this.
    collect: Option<Instant>,
}

pub(super) async fn pump(
    session: &mut Session<'_>,
    child: &mut Child,
    group: &Group,
    out: Receiver,
    err: Option<Receiver>,
    stop: impl Future<Output = StopReason>,
) -> Seen {
    let mut stop = pin!(stop);
    let (mut out, mut err) = (Stream::new(Some(out)), Stream::new(err));
    let mut times = Times::default();
    let mut seen = Seen {
        status: None,
        stopped: None,
        stderr_used: false,
    };
    let mut collected = false;
    while !over(collected, &out, &err, &times) {
        let wake = [
            session.flush_due(),
            times.kill,
            times.drain,
            times.quiet,
            times.collect,
        ];
        let wake = wake.into_iter().flatten().min();
        let event = tokio::select! {
            biased;
            reason = &mut stop, if seen.stopped.is_none() => Event::Stop(reason),
            status = child.wait(), if !collected => Event::Exited(status),
            bytes = out.read() => Event::Read { stderr: false, bytes },
            bytes = err.read() => Event::Read { stderr: true, bytes },
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => Event::Time,
        };
        match event {
            Event::Stop(reason) => {
                group.signal(Signal::SIGTERM);
                times.kill = Some(Instant::now() + session.run.limits().kill_grace);
                seen.stopped = Some(reason);
            }
            Event::Exited(status) => {
                collected = true;
                seen.status = status.ok();
                times.kill = None;
                times.drain = Some(Instant::now() + DRAIN);
                times.quiet = Some(Instant::now() + QUIET);
            }
            Event::Read { stderr, bytes } => {
                let stream = if stderr { &mut err } else { &mut out };
                let open = stream.deliver(bytes, session).await;
                seen.stderr_used |= stderr && open;
                times.quiet = times.quiet.map(|_| Instant::now() + QUIET);
            }
            Event::Time => on_time(session, group, &mut times).await,
        }
    }
    finish(session, out, err).await;
    seen
}

/// Whether there is nothing more to wait for.
fn over(collected: bool, out: &Stream, err: &Stream, times: &Times) -> bool {
    let past = |time: Option<Instant>| time.is_some_and(|time| time <= Instant::now());
    if !collected {
        return past(times.collect);
    }
    let closed = out.pipe.is_none() && err.pipe.is_none();
    closed || past(times.quiet) || past(times.drain)
}

async fn on_time(session: &mut Session<'_>, group: &Group, times: &mut Times) {
    let now = Instant::now();
    if times.kill.is_some_and(|kill| kill <= now) {
        group.signal(Signal::SIGKILL);
        times.kill = None;
        times.collect = Some(now + COLLECT);
    }
    if session.flush_due().is_some_and(|due| due <= now) {
        session.flush().await;
    }
}

/// Lines without an end count as well.
async fn finish(session: &mut Session<'_>, mut out: Stream, mut err: Stream) {
    for line in [out.splitter.finish(), err.splitter.finish()]
        .into_iter()
        .flatten()
    {
        session.take(line).await;
    }
    session.flush().await;
}
