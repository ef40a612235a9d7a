//! How a commit is named.

use async_graphql::{ID, InputObject};
use sluice_ledger::CommitKey;
use sluice_schema::{CommitId, RepositoryId};

use crate::fault::{InputFault, id};

/// Names a commit: by `id`, or by `repositoryId` and `sha`.
#[derive(InputObject, Debug, Clone)]
pub struct CommitKeyInput {
    /// Global id of the commit's record.
    pub id: Option<ID>,
    /// The repository.
    pub repository_id: Option<ID>,
    /// Git object id, 40 hex digits, or at least 7 that one begins with.
    pub sha: Option<String>,
}

impl TryFrom<CommitKeyInput> for CommitKey {
    type Error = InputFault;

    fn try_from(input: CommitKeyInput) -> Result<Self, InputFault> {
        match (&input.id, &input.repository_id, input.sha) {
            (Some(commit), None, None) => {
                let commit: CommitId = id("commit.id", commit)?;
                Ok(Self::Id(commit.to_string()))
            }
            (None, Some(repository), Some(sha)) => {
                let repository: RepositoryId = id("commit.repositoryId", repository)?;
                let digits = sha.bytes().all(|byte| byte.is_ascii_hexdigit());
                if !digits || !(7..=40).contains(&sha.len()) {
                    return Err(InputFault::new("commit.sha", "must be 7 to 40 hex digits"));
                }
                Ok(Self::Sha(repository.to_string(), sha.to_lowercase()))
            }
            _ => Err(InputFault::new(
                "commit",
                "must hold either id, or repositoryId and sha",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_schema::{Fault, TypedId};

    use super::*;

    fn key(
        id: Option<&str>,
        repository: Option<&str>,
        sha: Option<&str>,
    ) -> Result<CommitKey, Option<String>> {
        let input = CommitKeyInput {
            id: id.map(Into::into),
            repository_id: repository.map(Into::into),
            sha: sha.map(Into::into),
        };
        CommitKey::try_from(input).map_err(|fault| fault.field())
    }

    #[test]
    fn a_commit_is_named_in_one_way_alone() {
        let commit = CommitId::generate().to_string();
        let repository = RepositoryId::generate().to_string();
        let by_sha = CommitKey::Sha(repository.clone(), "abcdef0".into());
        assert_eq!(
            key(Some(&commit), None, None),
            Ok(CommitKey::Id(commit.clone()))
        );
        assert_eq!(key(None, Some(&repository), Some("ABCDEF0")), Ok(by_sha));
        for (of, field) in [
            (key(None, None, None), "commit"),
            (key(Some(&commit), None, Some("abcdef0")), "commit"),
            (key(None, Some(&repository), None), "commit"),
            (key(Some("commit"), None, None), "commit.id"),
            (key(None, Some("r"), Some("abcdef0")), "commit.repositoryId"),
            (key(None, Some(&repository), Some("abc")), "commit.sha"),
            (key(None, Some(&repository), Some("main123")), "commit.sha"),
        ] {
            assert_eq!(of, Err(Some(field.to_owned())));
        }
    }
}
