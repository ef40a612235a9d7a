//! The two answers of the smart HTTP protocol for fetching.

use std::path::Path;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{self, Sender};

use crate::error::{DoingIo, GitHostError, Result};
use crate::limits::Limits;
use crate::port::{ByteStream, RequestBody};

use super::process::{Running, git, run};

const DOING: &str = "serving a fetch";
const ADVERTISEMENT_LIMIT: u64 = 64 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

pub(super) async fn advertise(
    repo: &Path,
    protocol: Option<&str>,
    timeout: Duration,
) -> Result<Bytes> {
    let protocol = protocol.and_then(accepted);
    let command = upload_pack_command(repo, protocol, &["--http-backend-info-refs"]);
    let output = run(command, &[], ADVERTISEMENT_LIMIT, timeout, DOING).await?;
    if output.cut {
        return Err(GitHostError::too_large(
            "bytes of the advertised branches",
            ADVERTISEMENT_LIMIT,
        ));
    }
    // Version 2 answers begin with the capabilities at once.
    if protocol.is_some_and(is_version_2) {
        return Ok(output.bytes.into());
    }
    let mut body = b"001e# service=git-upload-pack\n0000".to_vec();
    body.extend(output.bytes);
    Ok(body.into())
}

pub(super) fn upload_pack(
    repo: &Path,
    protocol: Option<&str>,
    body: RequestBody,
    limits: &Limits,
) -> Result<ByteStream> {
    let command = upload_pack_command(repo, protocol.and_then(accepted), &[]);
    let mut running = Running::spawn(command, DOING)?;
    let (stdin, stdout) = running.pipes()?;
    // Two chunks ahead at most: a slow client holds git back, not memory.
    let (sender, receiver) = mpsc::channel(2);
    let (timeout, limit) = (limits.upload_pack_timeout, limits.max_upload_pack_request);
    // A task of its own, so that the time limit holds even when nobody reads.
    tokio::spawn(async move {
        let gone = sender.clone();
        let work = serve(running, stdin, stdout, body, limit, &sender);
        let result = tokio::select! {
            done = tokio::time::timeout(timeout, work) => {
                done.unwrap_or(Err(GitHostError::TimedOut { doing: DOING }))
            }
            () = gone.closed() => Ok(()),
        };
        if let Err(error) = result {
            // Nobody may be listening any more, or the client may never read on.
            let _ = tokio::time::timeout(Duration::from_secs(60), sender.send(Err(error))).await;
        }
    });
    Ok(Box::pin(futures::stream::unfold(
        receiver,
        |mut receiver| async move { receiver.recv().await.map(|item| (item, receiver)) },
    )))
}

async fn serve(
    mut running: Running,
    stdin: ChildStdin,
    stdout: ChildStdout,
    body: RequestBody,
    limit: u64,
    sender: &Sender<Result<Bytes>>,
) -> Result<()> {
    let stderr = running.stderr();
    let feeding = async {
        feed(stdin, body, limit).await?;
        std::future::pending::<Result<()>>().await
    };
    let answering = async { tokio::join!(send(stdout, sender), stderr) };
    // The answer's end is the end, also when the client never finishes its request.
    let (sent, stderr) = tokio::select! {
        fed = feeding => return fed,
        answered = answering => answered,
    };
    sent?;
    running.end(stderr).await
}

async fn feed(mut stdin: ChildStdin, body: RequestBody, limit: u64) -> Result<()> {
    let mut body = body.take(limit.saturating_add(1));
    let mut total = 0u64;
    let mut chunk = vec![0u8; CHUNK];
    loop {
        let read = body
            .read(&mut chunk)
            .await
            .doing_io("reading the request")?;
        total += read as u64;
        if total > limit {
            return Err(GitHostError::too_large("bytes of the request", limit));
        }
        // Git that ends before the request does says why by its exit status.
        if read == 0 || stdin.write_all(&chunk[..read]).await.is_err() {
            return Ok(());
        }
    }
}

async fn send(mut stdout: impl AsyncRead + Unpin, sender: &Sender<Result<Bytes>>) -> Result<()> {
    loop {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let read = stdout.read_buf(&mut chunk).await.doing_io(DOING)?;
        if read == 0 || sender.send(Ok(chunk.freeze())).await.is_err() {
            return Ok(());
        }
    }
}

fn upload_pack_command(repo: &Path, protocol: Option<&str>, options: &[&str]) -> Command {
    let mut command = git(repo);
    if let Some(protocol) = protocol {
        command.env("GIT_PROTOCOL", protocol);
    }
    command
        .args(["upload-pack", "--strict", "--stateless-rpc"])
        .args(options)
        .arg(repo);
    command
}

/// The header is a hint that servers ignore when they cannot read it.
fn accepted(protocol: &str) -> Option<&str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"=:._-".contains(&b);
    (protocol.len() <= 200 && protocol.bytes().all(plain)).then_some(protocol)
}

fn is_version_2(protocol: &str) -> bool {
    protocol.split(':').any(|part| part == "version=2")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_headers_that_are_not_plain_are_ignored() {
        assert_eq!(accepted("version=2"), Some("version=2"));
        assert!(accepted("version=2;rm").is_none());
        assert!(accepted(&"a".repeat(201)).is_none());
        assert!(is_version_2("foo=1:version=2"));
        assert!(!is_version_2("version=1"));
    }
}
