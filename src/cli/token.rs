//! `sluice token`: a bearer token of the embedded mode.

use std::time::Duration;

use sluice_schema::{ProjectId, Scope, TenantId};

use super::{fail, print};
use crate::{
    auth::{self, KeyError, TokenRequest},
    config::{ConfigFlags, Mode, parse_time},
};

/// Print a bearer token for the embedded server of a data folder
#[derive(Debug, clap::Args)]
pub(super) struct TokenArgs {
    /// The tenant that the bearer acts in
    #[arg(long)]
    tenant: TenantId,
    /// Who the bearer is
    #[arg(long)]
    actor: String,
    /// What the bearer may do, with commas between [default: everything]
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<Scope>,
    /// The projects that the bearer may see, with commas between [default: all]
    #[arg(long, value_delimiter = ',')]
    projects: Vec<ProjectId>,
    /// How long the token holds, such as 15m or 24h
    #[arg(long, default_value = "24h", value_parser = parse_time)]
    ttl: Duration,
    /// The bearer is a program, not a person
    #[arg(long)]
    service: bool,
    #[command(flatten)]
    settings: ConfigFlags,
}

/// Prints the token alone.
pub(super) fn run(args: &TokenArgs) -> u8 {
    let config = match args.settings.load_unchecked() {
        Ok(config) => config,
        Err(error) => return fail(2, &error),
    };
    if config.mode == Mode::Production {
        return fail(2, &KeyError::NotOurs);
    }
    let mut request = TokenRequest::all_rights(args.tenant.clone(), &args.actor);
    request.ttl = args.ttl;
    request.is_service = args.service;
    if !args.scopes.is_empty() {
        request.scopes.clone_from(&args.scopes);
    }
    if !args.projects.is_empty() {
        request.projects = Some(args.projects.clone());
    }
    match auth::sign_for(&config.auth, &config.data_dir, &request) {
        Ok(token) => print(&format!("{token}\n")),
        Err(error) => fail(1, &error),
    }
}
