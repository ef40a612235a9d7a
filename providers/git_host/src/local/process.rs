//! Running `git` so that nothing around it matters: no user or system configuration, no hooks, no
//! prompts, no network, and a time limit; the whole process group dies with the handle.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::error::{DoingIo, GitHostError, Result};

const SETTINGS: [&str; 7] = [
    "safe.directory=*",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
];

const STDERR_LIMIT: u64 = 64 * 1024;

/// A `git` command on one repository, run inside it.
pub(super) fn git(git_dir: &Path) -> Command {
    let mut command = bare_git(git_dir);
    command.arg("--git-dir").arg(git_dir);
    command
}

/// A `git` command in a folder, on no repository yet.
pub(super) fn bare_git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.env_clear().current_dir(dir);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C");
    for setting in SETTINGS {
        command.arg("-c").arg(setting);
    }
    command
}

/// A running command. Dropped before it ends, it is killed with everything it started.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    doing: &'static str,
}

impl Running {
    pub(super) fn spawn(mut command: Command, doing: &'static str) -> Result<Self> {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .doing_io(doing)?;
        Ok(Self { child, doing })
    }

    /// Input and output, each once.
    pub(super) fn pipes(&mut self) -> Result<(ChildStdin, ChildStdout)> {
        let pipes = self.child.stdin.take().zip(self.child.stdout.take());
        pipes.ok_or(GitHostError::Command {
            doing: self.doing,
            stderr: String::new(),
        })
    }

    /// What the command writes to standard error, read to its end, of which 64 KiB are kept.
    pub(super) fn stderr(&mut self) -> impl Future<Output = String> + Send + use<> {
        let stderr = self.child.stderr.take();
        async move {
            let Some(stderr) = stderr else {
                return String::new();
            };
            // A pipe that breaks while reading ends the text; the exit status tells the rest.
            let kept = read_capped(stderr, STDERR_LIMIT, true)
                .await
                .unwrap_or_default();
            String::from_utf8_lossy(&kept.bytes).into_owned()
        }
    }

    /// Waits for the end; a failure carries `stderr`.
    pub(super) async fn end(mut self, stderr: String) -> Result<()> {
        let status = self.child.wait().await.doing_io(self.doing)?;
        if status.success() {
            Ok(())
        } else {
            Err(GitHostError::Command {
                doing: self.doing,
                stderr,
            })
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The id is known only until the child is reaped, so this never hits a stranger.
        let group = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

/// Output of which no more than a limit was read.
#[derive(Debug, Default)]
pub(super) struct Capped {
    pub(super) bytes: Vec<u8>,
    /// Whether there was more.
    pub(super) cut: bool,
}

async fn read_capped(
    mut from: impl AsyncRead + Unpin,
    limit: u64,
    drain: bool,
) -> std::io::Result<Capped> {
    let mut bytes = Vec::new();
    (&mut from).take(limit).read_to_end(&mut bytes).await?;
    let mut cut = false;
    let mut rest = [0u8; 8192];
    while from.read(&mut rest).await? > 0 {
        cut = true;
        if !drain {
            break;
        }
    }
    Ok(Capped { bytes, cut })
}

/// Runs a command to its end. When it writes more than `limit` bytes it is stopped there.
pub(super) async fn run(
    command: Command,
    input: &[u8],
    limit: u64,
    timeout: Duration,
    doing: &'static str,
) -> Result<Capped> {
    let work = async {
        let mut running = Running::spawn(command, doing)?;
        let (mut stdin, stdout) = running.pipes()?;
        let stderr = running.stderr();
        let write = async move {
            // A command that ends early closes the pipe; its exit status tells why.
            let _ = stdin.write_all(input).await;
            drop(stdin);
        };
        // Read first: when the output is cut, the command is killed without waiting for the rest.
        let output = async {
            let (output, ()) = tokio::join!(read_capped(stdout, limit, false), write);
            output.doing_io(doing)
        };
        tokio::pin!(stderr);
        tokio::pin!(output);
        let mut text = None;
        let output = loop {
            tokio::select! {
                done = &mut output => break done?,
                done = &mut stderr, if text.is_none() => text = Some(done),
            }
        };
        if output.cut {
            return Ok(output);
        }
        let text = match text {
            Some(text) => text,
            None => stderr.await,
        };
        running.end(text).await?;
        Ok(output)
    };
    match tokio::time::timeout(timeout, work).await {
        Ok(result) => result,
        Err(_) => Err(GitHostError::TimedOut { doing }),
    }
}
