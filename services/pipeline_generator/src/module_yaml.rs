//! `module.yaml`: a module's description of itself.
//!
//! [`parse`] checks everything and reports all findings at once, each with its line and column, so
//! that one look is enough to mend a file. Keys it does not know are errors: a misspelt key would
//! otherwise be a setting silently ignored.
//!
//! ```yaml
//! id: greeter                 # slug, required
//! name: Greeter               # default: the id
//! kind: microservice          # microservice | library | ui | worker
//! stack: node                 # dotnet | node | rust | python | generic
//! version: 1.4.0              # default: 0.1.0
//! commands:                   # text, or a list of texts; [] switches the stage off
//!   lint: npm run lint
//!   test: [npm ci, npm test]
//! tests:
//!   results:  [{format: junit, path: reports/junit.xml}]      # junit | trx
//!   coverage: [{format: cobertura, path: reports/cobertura.xml}]
//! outputs:
//!   package: {name: greeter, path: "out/*.tgz"}
//!   image:   {name: greeter, path: dist, entrypoint: [node, main.mjs], port: 8080}
//! ports: [8080]
//! health: /healthz
//! configuration: {dev: {LOG_LEVEL: debug}}
//! variables: {NODE_ENV: test}
//! timeoutMinutes: 30          # per stage, 1 to 360, default 60
//! ```

mod check;
mod finding;
mod model;
mod outputs;
mod rules;
mod sections;
mod suggest;
mod tree;

use sha2::{Digest, Sha256};

pub use finding::{Finding, Severity};
pub use model::{
    Commands, CoverageFiles, ImageOutput, Module, ModuleKind, Outputs, PackageOutput, Stack, Stage,
    TestFiles, TestFormat, TestResultFiles,
};

/// The file's name, at the root of the repository.
pub const FILE: &str = "module.yaml";

/// Largest file taken, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// A valid module and what should be looked at nevertheless.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The module.
    pub module: Module,
    /// Findings of [`Severity::Warning`], in the order of the file.
    pub warnings: Vec<Finding>,
}

/// Reads `module.yaml`.
///
/// # Errors
/// All findings, warnings among them, in the order of the file; at least one is an error. After
/// 200 findings the rest is left out.
pub fn parse(text: &str) -> Result<Parsed, Vec<Finding>> {
    if text.len() > MAX_BYTES {
        let message = format!(
            "the file has {} bytes; at most {MAX_BYTES} are read",
            text.len()
        );
        return Err(vec![Finding::error(finding::START, "too-large", message)]);
    }
    let mut findings = check::Findings::default();
    let module = tree::read(text, &mut findings)
        .and_then(|root| sections::module(&root, digest(text), &mut findings));
    let list = findings.finish();
    match module {
        Some(module) if list.iter().all(|found| found.severity == Severity::Warning) => {
            Ok(Parsed {
                module,
                warnings: list,
            })
        }
        _ => Err(list),
    }
}

fn digest(text: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(text)))
}
