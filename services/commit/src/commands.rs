//! Validated inputs.

mod changes;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_git_host::{BranchName, FileChange, GitHostError, Oid};
use sluice_kernel::{ContentDigest, Ctx};
use sluice_schema::RepositoryId;

pub(crate) use changes::content;
pub use changes::{Change, ChangeKind};

use crate::{
    CommitError, Trailer,
    model::{NaturalKey, RESERVED_TRAILERS},
};

/// Who wrote a change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Author {
    /// 1 to 200 characters without `<`, `>` and control characters.
    pub name: String,
    /// The same.
    pub email: String,
}

/// Writes a commit to a branch.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateCommit {
    /// The repository.
    pub repository_id: RepositoryId,
    /// A branch that is not protected.
    pub branch: String,
    /// 1 to 32,768 bytes, the first line for the subject.
    pub message: String,
    /// 1 to 10,000 changes, each path at most once.
    pub changes: Vec<Change>,
    /// Who wrote it; the caller when absent.
    pub author: Option<Author>,
    /// The source artifact that it carries; committed to a branch once.
    pub artifact_id: Option<String>,
    /// The digest of that artifact.
    pub artifact_content_hash: Option<String>,
    /// At most 20 trailers of the caller's own.
    pub trailers: Option<Vec<Trailer>>,
    /// Refuse unless the branch stands at this commit.
    pub expected_head: Option<String>,
}

/// A command whose every field is checked.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) repository_id: RepositoryId,
    pub(crate) branch: BranchName,
    pub(crate) message: String,
    pub(crate) author: Author,
    pub(crate) artifact_id: Option<String>,
    pub(crate) artifact_content_hash: Option<String>,
    pub(crate) trailers: Vec<Trailer>,
    pub(crate) expected_head: Option<Oid>,
    pub(crate) changes: Vec<FileChange>,
    /// Of the changes as they were asked for.
    pub(crate) digest: ContentDigest,
}

const MAX_MESSAGE: usize = 32_768;
const MAX_REFERENCE: usize = 200;
const MAX_TRAILERS: usize = 20;
const MAX_TRAILER_VALUE: usize = 1_000;

impl CreateCommit {
    pub(crate) fn validate(self, ctx: &Ctx) -> Result<Draft, CommitError> {
        let branch = self.branch.parse().map_err(|error| match error {
            GitHostError::InvalidName { rule, .. } => {
                CommitError::invalid("branch", format!("branch is not a branch name: {rule}"))
            }
            other => other.into(),
        })?;
        check_message(&self.message)?;
        check_reference("artifactId", self.artifact_id.as_deref())?;
        check_reference("artifactContentHash", self.artifact_content_hash.as_deref())?;
        if self.artifact_content_hash.is_some() && self.artifact_id.is_none() {
            let rule = "artifactContentHash belongs to an artifactId";
            return Err(CommitError::invalid("artifactContentHash", rule));
        }
        let author = match self.author {
            Some(author) => author.validate()?,
            None => author_of(ctx),
        };
        let trailers = self.trailers.unwrap_or_default();
        check_trailers(&trailers)?;
        let expected_head = match &self.expected_head {
            Some(sha) => Some(sha.parse().map_err(|_| {
                CommitError::invalid("expectedHead", "expectedHead must be 40 hexadecimal digits")
            })?),
            None => None,
        };
        let (changes, digest) = changes::validate(self.changes)?;
        Ok(Draft {
            repository_id: self.repository_id,
            branch,
            message: self.message,
            author,
            artifact_id: self.artifact_id,
            artifact_content_hash: self.artifact_content_hash,
            trailers,
            expected_head,
            changes,
            digest,
        })
    }
}

impl Draft {
    pub(crate) fn key(&self, tree: Oid, base: Oid) -> String {
        match &self.artifact_id {
            Some(artifact) => NaturalKey::Artifact(artifact).to_string(),
            None => NaturalKey::Tree(tree, base).to_string(),
        }
    }

    /// The Git host's refusal, said in the words of the command.
    pub(crate) fn refusal(&self, error: GitHostError) -> CommitError {
        let GitHostError::InvalidPath { path, rule } = &error else {
            return error.into();
        };
        // The error cuts long paths.
        let is_it = |change: &FileChange| changes::paths(change).any(|p| p.starts_with(path));
        match self.changes.iter().position(is_it) {
            Some(index) => CommitError::invalid(
                format!("changes[{index}].path"),
                format!("the path '{path}' is refused: {rule}"),
            ),
            None => error.into(),
        }
    }
}

impl Author {
    fn validate(self) -> Result<Self, CommitError> {
        for (field, value) in [("author.name", &self.name), ("author.email", &self.email)] {
            let bad = |c: char| c.is_control() || c == '<' || c == '>';
            let length = value.trim().chars().count();
            if !(1..=MAX_REFERENCE).contains(&length) || value.chars().any(bad) {
                let rule = "has 1 to 200 characters without '<', '>' and control characters";
                return Err(CommitError::invalid(field, format!("{field} {rule}")));
            }
        }
        Ok(self)
    }
}

/// The caller as author; Git demands an email address, so one that cannot be written to stands in.
fn author_of(ctx: &Ctx) -> Author {
    let fits = |c: &char| !c.is_control() && !matches!(c, '<' | '>');
    let name: String = ctx.actor().id.chars().filter(fits).take(100).collect();
    let name = match name.trim() {
        "" => "sluice".to_owned(),
        name => name.to_owned(),
    };
    let email = if name.contains('@') {
        name.clone()
    } else {
        format!("{}@localhost", name.replace(char::is_whitespace, "."))
    };
    Author { name, email }
}

fn check_message(message: &str) -> Result<(), CommitError> {
    let rule = if message.trim().is_empty() {
        "message must not be empty"
    } else if message.len() > MAX_MESSAGE {
        "message must have at most 32768 bytes"
    } else if message.contains('\0') {
        "message must not hold a NUL character"
    } else {
        return Ok(());
    };
    Err(CommitError::invalid("message", rule))
}

fn check_reference(field: &str, value: Option<&str>) -> Result<(), CommitError> {
    let Some(value) = value else { return Ok(()) };
    let length = value.chars().count();
    if (1..=MAX_REFERENCE).contains(&length)
        && value.trim() == value
        && !value.chars().any(char::is_control)
    {
        return Ok(());
    }
    let rule = "has 1 to 200 characters without control characters and without blanks around them";
    Err(CommitError::invalid(field, format!("{field} {rule}")))
}

fn check_trailers(trailers: &[Trailer]) -> Result<(), CommitError> {
    if trailers.len() > MAX_TRAILERS {
        let rule = format!("trailers must hold at most {MAX_TRAILERS}");
        return Err(CommitError::invalid("trailers", rule));
    }
    for (index, Trailer { key, value }) in trailers.iter().enumerate() {
        let named = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let (part, rule) = if key.is_empty() || key.len() > 100 || !key.bytes().all(named) {
            (
                "key",
                "a key has 1 to 100 letters, digits and inner hyphens",
            )
        } else if key.starts_with('-') {
            ("key", "a key does not start with a hyphen")
        } else if RESERVED_TRAILERS
            .iter()
            .any(|own| own.eq_ignore_ascii_case(key))
        {
            ("key", "this trailer is written by the service itself")
        } else if value.trim().is_empty() || value.len() > MAX_TRAILER_VALUE {
            ("value", "a value has 1 to 1000 bytes")
        } else if value.chars().any(char::is_control) {
            ("value", "a value has no control characters or line ends")
        } else {
            continue;
        };
        return Err(CommitError::invalid(
            format!("trailers[{index}].{part}"),
            rule,
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_kernel::Fault;
    use sluice_schema::TypedId;

    fn command() -> CreateCommit {
        CreateCommit {
            repository_id: RepositoryId::generate(),
            branch: "feature/x".into(),
            message: "Add x".into(),
            changes: vec![Change {
                path: "a.txt".into(),
                kind: ChangeKind::Put,
                from_path: None,
                content: Some("x".into()),
                content_base64: None,
                executable: None,
            }],
            author: None,
            artifact_id: None,
            artifact_content_hash: None,
            trailers: None,
            expected_head: None,
        }
    }

    fn field_of(change: impl FnOnce(&mut CreateCommit)) -> Option<String> {
        let ctx = Ctx::for_system("ada <x>", "acme".parse().unwrap(), "t", "c");
        let mut command = command();
        change(&mut command);
        command.validate(&ctx).err().and_then(|error| error.field())
    }

    fn trailer(key: &str, value: &str) -> Option<Vec<Trailer>> {
        Some(vec![Trailer {
            key: key.into(),
            value: value.into(),
        }])
    }

    #[test]
    fn bad_input_names_the_field() {
        let some = |field: &str| Some(field.to_owned());
        assert_eq!(field_of(|_| {}), None);
        assert_eq!(field_of(|c| c.branch = "a b".into()), some("branch"));
        assert_eq!(field_of(|c| c.message = " \n".into()), some("message"));
        assert_eq!(
            field_of(|c| c.expected_head = some("abc")),
            some("expectedHead")
        );
        assert_eq!(
            field_of(|c| c.artifact_id = some("a\nb")),
            some("artifactId")
        );
        assert_eq!(
            field_of(|c| c.artifact_content_hash = some("x")),
            some("artifactContentHash")
        );
        assert_eq!(
            field_of(|c| c.trailers = trailer("trace-id", "x")),
            some("trailers[0].key")
        );
        assert_eq!(
            field_of(|c| c.trailers = trailer("Ticket", "a\nb")),
            some("trailers[0].value")
        );
        assert_eq!(field_of(|c| c.changes.clear()), some("changes"));
    }

    #[test]
    fn the_caller_is_the_author_in_a_form_that_git_takes() {
        let ctx = Ctx::for_system("ada <x>", "acme".parse().unwrap(), "t", "c");
        let author = command().validate(&ctx).unwrap().author;
        assert_eq!(author.name, "ada x");
        assert_eq!(author.email, "ada.x@localhost");
    }
}
