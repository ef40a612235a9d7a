//! `script` and `bash` steps.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::pump::pump;
use crate::plan::ScriptSource;
use crate::process::{Launch, Running, end_all, launch};
use crate::run::{Session, StepEnd, StopReason};

pub(super) struct Script<'a> {
    pub(super) source: &'a ScriptSource,
    pub(super) working_directory: Option<&'a str>,
    pub(super) fail_on_stderr: bool,
    pub(super) env: &'a [(String, String)],
}

pub(super) async fn run(
    session: &mut Session<'_>,
    script: Script<'_>,
    stop: impl Future<Output = StopReason>,
) -> (StepEnd, Option<StopReason>) {
    let running = match start(session, &script) {
        Ok(running) => running,
        Err(end) => return (end, None),
    };
    let Running {
        mut child,
        group,
        out,
        err,
    } = running;
    let seen = pump(session, &mut child, &group, out, err, stop).await;
    if seen.stopped.is_some() || seen.status.is_none() {
        let grace = session.run.limits().kill_grace;
        end_all(vec![group], None, grace).await;
    } else if group.is_alive() {
        // As on an agent, a server that a step leaves in the background serves the later steps.
        session.job.groups.push(group);
    }
    if let Some(reason) = seen.stopped {
        return (StepEnd::stopped(&reason), Some(reason));
    }
    let end = match seen.status {
        None => StepEnd::errored("The end of the process cannot be observed."),
        Some(status) => judge(status, script.fail_on_stderr && seen.stderr_used),
    };
    (end, None)
}

fn judge(status: ExitStatus, stderr_used: bool) -> StepEnd {
    match (status.code(), status.signal()) {
        (Some(0), _) if stderr_used => StepEnd::failed("The script wrote to standard error."),
        (Some(0), _) => StepEnd::ok(),
        (Some(code), _) => StepEnd::failed(format!("The script exited with code {code}.")),
        (None, signal) => {
            let signal = signal.map_or("unknown".to_owned(), |signal| signal.to_string());
            StepEnd::failed(format!("The script was ended by signal {signal}."))
        }
    }
}

fn start(session: &mut Session<'_>, script: &Script<'_>) -> Result<Running, StepEnd> {
    let dir = match script.working_directory {
        None => session.job.dirs.sources.clone(),
        Some(text) => session.path(&session.expand(text)?),
    };
    if !dir.is_dir() {
        let message = format!("The working directory {} does not exist.", dir.display());
        return Err(StepEnd::failed(message));
    }
    let text = match script.source {
        ScriptSource::Inline(text) => session.expand(text)?,
        ScriptSource::File { path, arguments } => {
            let path = dir.join(session.expand(path)?.trim());
            if !path.is_file() {
                let message = format!("The script {} does not exist.", path.display());
                return Err(StepEnd::failed(message));
            }
            let arguments = session.expand(arguments)?;
            format!("exec bash {} {arguments}\n", quoted(&path))
        }
    };
    let file = write_script(session, &text)
        .map_err(|error| StepEnd::errored(format!("The script cannot be written: {error}.")))?;
    let environment = environment(session, script.env)?;
    let started = launch(
        Launch {
            program: &session.run.settings.shell,
            arguments: vec!["--noprofile".into(), "--norc".into(), file.into()],
            dir: &dir,
            environment,
            token: &session.job.token,
            split_stderr: script.fail_on_stderr,
        },
        &session.run.registry,
    );
    started.map_err(|error| StepEnd::failed(format!("The process cannot be started: {error}.")))
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

/// The script may hold secrets, so only the owner may read it.
fn write_script(session: &Session<'_>, text: &str) -> std::io::Result<PathBuf> {
    use std::io::Write as _;

    let path = session
        .job
        .dirs
        .temp
        .join(format!("{}.sh", session.run.next_number()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    // Scripts written on Windows end their lines in a way that bash takes for text.
    file.write_all(text.replace("\r\n", "\n").as_bytes())?;
    Ok(path)
}

/// The whole environment of a process: variables, the few names of the runner, then `env`.
fn environment(
    session: &Session<'_>,
    own: &[(String, String)],
) -> Result<Vec<(String, String)>, StepEnd> {
    let run = session.run;
    let mut all: BTreeMap<String, String> = run.settings.environment.clone();
    let variables = session.job.variables.environment();
    all.extend(variables.map_err(|error| StepEnd::failed(error.to_string()))?);
    let mut path = session.job.path.clone();
    path.push(run.settings.path.clone());
    for (name, value) in [
        ("PATH", path.join(":")),
        (
            "HOME",
            run.layout.folder("home").to_string_lossy().into_owned(),
        ),
        ("LANG", run.settings.lang.clone()),
        (
            "TMPDIR",
            session.job.dirs.temp.to_string_lossy().into_owned(),
        ),
    ] {
        all.insert(name.to_owned(), value);
    }
    for (name, value) in own {
        all.insert(
            name.clone(),
            session.expand(value)?.replace('\0', "\u{fffd}"),
        );
    }
    Ok(all.into_iter().collect())
}
