//! `sluice promote`: a release into one environment.

use super::{
    delivery::{Drive, LOOK, Named, Way, released},
    following::{FollowArgs, ended, shown},
    ship::Progress,
};

/// Promotes a release into an environment and follows it
///
/// It goes into that environment only; what must come before is told as a blocker. A promotion
/// that ended without success is followed by another attempt.
///
/// Exit codes: 0 it runs there; 1 the promotion failed; 2 wrong usage; 3 refused by the server; 4
/// errored, cancelled or superseded; 5 no connection for longer than the time-out; 6 a gate is
/// closed: every blocker is named.
#[derive(Debug, Clone, clap::Args)]
pub struct PromoteArgs {
    /// Its id, module@version, or the module for its newest one that is approved
    #[arg(value_name = "RELEASE")]
    release: Named,
    /// The environment
    #[arg(long, value_name = "ENV")]
    to: String,
    /// Blockers to pass, by code with commas between; it takes the right to override
    #[arg(long = "override", value_name = "CODE", value_delimiter = ',', requires = "reason",
          value_parser = blocker)]
    overrides: Vec<String>,
    /// Why blockers are passed
    #[arg(long, value_name = "TEXT", requires = "overrides")]
    reason: Option<String>,
    /// Wait for approval, and for gates that open by themselves
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    follow: FollowArgs,
}

fn blocker(code: &str) -> Result<String, String> {
    let code = code.trim().to_uppercase();
    match code.parse::<sluice_schema::BlockerCode>() {
        Ok(known) if known.overridable() => Ok(code),
        Ok(_) => Err("nobody may pass it".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs the command and gives its exit code.
pub async fn run(args: &PromoteArgs) -> u8 {
    let mut progress = shown();
    let end = promote(args, progress.as_mut()).await;
    ended(progress, end)
}

async fn promote(args: &PromoteArgs, progress: &mut dyn Progress) -> Way<Vec<String>> {
    let mut session = args.follow.session(args.follow.connection()?, progress)?;
    let project = args.follow.project.as_ref();
    let release = released(&mut session, &args.release, project, "APPROVED").await?;
    session.tell("release", release.state());
    session.listen(&release.project_id);
    let drive = Drive {
        release: &release,
        environment: &args.to,
        asks_itself: false,
        must_run: true,
        again: true,
        wait: args.wait,
        overrides: &args.overrides,
        reason: args.reason.as_deref().unwrap_or_default(),
        approvers: &[],
        poll: LOOK,
    };
    drive.wait(&mut session).await?;
    Ok(vec![format!("{} runs in {}", release.title(), args.to)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blockers_that_somebody_may_pass_are_taken() {
        assert_eq!(blocker("soak_time").unwrap(), "SOAK_TIME");
        assert_eq!(blocker(" FREEZE ").unwrap(), "FREEZE");
        for bad in ["HOLD", "OUT_OF_ORDER", "NOT_APPROVED", "GRAVITY", ""] {
            assert!(blocker(bad).is_err(), "{bad}");
        }
    }
}
