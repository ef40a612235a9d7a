//! Toolchains of the server's user, for runs.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

/// Where a variable's folder is under the home folder when the variable is not set.
const HOMES: [(&str, &str); 2] = [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")];

/// The environment through which runs find the Rust toolchains of this process's user. Each run
/// has a home of its own, and there rustup's commands would find none.
pub(super) fn environment() -> BTreeMap<String, String> {
    found(|name| std::env::var_os(name))
}

fn found(variable: impl Fn(&str) -> Option<OsString>) -> BTreeMap<String, String> {
    let home = variable("HOME").map(PathBuf::from);
    let place = |name: &str, under_home: &str| {
        let set = variable(name).filter(|value| !value.is_empty());
        let path = match set {
            Some(path) => PathBuf::from(path),
            None => home.as_ref()?.join(under_home),
        };
        // A relative one would mean another folder in each step.
        (path.is_absolute() && path.is_dir()).then_some(path)
    };
    HOMES
        .into_iter()
        .filter_map(|(name, under_home)| {
            let path = place(name, under_home)?.into_os_string();
            Some((name.to_owned(), path.into_string().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
        found(|name| {
            let value = variables.iter().find(|(known, _)| *known == name);
            value.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn runs_get_the_toolchain_homes_that_exist() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().to_str().unwrap();
        assert!(with(&[("HOME", path)]).is_empty(), "there is none");
        std::fs::create_dir(home.path().join(".rustup")).unwrap();
        let rustup = format!("{path}/.rustup");
        let expected = BTreeMap::from([("RUSTUP_HOME".to_owned(), rustup.clone())]);
        assert_eq!(with(&[("HOME", path)]), expected);
        let elsewhere = [("HOME", "/nowhere"), ("RUSTUP_HOME", &rustup)];
        assert_eq!(with(&elsewhere), expected, "the variable is stronger");
    }

    #[test]
    fn what_is_no_absolute_folder_is_left_out() {
        assert!(with(&[]).is_empty());
        assert!(with(&[("HOME", "")]).is_empty());
        let file = tempfile::NamedTempFile::new().unwrap();
        let file = file.path().to_str().unwrap();
        assert!(with(&[("CARGO_HOME", file), ("RUSTUP_HOME", ".")]).is_empty());
    }
}
