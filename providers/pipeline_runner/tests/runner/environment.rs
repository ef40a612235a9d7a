//! What a process can see of the server.

use sluice_pipeline_runner::RecordResult;

use crate::harness::Harness;

#[tokio::test]
async fn nothing_of_the_servers_environment_reaches_a_step() {
    // Cargo gives the test process many variables of its own.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let harness = Harness::new();
    let report = harness
        .run("steps: [{checkout: none}, {bash: env, env: {MINE: 'a $(Build.BuildId)'}}]")
        .await;
    assert_eq!(report.result, RecordResult::Succeeded);
    let text = harness.memory.text("__default/Job/1");
    let names: Vec<&str> = text
        .iter()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    // What the runner sets itself, and what bash adds.
    let known = [
        "PATH", "HOME", "LANG", "TMPDIR", "CI", "TF_BUILD", "PWD", "SHLVL", "_", "OLDPWD",
    ];
    for (name, _) in std::env::vars() {
        assert!(
            known.contains(&name.as_str()) || !names.contains(&name.as_str()),
            "{name} leaks"
        );
    }
    assert!(text.contains(&"MINE=a run-1".to_owned()));
    let home = text.iter().find(|line| line.starts_with("HOME=")).unwrap();
    assert!(home.ends_with("runs/run-1/home"), "{home}");
}
