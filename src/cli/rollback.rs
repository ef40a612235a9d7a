//! `sluice rollback`: what ran in an environment before, and the end of the hold it places.

use serde::Serialize;

use super::{
    delivery::{LOOK, Promotion, Stop, Way, api, follow, project},
    following::{FollowArgs, ended, shown},
    ship::{
        Progress,
        api::Present,
        session::{Refusal, Session},
    },
};

/// Brings back what ran in an environment before
///
/// The content comes back as it was recorded, without a build, and is followed until it runs. The
/// environment is on hold for the module then: nothing is promoted into it until the hold is ended
/// with --resume.
///
/// Exit codes: 0 it runs there, or goes on with --resume; 1 the rollback failed; 2 wrong usage; 3
/// refused by the server; 4 errored; 5 no connection for longer than the time-out; 6 a gate is
/// closed: every blocker is named.
#[derive(Debug, Clone, clap::Args)]
pub struct RollbackArgs {
    /// The environment
    #[arg(long, value_name = "ENV")]
    environment: String,
    /// The module; needed when modules were not promoted together
    #[arg(long, value_name = "ID")]
    module: Option<String>,
    /// The promotion whose content comes back [default: the one that succeeded before]
    #[arg(long, value_name = "PROMOTION")]
    to: Option<String>,
    /// Why; the hold says it too
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "rolled back by sluice rollback"
    )]
    reason: String,
    /// Roll nothing back, but end the hold
    #[arg(long, conflicts_with = "to")]
    resume: bool,
    #[command(flatten)]
    follow: FollowArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input<'a> {
    project_id: &'a str,
    environment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// Runs the command and gives its exit code.
pub async fn run(args: &RollbackArgs) -> u8 {
    let mut progress = shown();
    let end = roll_back(args, progress.as_mut()).await;
    ended(progress, end)
}

async fn roll_back(args: &RollbackArgs, progress: &mut dyn Progress) -> Way<Vec<String>> {
    let mut session = args.follow.session(args.follow.connection()?, progress)?;
    let project = project(&mut session, args.follow.project.as_ref()).await?;
    let input = Input {
        project_id: &project,
        environment: &args.environment,
        module: args.module.as_deref(),
        to: args.to.as_deref(),
        reason: (!args.resume).then_some(&args.reason),
    };
    if args.resume {
        let resumed: Result<Present, Refusal> =
            session.command(api::RESUME_ENVIRONMENT, input).await;
        resumed.map_err(|refusal| refusal.into_error("ending the hold"))?;
        let environment = &args.environment;
        return Ok(vec![format!(
            "promotions into {environment} of {project} go on"
        )]);
    }
    session.listen(&project);
    let asked = ask(&mut session, &input).await?;
    let done = follow(&mut session, &asked.id, LOOK).await?;
    let (modules, environment) = (done.modules.join(", "), &done.environment);
    Ok(vec![
        format!("{} runs in {environment}", done.release()),
        format!("promotions of {modules} into {environment} are on hold until"),
        format!("  next: {}", resume(args, &project)),
    ])
}

async fn ask(session: &mut Session<'_>, input: &Input<'_>) -> Way<Promotion> {
    let asked = session.command(api::ROLLBACK_ENVIRONMENT, input).await;
    match asked {
        Ok(promotion) => Ok(promotion),
        Err(Refusal::User(errors)) if errors.iter().any(|it| !it.blockers.is_empty()) => {
            let message = errors
                .iter()
                .map(|it| it.message.as_str())
                .collect::<Vec<_>>();
            let blockers = errors.iter().flat_map(|it| it.blockers.clone()).collect();
            Err(Stop::closed_gate(message.join("; "), blockers).into())
        }
        Err(refusal) => Err(refusal.into_error("rolling the environment back").into()),
    }
}

fn resume(args: &RollbackArgs, project: &str) -> String {
    let module = args
        .module
        .as_deref()
        .map(|module| format!(" --module {module}"));
    let environment = &args.environment;
    format!(
        "sluice rollback --environment {environment}{} --project {project} --resume",
        module.unwrap_or_default()
    )
}
