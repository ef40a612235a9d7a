//! Repositories at a real Git host, and what the repository service would say of them.

use std::{collections::HashMap, sync::Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use sluice_git_host::{
    BranchName, CommitSpec, FileChange, GitHost, Oid, RefChange, RepoPath, Signature,
};
use sluice_kernel::{
    BoxFault, Ctx,
    directory::{RepositoryDirectory, RepositoryView},
};
use sluice_schema::{ProjectId, RepositoryId, TypedId};

/// A provisioned repository of the tenant `acme`.
#[derive(Debug, Clone)]
pub struct LocalRepository {
    /// What other services know of it.
    pub view: RepositoryView,
    /// Where it is at the Git host.
    pub path: RepoPath,
    /// Its first commit, which `main` stands at.
    pub root: Oid,
}

impl LocalRepository {
    /// `name` in `project`, with a branch `main` and no files, of the module of its name.
    pub async fn provision(git: &dyn GitHost, project: &str, name: &str) -> Self {
        let path = RepoPath::new("acme", project, name).expect("a place");
        let main = branch_name("main");
        let made = git.provision(&path, &main, &signature("Ada")).await;
        let view = RepositoryView {
            id: RepositoryId::generate(),
            tenant_id: "acme".parse().expect("a name"),
            project_id: project.parse().expect("a name"),
            module_id: Some(name.parse().expect("a name")),
            name: name.to_owned(),
            default_branch: "main".to_owned(),
            is_writable: true,
        };
        Self {
            view,
            path,
            root: made.expect("a repository").head,
        }
    }
}

fn branch_name(branch: &str) -> BranchName {
    branch.parse().expect("a branch name")
}

/// `name` at a fixed time, with an address of example.com.
pub fn signature(name: &str) -> Signature {
    Signature {
        name: name.to_owned(),
        email: format!("{}@example.com", name.to_lowercase()),
        time: chrono::DateTime::from_timestamp(1_700_000_000, 0).expect("a time"),
    }
}

/// The change that puts a text file.
pub fn put_file(path: &str, content: &str) -> FileChange {
    FileChange::Put {
        path: path.to_owned(),
        content: Bytes::copy_from_slice(content.as_bytes()),
        executable: None,
    }
}

/// Writes one file in a commit on top of a branch, as `git push` would; the new head. A branch
/// that is absent begins at `main`.
pub async fn push(
    git: &dyn GitHost,
    repository: &RepoPath,
    branch: &str,
    path: &str,
    content: &str,
) -> Oid {
    let change = put_file(path, content);
    let commit = (format!("Put {path}"), Vec::new());
    push_change(git, repository, branch, change, commit).await
}

/// The same for any change, with a message and trailers.
pub async fn push_change(
    git: &dyn GitHost,
    repository: &RepoPath,
    branch: &str,
    change: FileChange,
    (message, trailers): (String, Vec<(String, String)>),
) -> Oid {
    let name = branch_name(branch);
    let head = git.head(repository, &name).await.expect("a head");
    let base = match head {
        Some(head) => head,
        None => {
            let main = git.head(repository, &branch_name("main")).await;
            main.expect("a head").expect("a branch main")
        }
    };
    let staged = git.stage(repository, &base, &[change]).await;
    let spec = CommitSpec {
        tree: staged.expect("a tree").tree,
        parents: vec![base],
        author: signature("Bob"),
        committer: signature("Bob"),
        message,
        trailers,
    };
    let new = git.write_commit(repository, &spec).await.expect("a commit");
    let change = RefChange {
        expected: head,
        new: Some(new),
    };
    let moved = git.update_ref(repository, &name, change).await;
    moved.expect("the branch moves");
    new
}

/// Answers for the repository service: what a test lists, to those who may see it.
#[derive(Debug, Default)]
pub struct KnownRepositories(Mutex<HashMap<RepositoryId, RepositoryView>>);

impl KnownRepositories {
    /// Lists a repository, in place of what was listed under its id.
    pub fn list(&self, view: &RepositoryView) {
        let mut all = self.0.lock().expect("no panic inside");
        all.insert(view.id, view.clone());
    }

    fn find(&self, ctx: &Ctx, fits: impl Fn(&RepositoryView) -> bool) -> Option<RepositoryView> {
        let all = self.0.lock().expect("no panic inside");
        let seen = |view: &&RepositoryView| {
            view.tenant_id == *ctx.tenant() && ctx.sees(&view.project_id) && fits(view)
        };
        all.values().find(seen).cloned()
    }
}

#[async_trait]
impl RepositoryDirectory for KnownRepositories {
    async fn repository(
        &self,
        ctx: &Ctx,
        id: RepositoryId,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        Ok(self.find(ctx, |view| view.id == id))
    }

    async fn repository_by_name(
        &self,
        ctx: &Ctx,
        project: &ProjectId,
        name: &str,
    ) -> Result<Option<RepositoryView>, BoxFault> {
        Ok(self.find(ctx, |view| view.project_id == *project && view.name == name))
    }
}
