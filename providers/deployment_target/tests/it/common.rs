use std::collections::BTreeMap;
use std::path::PathBuf;

use sluice_deployment_target::*;
use tempfile::TempDir;

pub(crate) struct Fixture {
    _root: TempDir,
    pub(crate) at: DirectoryTarget,
    pub(crate) path: TargetPath,
    pub(crate) folder: PathBuf,
}

pub(crate) fn fixture() -> Fixture {
    fixture_with(Limits::default())
}

pub(crate) fn fixture_with(limits: Limits) -> Fixture {
    let root = tempfile::tempdir().unwrap();
    let (tenant, project) = ("acme".parse().unwrap(), "shop".parse().unwrap());
    let path = TargetPath::new(&tenant, &project, "prod", "web").unwrap();
    Fixture {
        at: DirectoryTarget::new(root.path(), limits),
        folder: root.path().join(path.relative()),
        path,
        _root: root,
    }
}

impl Fixture {
    pub(crate) async fn apply(&self, declared: &[DeclaredObject], revision: &str) -> Applied {
        let options = ApplyOptions::default();
        let applied = self.at.apply(&self.path, declared, revision, options);
        applied.await.unwrap()
    }

    pub(crate) async fn observe(&self) -> Observed {
        self.at.observe(&self.path).await.unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let path = self.folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Names in the folder, without those that start with a dot.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names
    }
}

pub(crate) fn object(api: &str, kind: &str, name: &str, value: &str) -> String {
    format!(
        "apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n  value: {value}\n"
    )
}

pub(crate) fn config(name: &str, value: &str) -> String {
    object("v1", "ConfigMap", name, value)
}

pub(crate) fn declared(texts: &[String]) -> Vec<DeclaredObject> {
    let files: BTreeMap<String, String> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| (format!("{number:03}.yaml"), text.clone()))
        .collect();
    declare(&files, &Limits::default()).unwrap()
}

pub(crate) fn names(keys: &[ObjectKey]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}
