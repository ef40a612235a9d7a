//! What the generator's tests share.
#![allow(dead_code, unreachable_pub)]

use std::path::PathBuf;

use sluice_pipeline_generator::azure::{self, GenerateOptions};
use sluice_pipeline_generator::module_yaml::{self, Finding, Module};

/// Names of the sample modules.
pub const SAMPLES: &[&str] = &[
    "dotnet",
    "dotnet-library",
    "node",
    "node-full",
    "rust",
    "rust-library",
    "python",
    "generic",
];

/// A path below the crate's `tests`.
pub fn path(below: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(below)
}

/// The text of a sample module.
pub fn sample(name: &str) -> String {
    let path = path(&format!("modules/{name}.yaml"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A module that must be valid.
pub fn module(text: &str) -> Module {
    match module_yaml::parse(text) {
        Ok(parsed) => parsed.module,
        Err(findings) => panic!("{findings:#?}"),
    }
}

/// All findings, of a valid module too.
pub fn findings(text: &str) -> Vec<Finding> {
    module_yaml::parse(text).map_or_else(|findings| findings, |parsed| parsed.warnings)
}

/// The pipeline with the usual options.
pub fn generate(module: &Module) -> String {
    azure::generate(
        module,
        &GenerateOptions {
            default_branch: "main".to_owned(),
        },
    )
}

/// The scripts of a pipeline's bash steps, by stage.
pub fn scripts(pipeline: &str) -> Vec<(String, String)> {
    let yaml: serde_json::Value = serde_saphyr::from_str(pipeline).unwrap();
    let mut scripts = Vec::new();
    for stage in yaml["stages"].as_array().unwrap() {
        for step in stage["jobs"][0]["steps"].as_array().unwrap() {
            if let Some(script) = step["bash"].as_str() {
                scripts.push((
                    stage["stage"].as_str().unwrap().to_owned(),
                    script.to_owned(),
                ));
            }
        }
    }
    scripts
}
