//! `sluice approve`: a person's decision on a release.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    delivery::{Named, Release, Stop, Way, api, approve, local_approver, released},
    following::{FollowArgs, ended, shown},
    ship::{Progress, ShipError, session::Session},
};

/// How often a release is looked at again that changed meanwhile.
const MAX_ROUNDS: u32 = 5;

/// Approves a release, or rejects it
///
/// A release is never approved by the person on whose behalf it was planned. Approving covers what
/// the release is at this moment: it is void when that changes.
///
/// Exit codes: 0 approved, or rejected with --reject; 2 wrong usage; 3 refused by the server; 5 no
/// connection for longer than the time-out; 6 more people must approve.
#[derive(Debug, Clone, clap::Args)]
pub struct ApproveArgs {
    /// Its id, module@version, or the module for its newest one that waits for approval
    #[arg(value_name = "RELEASE")]
    release: Named,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// End the release by veto
    #[arg(long)]
    reject: bool,
    /// Decide as this person, with a token of the local server's data folder
    #[arg(long = "as", value_name = "ACTOR")]
    actor: Option<String>,
    /// The data folder of the local server [default: as `sluice serve` has it]
    #[arg(long, value_name = "DIR", requires = "actor")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    follow: FollowArgs,
}

/// Runs the command and gives its exit code.
pub async fn run(args: &ApproveArgs) -> u8 {
    let mut progress = shown();
    let end = decide(args, progress.as_mut()).await;
    ended(progress, end)
}

async fn decide(args: &ApproveArgs, progress: &mut dyn Progress) -> Way<Vec<String>> {
    let mut connection = args.follow.connection()?;
    if let Some(actor) = &args.actor {
        let approver = local_approver(&connection, actor, args.data_dir.as_deref());
        connection = approver.map_err(ShipError::from)?;
    }
    let mut session = args.follow.session(connection, progress)?;
    let project = args.follow.project.as_ref();
    let found = released(&mut session, &args.release, project, "PENDING_APPROVAL").await?;
    if args.reject {
        let rejected = reject(&mut session, &found, &args.reason).await?;
        session.tell("release", rejected.state());
        return Ok(Vec::new());
    }
    let approved = approved(&mut session, found, &args.reason).await?;
    session.tell("release", approved.state());
    match approved.status.as_str() {
        "APPROVED" => Ok(Vec::new()),
        _ => Err(Stop::approval(&approved).into()),
    }
}

async fn approved(
    session: &mut Session<'_>,
    found: Release,
    reason: &str,
) -> Result<Release, ShipError> {
    let mut release = found;
    for _ in 0..MAX_ROUNDS {
        if let Some(approved) = approve(session, &release, reason).await? {
            return Ok(approved);
        }
        release = super::delivery::release(session, &release.id).await?;
    }
    let text = format!("release {} changes all the time", release.title());
    Err(ShipError::Inconsistent(text))
}

async fn reject(
    session: &mut Session<'_>,
    release: &Release,
    reason: &str,
) -> Result<Release, ShipError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Input<'a> {
        release_id: &'a str,
        reason: &'a str,
    }
    let input = Input {
        release_id: &release.id,
        reason,
    };
    let rejected = session.command(api::REJECT_RELEASE, input).await;
    rejected.map_err(|refusal| refusal.into_error("rejecting the release"))
}
