//! From a build result into an environment.

use std::time::Duration;

use serde::Serialize;

use super::{
    Drive, Link, Release, Stop, Way, chain::chain, environments, release::Approving, route::route,
    sync, way,
};
use crate::cli::{
    client::Connection,
    ship::{ShipError, clean, session::Session},
};

/// How far a shipped folder is to travel, and who lets it.
#[derive(Debug, Clone)]
pub struct DeliveryOptions {
    /// The environment's name.
    pub environment: String,
    /// Who approves the release; nobody else is asked when empty.
    pub approvers: Vec<Connection>,
    /// What they say why.
    pub reason: String,
    /// Whether to wait for people and times.
    pub wait: bool,
}

/// How far a build came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryReport {
    /// The environment that it was to come into.
    pub environment: String,
    /// Its release, once there was one.
    pub release: Option<Release>,
    /// All objects that it became, in order.
    pub chain: Vec<Link>,
    /// Where it stopped; absent when it runs in the environment.
    pub stop: Option<Stop>,
}

impl DeliveryReport {
    /// 0 when it runs in the environment, else the stop's.
    pub fn exit_code(&self) -> u8 {
        self.stop.as_ref().map_or(0, Stop::exit_code)
    }

    /// For people, one line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.chain.iter().map(Link::line).collect();
        // What to do stands where the eye is.
        lines.push(String::new());
        match (&self.stop, &self.release) {
            (Some(stop), _) => lines.extend(stop.lines()),
            (None, Some(it)) => {
                lines.push(clean(&format!(
                    "{} runs in {}",
                    it.title(),
                    self.environment
                )));
            }
            (None, None) => {}
        }
        lines
    }
}

/// A build on its way.
#[derive(Debug)]
pub(in crate::cli) struct Delivery<'a> {
    /// What is wanted.
    pub(in crate::cli) options: &'a DeliveryOptions,
    /// The project.
    pub(in crate::cli) project: &'a str,
    /// The module.
    pub(in crate::cli) module: &'a str,
    /// The build result.
    pub(in crate::cli) build: &'a str,
    /// Whether a promotion that ended without success before is followed by another.
    pub(in crate::cli) again: bool,
    /// The pause between looks.
    pub(in crate::cli) poll: Duration,
}

/// The pause between looks when nothing else is said.
pub(in crate::cli) const LOOK: Duration = Duration::from_millis(400);

/// Refuses a wish that cannot come true, before anything is done for it.
pub(in crate::cli) async fn check(
    session: &mut Session<'_>,
    wish: &DeliveryOptions,
    project: &str,
) -> Result<(), ShipError> {
    let environments = environments(session, project).await?;
    let found = route(&environments, &wish.environment);
    found.map(drop).map_err(|names| no_route(project, &names))
}

/// Brings a build into the environment, or as far as it goes.
pub(in crate::cli) async fn deliver(
    session: &mut Session<'_>,
    delivery: &Delivery<'_>,
) -> Result<DeliveryReport, ShipError> {
    let mut release = None;
    let end = travel(session, delivery, &mut release).await;
    let stop = way(end)?.err();
    let chain = match &release {
        Some(release) => chain(session, delivery, release).await?,
        None => Vec::new(),
    };
    let environment = delivery.options.environment.clone();
    Ok(DeliveryReport {
        environment,
        release,
        chain,
        stop,
    })
}

async fn travel(
    session: &mut Session<'_>,
    delivery: &Delivery<'_>,
    found: &mut Option<Release>,
) -> Way<()> {
    let options = delivery.options;
    let environments = environments(session, delivery.project).await?;
    let route = route(&environments, &options.environment);
    let route = route.map_err(|names| no_route(delivery.project, &names))?;
    let release = Approving::new(delivery).wait(session, found).await?;
    for environment in route {
        let is_target = environment.name == options.environment;
        let drive = Drive {
            release: &release,
            environment: &environment.name,
            asks_itself: environment.auto_promote,
            must_run: is_target,
            again: delivery.again,
            wait: options.wait,
            overrides: &[],
            reason: &options.reason,
            approvers: &options.approvers,
            poll: delivery.poll,
        };
        drive.wait(session).await?;
        if is_target {
            sync::settled(session, delivery, &release, environment).await?;
        }
    }
    *found = Some(super::release(session, &release.id).await?);
    Ok(())
}

fn no_route(project: &str, names: &[String]) -> ShipError {
    let names = names.join(", ");
    let rule = format!("names no environment of project {project}: it has {names}");
    ShipError::Option {
        option: "--to",
        rule,
    }
}
