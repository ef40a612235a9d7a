//! The files that a commit changes.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_git_host::{FileChange, GitHostError, check_path};
use sluice_kernel::{ContentDigest, text_enum};

use crate::CommitError;

text_enum! {
    /// What happens to a file.
    ChangeKind {
        /// It is created; refused if it exists.
        Create = "CREATE",
        /// Its content is replaced; refused if it does not exist.
        Update = "UPDATE",
        /// It is created or its content is replaced.
        Put = "PUT",
        /// It is deleted; refused if it does not exist.
        Delete = "DELETE",
        /// It is moved from another path, with new content or the one that it has.
        Rename = "RENAME",
        /// Its executable bit is set or cleared.
        Chmod = "CHMOD",
    }
}

/// One change to one file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    /// The file's path, with `/` between its parts.
    pub path: String,
    /// What happens to it.
    pub kind: ChangeKind,
    /// The path that a renamed file has.
    pub from_path: Option<String>,
    /// The content as text; excludes `contentBase64`.
    pub content: Option<String>,
    /// The content in base 64, for files that are not text.
    pub content_base64: Option<String>,
    /// The executable bit; absent, it stays as it is, and is off for a new file.
    pub executable: Option<bool>,
}

const MAX_CHANGES: usize = 10_000;

/// The changes for the Git host, and the digest of all of them.
pub(super) fn validate(
    changes: Vec<Change>,
) -> Result<(Vec<FileChange>, ContentDigest), CommitError> {
    if changes.is_empty() || changes.len() > MAX_CHANGES {
        let rule = format!("changes must hold 1 to {MAX_CHANGES} changes");
        return Err(CommitError::invalid("changes", rule));
    }
    let checked = changes.into_iter().enumerate().map(|(index, change)| {
        change
            .validate()
            .map_err(|(part, rule)| CommitError::invalid(format!("changes[{index}].{part}"), rule))
    });
    let changes: Vec<FileChange> = checked.collect::<Result<_, _>>()?;
    let digest = digest(&changes);
    Ok((changes, digest))
}

type Refusal = (&'static str, String);

fn path(part: &'static str, path: &str) -> Result<(), Refusal> {
    check_path(path).map_err(|error| match error {
        GitHostError::InvalidPath { path, rule } => {
            (part, format!("the path '{path}' is refused: {rule}"))
        }
        other => (part, other.to_string()),
    })
}

impl Change {
    fn validate(self) -> Result<FileChange, Refusal> {
        path("path", &self.path)?;
        let kind = self.kind;
        let refuse =
            |part, rule: &str| Err((part, format!("{rule} a change of kind {}", kind.as_str())));
        if kind == ChangeKind::Rename {
            match &self.from_path {
                Some(from) => path("fromPath", from)?,
                None => return refuse("fromPath", "fromPath is required for"),
            }
        } else if self.from_path.is_some() {
            return refuse("fromPath", "fromPath has no place in");
        }
        let (executable, path) = (self.executable, self.path.clone());
        let from = self.from_path.clone().unwrap_or_default();
        let content = self.content()?;
        match (kind, content, executable) {
            (ChangeKind::Delete | ChangeKind::Chmod, Some(_), _) => {
                refuse("content", "content has no place in")
            }
            (ChangeKind::Delete | ChangeKind::Rename, _, Some(_)) => {
                refuse("executable", "executable has no place in")
            }
            (ChangeKind::Create | ChangeKind::Update | ChangeKind::Put, None, _) => {
                refuse("content", "content or contentBase64 is required for")
            }
            (ChangeKind::Chmod, None, None) => refuse("executable", "executable is required for"),
            (ChangeKind::Create, Some(content), executable) => Ok(FileChange::Create {
                path,
                content,
                executable: executable.unwrap_or(false),
            }),
            (ChangeKind::Update, Some(content), executable) => Ok(FileChange::Update {
                path,
                content,
                executable,
            }),
            (ChangeKind::Put, Some(content), executable) => Ok(FileChange::Put {
                path,
                content,
                executable,
            }),
            (ChangeKind::Delete, None, None) => Ok(FileChange::Delete { path }),
            (ChangeKind::Rename, content, None) => Ok(FileChange::Rename {
                from,
                to: path,
                content,
            }),
            (ChangeKind::Chmod, None, Some(executable)) => {
                Ok(FileChange::SetExecutable { path, executable })
            }
        }
    }

    fn content(self) -> Result<Option<Bytes>, Refusal> {
        match (self.content, self.content_base64) {
            (Some(_), Some(_)) => {
                let rule = "content and contentBase64 exclude each other";
                Err(("contentBase64", rule.to_owned()))
            }
            (Some(text), None) => Ok(Some(text.into())),
            (None, Some(text)) => match STANDARD.decode(text) {
                Ok(bytes) => Ok(Some(bytes.into())),
                Err(_) => Err(("contentBase64", "contentBase64 must be base 64".to_owned())),
            },
            (None, None) => Ok(None),
        }
    }
}

/// The paths that a change names, the one that the file gets first.
pub(super) fn paths(change: &FileChange) -> impl Iterator<Item = &str> {
    let (path, from) = match change {
        FileChange::Put { path, .. }
        | FileChange::Create { path, .. }
        | FileChange::Update { path, .. }
        | FileChange::Delete { path }
        | FileChange::SetExecutable { path, .. } => (path, None),
        FileChange::Rename { from, to, .. } => (to, Some(from)),
    };
    std::iter::once(path.as_str()).chain(from.map(String::as_str))
}

/// The content that a change brings, with the path that it gets.
pub(crate) fn content(change: &FileChange) -> Option<(&str, &Bytes)> {
    match change {
        FileChange::Put { path, content, .. }
        | FileChange::Create { path, content, .. }
        | FileChange::Update { path, content, .. } => Some((path, content)),
        FileChange::Rename { to, content, .. } => {
            content.as_ref().map(|content| (to.as_str(), content))
        }
        FileChange::Delete { .. } | FileChange::SetExecutable { .. } => None,
    }
}

// The order of the changes has no meaning, so it does not change the digest.
fn digest(changes: &[FileChange]) -> ContentDigest {
    let mut each: Vec<String> = changes.iter().map(digest_of).collect();
    each.sort_unstable();
    ContentDigest::of_parts(each.iter().map(String::as_bytes))
}

fn digest_of(change: &FileChange) -> String {
    let (kind, executable) = match change {
        FileChange::Put { executable, .. } => ("put", *executable),
        FileChange::Create { executable, .. } => ("create", Some(*executable)),
        FileChange::Update { executable, .. } => ("update", *executable),
        FileChange::Delete { .. } => ("delete", None),
        FileChange::Rename { .. } => ("rename", None),
        FileChange::SetExecutable { executable, .. } => ("chmod", Some(*executable)),
    };
    let executable = match executable {
        None => "",
        Some(true) => "x",
        Some(false) => "-",
    };
    let (held, bytes): (&str, &[u8]) = match content(change) {
        Some((_, bytes)) => ("content", bytes),
        None => ("", b""),
    };
    let head = [kind, executable, held].map(str::as_bytes);
    let names = paths(change).map(str::as_bytes);
    ContentDigest::of_parts(head.into_iter().chain([bytes]).chain(names)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_kernel::Fault;

    fn change(kind: ChangeKind) -> Change {
        Change {
            path: "a.txt".into(),
            kind,
            from_path: None,
            content: None,
            content_base64: None,
            executable: None,
        }
    }

    fn put(path: &str, content: &str) -> Change {
        Change {
            path: path.into(),
            content: Some(content.into()),
            ..change(ChangeKind::Put)
        }
    }

    fn field(change: Change) -> Option<String> {
        let field = validate(vec![change]).err()?.field()?;
        Some(field.trim_start_matches("changes[0].").to_owned())
    }

    #[test]
    fn what_does_not_fit_the_kind_is_refused_with_the_field() {
        let cases = [
            (change(ChangeKind::Create), Some("content")),
            (change(ChangeKind::Rename), Some("fromPath")),
            (change(ChangeKind::Chmod), Some("executable")),
            (change(ChangeKind::Delete), None),
            (put("../x", ""), Some("path")),
            (put("x", ""), None),
            (
                Change {
                    kind: ChangeKind::Delete,
                    ..put("x", "y")
                },
                Some("content"),
            ),
            (
                Change {
                    content_base64: Some("eA==".into()),
                    ..put("x", "y")
                },
                Some("contentBase64"),
            ),
            (
                Change {
                    content: None,
                    content_base64: Some("!".into()),
                    ..put("x", "y")
                },
                Some("contentBase64"),
            ),
            (
                Change {
                    from_path: Some("b".into()),
                    ..put("x", "y")
                },
                Some("fromPath"),
            ),
        ];
        for (change, expected) in cases {
            let shown = format!("{change:?}");
            assert_eq!(field(change).as_deref(), expected, "{shown}");
        }
    }

    #[test]
    fn the_order_of_changes_has_no_meaning_and_their_content_has() {
        let digest = |changes: Vec<Change>| validate(changes).unwrap().1;
        let (a, b) = (put("a", "1"), put("b", "2"));
        assert_eq!(
            digest(vec![a.clone(), b.clone()]),
            digest(vec![b.clone(), a.clone()])
        );
        assert_ne!(digest(vec![a.clone()]), digest(vec![put("a", "2")]));
        let executable = Change {
            executable: Some(true),
            ..a.clone()
        };
        assert_ne!(digest(vec![a]), digest(vec![executable]));
    }

    #[test]
    fn base64_and_text_of_the_same_bytes_are_the_same_change() {
        let text = validate(vec![put("a", "x")]).unwrap();
        let base64 = Change {
            content: None,
            content_base64: Some("eA==".into()),
            ..put("a", "")
        };
        assert_eq!(text, validate(vec![base64]).unwrap());
    }
}
