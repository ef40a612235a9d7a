//! Every mistake in module.yaml is found, at its place, and all of them at once.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{findings, module, sample};
use sluice_pipeline_generator::module_yaml::{self, ModuleKind, Severity, Stack, Stage};

const VALID: &str = "id: a\nkind: worker\nstack: node\n";

/// Rule and line of every finding.
fn rules(text: &str) -> Vec<(String, u32)> {
    findings(text)
        .into_iter()
        .map(|found| (found.rule, found.line))
        .collect()
}

/// The only finding of `VALID` with `more` after it, which starts at line 4.
#[track_caller]
fn only(more: &str) -> (String, u32, u32, String) {
    let mut found = findings(&format!("{VALID}{more}"));
    assert_eq!(found.len(), 1, "{more}\n{found:#?}");
    let found = found.remove(0);
    assert_eq!(found.file, "module.yaml");
    (found.rule, found.line, found.column, found.message)
}

#[track_caller]
fn refused(more: &str, rule: &str, line: u32, column: u32) {
    let found = only(more);
    assert_eq!(
        (found.0.as_str(), found.1, found.2),
        (rule, line, column),
        "{more}: {}",
        found.3
    );
}

#[test]
fn the_smallest_module_has_defaults() {
    let module = module(VALID);
    assert_eq!(
        (module.name.as_str(), module.version.to_string().as_str()),
        ("a", "0.1.0")
    );
    assert_eq!(
        (module.kind, module.stack),
        (ModuleKind::Worker, Stack::Node)
    );
    assert_eq!(module.timeout_minutes, 60);
    assert!(
        Stage::ALL
            .iter()
            .all(|stage| module.commands.of(*stage).is_none())
    );
    assert!(module.digest.starts_with("sha256:") && module.digest.len() == 71);
}

#[test]
fn a_full_module_is_read_as_written() {
    let module = module(&sample("node-full"));
    assert_eq!(module.commands.test.as_ref().unwrap().len(), 1);
    assert!(module.commands.test.as_ref().unwrap()[0].contains("\n\necho"));
    assert_eq!(module.commands.package.as_ref().unwrap().len(), 2);
    assert_eq!(module.tests.results.len(), 2);
    let package = module.outputs.package.unwrap();
    assert_eq!(package.paths, ["out/*.tgz", "LICENSE"]);
    assert_eq!(module.outputs.image.unwrap().port, Some(3000));
    assert_eq!(module.variables["on"], "yes");
    assert_eq!(module.variables["ANSWER"], "42");
}

#[test]
fn all_findings_come_at_once_in_the_order_of_the_file() {
    let text = "id: Bad_Id\nkind: servce\nstak: node\nversion: 1.x\nports: [0, 80, 80]\nhealth: healthz\noutputs:\n  package:\n    path: ../out\n  image:\n    port: 99999\n";
    let got = rules(text);
    let expected = [
        ("missing-key", 1),
        ("bad-slug", 1),
        ("unknown-value", 2),
        ("unknown-key", 3),
        ("bad-version", 4),
        ("bad-port", 5),
        ("duplicate-value", 5),
        ("bad-health", 6),
        ("bad-path", 9),
        ("bad-port", 11),
    ];
    for (rule, line) in expected {
        assert!(
            got.contains(&(rule.to_owned(), line)),
            "{rule} at {line}: {got:#?}"
        );
    }
    assert!(got.is_sorted_by_key(|(_, line)| *line));
}

#[test]
fn unknown_keys_are_errors_that_name_the_likely_one() {
    let (rule, line, column, message) = only("verison: 1.0.0\n");
    assert_eq!((rule.as_str(), line, column), ("unknown-key", 4, 1));
    assert!(message.contains("did you mean \"version\"?"), "{message}");
    let (.., message) = only("commands:\n  tests: npm test\n");
    assert!(
        message.contains("in commands; did you mean \"test\"?"),
        "{message}"
    );
    let (.., message) = only("zzzzzzzz: 1\n");
    assert!(message.contains("known are id, name, kind"), "{message}");
    let (.., message) = only("outputs: {image: {path: dist, expose: 80}}\n");
    assert!(message.contains("outputs.image"), "{message}");
}

#[test]
fn wrong_types_name_what_is_wanted() {
    refused("commands: npm test\n", "wrong-type", 4, 11);
    refused("ports: 8080\n", "wrong-type", 4, 8);
    refused(
        "tests: {results: {format: junit, path: a}}\n",
        "wrong-type",
        4,
        18,
    );
    refused("name: [a]\n", "wrong-type", 4, 7);
    refused("commands:\n  scan: {run: x}\n", "wrong-type", 5, 9);
    refused("configuration: {dev: {A: [1]}}\n", "wrong-type", 4, 26);
    refused("? [a]\n: b\n", "wrong-type", 4, 3);
    assert_eq!(rules("- a\n- b\n"), [("wrong-type".to_owned(), 1)]);
    assert_eq!(rules("just text\n"), [("wrong-type".to_owned(), 1)]);
}

#[test]
fn values_out_of_their_rules_are_refused_at_their_place() {
    refused("name: ''\n", "empty-value", 4, 7);
    refused("name: \"a\\u0007b\"\n", "control-character", 4, 7);
    refused("version: '1.0'\n", "bad-version", 4, 10);
    refused("ports: [70000]\n", "bad-port", 4, 9);
    refused("ports: [eighty]\n", "bad-port", 4, 9);
    refused("ports: [80, 80]\n", "duplicate-value", 4, 13);
    refused("health: //evil\n", "bad-health", 4, 9);
    refused("timeoutMinutes: 0\n", "bad-timeout", 4, 17);
    refused("timeoutMinutes: 361\n", "bad-timeout", 4, 17);
    refused("timeoutMinutes: 1.5\n", "bad-timeout", 4, 17);
    refused("commands:\n  lint:\n", "empty-value", 5, 7);
    refused("commands: {lint: ''}\n", "empty-value", 4, 18);
    refused("commands: {lint: ['']}\n", "empty-value", 4, 19);
    refused(
        "commands: {lint: \"echo ${{ parameters.x }}\"}\n",
        "template-expression",
        4,
        18,
    );
    refused("commands: {lint: \"a\\0b\"}\n", "control-character", 4, 18);
    refused("configuration: {Prod: {}}\n", "bad-environment", 4, 17);
    refused(
        "configuration: {dev: {2A: x}}\n",
        "bad-variable-name",
        4,
        23,
    );
    refused(
        "variables: {Build.BuildId: x}\n",
        "reserved-variable",
        4,
        13,
    );
    refused("variables: {PATH: x}\n", "reserved-variable", 4, 13);
    refused(
        "outputs: {package: {name: '-x', path: a}}\n",
        "bad-name",
        4,
        27,
    );
    refused(
        "outputs: {image: {name: Shop, path: a}}\n",
        "bad-name",
        4,
        25,
    );
    refused(
        "tests: {results: [{format: xunit, path: a}]}\n",
        "unknown-value",
        4,
        28,
    );
    refused(
        "tests: {coverage: [{format: cobertura}]}\n",
        "missing-key",
        4,
        20,
    );
}

#[test]
fn paths_stay_inside_the_module() {
    for path in [
        "/abs",
        "~/x",
        "C:/x",
        "..",
        "a/../b",
        "a\\b",
        "$(HOME)/x",
        ".git/config",
        "!a",
    ] {
        refused(
            &format!("outputs: {{package: {{path: '{path}'}}}}\n"),
            "bad-path",
            4,
            27,
        );
        refused(
            &format!("tests: {{coverage: [{{format: cobertura, path: '{path}'}}]}}\n"),
            "bad-path",
            4,
            46,
        );
    }
    for path in [
        "out/**/*.tgz",
        "dist",
        "a..b/c",
        "my docs/übung [1].pdf",
        "./out",
    ] {
        module(&format!(
            "{VALID}outputs: {{package: {{path: '{path}'}}}}\n"
        ));
    }
}

#[test]
fn yaml_that_does_not_parse_has_a_position() {
    let found = findings("id: a\nkind: [worker\nstack: node\n");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rule, "yaml-syntax");
    assert!((2..=4).contains(&found[0].line), "{found:?}");
    assert_eq!(rules(""), [("empty".to_owned(), 1)]);
    assert_eq!(rules("# nothing\n"), [("empty".to_owned(), 1)]);
}

#[test]
fn yaml_that_could_grow_or_hide_is_refused() {
    refused("name: &x a\n", "yaml-alias", 4, 10);
    let found = rules(&format!("{VALID}name: &x a\nhealth: *x\n"));
    assert_eq!(
        found,
        [("yaml-alias".to_owned(), 4), ("yaml-alias".to_owned(), 5)]
    );
    refused("name: !!str a\n", "yaml-tag", 4, 13);
    refused("name: a\nname: b\n", "duplicate-key", 5, 1);
    assert_eq!(
        rules(&format!("{VALID}---\nid: b\n"))[0].0,
        "yaml-multiple-documents"
    );
    let deep = format!("{VALID}name: {}{}\n", "[".repeat(60), "]".repeat(60));
    assert_eq!(rules(&deep), [("too-complex".to_owned(), 4)]);
    let large = format!("{VALID}# {}\n", "x".repeat(module_yaml::MAX_BYTES));
    assert_eq!(rules(&large), [("too-large".to_owned(), 1)]);
    let many = format!("{VALID}ports: [{}]\n", "1,".repeat(200));
    assert!(rules(&many).iter().any(|(rule, _)| rule == "too-many"));
    let noisy: String = (0..1000).map(|n| format!("zz{n}: 1\n")).collect();
    assert_eq!(rules(&format!("{VALID}{noisy}")).len(), 200);
}

#[test]
fn a_module_must_have_something_to_run() {
    let generic = "id: a\nkind: library\nstack: generic\n";
    assert_eq!(rules(generic), [("no-command".to_owned(), 1)]);
    module(&format!("{generic}commands: {{build: make}}\n"));
    let off = "commands: {lint: [], build: [], test: [], scan: [], package: []}\n";
    refused(off, "no-command", 4, 11);
    let python = "id: a\nkind: library\nstack: python\n";
    let build_alone = "commands: {lint: [], test: [], scan: [], package: []}\n";
    assert_eq!(
        rules(&format!("{python}{build_alone}")),
        [("no-command".to_owned(), 4)]
    );
    let image = "commands: {build: make}\noutputs: {image: {name: a}}\n";
    assert_eq!(
        rules(&format!("{generic}{image}")),
        [("image-path-missing".to_owned(), 5)]
    );
}

#[test]
fn secrets_in_plain_text_are_warned_of_and_never_repeated() {
    for setting in [
        "DB_PASSWORD: hunter2",
        "API_TOKEN: abcdef",
        "DATABASE_URL: 'postgres://app:hunter2@db/app'",
        "NOTE: 'AKIAIOSFODNN7EXAMPLE'",
    ] {
        let text = format!("{VALID}configuration:\n  prod:\n    {setting}\n");
        let parsed = module_yaml::parse(&text).unwrap();
        assert_eq!(parsed.warnings.len(), 1, "{setting}");
        let found = &parsed.warnings[0];
        assert_eq!((found.rule.as_str(), found.line), ("plain-secret", 6));
        assert_eq!(found.severity, Severity::Warning);
        assert!(!found.message.contains("hunter2") && !found.message.contains("AKIA"));
    }
    for setting in [
        "DB_PASSWORD: $(dbPassword)",
        "DB_PASSWORD: 'secret:db/password'",
        "DB_PASSWORD: ''",
        "REQUIRE_TOKEN: true",
        "DATABASE_URL: postgres://db/app",
        "LOG_LEVEL: debug",
    ] {
        let text = format!("{VALID}configuration:\n  prod:\n    {setting}\n");
        assert!(findings(&text).is_empty(), "{setting}");
    }
}

#[test]
fn results_and_packages_that_would_be_lost_are_warned_of() {
    assert_eq!(
        only("commands: {test: make check}\n").0,
        "test-results-missing"
    );
    assert_eq!(
        only("commands: {package: make dist}\n").0,
        "package-path-missing"
    );
    assert_eq!(
        rules("id: a\nkind: worker\nstack: rust\n")[0].0,
        "test-results-missing"
    );
}

#[test]
fn findings_are_stored_in_camel_case() {
    let found = findings("id: a\nkind: worker\n").remove(0);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["severity"], "error");
    assert_eq!(json["rule"], "missing-key");
    assert_eq!(json["file"], "module.yaml");
}

#[test]
fn the_examples_have_no_findings() {
    let folder = common::path("../../../examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path().join("module.yaml");
        if let Ok(text) = std::fs::read_to_string(&file) {
            assert!(
                findings(&text).is_empty(),
                "{}: {:#?}",
                file.display(),
                findings(&text)
            );
            seen += 1;
        }
    }
    assert!(seen >= 2);
}
