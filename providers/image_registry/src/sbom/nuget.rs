//! The dependency file beside a .NET program.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::dependencies::Parsed;

#[derive(Deserialize)]
struct DepsFile {
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(rename = "type")]
    kind: String,
}

/// `<program>.deps.json`: its libraries are `name/version`, those of kind `package` from a feed.
pub(super) fn deps_file(text: &str) -> Parsed {
    let file: DepsFile = serde_json::from_str(text).ok()?;
    let packages = file
        .libraries
        .into_iter()
        .filter(|(_, library)| library.kind == "package")
        .filter_map(|(key, _)| {
            let (name, version) = key.split_once('/')?;
            Some((name.to_owned(), version.to_owned()))
        });
    Some(packages.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_itself_is_no_package() {
        let text = r#"{"libraries": {
            "Own/1.0.0": {"type": "project"},
            "Newtonsoft.Json/13.0.3": {"type": "package"}}}"#;
        let expected = ("Newtonsoft.Json".to_owned(), "13.0.3".to_owned());
        assert_eq!(deps_file(text).unwrap(), [expected]);
    }
}
