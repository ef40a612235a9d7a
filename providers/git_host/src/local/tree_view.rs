//! Looking up paths in a tree, reading each folder once.

use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::tree::EntryKind;

use crate::error::{Doing, Result};

/// An entry of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: EntryKind,
    pub(super) id: ObjectId,
}

impl Entry {
    pub(super) fn is_tree(&self) -> bool {
        self.kind == EntryKind::Tree
    }
}

pub(super) type Folder = Rc<HashMap<Vec<u8>, Entry>>;

/// A tree whose folders are read when they are first asked for.
pub(super) struct TreeView<'repo> {
    repo: &'repo gix::Repository,
    root: ObjectId,
    folders: HashMap<String, Option<Folder>>,
}

impl<'repo> TreeView<'repo> {
    pub(super) fn new(repo: &'repo gix::Repository, root: ObjectId) -> Self {
        Self {
            repo,
            root,
            folders: HashMap::new(),
        }
    }

    /// The entry at `path`, be it a file or a folder.
    pub(super) fn entry(&mut self, path: &str) -> Result<Option<Entry>> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok(self
            .folder(parent)?
            .and_then(|folder| folder.get(name.as_bytes()).copied()))
    }

    /// The folder at `path` (empty: the root); `None` when there is none.
    pub(super) fn folder(&mut self, path: &str) -> Result<Option<Folder>> {
        if let Some(known) = self.folders.get(path) {
            return Ok(known.clone());
        }
        let id = match path {
            "" => Some(self.root),
            _ => self
                .entry(path)?
                .filter(Entry::is_tree)
                .map(|entry| entry.id),
        };
        let folder = id.map(|id| self.read(id)).transpose()?;
        self.folders.insert(path.to_owned(), folder.clone());
        Ok(folder)
    }

    fn read(&self, id: ObjectId) -> Result<Folder> {
        let doing = "reading a tree";
        let tree = self.repo.find_tree(id).doing(doing)?;
        let mut folder = HashMap::new();
        for entry in tree.iter() {
            let entry = entry.doing(doing)?;
            let value = Entry {
                kind: entry.kind(),
                id: entry.object_id(),
            };
            folder.insert(entry.filename().to_vec(), value);
        }
        Ok(Rc::new(folder))
    }
}
