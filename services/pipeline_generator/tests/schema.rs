//! Every pipeline is valid against Microsoft's schema, which check-jsonschema carries.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{SAMPLES, module, sample};
use sluice_pipeline_generator::azure::{self, GenerateOptions};
use sluice_pipeline_generator::module_yaml::{self, ModuleKind, Stack};

fn checker() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = std::env::var_os("SLUICE_CHECK_JSONSCHEMA").map_or_else(
        || root.join("target/tools/venv/bin/check-jsonschema"),
        PathBuf::from,
    );
    assert!(
        program.is_file(),
        "{} is missing: run tools/install-check-jsonschema.sh, or name the program in \
         SLUICE_CHECK_JSONSCHEMA",
        program.display()
    );
    program
}

/// Whether the schema takes all files, and what the checker said.
fn check(files: &[PathBuf]) -> (bool, String) {
    let output = Command::new(checker())
        .args([
            "--regex-variant",
            "nonunicode",
            "--builtin-schema",
            "vendor.azure-pipelines",
        ])
        .args(["--data-transform", "azure-pipelines"])
        .args(files)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Modules of every stack and kind with every set of stages switched off, and the samples.
fn modules() -> Vec<(String, String)> {
    let stages = ["lint", "build", "test", "scan", "package"];
    let mut all = Vec::new();
    for stack in Stack::ALL {
        for off in 0..31u32 {
            let kind = ModuleKind::ALL[off as usize % ModuleKind::ALL.len()];
            let head = format!(
                "id: m\nkind: {}\nstack: {}\n",
                kind.as_str(),
                stack.as_str()
            );
            let commands: String = stages
                .iter()
                .enumerate()
                .filter_map(|(at, stage)| match (off >> at & 1 == 1, *stack) {
                    (true, _) => Some(format!("  {stage}: []\n")),
                    (false, Stack::Generic) => Some(format!("  {stage}: make {stage}\n")),
                    (false, _) => None,
                })
                .collect();
            let commands = if commands.is_empty() {
                " {}\n".to_owned()
            } else {
                format!("\n{commands}")
            };
            let text = format!("{head}commands:{commands}");
            // Python has no build of its own, so build alone is nothing to run.
            if module_yaml::parse(&text).is_ok() {
                all.push((format!("{}-{off:02}", stack.as_str()), text));
            }
        }
    }
    assert_eq!(all.len(), Stack::ALL.len() * 31 - 1);
    all.extend(
        SAMPLES
            .iter()
            .map(|name| (format!("sample-{name}"), sample(name))),
    );
    all
}

#[test]
fn pipelines_of_every_stack_and_choice_of_stages_keep_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (at, (name, text)) in modules().into_iter().enumerate() {
        let default_branch =
            ["main", "release/1.x", "on", "true", "feature/#12-über"][at % 5].to_owned();
        let pipeline = azure::generate(&module(&text), &GenerateOptions { default_branch });
        let file = folder.path().join(format!("{name}.yml"));
        std::fs::write(&file, pipeline).unwrap();
        files.push(file);
    }
    let (valid, said) = check(&files);
    // The checker repeats whole documents; the lines after this word are what it means.
    let lines: Vec<_> = said.lines().collect();
    let matches = lines
        .windows(2)
        .filter(|pair| pair[0].contains("Best Deep Match"));
    assert!(
        valid,
        "{:#?}",
        matches.map(|pair| pair[1]).take(20).collect::<Vec<_>>()
    );
}

#[test]
fn the_checker_would_notice_a_broken_pipeline() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.yml");
    let pipeline = common::generate(&module(&sample("node")));
    std::fs::write(&file, pipeline.replace("- bash: |", "- bashh: |")).unwrap();
    let (valid, said) = check(&[file]);
    assert!(!valid && said.contains("stages"), "{said}");
}
