//! `sluice migrate`: schemas of the stores, brought up to date.

use super::{fail, print};
use crate::{
    compose,
    config::{Config, ConfigFlags},
    telemetry,
};

/// Applies what is missing. It may run while servers do.
pub(super) async fn run(flags: &ConfigFlags) -> u8 {
    let config = match flags.load_unchecked() {
        Ok(config) => config,
        Err(error) => return fail(2, &error),
    };
    telemetry::init_logs(config.log);
    match migrate(&config).await {
        Ok(count) => print(&format!("{count} stores are up to date\n")),
        Err(error) => fail(1, &error),
    }
}

async fn migrate(config: &Config) -> Result<usize, compose::StartError> {
    compose::migrate(config, &config.data_dir).await
}
