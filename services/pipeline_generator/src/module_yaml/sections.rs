//! The sections of the file.

use std::collections::BTreeMap;

use semver::Version;

use super::check::{Findings, Section};
use super::model::{
    Commands, CoverageFiles, Module, ModuleKind, Stack, Stage, TestFiles, TestFormat,
    TestResultFiles,
};
use super::outputs;
use super::rules::{self, Broken};
use super::tree::{Node, Value};

const KEYS: &[&str] = &[
    "id",
    "name",
    "kind",
    "stack",
    "version",
    "commands",
    "tests",
    "outputs",
    "ports",
    "health",
    "configuration",
    "variables",
    "timeoutMinutes",
];

const MAX_ITEMS: usize = 100;
const DEFAULT_TIMEOUT: u32 = 60;

/// The whole file. None when an error makes a module impossible.
pub(super) fn module(root: &Node, digest: String, findings: &mut Findings) -> Option<Module> {
    let file = findings.section(root, "", KEYS)?;
    let id = file
        .require("id", findings)
        .and_then(|node| checked(node, "id", rules::slug, findings));
    let name = file
        .get("name")
        .and_then(|node| checked(node, "name", |text| rules::line(text, 128), findings));
    let kind = word(&file, "kind", ModuleKind::ALL, ModuleKind::as_str, findings);
    let stack = word(&file, "stack", Stack::ALL, Stack::as_str, findings);
    let version = version(&file, findings);
    let commands = commands(&file, stack, findings);
    let tests = tests(&file, &commands, stack, findings);
    let outputs = outputs::outputs(&file, &commands, stack, findings);
    let ports = ports(&file, findings);
    let health = file
        .get("health")
        .and_then(|node| checked(node, "health", rules::health, findings));
    let configuration = configuration(&file, findings);
    let variables = variables(&file, findings);
    let timeout_minutes = file
        .get("timeoutMinutes")
        .and_then(|node| findings.number(node, "timeoutMinutes", 1..=360, "bad-timeout"));
    let id = id?;
    let module = Module {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        kind: kind?,
        stack: stack?,
        version: version?,
        commands,
        tests,
        outputs,
        ports,
        health,
        configuration,
        variables,
        timeout_minutes: timeout_minutes.unwrap_or(DEFAULT_TIMEOUT),
        digest,
    };
    if stack != Some(Stack::Generic) && crate::azure::stages(&module).is_empty() {
        let at = file.get("commands").map_or(file.at, |node| node.at);
        findings.error(
            at,
            "no-command",
            "nothing to run: every stage is switched off",
        );
    }
    Some(module)
}

/// Text that keeps a rule.
pub(super) fn checked(
    node: &Node,
    field: &str,
    rule: impl Fn(&str) -> Result<(), Broken>,
    findings: &mut Findings,
) -> Option<String> {
    let text = findings.text(node, field)?;
    match rule(text) {
        Ok(()) => Some(text.to_owned()),
        Err((name, message)) => {
            findings.error(node.at, name, format!("{field} {message}"));
            None
        }
    }
}

/// One of a few words, required.
pub(super) fn word<T: Copy>(
    section: &Section<'_>,
    key: &str,
    all: &[T],
    as_str: fn(T) -> &'static str,
    findings: &mut Findings,
) -> Option<T> {
    let node = section.require(key, findings)?;
    let name = section.name(key);
    let text = findings.text(node, &name)?;
    let found = all.iter().copied().find(|value| as_str(*value) == text);
    if found.is_none() {
        let words: Vec<_> = all.iter().map(|value| as_str(*value)).collect();
        let hint = super::suggest::nearest(text, &words)
            .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
        let message = format!("{name} must be one of {}{hint}", words.join(", "));
        findings.error(node.at, "unknown-value", message);
    }
    found
}

/// The items of a list that is not too long, with their names such as `ports[2]`.
pub(super) fn items<'t>(
    node: &Node,
    list: Option<&'t [Node]>,
    field: &str,
    findings: &mut Findings,
) -> impl Iterator<Item = (String, &'t Node)> + use<'t> {
    let list = list.unwrap_or_default();
    if list.len() > MAX_ITEMS {
        let message = format!("{field} must have at most {MAX_ITEMS} entries");
        findings.error(node.at, "too-many", message);
    }
    let field = field.to_owned();
    list.iter()
        .take(MAX_ITEMS)
        .enumerate()
        .map(move |(at, item)| (format!("{field}[{at}]"), item))
}

fn version(file: &Section<'_>, findings: &mut Findings) -> Option<Version> {
    let Some(node) = file.get("version") else {
        return Some(Version::new(0, 1, 0));
    };
    let text = findings.text(node, "version")?;
    let version = if text.len() <= 128 {
        Version::parse(text).ok()
    } else {
        None
    };
    if version.is_none() {
        let message = "version must be a semantic version such as 1.4.0 or 2.0.0-rc.1";
        findings.error(node.at, "bad-version", message);
    }
    version
}

fn commands(file: &Section<'_>, stack: Option<Stack>, findings: &mut Findings) -> Commands {
    let known: Vec<_> = Stage::ALL.iter().map(|stage| stage.as_str()).collect();
    let section = file
        .get("commands")
        .and_then(|node| findings.section(node, "commands", &known));
    let mut given = |stage: Stage| {
        let node = section.as_ref()?.get(stage.as_str())?;
        scripts(node, &format!("commands.{}", stage.as_str()), findings)
    };
    let commands = Commands {
        lint: given(Stage::Lint),
        build: given(Stage::Build),
        test: given(Stage::Test),
        scan: given(Stage::Scan),
        package: given(Stage::Package),
    };
    let at = section.map_or(file.at, |section| section.at);
    let some = Stage::ALL
        .iter()
        .any(|stage| commands.of(*stage).is_some_and(|c| !c.is_empty()));
    if stack == Some(Stack::Generic) && !some {
        let message = "nothing to run: the generic stack has no commands of its own, \
            so commands must give at least one";
        findings.error(at, "no-command", message);
    }
    commands
}

fn scripts(node: &Node, field: &str, findings: &mut Findings) -> Option<Vec<String>> {
    if matches!(node.value, Value::Null) {
        let message = format!("{field} must not be empty; write [] to switch the stage off");
        findings.error(node.at, "empty-value", message);
        return None;
    }
    let list = findings.one_or_many(node, field)?;
    let whole = list.iter().any(|item| std::ptr::eq(item, node));
    let mut scripts = Vec::new();
    for (name, item) in items(node, Some(list), field, findings) {
        let name = if whole { field } else { &name };
        let script = checked(item, name, rules::script, findings)?;
        scripts.push(
            script
                .replace("\r\n", "\n")
                .replace('\r', "\n")
                .trim_end()
                .to_owned(),
        );
    }
    Some(scripts)
}

fn tests(
    file: &Section<'_>,
    commands: &Commands,
    stack: Option<Stack>,
    findings: &mut Findings,
) -> TestFiles {
    let node = file.get("tests");
    let section = node.and_then(|node| findings.section(node, "tests", &["results", "coverage"]));
    let mut tests = TestFiles::default();
    if let Some(node) = section.and_then(|section| section.get("results")) {
        let list = findings.list(node, "tests.results");
        for (_, item) in items(node, list, "tests.results", findings) {
            let Some(entry) = findings.section(item, "tests.results", &["format", "path"]) else {
                continue;
            };
            let format = word(
                &entry,
                "format",
                TestFormat::ALL,
                TestFormat::as_str,
                findings,
            );
            let path = required_path(&entry, findings);
            tests.results.extend(
                format
                    .zip(path)
                    .map(|(format, path)| TestResultFiles { format, path }),
            );
        }
    }
    if let Some(node) = section.and_then(|section| section.get("coverage")) {
        let list = findings.list(node, "tests.coverage");
        for (_, item) in items(node, list, "tests.coverage", findings) {
            let Some(entry) = findings.section(item, "tests.coverage", &["format", "path"]) else {
                continue;
            };
            let format = word(&entry, "format", &["cobertura"], |word| word, findings);
            let path = required_path(&entry, findings);
            tests
                .coverage
                .extend(format.and(path).map(|path| CoverageFiles { path }));
        }
    }
    let own_test = commands
        .test
        .as_ref()
        .is_some_and(|scripts| !scripts.is_empty());
    let silent_default = stack == Some(Stack::Rust) && commands.test.is_none();
    if tests.results.is_empty() && (own_test || silent_default) {
        let message = "the test command's results are not recorded: \
            let it write a JUnit or TRX report and name the file in tests.results";
        findings.warning(
            node.map_or(file.at, |node| node.at),
            "test-results-missing",
            message,
        );
    }
    tests
}

fn required_path(entry: &Section<'_>, findings: &mut Findings) -> Option<String> {
    let node = entry.require("path", findings)?;
    checked(node, &entry.name("path"), rules::path, findings)
}

fn ports(file: &Section<'_>, findings: &mut Findings) -> Vec<u16> {
    let Some(node) = file.get("ports") else {
        return Vec::new();
    };
    let list = findings.list(node, "ports");
    let mut ports = Vec::new();
    for (name, item) in items(node, list, "ports", findings) {
        let Some(port) = outputs::port(item, &name, findings) else {
            continue;
        };
        if ports.contains(&port) {
            findings.error(
                item.at,
                "duplicate-value",
                format!("{name}: {port} stands there twice"),
            );
        } else {
            ports.push(port);
        }
    }
    ports
}

pub(super) type Settings = BTreeMap<String, String>;

fn configuration(file: &Section<'_>, findings: &mut Findings) -> BTreeMap<String, Settings> {
    let mut environments = BTreeMap::new();
    let node = file.get("configuration");
    let Some(entries) = node.and_then(|node| findings.map(node, "configuration")) else {
        return environments;
    };
    for (environment, node) in entries {
        if let Err((_, message)) = rules::slug(&environment.text) {
            let message = format!("configuration: an environment's name {message}");
            findings.error(environment.at, "bad-environment", message);
            continue;
        }
        let field = format!("configuration.{}", environment.text);
        let values = settings(node, &field, rules::setting_name, findings);
        environments.insert(environment.text.clone(), values);
    }
    environments
}

fn variables(file: &Section<'_>, findings: &mut Findings) -> Settings {
    let node = file.get("variables");
    node.map(|node| settings(node, "variables", rules::variable_name, findings))
        .unwrap_or_default()
}

/// Texts by name.
pub(super) fn settings(
    node: &Node,
    field: &str,
    name_rule: fn(&str) -> Result<(), Broken>,
    findings: &mut Findings,
) -> Settings {
    let mut settings = Settings::new();
    for (key, value) in findings
        .map(node, field)
        .unwrap_or_default()
        .iter()
        .take(1_000)
    {
        let shown: String = key.text.chars().take(64).collect();
        let name = format!("{field}.{shown}");
        if let Err((rule, message)) = name_rule(&key.text) {
            findings.error(key.at, rule, format!("{name}: a name {message}"));
            continue;
        }
        // An empty setting is a setting; only the kind of value is checked here.
        let text = match &value.value {
            Value::Null => "",
            Value::Text(text) => text,
            _ => match findings.text(value, &name) {
                Some(text) => text,
                None => continue,
            },
        };
        if let Err((rule, message)) = rules::script(text) {
            findings.error(value.at, rule, format!("{name} {message}"));
            continue;
        }
        if rules::looks_secret(&key.text, text) {
            let message = format!(
                "{name} looks like a secret in plain text; keep it in a secret store and refer to it"
            );
            findings.warning(value.at, "plain-secret", message);
        }
        settings.insert(key.text.clone(), text.to_owned());
    }
    settings
}
