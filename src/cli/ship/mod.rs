//! `sluice ship`: a folder travels through the GraphQL API to its build result, and on into an
//! environment.
//!
//! Every step finds what an earlier try has done, so that the whole may be broken off and started
//! again at any moment: names are made from the content, commands have natural keys, and requests
//! are repeated while the server is away.

pub(super) mod api;
mod args;
mod collect;
mod commit;
mod digest;
mod error;
mod follow;
mod logs;
mod model;
mod module;
mod options;
mod progress;
mod report;
mod review;
pub(super) mod session;
mod source;
mod wake;

pub use api::UserError;
pub use args::{DeliveryArgs, ShipArgs, run};
pub(super) use args::{progress, told};
pub use collect::{CollectError, Limits, Source, SourceFile, Unshippable, collect};
pub use digest::{HashError, Identity};
pub use error::ShipError;
pub use model::*;
pub use module::{ModuleError, module_id};
pub use options::{DEFAULT_TIMEOUT, ShipOptions, Strategy};
pub use progress::{Event, LogWish, Plain, Progress, Silent, Terminal, clean};
pub use report::{FailedLog, ShipReport};

use sluice_schema::ModuleId;

use crate::cli::{
    client::Client,
    delivery::{self, Delivery, DeliveryReport},
};
use follow::Follower;
use review::Position;
use session::Session;

/// How often a content may start again from a default branch that others changed meanwhile.
const MAX_CONFLICTS: u32 = 5;

/// What is shipped, through all steps.
struct Shipment<'a> {
    options: &'a ShipOptions,
    module: &'a ModuleId,
    source: &'a Source,
    identity: &'a Identity,
}

impl Shipment<'_> {
    fn repository_name(&self) -> &str {
        self.options
            .repository
            .as_deref()
            .unwrap_or(self.module.as_str())
    }

    fn message(&self) -> String {
        let given = self.options.message.clone();
        given.unwrap_or_else(|| format!("Ship {}", self.module))
    }

    fn title(&self) -> String {
        options::title_of(&self.message()).to_owned()
    }

    fn description(&self) -> String {
        let count = self.source.files.len();
        let noun = if count == 1 { "file" } else { "files" };
        format!("{count} {noun} with the content {}", self.identity.digest)
    }
}

/// How a content came to the default branch.
struct Landed {
    sha: String,
    /// Whether it was merged now, so that everything else follows by itself.
    fresh: bool,
    commit: Option<Commit>,
    pull_request: Option<PullRequest>,
}

/// Ships a folder and waits for its build result, and for it to run in an environment if that is
/// wanted.
///
/// # Errors
/// [`ShipError`]; a build that did not succeed, or a release that stopped, is no error but stands
/// in the report.
pub async fn ship(
    options: &ShipOptions,
    progress: &mut dyn Progress,
) -> Result<ShipReport, ShipError> {
    let report = ship_quietly(options, progress).await;
    progress.on(Event::End);
    report
}

async fn ship_quietly(
    options: &ShipOptions,
    progress: &mut dyn Progress,
) -> Result<ShipReport, ShipError> {
    options.check()?;
    let (source, module, identity) = read(options).await?;
    progress.on(Event::Collected {
        module: module.as_str(),
        files: source.files.len(),
        bytes: source.bytes(),
        copied_links: &source.copied_links,
    });
    let client = Client::new(options.connection.clone())?;
    let mut session = Session::new(client, options.timeout, progress);
    let shipment = Shipment {
        options,
        module: &module,
        source: &source,
        identity: &identity,
    };
    session.listen(options.project.as_str());
    if let Some(wish) = &options.delivery {
        delivery::check(&mut session, wish, options.project.as_str()).await?;
    }
    let repository = source::repository(&mut session, &shipment).await?;
    let landed = land(&mut session, &shipment, &repository).await?;
    let follower = Follower::new(&shipment, &repository, &landed.sha, landed.fresh);
    let ended = follower.wait(&mut session).await?;
    // A content that was there before has its pull request from the run.
    let pull_request = landed.pull_request.or(ended.pull_request);
    let failures = logs::failures(&mut session, &ended.build).await?;
    let failed_logs = logs::failed_logs(&mut session, &ended.run).await?;
    let delivery = go_on(&mut session, &shipment, &ended.build).await?;
    Ok(ShipReport {
        server: options.connection.base().to_owned(),
        module: module.to_string(),
        project: options.project.to_string(),
        digest: identity.digest.to_string(),
        repository,
        commit: landed.commit,
        pull_request,
        merge_commit_sha: landed.sha,
        pipeline_id: ended.pipeline.id,
        run: ended.run,
        build: ended.build,
        failures,
        failed_logs,
        delivery,
    })
}

/// Brings a build that succeeded further, if that is wanted.
async fn go_on(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
    build: &Build,
) -> Result<Option<DeliveryReport>, ShipError> {
    let options = shipment.options;
    let Some(wish) = options
        .delivery
        .as_ref()
        .filter(|_| build.status == "SUCCEEDED")
    else {
        return Ok(None);
    };
    session.progress.on(Event::RunOver);
    let delivery = Delivery {
        options: wish,
        project: options.project.as_str(),
        module: shipment.module.as_str(),
        build: &build.id,
        again: options.retry,
        poll: options.poll.unwrap_or(delivery::LOOK),
    };
    delivery::deliver(session, &delivery).await.map(Some)
}

// Reading and hashing may take seconds: not on the threads that serve requests.
async fn read(options: &ShipOptions) -> Result<(Source, ModuleId, Identity), ShipError> {
    let (folder, limits) = (options.folder.clone(), options.limits);
    let work = move || {
        let source = collect(&folder, &limits)?;
        let module = module_id(&source)?;
        let identity = Identity::of(&source)?;
        Ok((source, module, identity))
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| ShipError::Inconsistent(format!("reading the files was broken off: {e}")))?
}

/// Brings the content to the default branch.
async fn land(
    session: &mut Session<'_>,
    shipment: &Shipment<'_>,
    repository: &Repository,
) -> Result<Landed, ShipError> {
    for _ in 0..MAX_CONFLICTS {
        let (branch, found) = match review::position(session, shipment, repository).await? {
            Position::Shipped { sha, pull_request } => {
                session.tell("commit", format!("{sha} holds this content already"));
                return Ok(Landed {
                    sha,
                    fresh: false,
                    commit: None,
                    pull_request,
                });
            }
            Position::Underway {
                branch,
                pull_request,
            } => (branch, pull_request),
        };
        source::branch(session, repository, &branch).await?;
        let commit = commit::write(session, shipment, repository, &branch).await?;
        let pull = review::open(session, shipment, repository, &branch, found).await?;
        let Some(merged) = review::merge(session, shipment, &pull, &commit.sha).await? else {
            continue;
        };
        let missing = || ShipError::Inconsistent("a merged pull request has no commit".to_owned());
        let sha = merged.merge_commit_sha.clone().ok_or_else(missing)?;
        return Ok(Landed {
            sha,
            fresh: true,
            commit: commit.record,
            pull_request: Some(merged),
        });
    }
    let text = format!("the default branch changed under {MAX_CONFLICTS} tries to merge");
    Err(ShipError::Inconsistent(text))
}

#[cfg(test)]
mod tests;
