//! The module, as the file describes it.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

/// A valid `module.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Module {
    /// Slug: a lower-case letter, then up to 62 lower-case letters, digits and dashes.
    pub id: String,
    /// For people; the id when the file gives none.
    pub name: String,
    /// What it is.
    pub kind: ModuleKind,
    /// What it is built with.
    pub stack: Stack,
    /// Semantic version; 0.1.0 when the file gives none.
    pub version: Version,
    /// What to run per stage.
    pub commands: Commands,
    /// Where tests leave their reports.
    pub tests: TestFiles,
    /// What the package stage leaves.
    pub outputs: Outputs,
    /// Ports it listens on.
    pub ports: Vec<u16>,
    /// Path of its health check, starting with `/`.
    pub health: Option<String>,
    /// Settings per environment, then by name.
    pub configuration: BTreeMap<String, BTreeMap<String, String>>,
    /// Pipeline variables by name.
    pub variables: BTreeMap<String, String>,
    /// Longest time one stage may take, in minutes; 60 when the file gives none.
    pub timeout_minutes: u32,
    /// `sha256:` and hex digest of the file it was read from.
    pub digest: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in the file.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

words! {
    /// What a module is.
    ModuleKind {
        /// A service that answers requests.
        Microservice = "microservice",
        /// Code for other modules.
        Library = "library",
        /// What people see.
        Ui = "ui",
        /// A program that works on its own.
        Worker = "worker",
    }
}

words! {
    /// What a module is built with; decides the default commands.
    Stack {
        /// .NET SDK.
        Dotnet = "dotnet",
        /// Node.js and npm.
        Node = "node",
        /// Cargo.
        Rust = "rust",
        /// Python 3.
        Python = "python",
        /// Anything: has no default commands.
        Generic = "generic",
    }
}

words! {
    /// The stages of a pipeline, in order.
    Stage {
        /// Checks the sources.
        Lint = "lint",
        /// Compiles.
        Build = "build",
        /// Runs the tests.
        Test = "test",
        /// Looks for secrets and the like.
        Scan = "scan",
        /// Makes what is shipped.
        Package = "package",
    }
}

words! {
    /// Formats of test reports.
    TestFormat {
        /// JUnit XML.
        Junit = "junit",
        /// Visual Studio test results.
        Trx = "trx",
    }
}

/// Scripts per stage: absent for the stack's default, empty to switch the stage off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commands {
    /// Scripts of the lint stage.
    pub lint: Option<Vec<String>>,
    /// Scripts of the build stage.
    pub build: Option<Vec<String>>,
    /// Scripts of the test stage.
    pub test: Option<Vec<String>>,
    /// Scripts of the scan stage.
    pub scan: Option<Vec<String>>,
    /// Scripts of the package stage.
    pub package: Option<Vec<String>>,
}

impl Commands {
    /// The scripts given for `stage`.
    #[must_use]
    pub fn of(&self, stage: Stage) -> Option<&[String]> {
        let commands = match stage {
            Stage::Lint => &self.lint,
            Stage::Build => &self.build,
            Stage::Test => &self.test,
            Stage::Scan => &self.scan,
            Stage::Package => &self.package,
        };
        commands.as_deref()
    }
}

/// Where tests leave their reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestFiles {
    /// Test results.
    pub results: Vec<TestResultFiles>,
    /// Coverage, in Cobertura's format.
    pub coverage: Vec<CoverageFiles>,
}

/// Test reports of one format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResultFiles {
    /// Their format.
    pub format: TestFormat,
    /// Glob from the module's root.
    pub path: String,
}

/// Coverage reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoverageFiles {
    /// Glob from the module's root.
    pub path: String,
}

/// What the package stage leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outputs {
    /// Files of the package.
    pub package: Option<PackageOutput>,
    /// Files and start of the container image.
    pub image: Option<ImageOutput>,
}

/// A package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageOutput {
    /// Its name in the feed; the module's id when absent.
    pub name: Option<String>,
    /// Files, folders or globs from the module's root.
    pub paths: Vec<String>,
}

/// A container image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageOutput {
    /// Its repository in the registry; the module's id when absent.
    pub name: Option<String>,
    /// What goes into it: file, folder or glob; the package when absent.
    pub path: Option<String>,
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// The port it listens on.
    pub port: Option<u16>,
    /// The image it stands on, `name:tag` or `name@sha256:<hex>` in the same registry.
    pub base: Option<String>,
    /// Environment variables that it sets, by name.
    pub environment: BTreeMap<String, String>,
}
