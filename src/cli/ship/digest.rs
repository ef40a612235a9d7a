//! Names made from the content, so that shipping the same content again finds what is there.

use std::collections::BTreeMap;

use gix::{
    ObjectId,
    objs::{Kind, Tree, WriteTo as _, compute_hash, tree},
};
use sluice_kernel::ContentDigest;

use super::collect::{Source, SourceFile};

/// What identifies a shipped content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Over paths, modes and contents, in the order of the paths.
    pub digest: ContentDigest,
    /// The Git id of the tree that holds exactly these files, 40 hex digits.
    pub tree: String,
    /// The Git id of each file's content, by path.
    pub blobs: BTreeMap<String, String>,
}

/// Git refused to hash an object: it found a SHA-1 collision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot compute a Git object id: {0}")]
pub struct HashError(String);

impl Identity {
    /// The identity of a source.
    ///
    /// # Errors
    /// [`HashError`], only for content that is made to collide.
    pub fn of(source: &Source) -> Result<Self, HashError> {
        let parts = source.files.iter().flat_map(|file| {
            [
                file.path.as_bytes(),
                mode(file).as_bytes(),
                file.content.as_slice(),
            ]
        });
        let digest = ContentDigest::of_parts(parts);
        let mut folder = Folder::default();
        let mut blobs = BTreeMap::new();
        for file in &source.files {
            let id = hash(Kind::Blob, &file.content)?;
            blobs.insert(file.path.clone(), id.to_string());
            folder.add(&file.path, file.executable, id);
        }
        Ok(Self {
            digest,
            tree: folder.write()?.to_string(),
            blobs,
        })
    }

    /// The source artifact that the commit carries.
    pub fn artifact_id(&self) -> String {
        format!("artifact-{}", self.digest.hex())
    }

    /// The feature branch for the `attempt`-th time (from 1) that this content of a module is
    /// brought to the default branch.
    pub fn branch(&self, module: &str, attempt: u32) -> String {
        let short: String = self.digest.hex().chars().take(12).collect();
        match attempt {
            0 | 1 => format!("ship/{module}-{short}"),
            later => format!("ship/{module}-{short}-{later}"),
        }
    }
}

fn mode(file: &SourceFile) -> &'static str {
    if file.executable { "100755" } else { "100644" }
}

fn hash(kind: Kind, bytes: &[u8]) -> Result<ObjectId, HashError> {
    compute_hash(gix::hash::Kind::Sha1, kind, bytes).map_err(|e| HashError(e.to_string()))
}

#[derive(Default)]
struct Folder {
    files: BTreeMap<String, (bool, ObjectId)>,
    folders: BTreeMap<String, Folder>,
}

impl Folder {
    fn add(&mut self, path: &str, executable: bool, id: ObjectId) {
        let mut folder = self;
        let mut rest = path;
        while let Some((name, below)) = rest.split_once('/') {
            folder = folder.folders.entry(name.to_owned()).or_default();
            rest = below;
        }
        folder.files.insert(rest.to_owned(), (executable, id));
    }

    fn write(&self) -> Result<ObjectId, HashError> {
        let mut entries = Vec::with_capacity(self.files.len() + self.folders.len());
        for (name, (executable, oid)) in &self.files {
            let kind = if *executable {
                tree::EntryKind::BlobExecutable
            } else {
                tree::EntryKind::Blob
            };
            entries.push(entry(kind, name, *oid));
        }
        for (name, folder) in &self.folders {
            entries.push(entry(tree::EntryKind::Tree, name, folder.write()?));
        }
        entries.sort();
        let mut bytes = Vec::new();
        let written = Tree { entries }.write_to(&mut bytes);
        written.map_err(|e| HashError(e.to_string()))?;
        hash(Kind::Tree, &bytes)
    }
}

fn entry(kind: tree::EntryKind, name: &str, oid: ObjectId) -> tree::Entry {
    tree::Entry {
        mode: kind.into(),
        filename: name.into(),
        oid,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn source(files: &[(&str, bool, &str)]) -> Source {
        let mut files: Vec<_> = files
            .iter()
            .map(|(path, executable, content)| SourceFile {
                path: (*path).to_owned(),
                executable: *executable,
                content: content.as_bytes().to_vec(),
            })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Source {
            files,
            copied_links: Vec::new(),
        }
    }

    fn digest(files: &[(&str, bool, &str)]) -> ContentDigest {
        Identity::of(&source(files)).unwrap().digest
    }

    #[test]
    fn the_digest_depends_on_paths_modes_and_contents_alone() {
        let base = digest(&[("a", false, "1"), ("b", false, "2")]);
        assert_eq!(base, digest(&[("b", false, "2"), ("a", false, "1")]));
        assert_ne!(base, digest(&[("a", true, "1"), ("b", false, "2")]));
        assert_ne!(base, digest(&[("a", false, "12"), ("b", false, "")]));
        assert_ne!(base, digest(&[("a", false, "1"), ("c", false, "2")]));
        assert_ne!(base, digest(&[("a", false, "1")]));
    }

    #[test]
    fn names_are_made_of_module_and_digest() {
        let identity = Identity::of(&source(&[("a", false, "1")])).unwrap();
        let hex = identity.digest.hex();
        assert_eq!(
            identity.branch("greeter", 1),
            format!("ship/greeter-{}", &hex[..12])
        );
        assert_eq!(
            identity.branch("greeter", 2),
            format!("ship/greeter-{}-2", &hex[..12])
        );
        assert_eq!(identity.artifact_id(), format!("artifact-{hex}"));
    }

    #[test]
    fn the_tree_is_the_one_that_git_makes_of_the_same_files() {
        // `a.b` and `a-b` beside the folder `a`: Git sorts folders as if they ended in a slash.
        let files = [
            ("a/x", true, "1"),
            ("a.b", false, "2"),
            ("a-b", false, "3"),
            ("ü/é", false, ""),
        ];
        let identity = Identity::of(&source(&files)).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| {
            let output = Command::new("git")
                .args(args)
                .current_dir(dir.path())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        git(&["init", "-q"]);
        for (path, executable, content) in files {
            let full = dir.path().join(path);
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(&full, content).unwrap();
            git(&["add", path]);
            if executable {
                git(&["update-index", "--chmod=+x", path]);
            }
        }
        assert_eq!(identity.tree, git(&["write-tree"]));
        assert_eq!(identity.blobs["a/x"], git(&["hash-object", "a/x"]));
    }
}
