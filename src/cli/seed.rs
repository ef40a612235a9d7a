//! `sluice seed`: a made-up world, for trying things out at size and for measuring.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use sluice_ledger::Ledger;
use sluice_schema::TenantId;
use sluice_world::{InvalidPlan, Progress, Target, WorldPlan, WriteError};

use super::{fail, print};
use crate::{
    compose::{self, StartError},
    config::{Config, ConfigFlags},
    data_dir::{DataDir, DataDirError},
    telemetry,
};

/// How often progress is shown.
const SHOWN_EVERY: Duration = Duration::from_secs(5);

/// Write a made-up world into the stores, with its ledger and lineage
///
/// At scale 1: 100 modules with 200,000 commits, 60,000 pull requests, 50,000 runs and builds,
/// 20,000 releases and 80,000 promotions over dev, test, staging and prod, dealt out to the
/// tenants, and in the first tenant a project `fleet` of 100 modules that run everywhere. The same
/// scale, seed, tenants and end make the same world, ids included.
///
/// The stores are brought up to date first. A tenant that has data already is refused, and nothing
/// is written. There are no files behind the world: no Git repositories, blobs, packages, images
/// or targets. Reading the diff of a commit, a log or a file answers that it is not found, and a
/// server that looks at the targets finds that it cannot reach them.
#[derive(Debug, clap::Args)]
pub(super) struct SeedArgs {
    /// How large the world is, 0.001 to 20
    #[arg(long, value_name = "N")]
    scale: f64,
    /// Which of all worlds of this size it is
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The tenants that it is dealt out to, with commas between
    #[arg(long, value_delimiter = ',', default_value = "acme,globex")]
    tenants: Vec<TenantId>,
    /// When its history ends, such as 2026-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<DateTime<Utc>>,
    #[command(flatten)]
    settings: ConfigFlags,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Plan(#[from] InvalidPlan),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Runs the command and gives its exit code.
pub(super) async fn run(args: &SeedArgs) -> u8 {
    let config = match args.settings.load_unchecked() {
        Ok(config) => config,
        Err(error) => return fail(2, &error),
    };
    telemetry::init_logs(config.log);
    match seed(args, &config).await {
        Ok(text) => print(&text),
        Err(Failure::Plan(error)) => fail(2, &error),
        Err(error) => fail(1, &Whole(error)),
    }
}

/// An error with all that caused it, in one line.
#[derive(Debug)]
struct Whole(Failure);

impl std::fmt::Display for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = std::error::Error::source(&self.0);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Whole {}

async fn seed(args: &SeedArgs, config: &Config) -> Result<String, Failure> {
    let until = args.until.unwrap_or_else(Utc::now);
    let plan = WorldPlan::new(args.scale, args.seed, until, args.tenants.clone())?;
    // An embedded server beside this one would not see a world that grows under it.
    let held = match config.database.url {
        None => Some(DataDir::open(&config.data_dir)?),
        Some(_) => None,
    };
    compose::migrate(config, &config.data_dir).await?;
    let stores = compose::open(config, &config.data_dir).await?;
    let target = Target {
        ledger: Ledger::new(stores.get("ledger")?),
        stores: Arc::new(move |name| stores.get(name).ok()),
    };
    let totals = Arc::new(Mutex::new(Totals::new()));
    let counted = totals.clone();
    let progress = move |made: Progress| {
        let mut totals = counted.lock().unwrap_or_else(PoisonError::into_inner);
        totals.add(made);
    };
    target.write(plan, progress).await?;
    drop(held);
    let totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(totals.report())
}

struct Totals {
    began: Instant,
    shown: Instant,
    rows: BTreeMap<&'static str, usize>,
    events: usize,
}

impl Totals {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            began: now,
            shown: now,
            rows: BTreeMap::new(),
            events: 0,
        }
    }

    fn add(&mut self, made: Progress) {
        match made {
            Progress::Rows(counts) => {
                for (kind, count) in counts {
                    *self.rows.entry(kind).or_default() += count;
                }
            }
            Progress::Events(count) => self.events += count,
        }
        if self.shown.elapsed() >= SHOWN_EVERY {
            self.shown = Instant::now();
            let _ = writeln!(io::stderr(), "{}", self.line());
        }
    }

    fn line(&self) -> String {
        let rows: usize = self.rows.values().sum();
        let seconds = self.began.elapsed().as_secs_f64();
        format!("{rows} objects, {} events, {seconds:.1} s", self.events)
    }

    fn report(&self) -> String {
        let mut text = String::new();
        for (kind, count) in &self.rows {
            let kind = kind.replace('_', " ");
            let _ = writeln!(text, "{kind:<16}{count:>10}");
        }
        let _ = writeln!(text, "{}", self.line());
        text
    }
}
