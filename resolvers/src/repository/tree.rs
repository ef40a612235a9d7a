//! What a repository holds at a commit.

use async_graphql::{Context, ID, Object, SimpleObject};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sluice_repository as service;
use sluice_schema::RepositoryId;

use super::{Repository, RepositoryById};
use crate::{
    fault::{InputFault, Result},
    loaders::Call,
    paging::PageInfo,
    scalars::Long,
};

const DEFAULT_FILES: i32 = 200;
const MAX_FILES: i32 = 1_000;

/// What a repository holds at a commit.
#[derive(Debug, Clone)]
pub struct RepositoryTree {
    pub(crate) repository: RepositoryId,
    pub(crate) tree: service::RepositoryTree,
}

/// What a repository holds at a commit.
#[Object]
impl RepositoryTree {
    /// The repository's id.
    async fn repository_id(&self) -> ID {
        self.repository.to_string().into()
    }

    /// The commit, 40 hex digits.
    async fn commit_sha(&self) -> &str {
        &self.tree.commit_sha
    }

    /// Git object id of the commit's tree, 40 hex digits.
    async fn tree_hash(&self) -> &str {
        &self.tree.tree_hash
    }

    /// The repository.
    async fn repository(&self, context: &Context<'_>) -> Result<Option<Repository>> {
        let key = RepositoryById(self.repository);
        Ok(Call::of(context)?.one(Some(key)).await?.map(Repository))
    }

    /// The files in the order of their paths, without submodules.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn files(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many, 1 to 1,000; 200 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what stands after this cursor.")] after: Option<String>,
    ) -> Result<RepositoryFileConnection> {
        let call = Call::of(context)?;
        let refused = |fault: InputFault| call.failure(fault);
        let limit = limit(first).map_err(refused)?;
        let after = after.as_deref().map(path_of).transpose().map_err(refused)?;
        let service = &call.services.repositories;
        let (sha, after_path) = (&self.tree.commit_sha, after.as_deref());
        let page = service
            .files(&call.ctx, self.repository, sha, after_path, limit)
            .await;
        let page = page.map_err(|fault| call.failure(fault))?;
        Ok(RepositoryFileConnection::new(page, after.is_some()))
    }
}

/// A file in a commit's tree.
#[derive(SimpleObject, Debug, Clone)]
pub struct RepositoryFile {
    /// Relative to the root of the repository, separated by `/`.
    pub path: String,
    /// Git object id of the content, 40 hex digits.
    pub oid: String,
    /// Bytes.
    pub size: Long,
    /// Whether it may be executed.
    pub executable: bool,
}

/// A file and where it stands in its list.
#[derive(SimpleObject, Debug, Clone)]
pub struct RepositoryFileEdge {
    /// Opaque; hand it back as `after`.
    pub cursor: String,
    /// The file.
    pub node: RepositoryFile,
}

/// One page of a tree's files.
#[derive(SimpleObject, Debug, Clone)]
pub struct RepositoryFileConnection {
    /// The page's files with their cursors.
    pub edges: Vec<RepositoryFileEdge>,
    /// The page's files.
    pub nodes: Vec<RepositoryFile>,
    /// Where the page stands in the list.
    pub page_info: PageInfo,
}

impl From<service::RepositoryFile> for RepositoryFile {
    fn from(file: service::RepositoryFile) -> Self {
        Self {
            path: file.path,
            oid: file.oid,
            size: Long(file.size),
            executable: file.executable,
        }
    }
}

impl RepositoryFileConnection {
    fn new(page: service::FilePage, has_previous: bool) -> Self {
        let nodes: Vec<RepositoryFile> = page.files.into_iter().map(Into::into).collect();
        let edge = |node: &RepositoryFile| RepositoryFileEdge {
            cursor: cursor_of(&node.path),
            node: node.clone(),
        };
        Self {
            edges: nodes.iter().map(edge).collect(),
            page_info: PageInfo {
                has_next_page: page.has_next,
                has_previous_page: has_previous,
                start_cursor: nodes.first().map(|node| cursor_of(&node.path)),
                end_cursor: nodes.last().map(|node| cursor_of(&node.path)),
            },
            nodes,
        }
    }
}

fn limit(first: Option<i32>) -> std::result::Result<usize, InputFault> {
    let first = first.unwrap_or(DEFAULT_FILES);
    let inside = usize::try_from(first)
        .ok()
        .filter(|_| (1..=MAX_FILES).contains(&first));
    inside.ok_or_else(|| InputFault::new("first", format!("must be 1 to {MAX_FILES}")))
}

fn cursor_of(path: &str) -> String {
    URL_SAFE_NO_PAD.encode(path)
}

fn path_of(cursor: &str) -> std::result::Result<String, InputFault> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let path = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    path.ok_or_else(|| InputFault::new("after", "is not a cursor of this API"))
}

fn cost(first: Option<i32>, row: usize) -> usize {
    let rows = first.unwrap_or(DEFAULT_FILES).clamp(1, MAX_FILES);
    usize::try_from(rows)
        .unwrap_or(1)
        .saturating_mul(row.max(1))
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_path_and_nothing_else_is_one() {
        assert_eq!(path_of(&cursor_of("日本/ü b")).unwrap(), "日本/ü b");
        assert!(path_of("%").is_err() && path_of(&URL_SAFE_NO_PAD.encode([0xff])).is_err());
    }

    #[test]
    fn page_sizes_outside_the_limits_are_refused() {
        assert_eq!(limit(None).unwrap(), 200);
        assert_eq!(limit(Some(1_000)).unwrap(), 1_000);
        for bad in [0, -1, 1_001] {
            assert!(limit(Some(bad)).is_err(), "{bad}");
        }
    }
}
