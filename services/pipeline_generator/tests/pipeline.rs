//! What generated pipelines say, and that their scripts do it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::{SAMPLES, generate, module, sample, scripts};
use proptest::prelude::*;
use serde_json::{Value, json};
use sluice_pipeline_generator::azure;
use sluice_pipeline_generator::module_yaml::Stage;

fn yaml(pipeline: &str) -> Value {
    serde_saphyr::from_str(pipeline).unwrap()
}

#[test]
fn stages_depend_on_the_one_before_that_is_there() {
    let text = "id: a\nkind: worker\nstack: node\ncommands: {build: [], scan: []}\n";
    let module = module(text);
    assert_eq!(
        azure::stages(&module),
        [Stage::Lint, Stage::Test, Stage::Package]
    );
    let yaml = yaml(&generate(&module));
    let stages = yaml["stages"].as_array().unwrap();
    let order: Vec<_> = stages
        .iter()
        .map(|s| (&s["stage"], &s["dependsOn"]))
        .collect();
    let (lint, test) = (json!("lint"), json!("test"));
    assert_eq!(
        order,
        [
            (&lint, &json!([])),
            (&test, &lint),
            (&json!("package"), &test)
        ]
    );
}

#[test]
fn only_steps_that_the_runner_knows_are_used() {
    for name in SAMPLES {
        let yaml = yaml(&generate(&module(&sample(name))));
        for stage in yaml["stages"].as_array().unwrap() {
            for step in stage["jobs"][0]["steps"].as_array().unwrap() {
                let task = step["task"].as_str();
                let known = [
                    "PublishTestResults@2",
                    "PublishCodeCoverageResults@1",
                    "PublishPipelineArtifact@1",
                ];
                let fine = task.is_some_and(|task| known.contains(&task))
                    || step["bash"].is_string()
                    || step["checkout"] == "self";
                assert!(fine, "{name}: {step}");
            }
        }
    }
}

#[test]
fn the_local_runner_can_run_every_pipeline() {
    for name in SAMPLES {
        let pipeline = generate(&module(&sample(name)));
        let plan = sluice_pipeline_runner::RunPlan::parse(&pipeline);
        assert!(plan.is_ok(), "{name}: {:#?}", plan.err());
    }
}

#[test]
fn the_same_module_gives_the_same_bytes_and_names_its_digest() {
    for name in SAMPLES {
        let module = module(&sample(name));
        let pipeline = generate(&module);
        assert_eq!(pipeline, generate(&module));
        assert!(pipeline.lines().next().unwrap().contains(&module.digest));
        assert!(!pipeline.contains('\r') && pipeline.ends_with('\n'));
        assert!(
            pipeline.lines().all(|line| line == line.trim_end()),
            "{name}"
        );
    }
}

#[test]
fn words_that_yaml_1_1_takes_for_booleans_stay_words() {
    let text = "id: a\nkind: worker\nstack: node\nvariables: {on: yes, n: 010, x: ~}\n";
    let yaml = yaml(&generate(&module(text)));
    assert_eq!(yaml["variables"], json!({"on": "yes", "n": "010", "x": ""}));
}

#[test]
fn reports_are_published_though_tests_failed() {
    let yaml = yaml(&generate(&module(&sample("node-full"))));
    let test = &yaml["stages"][2]["jobs"][0]["steps"];
    let tasks: Vec<&Value> = test
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["task"].is_string())
        .collect();
    assert_eq!(tasks.len(), 3);
    assert!(
        tasks
            .iter()
            .all(|task| task["condition"] == "succeededOrFailed()")
    );
    assert_eq!(tasks[1]["inputs"]["testResultsFiles"], "reports/e2e/*.xml");
}

/// Runs a step's script as the runner would, in `folder`.
fn run(script: &str, folder: &Path) -> Output {
    let (temp, staging) = (folder.join("../temp"), folder.join("../staging"));
    std::fs::create_dir_all(&temp).unwrap();
    std::fs::create_dir_all(&staging).unwrap();
    Command::new("bash")
        .args(["--noprofile", "--norc", "-c", script])
        .current_dir(folder)
        .env("AGENT_TEMPDIRECTORY", &temp)
        .env("BUILD_ARTIFACTSTAGINGDIRECTORY", &staging)
        .env("BUILD_SOURCESDIRECTORY", folder)
        .output()
        .unwrap()
}

fn write(folder: &Path, file: &str, content: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// A fresh sources folder, with room for the agent's folders beside it.
fn sources() -> (tempfile::TempDir, std::path::PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let sources = root.path().canonicalize().unwrap().join("s");
    std::fs::create_dir_all(&sources).unwrap();
    (root, sources)
}

#[test]
fn the_secret_scan_finds_keys_and_is_quiet_about_their_content() {
    let pipeline = generate(&module(&sample("node")));
    let (_, script) = scripts(&pipeline)
        .into_iter()
        .find(|(stage, _)| stage == "scan")
        .unwrap();
    let (_root, folder) = sources();
    write(&folder, "azure-pipelines.yml", &pipeline);
    write(&folder, "src/main.js", "console.log('hello')\n");
    let clean = run(&script, &folder);
    assert!(clean.status.success(), "{clean:?}");

    let key = ["-----BEGIN RSA PRIVATE", "KEY-----\nMIIB"].join(" ");
    write(&folder, "config/my key.pem", &key);
    write(&folder, "notes.txt", &["AKIA", "ABCDEFGHIJKLMNOP"].concat());
    let found = run(&script, &folder);
    let said = String::from_utf8(found.stdout).unwrap();
    assert_eq!(found.status.code(), Some(1));
    assert!(
        said.contains("sourcepath=config/my key.pem]") && said.contains("=notes.txt]"),
        "{said}"
    );
    assert!(!said.contains("MIIB") && !said.contains("ABCDEFGH"));
}

/// What the package stage of a generic module with this path collects.
fn collected(path: &str, files: &[&str]) -> Result<Vec<String>, String> {
    let quoted = path.replace('\'', "''");
    let text = format!(
        "id: a\nkind: library\nstack: generic\ncommands: {{build: make}}\noutputs: {{package: {{path: '{quoted}'}}}}\n"
    );
    let pipeline = generate(&module(&text));
    let (_, script) = scripts(&pipeline)
        .into_iter()
        .find(|(stage, _)| stage == "package")
        .unwrap();
    let (root, folder) = sources();
    for file in files {
        write(&folder, file, file);
    }
    let output = run(&script, &folder);
    if !output.status.success() {
        return Err(String::from_utf8(output.stdout).unwrap());
    }
    let target = root.path().canonicalize().unwrap().join("staging/package");
    let listing = Command::new("find")
        .args([".", "-type", "f"])
        .current_dir(target)
        .output()
        .unwrap();
    let mut names: Vec<String> = String::from_utf8(listing.stdout)
        .unwrap()
        .lines()
        .map(|name| name.trim_start_matches("./").to_owned())
        .collect();
    names.sort();
    Ok(names)
}

#[test]
fn packages_collect_files_folders_and_globs() {
    let files = [
        "out/a-1.tgz",
        "out/b-2.tgz",
        "out/x/c.txt",
        "out/.hidden",
        "my docs/it's $1.pdf",
    ];
    assert_eq!(
        collected("out/*.tgz", &files).unwrap(),
        ["a-1.tgz", "b-2.tgz"]
    );
    assert_eq!(collected("out/a-1.tgz", &files).unwrap(), ["a-1.tgz"]);
    assert_eq!(
        collected("out", &files).unwrap(),
        [".hidden", "a-1.tgz", "b-2.tgz", "x/c.txt"]
    );
    assert_eq!(
        collected("out/**", &files).unwrap(),
        ["a-1.tgz", "b-2.tgz", "x/c.txt"]
    );
    assert_eq!(collected("**/*.txt", &files).unwrap(), ["out/x/c.txt"]);
    assert_eq!(
        collected("my docs/it's*.pdf", &files).unwrap(),
        ["it's $1.pdf"]
    );
    assert_eq!(collected("./out/x/", &files).unwrap(), ["c.txt"]);
}

#[test]
fn a_package_path_that_matches_nothing_fails_and_says_so() {
    for path in ["out/*.whl", "nowhere", "nowhere/*.x"] {
        let said = collected(path, &["out/a.tgz"]).unwrap_err();
        let wanted = format!("type=error]outputs.package.path matches nothing: {path}");
        assert!(said.contains(&wanted), "{said}");
    }
}

#[test]
fn the_node_default_runs_real_tests_and_writes_their_report() {
    let (_, script) = scripts(&generate(&module(&sample("node"))))
        .into_iter()
        .find(|(_, script)| script.contains("--test-reporter"))
        .unwrap();
    let (_root, folder) = sources();
    let test = "import test from 'node:test'; test('holds', () => {});\n";
    write(&folder, "holds.test.mjs", test);
    let output = run(&script, &folder);
    assert!(output.status.success(), "{output:?}");
    let report = std::fs::read_to_string(folder.join("reports/junit.xml")).unwrap();
    assert!(report.contains("<testcase name=\"holds\""), "{report}");
}

/// A script as people write it: lines with blanks, quotes, colons, tabs and YAML's own characters.
fn script() -> impl Strategy<Value = String> {
    let line = "[ -~\täß€]{0,40}";
    prop::collection::vec(line, 1..6)
        .prop_map(|lines| lines.join("\n"))
        .prop_filter("not blank, no template", |s| {
            !s.trim().is_empty() && !s.contains("${{")
        })
}

proptest! {
    #[test]
    fn any_script_reaches_the_shell_unchanged(script in script()) {
        let quoted = serde_json::to_string(&script).unwrap();
        let text = format!("id: a\nkind: library\nstack: generic\ncommands: {{build: {quoted}, scan: []}}\n");
        let module = module(&text);
        let wanted = format!("set -eo pipefail\n{}\n", script.trim_end());
        let found = scripts(&generate(&module));
        prop_assert_eq!(&found[0].1, &wanted);
    }

    #[test]
    fn any_value_stays_text(value in "[ -~äß€\n\t]{0,60}", branch in "[!-~]{1,40}") {
        prop_assume!(!value.contains("${{"));
        let quoted = serde_json::to_string(&value).unwrap();
        let text = format!("id: a\nkind: library\nstack: node\nvariables: {{V: {quoted}}}\n");
        let options = azure::GenerateOptions { default_branch: branch.clone() };
        let yaml = yaml(&azure::generate(&module(&text), &options));
        prop_assert_eq!(yaml["variables"]["V"].as_str(), Some(value.as_str()));
        prop_assert_eq!(yaml["trigger"]["branches"]["include"][0].as_str(), Some(branch.as_str()));
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}", more in "[a-z:{}\\[\\]\n &*!|>'\"-]{0,200}") {
        let _ = common::findings(&text);
        let _ = common::findings(&more);
        let _ = common::findings(&format!("id: a\nkind: worker\nstack: node\n{more}"));
    }
}
