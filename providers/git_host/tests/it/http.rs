use std::pin::Pin;

use futures::StreamExt;
use sluice_git_host::{GitHost, GitHostError, Limits, LocalGitHost, RepoPath, RequestBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::{Bench, put, try_git};

/// The least of an HTTP server: one request a connection.
async fn answer(mut socket: TcpStream, host: LocalGitHost, repo: RepoPath) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    assert_eq!(header("content-encoding"), None, "requests here are small");
    let protocol = header("git-protocol");
    let kind = if head.starts_with("GET") {
        "advertisement"
    } else {
        "result"
    };
    let reply = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-{kind}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(reply.as_bytes()).await?;
    if kind == "advertisement" {
        let body = host
            .advertise_refs(&repo, protocol.as_deref())
            .await
            .unwrap();
        socket.write_all(&body).await?;
    } else {
        let length: u64 = header("content-length").unwrap().parse().unwrap();
        let (read, mut write) = socket.into_split();
        let body: RequestBody = Box::pin(read.take(length));
        let mut stream = host
            .upload_pack(&repo, protocol.as_deref(), body)
            .await
            .unwrap();
        while let Some(chunk) = stream.next().await {
            write.write_all(&chunk.unwrap()).await?;
        }
    }
    Ok(())
}

async fn serve(bench: &Bench) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/app.git", listener.local_addr().unwrap());
    let (host, repo) = (bench.host.clone(), bench.repo.clone());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, host.clone(), repo.clone()));
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn git_clones_over_http_in_every_protocol_version() {
    let bench = Bench::new().await;
    let noise: Vec<u8> = (0..2_000_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let head = bench
        .commit(bench.first, 1, &[put("big", noise), put("é/x", "x")])
        .await;
    bench.set_branch("main", head).await;
    bench.set_branch("topic", bench.first).await;
    let url = serve(&bench).await;
    for version in ["0", "1", "2"] {
        let into = bench.root.path().to_owned();
        let (url, name) = (url.clone(), format!("clone-{version}"));
        let output = tokio::task::spawn_blocking(move || {
            let version = format!("protocol.version={version}");
            let output = try_git(&into, &["-c", &version, "clone", "--quiet", &url, &name]);
            let branches = try_git(&into.join(&name), &["rev-parse", "HEAD", "origin/topic"]);
            (output, branches)
        });
        let (output, branches) = output.await.unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let expected = format!("{head}\n{}\n", bench.first);
        assert_eq!(String::from_utf8_lossy(&branches.stdout), expected);
    }
}

#[tokio::test]
async fn the_advertisement_names_the_service_as_the_protocol_version_wants() {
    let bench = Bench::new().await;
    let body = bench.host.advertise_refs(&bench.repo, None).await.unwrap();
    assert!(body.starts_with(b"001e# service=git-upload-pack\n0000"));
    let text = String::from_utf8_lossy(&body);
    assert!(
        text.contains(&format!("{} refs/heads/main\n", bench.first)),
        "{text}"
    );
    assert!(text.ends_with("0000"));
    let body = bench
        .host
        .advertise_refs(&bench.repo, Some("version=2"))
        .await
        .unwrap();
    assert!(body.starts_with(b"000eversion 2\n"), "{body:?}");
    let other = RepoPath::new("tenant", "project", "other").unwrap();
    let missing = bench.host.advertise_refs(&other, None).await;
    assert!(matches!(missing, Err(GitHostError::NotFound { .. })));
}

fn body(bytes: Vec<u8>) -> RequestBody {
    Box::pin(std::io::Cursor::new(bytes))
}

#[tokio::test]
async fn a_request_that_is_too_large_or_nonsense_ends_the_stream_with_an_error() {
    let bench = Bench::with(Limits {
        max_upload_pack_request: 1_000,
        ..Limits::default()
    })
    .await;
    let mut large = bench
        .host
        .upload_pack(&bench.repo, None, body(vec![b'0'; 5_000]))
        .await
        .unwrap();
    let mut last = None;
    while let Some(item) = large.next().await {
        last = Some(item);
    }
    assert!(
        matches!(
            last,
            Some(Err(
                GitHostError::TooLarge { .. } | GitHostError::Command { .. }
            ))
        ),
        "{last:?}"
    );
    let mut bad = bench
        .host
        .upload_pack(&bench.repo, None, body(b"zzzz".to_vec()))
        .await
        .unwrap();
    let mut last = None;
    while let Some(item) = bad.next().await {
        last = Some(item);
    }
    assert!(
        matches!(last, Some(Err(GitHostError::Command { .. }))),
        "{last:?}"
    );
}

#[tokio::test]
async fn a_client_that_never_finishes_is_cut_off() {
    let timeout = std::time::Duration::from_millis(200);
    let bench = Bench::with(Limits {
        upload_pack_timeout: timeout,
        ..Limits::default()
    })
    .await;
    let (_open, never): (_, Pin<Box<_>>) = {
        let (open, never) = tokio::io::duplex(64);
        (open, Box::pin(never))
    };
    let mut stream = bench
        .host
        .upload_pack(&bench.repo, None, never)
        .await
        .unwrap();
    let last = stream.next().await;
    assert!(
        matches!(last, Some(Err(GitHostError::TimedOut { .. }))),
        "{last:?}"
    );
    assert!(stream.next().await.is_none());
}

fn processes_on(dir: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .filter(|line| String::from_utf8_lossy(line).contains(dir))
        .count()
}

#[tokio::test]
async fn dropping_the_answer_ends_the_git_process() {
    let bench = Bench::new().await;
    let dir = bench.git_dir().display().to_string();
    let (_open, never) = tokio::io::duplex(64);
    let stream = bench
        .host
        .upload_pack(&bench.repo, None, Box::pin(never))
        .await
        .unwrap();
    assert!(processes_on(&dir) > 0);
    drop(stream);
    let gone = async {
        while processes_on(&dir) > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), gone)
        .await
        .unwrap();
}
