//! Processes of steps: each in a group of its own, recorded on disk, and ended with the job.

mod group;
mod proc;
mod reap;

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use tokio::net::unix::pipe::Receiver;
use tokio::process::Child;

pub(crate) use group::{Group, end_all};
pub(crate) use reap::{Registry, reap};

/// Marks every process of a run, so that those that leave their group are found as well.
pub(crate) const TOKEN_VARIABLE: &str = "SLUICE_PROCESS_LOOKUP_ID";

/// What to start.
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a str,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) dir: &'a Path,
    /// The whole environment; nothing of the server's own is added.
    pub(crate) environment: Vec<(String, String)>,
    /// Value of [`TOKEN_VARIABLE`].
    pub(crate) token: &'a str,
    /// Whether standard error gets a pipe of its own. Otherwise both share one, which keeps the
    /// order in which the process wrote.
    pub(crate) split_stderr: bool,
}

/// A started process with its output.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) group: Group,
    pub(crate) out: Receiver,
    pub(crate) err: Option<Receiver>,
}

/// Starts a process in a new group and records it.
pub(crate) fn launch(launch: Launch<'_>, registry: &Registry) -> io::Result<Running> {
    use std::os::unix::process::CommandExt as _;

    let (out, out_writer) = io::pipe()?;
    let (err, err_writer) = if launch.split_stderr {
        let (err, writer) = io::pipe()?;
        (Some(err), writer)
    } else {
        (None, out_writer.try_clone()?)
    };
    let mut command = Command::new(launch.program);
    command
        .args(launch.arguments)
        .current_dir(launch.dir)
        .env_clear()
        .envs(launch.environment)
        .env(TOKEN_VARIABLE, launch.token)
        .stdin(Stdio::null())
        .stdout(out_writer)
        .stderr(err_writer)
        .process_group(0);
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true);
    let child = command.spawn()?;
    // Else this process would hold the writing ends, and the pipes would never end.
    drop(command);
    let id = child
        .id()
        .ok_or_else(|| io::Error::other("the process ended at once"))?;
    let group = Group::new(id, registry)?;
    let receiver = |reader: io::PipeReader| Receiver::from_owned_fd(OwnedFd::from(reader));
    Ok(Running {
        child,
        group,
        out: receiver(out)?,
        err: err.map(receiver).transpose()?,
    })
}
