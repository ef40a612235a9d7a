//! The programs that the renderer is compared with.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sluice_manifest_renderer::Files;

/// A program of `tools/install-kubernetes-tools.sh`.
pub(crate) fn program(name: &str) -> PathBuf {
    let folder = std::env::var_os("SLUICE_KUBERNETES_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/kubernetes"),
        PathBuf::from,
    );
    let program = folder.join("bin").join(name);
    assert!(
        program.exists(),
        "{name} is missing: run tools/install-kubernetes-tools.sh"
    );
    program
}

/// Writes the files below `folder`.
pub(crate) fn write(folder: &Path, files: &Files) {
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folder");
        std::fs::write(path, text).expect("file");
    }
}

/// What `kubectl kustomize` prints, or what it says when it refuses.
pub(crate) fn kubectl(files: &Files, root: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), files);
    let output = Command::new(program("kubectl"))
        .arg("kustomize")
        .arg(folder.path().join(root))
        .env("HOME", folder.path())
        .output()
        .expect("kubectl runs");
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).expect("text"))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The documents of a YAML stream, read by another reader than the renderer's.
pub(crate) fn documents(yaml: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

/// Errors with what the schemas of Kubernetes say, when they refuse the YAML.
pub(crate) fn validate(yaml: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("all.yaml");
    std::fs::write(&file, yaml).expect("file");
    let output = Command::new(program("kubernetes-validate"))
        .args(["--strict", "--kubernetes-version", "1.37.0"])
        .arg(&file)
        .output()
        .expect("kubernetes-validate runs");
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(format!("{}\n{yaml}", String::from_utf8_lossy(&text)))
}
