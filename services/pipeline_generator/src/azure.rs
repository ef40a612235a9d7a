//! Azure Pipelines YAML from a module.
//!
//! The stages are lint → build → test → scan → package, each left out when it has nothing to run
//! and dependent on the one before it that is there. Decisions that readers should know:
//!
//! - **Stages share nothing but the commit.** Each checks out and prepares itself, on a fresh
//!   agent. That costs a second compilation where a stack has one, and buys stages that can be
//!   run again alone and a package that depends on nothing an earlier stage left lying about.
//! - **A script stops at its first failing command** (`set -eo pipefail`), unlike a bare step.
//! - **Reports are published whether tests passed or not**, and a failed test fails the stage even
//!   if the command did not.
//! - **Every stack is scanned for secrets** unless the module says otherwise: key headers and the
//!   tokens of well-known services, by `git grep`; only file names are printed.
//! - **The published schema decides where it is narrower than the service**: numbers such as
//!   `timeoutInMinutes` are written as text, and coverage is published by version 1 of its task,
//!   because the schema does not define version 2.
//! - **The text is deterministic**: the same module and options give the same bytes. Everything
//!   that comes from the module is quoted, so no value is taken for a boolean or a number.

mod artifacts;
mod defaults;
mod text;

use sluice_schema::events::{ModuleImage, ModulePackage};

use crate::module_yaml::{Module, Stage, TestFormat};
use text::{Text, quoted};

/// What a pipeline depends on besides the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateOptions {
    /// The branch whose changes start the pipeline, without `refs/heads/`.
    pub default_branch: String,
}

/// The artifact that holds the files of `outputs.package`.
pub const PACKAGE_ARTIFACT: &str = "package";

/// The artifact that holds the files of `outputs.image`, when it has a path of its own.
pub const IMAGE_ARTIFACT: &str = "image";

/// The package that the module's pipeline makes, when it makes one.
pub(crate) fn package_of(module: &Module) -> Option<ModulePackage> {
    let name = module.outputs.package.as_ref().and_then(|p| p.name.clone());
    artifacts::publishes(module, PACKAGE_ARTIFACT).then(|| ModulePackage {
        name: name.unwrap_or_else(|| module.id.clone()),
        artifact: PACKAGE_ARTIFACT.to_owned(),
    })
}

/// The image that the module's pipeline makes files for, when it does.
pub(crate) fn image_of(module: &Module) -> Option<ModuleImage> {
    let image = module.outputs.image.as_ref()?;
    let own = artifacts::publishes(module, IMAGE_ARTIFACT);
    let artifact = if own {
        IMAGE_ARTIFACT
    } else {
        PACKAGE_ARTIFACT
    };
    Some(ModuleImage {
        name: image.name.clone().unwrap_or_else(|| module.id.clone()),
        artifact: artifact.to_owned(),
        entrypoint: image.entrypoint.clone(),
        port: image.port,
        base: image.base.clone(),
        environment: image.environment.clone(),
    })
}

/// The stages that the module's pipeline has, in order.
#[must_use]
pub fn stages(module: &Module) -> Vec<Stage> {
    let present = |stage: &Stage| {
        !scripts(module, *stage).is_empty()
            || (*stage == Stage::Package && !artifacts::of(module).is_empty())
    };
    Stage::ALL.iter().copied().filter(present).collect()
}

/// The pipeline of `module`, with LF line ends.
#[must_use]
pub fn generate(module: &Module, options: &GenerateOptions) -> String {
    let mut text = Text::default();
    text.line(
        0,
        &format!("# Generated from module.yaml ({}).", module.digest),
    );
    text.line(0, "# Change module.yaml, not this file: it is overwritten.");
    text.blank();
    text.line(0, "trigger:");
    text.line(1, "branches:");
    text.line(2, "include:");
    text.line(3, &format!("- {}", quoted(&options.default_branch)));
    text.line(0, "pr: none");
    text.blank();
    text.line(0, "pool:");
    text.line(1, "vmImage: ubuntu-latest");
    text.blank();
    if !module.variables.is_empty() {
        text.line(0, "variables:");
        for (name, value) in &module.variables {
            text.line(1, &format!("{}: {}", quoted(name), quoted(value)));
        }
        text.blank();
    }
    text.line(0, "stages:");
    let mut before = None;
    for stage in stages(module) {
        if before.is_some() {
            text.blank();
        }
        write_stage(&mut text, module, stage, before);
        before = Some(stage);
    }
    text.finish()
}

fn scripts(module: &Module, stage: Stage) -> Vec<String> {
    match module.commands.of(stage) {
        Some(given) => given.to_vec(),
        None => defaults::scripts(module, stage),
    }
}

fn write_stage(text: &mut Text, module: &Module, stage: Stage, before: Option<Stage>) {
    let (name, title) = (stage.as_str(), title(stage));
    text.line(1, &format!("- stage: {name}"));
    text.line(2, &format!("displayName: {title}"));
    match before {
        Some(before) => text.line(2, &format!("dependsOn: {}", before.as_str())),
        None => text.line(2, "dependsOn: []"),
    }
    text.line(2, "jobs:");
    text.line(3, &format!("- job: {name}"));
    text.line(4, &format!("displayName: {title}"));
    text.line(
        4,
        &format!("timeoutInMinutes: \"{}\"", module.timeout_minutes),
    );
    text.line(4, "steps:");
    text.line(5, "- checkout: self");
    text.line(6, "fetchDepth: \"1\"");
    let scripts = scripts(module, stage);
    if stage != Stage::Scan
        && !scripts.is_empty()
        && let Some(prepare) = defaults::prepare(module.stack)
    {
        write_script(text, "Prepare", prepare);
    }
    for (at, script) in scripts.iter().enumerate() {
        let numbered = format!("{title} ({} of {})", at + 1, scripts.len());
        write_script(
            text,
            if scripts.len() == 1 { title } else { &numbered },
            script,
        );
    }
    match stage {
        Stage::Test => write_reports(text, module),
        Stage::Package => write_artifacts(text, module),
        _ => {}
    }
}

fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Lint => "Lint",
        Stage::Build => "Build",
        Stage::Test => "Test",
        Stage::Scan => "Scan",
        Stage::Package => "Package",
    }
}

fn write_script(text: &mut Text, title: &str, script: &str) {
    text.line(5, "- bash: |");
    text.line(7, "set -eo pipefail");
    for line in script.trim_end().lines() {
        text.line(7, line);
    }
    text.line(6, &format!("displayName: {title}"));
}

fn write_reports(text: &mut Text, module: &Module) {
    let files = defaults::test_files(module);
    for results in &files.results {
        let format = match results.format {
            TestFormat::Junit => "JUnit",
            TestFormat::Trx => "VSTest",
        };
        text.line(5, "- task: PublishTestResults@2");
        text.line(6, "displayName: Publish test results");
        text.line(6, "condition: succeededOrFailed()");
        text.line(6, "inputs:");
        text.line(7, &format!("testResultsFormat: {format}"));
        text.line(7, &format!("testResultsFiles: {}", quoted(&results.path)));
        text.line(7, "searchFolder: $(System.DefaultWorkingDirectory)");
        text.line(7, "failTaskOnFailedTests: true");
        text.line(7, &format!("testRunTitle: {}", quoted(&module.id)));
    }
    for coverage in &files.coverage {
        let path = format!("$(System.DefaultWorkingDirectory)/{}", coverage.path);
        text.line(5, "- task: PublishCodeCoverageResults@1");
        text.line(6, "displayName: Publish code coverage");
        text.line(6, "condition: succeededOrFailed()");
        text.line(6, "inputs:");
        text.line(7, "codeCoverageTool: Cobertura");
        text.line(7, &format!("summaryFileLocation: {}", quoted(&path)));
    }
}

fn write_artifacts(text: &mut Text, module: &Module) {
    for artifact in artifacts::of(module) {
        let name = artifact.name;
        write_script(text, &format!("Collect {name}"), &artifact.collect());
        text.line(5, "- task: PublishPipelineArtifact@1");
        text.line(6, &format!("displayName: Publish {name}"));
        text.line(6, "inputs:");
        text.line(
            7,
            &format!("targetPath: $(Build.ArtifactStagingDirectory)/{name}"),
        );
        text.line(7, &format!("artifact: {name}"));
    }
}
