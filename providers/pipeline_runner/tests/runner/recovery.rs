//! A server that dies during a run.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use sluice_pipeline_runner::{LocalRunner, LocalRunnerConfig, PipelineRunner, RunnerError};
use tokio_util::sync::CancellationToken;

use crate::harness::{Harness, Memory, is_alive, request, until};

const ROOT: &str = "SLUICE_TEST_RUNNER_ROOT";

/// Not a test of its own: the server that is killed, started by the test below.
#[tokio::test]
#[ignore = "started by a_dead_servers_processes_are_reaped"]
async fn victim() {
    let Ok(root) = std::env::var(ROOT) else {
        return;
    };
    let root = Path::new(&root);
    let runner = LocalRunner::new(LocalRunnerConfig::new(root.join("runs")));
    let yaml = "
steps:
- checkout: none
- script: |
    setsid bash -c 'echo $$ > $OUT/stray; exec sleep 1000' &
    bash -c 'sleep 1000 & echo $! > $OUT/grandchild; wait' &
    echo $$ > $OUT/leader
    wait
";
    let request = request(&runner, yaml, root);
    let _ = runner
        .run(
            request,
            Arc::new(Memory::default()),
            CancellationToken::new(),
        )
        .await;
}

#[tokio::test]
async fn a_dead_servers_processes_are_reaped() {
    let harness = Harness::new();
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "recovery::victim", "--ignored"])
        .env(ROOT, harness.root.path())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut pids = Vec::new();
    for name in ["leader", "grandchild", "stray"] {
        pids.push(harness.pid(name).await);
    }
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(pids.iter().all(|pid| is_alive(*pid)), "nobody ended them");
    let report = harness.runner.reap("run-1").await.unwrap();
    assert!(report.killed >= 3, "{report:?}");
    assert!(report.removed_folder);
    for pid in pids {
        until(|| !is_alive(pid)).await;
    }
    assert!(!harness.root.path().join("runs/run-1").exists());
}

#[tokio::test]
async fn a_recycled_process_number_is_never_killed() {
    let harness = Harness::new();
    let mut innocent = Command::new("sleep")
        .arg("1000")
        .process_group(0)
        .spawn()
        .unwrap();
    let dir = harness.root.path().join("runs/run-1/processes");
    std::fs::create_dir_all(&dir).unwrap();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let pid = innocent.id();
    let record = |name: &str, started: u64, boot: &str| {
        let text = format!(
            r#"{{"pid":{pid},"started":{started},"bootId":"{}"}}"#,
            boot.trim()
        );
        std::fs::write(dir.join(name), text).unwrap();
    };
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", innocent.id())).unwrap();
    let started: u64 = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .nth(19)
        .unwrap()
        .parse()
        .unwrap();
    record("1.json", started + 1, &boot);
    record("2.json", started, "another boot");
    std::fs::write(dir.join("3.json"), "garbage").unwrap();
    let report = harness.runner.reap("run-1").await.unwrap();
    assert_eq!(report.killed, 0);
    assert!(innocent.try_wait().unwrap().is_none(), "still alive");

    std::fs::create_dir_all(&dir).unwrap();
    record("4.json", started, &boot);
    assert_eq!(harness.runner.reap("run-1").await.unwrap().killed, 1);
    innocent.wait().unwrap();
}

#[tokio::test]
async fn a_run_in_progress_cannot_be_reaped_and_read_only_folders_can() {
    let harness = Harness::new();
    let request = harness.request(
        "
steps:
- checkout: none
- script: |
    mkdir -p keep/deep; echo x > keep/deep/f; chmod -R a-w keep
    touch $OUT/up; until test -e $OUT/go; do sleep 0.02; done
",
    );
    let watch = async {
        until(|| harness.out("up").exists()).await;
        let refused = harness.runner.reap("run-1").await;
        assert!(matches!(refused, Err(RunnerError::StillRunning { .. })));
        std::fs::write(harness.out("go"), "").unwrap();
    };
    let (report, ()) = tokio::join!(harness.start(request), watch);
    report.unwrap();
    assert!(harness.runner.reap("run-1").await.unwrap().removed_folder);
    assert!(!harness.root.path().join("runs/run-1").exists());
}
