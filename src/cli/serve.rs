//! `sluice serve`: the server, until it is told to end.

use std::path::PathBuf;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{demo, fail, print};
use crate::{
    config::{Config, ConfigFlags, Mode},
    server::{self, Running},
    telemetry,
};

#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Ship each module in this folder (DIR/*/module.yaml) into the project `demo` and on into its
    /// environments up to prod, once, and print a token for it; embedded mode only
    #[arg(long, value_name = "DIR")]
    demo: Option<PathBuf>,
    #[command(flatten)]
    settings: ConfigFlags,
}

/// Serves until SIGTERM or SIGINT.
pub(super) async fn run(args: &ServeArgs) -> u8 {
    let config = match args.settings.load() {
        Ok(config) => config,
        Err(error) => return fail(2, &error),
    };
    if let Some(folder) = &args.demo
        && let Err(error) = demo::check(folder, config.mode)
    {
        return fail(2, &error);
    }
    telemetry::init_logs(config.log);
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return fail(1, &error),
    };
    let running = match server::start(config.clone()).await {
        Ok(running) => running,
        Err(error) => return fail(1, &error),
    };
    print(&welcome(&config, &running));
    let work = async {
        if let Some(folder) = &args.demo {
            demo::ship_all(folder, &running).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = work => {}
        () = signals.next() => {}
    }
    tracing::info!("stopping");
    tokio::select! {
        ended = running.shutdown() => match ended {
            Ok(()) => 0,
            Err(unfinished) => fail(1, &unfinished),
        },
        // Who asks twice does not want to wait.
        () = signals.next() => 130,
    }
}

/// What asks the server to end.
struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

fn welcome(config: &Config, running: &Running) -> String {
    let url = running.url();
    let mut text = format!(
        "Sluice {} ({}) at {url}\n  Dashboard {url}/\n  GraphQL   {url}/graphql\n",
        env!("CARGO_PKG_VERSION"),
        config.mode.as_str(),
    );
    if config.mode == Mode::Embedded {
        text += &format!("  GraphiQL  {url}/graphiql\n");
    }
    text += &format!("  REST      {url}/openapi.json\n  Health    {url}/readyz\n");
    text
}
