//! The shape of crates: who knows one service knows all.

use crate::manifest::Manifest;
use crate::violation::Violation;
use crate::workspace::Workspace;

/// The modules that every service crate has, as a file or as a folder of the same name.
const SERVICE_MODULES: [&str; 9] = [
    "lib",
    "model",
    "commands",
    "service",
    "store",
    "entity",
    "reactions",
    "rest",
    "error",
];

/// Checks that services hold their fixed files, that lints are inherited, and that every crate is a member.
pub(crate) fn check(workspace: &Workspace, manifests: &[Manifest]) -> Vec<Violation> {
    let members: Vec<&str> = manifests
        .iter()
        .filter_map(|manifest| manifest.members.as_ref())
        .flatten()
        .map(String::as_str)
        .collect();
    let mut violations = Vec::new();
    for manifest in manifests.iter().filter(|one| one.package.is_some()) {
        violations.extend(lints(manifest));
        violations.extend(membership(manifest, &members));
        if manifest.folder().starts_with("services/") {
            violations.extend(service_modules(workspace, manifest.folder()));
        }
    }
    violations
}

fn lints(manifest: &Manifest) -> Option<Violation> {
    let line = manifest.package.as_ref().map_or(1, |(_, line)| *line);
    let message = "the crate does not inherit the lints: add `[lints] workspace = true`";
    (!manifest.inherits_lints).then(|| Violation::new(&manifest.path, line, "lints", message))
}

fn membership(manifest: &Manifest, members: &[&str]) -> Option<Violation> {
    let folder = manifest.folder();
    let is_member = folder.is_empty()
        || members.iter().any(|member| {
            *member == folder
                || member.strip_suffix("/*").is_some_and(|parent| {
                    folder
                        .rsplit_once('/')
                        .is_some_and(|(above, _)| above == parent)
                })
        });
    let message =
        format!("{folder} is not among the members of the workspace, so nothing builds it");
    (!is_member).then(|| Violation::new(&manifest.path, 1, "member", message))
}

fn service_modules(workspace: &Workspace, folder: &str) -> Vec<Violation> {
    SERVICE_MODULES
        .iter()
        .filter(|module| {
            let path = format!("{folder}/src/{module}");
            !workspace.holds(&format!("{path}.rs")) && !workspace.holds(&path)
        })
        .map(|module| {
            let path = format!("{folder}/src/{module}.rs");
            Violation::new(
                path,
                1,
                "service-shape",
                "every service crate has this module",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(folder: &str, lints: &str) -> Manifest {
        let text = format!("[package]\nname = \"x\"\n{lints}");
        Manifest::parse(&format!("{folder}/Cargo.toml"), &text).unwrap()
    }

    fn workspace(files: &[&str]) -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let files = files.iter().map(ToString::to_string).collect();
        let workspace = Workspace::with_files(folder.path().to_owned(), files);
        (folder, workspace)
    }

    #[test]
    fn a_service_without_a_fixed_module_is_named_and_a_folder_counts() {
        let (_folder, workspace) = workspace(&[
            "services/branch/src/lib.rs",
            "services/branch/src/model.rs",
            "services/branch/src/commands/create.rs",
            "services/branch/src/service.rs",
            "services/branch/src/store.rs",
            "services/branch/src/entity.rs",
            "services/branch/src/reactions.rs",
            "services/branch/src/error.rs",
        ]);
        let found = service_modules(&workspace, "services/branch");
        let paths: Vec<_> = found.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["services/branch/src/rest.rs"]);
    }

    #[test]
    fn a_crate_that_does_not_inherit_the_lints_is_named() {
        assert!(lints(&manifest("platform/kernel", "[lints]\nworkspace = true\n")).is_none());
        let found = lints(&manifest("platform/kernel", "")).unwrap();
        assert_eq!(
            (found.path.as_str(), found.line),
            ("platform/kernel/Cargo.toml", 2)
        );
    }

    #[test]
    fn a_crate_outside_the_members_is_named() {
        let crate_ = manifest("platform/bus", "");
        assert!(membership(&crate_, &["platform/bus"]).is_none());
        assert!(membership(&crate_, &["platform/*"]).is_none());
        assert!(membership(&crate_, &["platform/store", "services/*"]).is_some());
    }
}
