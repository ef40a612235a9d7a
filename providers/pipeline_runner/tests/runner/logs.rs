//! Logs: complete, in order, bounded.

use sluice_pipeline_runner::RecordResult;

use crate::harness::{Harness, step};

#[tokio::test]
async fn a_hundred_thousand_lines_come_in_order_and_in_batches() {
    let harness = Harness::new();
    let report = harness
        .run("steps: [{checkout: none}, {script: seq 100000}]")
        .await;
    assert_eq!(report.result, RecordResult::Succeeded);
    let logs = harness.memory.logs.lock().unwrap();
    let lines = &logs["__default/Job/1"];
    assert_eq!(lines.len(), 100_000);
    for (line, number) in lines.iter().zip(1u64..) {
        assert_eq!(line.number, number);
        assert_eq!(line.text, number.to_string());
    }
    assert!(
        harness
            .memory
            .batches
            .lock()
            .unwrap()
            .iter()
            .all(|count| *count <= 500)
    );
    assert_eq!(step(&report, "__default/Job/1").status.log_lines, 100_000);
}

#[tokio::test]
async fn huge_lines_are_cut_and_long_logs_end_with_a_notice() {
    let harness = Harness::new();
    let mut request = harness.request(
        "
steps:
- checkout: none
- script: |
    head -c 5000000 /dev/zero | tr '\\0' 'x'; echo; echo after
- script: |
    seq 1000
    echo '##vso[task.setvariable variable=late]still obeyed'
- script: echo $(late)
",
    );
    request.limits.step_log_bytes = 40_000;
    request.limits.line_bytes = 1_000;
    let harness_report = harness.start(request).await.unwrap();
    assert_eq!(harness_report.result, RecordResult::Succeeded);
    let text = harness.memory.text("__default/Job/1");
    assert_eq!(text[0], format!("{} […]", "x".repeat(1_000)));
    assert_eq!(text[1], "after");

    let harness = Harness::new();
    let mut request = harness.request(
        "
steps:
- checkout: none
- script: |
    seq 100000
    echo '##vso[task.setvariable variable=late]still obeyed'
    exit 1
- script: echo $(late)
  condition: always()
",
    );
    request.limits.step_log_bytes = 1_000;
    harness.start(request).await.unwrap();
    let text = harness.memory.text("__default/Job/1");
    assert!(text.len() < 400);
    assert!(
        text[text.len() - 2].contains("longer than 1000 bytes"),
        "{text:?}"
    );
    assert!(text[text.len() - 1].contains("exited with code 1"));
    assert_eq!(harness.memory.text("__default/Job/2"), ["still obeyed"]);
}

#[tokio::test]
async fn odd_bytes_are_replaced_and_both_streams_keep_their_order() {
    let harness = Harness::new();
    let report = harness
        .run(
            r"
steps:
- checkout: none
- script: |
    printf 'a\377b\r\n'; echo err >&2; echo out; printf '\n'; printf last >&2
- script: 'echo oops >&2'
  failOnStderr: true
",
        )
        .await;
    let text = harness.memory.text("__default/Job/1");
    assert_eq!(text, ["a\u{fffd}b", "err", "out", "", "last"]);
    let status = &step(&report, "__default/Job/2").status;
    assert_eq!(
        status.error.as_deref(),
        Some("The script wrote to standard error.")
    );
}

#[tokio::test]
async fn lines_arrive_while_the_step_runs() {
    let harness = Harness::new();
    let request = harness.request(
        "
steps:
- checkout: none
- script: 'echo early; until test -e $OUT/go; do sleep 0.02; done; echo late'
",
    );
    let watch = async {
        crate::harness::until(|| harness.memory.text("__default/Job/1") == ["early"]).await;
        std::fs::write(harness.out("go"), "").unwrap();
    };
    let (report, ()) = tokio::join!(harness.start(request), watch);
    assert_eq!(report.unwrap().result, RecordResult::Succeeded);
    assert_eq!(harness.memory.text("__default/Job/1"), ["early", "late"]);
}
