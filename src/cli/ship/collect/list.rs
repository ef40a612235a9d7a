//! Which paths belong to a folder: by Git where there is a work tree, by walking otherwise.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
};

use ignore::WalkBuilder;

use super::{CollectError, MODULE_FILE, Unshippable};

/// The paths relative to `root`, not yet looked at.
pub(super) fn list(root: &Path) -> Result<BTreeSet<String>, CollectError> {
    // A folder that a work tree around it ignores as a whole has no files for Git, but is
    // meant when it is named: its own rules hold then.
    match git_list(root)? {
        Some(paths) if paths.contains(MODULE_FILE) => Ok(paths),
        _ => walk(root),
    }
}

/// Tracked and untracked files without the ignored ones; `None` when Git cannot say.
///
/// The environment is empty, so that the answer is the same on every machine; what a foreign
/// repository's configuration could make Git execute is switched off.
fn git_list(root: &Path) -> Result<Option<BTreeSet<String>>, CollectError> {
    let output = Command::new("git")
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.untrackedCache=false",
        ])
        .args(["ls-files", "-co", "--exclude-standard", "-z"])
        .current_dir(root)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let paths = output
                .stdout
                .split(|byte| *byte == 0)
                .filter(|path| !path.is_empty());
            utf8(paths.map(<[u8]>::to_vec)).map(Some)
        }
        _ => Ok(None),
    }
}

fn walk(root: &Path) -> Result<BTreeSet<String>, CollectError> {
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .parents(false)
        .git_global(false)
        .git_exclude(false)
        .git_ignore(true)
        .require_git(false)
        .follow_links(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    let mut paths = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|e| unreadable(root, e))?;
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            continue;
        }
        if let Ok(relative) = entry.path().strip_prefix(root) {
            paths.push(relative.slashed_bytes());
        }
    }
    utf8(paths.into_iter())
}

fn unreadable(root: &Path, error: ignore::Error) -> CollectError {
    let text = error.to_string();
    let source = error
        .into_io_error()
        .unwrap_or_else(|| std::io::Error::other(text));
    CollectError::io(root, source)
}

/// A path as bytes with `/` between its parts.
trait PathBytes {
    fn slashed_bytes(&self) -> Vec<u8>;
}

impl PathBytes for Path {
    #[cfg(unix)]
    fn slashed_bytes(&self) -> Vec<u8> {
        use std::os::unix::ffi::OsStrExt as _;
        self.as_os_str().as_bytes().to_vec()
    }

    #[cfg(not(unix))]
    fn slashed_bytes(&self) -> Vec<u8> {
        self.to_string_lossy().replace('\\', "/").into_bytes()
    }
}

fn utf8(paths: impl Iterator<Item = Vec<u8>>) -> Result<BTreeSet<String>, CollectError> {
    let mut good = BTreeSet::new();
    let mut bad = Vec::new();
    for path in paths {
        match String::from_utf8(path) {
            Ok(path) => {
                good.insert(path);
            }
            Err(error) => bad.push(Unshippable {
                path: String::from_utf8_lossy(error.as_bytes()).into_owned(),
                reason: "its name is not UTF-8".to_owned(),
            }),
        }
    }
    if bad.is_empty() {
        Ok(good)
    } else {
        Err(CollectError::Unshippable(bad))
    }
}
