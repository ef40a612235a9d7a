//! The files of a build: paths, look-ups and the rules about what may name what.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{RenderError, Result, cut};
use crate::limits::Limits;
use crate::yaml::{self, Booleans};

/// Names under which a directory may hold its kustomization.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Files by path, checked.
pub(super) struct Tree<'f> {
    files: &'f BTreeMap<String, String>,
}

/// What a path of `resources` leads to.
pub(super) enum Entry {
    /// A file.
    File(String),
    /// A directory, without a slash at its end; empty for the root of the tree.
    Directory(String),
}

impl<'f> Tree<'f> {
    pub(super) fn new(files: &'f BTreeMap<String, String>, limits: &Limits) -> Result<Self> {
        let over = |what: &str, limit| {
            Err(RenderError::TooLarge {
                what: what.to_owned(),
                limit,
            })
        };
        if files.len() > limits.files {
            return over("the number of files", limits.files);
        }
        for (path, text) in files {
            if let Some(rule) = broken_rule(path) {
                return Err(RenderError::InvalidPath {
                    path: cut(path),
                    rule,
                });
            }
            if text.len() > limits.file_bytes {
                return over(&format!("{}: bytes", cut(path)), limits.file_bytes);
            }
        }
        if files.values().map(String::len).sum::<usize>() > limits.total_bytes {
            return over("the bytes of all files", limits.total_bytes);
        }
        Ok(Self { files })
    }

    /// The kustomization of a directory: its path and text.
    pub(super) fn kustomization(&self, directory: &str) -> Result<(String, &'f str)> {
        let mut found = NAMES.iter().filter_map(|name| {
            let path = join(directory, name);
            let text = self.files.get(&path)?;
            Some((path, text.as_str()))
        });
        let first = found.next();
        if let Some((second, _)) = found.next() {
            let rule = "a directory must have one kustomization, not several";
            return Err(RenderError::InvalidPath { path: second, rule });
        }
        first.ok_or_else(|| RenderError::InvalidPath {
            path: join(directory, NAMES[0]),
            rule: "the directory has no kustomization",
        })
    }

    /// What `path`, as a field of a file in `directory` names it, leads to.
    pub(super) fn entry(&self, from: &Place<'_>, path: &str) -> Result<Entry> {
        let resolved = resolve(from, path)?;
        if self.files.contains_key(&resolved) {
            below(from, path, &resolved)?;
            return Ok(Entry::File(resolved));
        }
        let prefix = if resolved.is_empty() {
            String::new()
        } else {
            format!("{resolved}/")
        };
        let next = self.files.range(prefix.clone()..).next();
        if next.is_some_and(|(name, _)| name.starts_with(&prefix)) {
            return Ok(Entry::Directory(resolved));
        }
        Err(from.missing(path))
    }

    /// The text of a file in or below the directory of the file that names it.
    pub(super) fn text(&self, from: &Place<'_>, path: &str) -> Result<(String, &'f str)> {
        let resolved = resolve(from, path)?;
        below(from, path, &resolved)?;
        match self.files.get(&resolved) {
            Some(text) => Ok((resolved, text)),
            None => Err(from.missing(path)),
        }
    }
}

/// Where a path stands: the file, its directory and the field.
pub(super) struct Place<'p> {
    pub(super) file: &'p str,
    pub(super) directory: &'p str,
    pub(super) field: &'p str,
}

impl Place<'_> {
    fn missing(&self, path: &str) -> RenderError {
        RenderError::Missing {
            file: self.file.to_owned(),
            field: self.field.to_owned(),
            path: cut(path),
        }
    }

    fn refused(&self, rule: &str) -> RenderError {
        RenderError::field(self.file, self.field, rule)
    }
}

/// All documents of a file of manifests.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Value>> {
    parse_as(file, text, Booleans::Plain)
}

/// All documents of a kustomization or JSON patch, in which `yes` and `off` are booleans.
pub(super) fn parse_old(file: &str, text: &str) -> Result<Vec<Value>> {
    parse_as(file, text, Booleans::Old)
}

fn parse_as(file: &str, text: &str, booleans: Booleans) -> Result<Vec<Value>> {
    let documents = yaml::documents(text, booleans).map_err(|problem| RenderError::Syntax {
        file: file.to_owned(),
        line: problem.line,
        message: problem.message,
    })?;
    Ok(documents.into_iter().map(|(_, value)| value).collect())
}

pub(super) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

fn broken_rule(path: &str) -> Option<&'static str> {
    if path.is_empty() || path.len() > 1_024 {
        return Some("a path has 1 to 1,024 bytes");
    }
    if path.starts_with('/') || path.contains('\\') || path.contains('\0') {
        return Some("a path is relative and separated by `/`");
    }
    let odd = |part: &str| matches!(part, "" | "." | "..");
    path.split('/')
        .any(odd)
        .then_some("a path has no empty component, no `.` and no `..`")
}

fn resolve(from: &Place<'_>, path: &str) -> Result<String> {
    if path.contains("://") || path.starts_with("git@") {
        return Err(from.refused("remote files are not fetched; keep a copy in the repository"));
    }
    if path.starts_with('/') || path.contains('\\') || path.contains('\0') {
        return Err(from.refused("a path is relative and separated by `/`"));
    }
    let mut parts: Vec<&str> = from
        .directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err(from.refused("a path must not leave the tree"));
                }
            }
            name => parts.push(name),
        }
    }
    Ok(parts.join("/"))
}

/// Files must stand in or below the directory of the kustomization that names them.
fn below(from: &Place<'_>, path: &str, resolved: &str) -> Result<()> {
    let inside = from.directory.is_empty()
        || resolved
            .strip_prefix(from.directory)
            .is_some_and(|rest| rest.starts_with('/'));
    if inside {
        return Ok(());
    }
    let rule = format!(
        "`{}` stands outside the directory; name a directory with a kustomization instead",
        cut(path)
    );
    Err(from.refused(&rule))
}
