//! What each stack runs when `module.yaml` is silent.
//!
//! | stack | lint | build | test | package |
//! |---|---|---|---|---|
//! | dotnet | format | build | test, TRX and Cobertura | pack (library) or publish |
//! | node | script `lint`, if any | script `build`, if any | `node --test`, JUnit | npm pack |
//! | rust | fmt and clippy | build | test | package (library) or the binaries |
//! | python | compileall | – | pytest with JUnit, else unittest | wheel |
//! | generic | – | – | – | – |
//!
//! All of them: scan for secrets.

use crate::module_yaml::{
    CoverageFiles, Module, ModuleKind, Stack, Stage, TestFiles, TestFormat, TestResultFiles,
};

/// Where the package stage's default commands leave their files.
pub(super) const PACKAGE_FOLDER: &str = "out/package";

const NODE_TEST: &str = "mkdir -p reports
node --test \\
  --test-reporter=spec --test-reporter-destination=stdout \\
  --test-reporter=junit --test-reporter-destination=reports/junit.xml";

const DOTNET_TEST: &str = "dotnet test --configuration Release \\
  --logger trx --collect \"XPlat Code Coverage\" --results-directory TestResults";

const PYTHON_TEST: &str = "if python3 -c 'import pytest' 2>/dev/null; then
  python3 -m pytest --junitxml=reports/junit.xml
else
  python3 -m unittest discover
fi";

const RUST_BINARIES: &str = "cargo build --release
mkdir -p out/package
find target/release -maxdepth 1 -type f -executable -exec cp {} out/package/ \\;";

const NPM_PACK: &str = "npm run build --if-present
mkdir -p out/package
npm pack --pack-destination out/package";

/// Only names are printed: the log must not hold what was found.
const SCAN: &str = r###"found="$AGENT_TEMPDIRECTORY/secrets-found"
status=0
git grep --no-index -lIE \
  -e '-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----' \
  -e 'AKIA[0-9A-Z]{16}' \
  -e '(ghp|gho|ghs)_[A-Za-z0-9]{36}' \
  -e 'github_pat_[A-Za-z0-9_]{60,}' \
  -e 'glpat-[A-Za-z0-9_-]{20}' \
  -e 'xox[bpars]-[A-Za-z0-9-]{20,}' \
  -e 'sk_live_[A-Za-z0-9]{20,}' \
  -- . > "$found" || status=$?
if [ "$status" -gt 1 ]; then
  exit "$status"
fi
if [ "$status" -eq 0 ]; then
  while IFS= read -r file; do
    echo "##vso[task.logissue type=error;sourcepath=$file]This file holds a secret"
  done < "$found"
  exit 1
fi
echo "No secrets found""###;

/// The scripts of a stage for which the module gives none.
pub(super) fn scripts(module: &Module, stage: Stage) -> Vec<String> {
    let library = module.kind == ModuleKind::Library;
    let script: &[&str] = match (stage, module.stack) {
        (Stage::Scan, _) => &[SCAN],
        (_, Stack::Generic) | (Stage::Build, Stack::Python) => &[],
        (Stage::Lint, Stack::Dotnet) => &["dotnet format --verify-no-changes"],
        (Stage::Lint, Stack::Node) => {
            &["if [ -f package.json ]; then npm run lint --if-present; fi"]
        }
        (Stage::Lint, Stack::Rust) => &[
            "cargo fmt --all --check",
            "cargo clippy --all-targets -- -D warnings",
        ],
        (Stage::Lint, Stack::Python) => &["python3 -m compileall -q ."],
        (Stage::Build, Stack::Dotnet) => &["dotnet build --configuration Release"],
        (Stage::Build, Stack::Node) => {
            &["if [ -f package.json ]; then npm run build --if-present; fi"]
        }
        (Stage::Build, Stack::Rust) => &["cargo build --release"],
        (Stage::Test, Stack::Dotnet) => &[DOTNET_TEST],
        (Stage::Test, Stack::Node) => &[NODE_TEST],
        (Stage::Test, Stack::Rust) => &["cargo test"],
        (Stage::Test, Stack::Python) => &[PYTHON_TEST],
        (Stage::Package, Stack::Dotnet) if library => {
            &["dotnet pack --configuration Release --output out/package"]
        }
        (Stage::Package, Stack::Dotnet) => {
            &["dotnet publish --configuration Release --output out/package"]
        }
        (Stage::Package, Stack::Node) => &[NPM_PACK],
        (Stage::Package, Stack::Rust) if library => &[
            "cargo package --target-dir target",
            "mkdir -p out/package\ncp target/package/*.crate out/package/",
        ],
        (Stage::Package, Stack::Rust) => &[RUST_BINARIES],
        (Stage::Package, Stack::Python) => {
            &["python3 -m pip wheel --no-deps --wheel-dir out/package ."]
        }
    };
    script.iter().map(|script| (*script).to_owned()).collect()
}

/// What every stage but scan needs first: the module's dependencies.
pub(super) fn prepare(stack: Stack) -> Option<&'static str> {
    match stack {
        Stack::Dotnet => Some("dotnet restore"),
        Stack::Node => Some("if [ -f package-lock.json ]; then\n  npm ci --no-audit --no-fund\nfi"),
        Stack::Python => Some(
            "if [ -f requirements.txt ]; then
  python3 -m venv \"$AGENT_TEMPDIRECTORY/venv\"
  \"$AGENT_TEMPDIRECTORY/venv/bin/pip\" install --quiet -r requirements.txt
  echo \"##vso[task.prependpath]$AGENT_TEMPDIRECTORY/venv/bin\"
fi",
        ),
        Stack::Rust | Stack::Generic => None,
    }
}

/// The reports to publish: those the module names, and where it names none and gives no test
/// command, those that the default command writes.
pub(super) fn test_files(module: &Module) -> TestFiles {
    let mut files = module.tests.clone();
    if module.commands.test.is_some() {
        return files;
    }
    let results = match module.stack {
        Stack::Dotnet => Some((TestFormat::Trx, "TestResults/**/*.trx")),
        Stack::Node | Stack::Python => Some((TestFormat::Junit, "reports/junit.xml")),
        Stack::Rust | Stack::Generic => None,
    };
    if files.results.is_empty() {
        let results = results.map(|(format, path)| (format, path.to_owned()));
        files
            .results
            .extend(results.map(|(format, path)| TestResultFiles { format, path }));
    }
    if files.coverage.is_empty() && module.stack == Stack::Dotnet {
        let path = "TestResults/**/coverage.cobertura.xml".to_owned();
        files.coverage.push(CoverageFiles { path });
    }
    files
}
