//! Does what logging commands ask for.

use crate::commands::Command;
use crate::run::Session;
use crate::timeline::{Issue, IssueKind};
use crate::variables::Flags;

use super::{artifacts, files};

const MAX_TAGS: usize = 100;
const MAX_TEXT: usize = 255;
const MAX_PATHS: usize = 100;
const MAX_ATTACHMENTS: usize = 500;

/// Obeys a command; the message says why it cannot be obeyed.
pub(crate) async fn obey(session: &mut Session<'_>, command: Command) -> Result<(), String> {
    match command {
        Command::SetVariable {
            name,
            value,
            output,
            secret,
            read_only,
        } => {
            if secret {
                session.run.masker.add(&value);
            }
            set_variable(session, &name, &value, output, Flags { secret, read_only }).await?;
        }
        Command::LogIssue(issue) => {
            session.say(&described(&issue)).await;
            session.add_issue(issue);
        }
        Command::Complete(completion) => session.complete_as(completion),
        Command::SetProgress(value) => session.set_progress(value).await,
        Command::PrependPath(path) => {
            if session.job.path.len() >= MAX_PATHS || path.contains(['\0', ':']) {
                return Err(format!(
                    "At most {MAX_PATHS} folders without `:` go before PATH."
                ));
            }
            session.job.path.insert(0, path.trim().to_owned());
        }
        Command::UploadSummary(path) => attach(session, "summary", "summary", &path).await?,
        Command::AddAttachment { kind, name, path } => attach(session, &kind, &name, &path).await?,
        Command::UploadArtifact { name, path } => {
            artifacts::upload(session, &path, &name).await?;
        }
        Command::UpdateBuildNumber(text) => {
            let number = short(session, &text)?;
            session.job.variables.system("Build.BuildNumber", &number);
            session
                .run
                .collected(|collected| collected.build_number = number);
        }
        Command::AddBuildTag(text) => {
            let tag = short(session, &text)?;
            session
                .run
                .collected(|collected| add_tag(&mut collected.tags, tag))?;
        }
        Command::Ignored => {}
    }
    Ok(())
}

async fn set_variable(
    session: &mut Session<'_>,
    name: &str,
    value: &str,
    output: bool,
    flags: Flags,
) -> Result<(), String> {
    // `task.setsecret` only masks.
    if name.is_empty() {
        return Ok(());
    }
    let full = match session.name.filter(|_| output) {
        Some(step) => format!("{step}.{name}"),
        None => name.to_owned(),
    };
    session
        .job
        .variables
        .set(&full, value, flags)
        .map_err(|error| error.to_string())?;
    if output && session.name.is_none() {
        let message = format!("The output {name} cannot be used: its step has no name.");
        session.warn(&message).await;
    } else if output {
        session.job.outputs.insert(full, value.to_owned());
    }
    Ok(())
}

fn described(issue: &Issue) -> String {
    let kind = match issue.kind {
        IssueKind::Error => "error",
        IssueKind::Warning => "warning",
    };
    let Some(path) = &issue.source_path else {
        return format!("##[{kind}]{}", issue.message);
    };
    let (line, column) = (issue.line.unwrap_or(0), issue.column.unwrap_or(0));
    let code = issue.code.as_deref().unwrap_or_default();
    format!(
        "##[{kind}]{path}({line},{column}): {kind} {code}: {}",
        issue.message
    )
}

/// Text for the report: masked, without control characters, bounded.
fn short(session: &Session<'_>, text: &str) -> Result<String, String> {
    let text = session.mask(text).into_owned();
    if text.chars().count() > MAX_TEXT || text.contains(char::is_control) {
        return Err(format!(
            "A tag or build number is one line of at most {MAX_TEXT} characters."
        ));
    }
    Ok(text)
}

fn add_tag(tags: &mut Vec<String>, tag: String) -> Result<(), String> {
    if tags.contains(&tag) {
        return Ok(());
    }
    if tags.len() >= MAX_TAGS {
        return Err(format!("A run has at most {MAX_TAGS} tags."));
    }
    tags.push(tag);
    Ok(())
}

async fn attach(
    session: &mut Session<'_>,
    kind: &str,
    name: &str,
    path: &str,
) -> Result<(), String> {
    let count = session
        .run
        .collected(|collected| collected.attachments.len());
    if count >= MAX_ATTACHMENTS {
        return Err(format!("A run has at most {MAX_ATTACHMENTS} attachments."));
    }
    let (kind, name) = (short(session, kind)?, short(session, name)?);
    let source = session.path(path);
    let target = format!("attachments/{:06}", session.run.next_number());
    let target = session.run.layout.folder(&target);
    let limit = session.run.limits().result_bytes;
    let stored = target.clone();
    files::store_one(session, source, target, limit).await?;
    let step_id = session.step.step_id.clone();
    session.run.collected(|collected| {
        collected.attachments.push(crate::port::Attachment {
            kind,
            name,
            path: stored,
            step_id,
        });
    });
    Ok(())
}
