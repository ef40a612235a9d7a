//! The package stage's artifacts and the script that collects their files.

use crate::module_yaml::{Module, Stack};

use super::defaults::PACKAGE_FOLDER;
use super::{IMAGE_ARTIFACT, PACKAGE_ARTIFACT};

/// An artifact to publish.
#[derive(Debug)]
pub(super) struct Artifact {
    pub(super) name: &'static str,
    field: &'static str,
    paths: Vec<String>,
}

/// Whether the module's package stage publishes an artifact of that name.
pub(super) fn publishes(module: &Module, name: &str) -> bool {
    of(module).iter().any(|artifact| artifact.name == name)
}

/// The artifacts of the module's package stage, which may be none.
pub(super) fn of(module: &Module) -> Vec<Artifact> {
    let mut paths = module
        .outputs
        .package
        .as_ref()
        .map_or_else(Vec::new, |p| p.paths.clone());
    let by_default = module.commands.package.is_none() && module.stack != Stack::Generic;
    if paths.is_empty() && by_default {
        paths.push(PACKAGE_FOLDER.to_owned());
    }
    let image = module
        .outputs
        .image
        .as_ref()
        .and_then(|image| image.path.clone());
    let package = Artifact {
        name: PACKAGE_ARTIFACT,
        field: "outputs.package.path",
        paths,
    };
    let image = Artifact {
        name: IMAGE_ARTIFACT,
        field: "outputs.image.path",
        paths: Vec::from_iter(image),
    };
    [package, image]
        .into_iter()
        .filter(|artifact| !artifact.paths.is_empty())
        .collect()
}

impl Artifact {
    /// A script that copies the files into the staging folder and fails when a path matches none.
    ///
    /// A folder gives its content; a glob gives its matches, with their folders from the first
    /// segment that is a pattern on.
    pub(super) fn collect(&self) -> String {
        let mut script = format!("target=\"$BUILD_ARTIFACTSTAGINGDIRECTORY/{}\"\n", self.name);
        script.push_str("mkdir -p \"$target\"\nshopt -s globstar nullglob\n");
        for path in &self.paths {
            let path = path.trim_end_matches('/').trim_start_matches("./");
            let path = if path.is_empty() { "." } else { path };
            let complaint = format!(
                "##vso[task.logissue type=error]{} matches nothing: {path}",
                self.field
            );
            let complaint = shell_quoted(&complaint);
            match split_glob(path) {
                Some((folder, glob)) => script.push_str(&glob_script(folder, glob, &complaint)),
                None => script.push_str(&plain_script(path, &complaint)),
            }
        }
        script
    }
}

fn plain_script(path: &str, complaint: &str) -> String {
    let file = shell_quoted(path);
    let content = shell_quoted(&format!("{path}/."));
    format!(
        "if [ -d {file} ]; then
  cp -R -- {content} \"$target/\"
elif [ -f {file} ]; then
  cp -- {file} \"$target/\"
else
  echo {complaint}
  exit 1
fi
"
    )
}

fn glob_script(folder: &str, glob: &str, complaint: &str) -> String {
    let folder = shell_quoted(folder);
    let glob = glob_word(glob);
    format!(
        "found=
if [ -d {folder} ]; then
  cd -- {folder}
  for file in {glob}; do
    if [ -f \"$file\" ]; then
      cp --parents -- \"$file\" \"$target/\"
      found=yes
    fi
  done
  cd -- \"$BUILD_SOURCESDIRECTORY\"
fi
if [ -z \"$found\" ]; then
  echo {complaint}
  exit 1
fi
"
    )
}

/// The folder before the first pattern, and the pattern from there; none without a pattern.
fn split_glob(path: &str) -> Option<(&str, &str)> {
    let first = path.find(['*', '?', '['])?;
    match path[..first].rfind('/') {
        Some(slash) => Some((&path[..slash], &path[slash + 1..])),
        None => Some((".", path)),
    }
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A pattern for the shell in which nothing but the pattern is special.
fn glob_word(glob: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-*?[]".contains(c);
    let escape = |c: char| if plain(c) { vec![c] } else { vec!['\\', c] };
    glob.chars().flat_map(escape).collect()
}
