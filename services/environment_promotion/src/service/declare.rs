//! Declaring a promotion's content on the branch that environments follow.
//!
//! The folder of each module becomes what it is at the commit where it was rendered, in one
//! commit for all modules, by compare and swap. The same promotion on the same head gives the
//! same commit, and one that landed before a crash is found again by its trailer and its content.

use std::collections::BTreeMap;

use sluice_git_host::{
    BranchName, CommitInfo, CommitSpec, FileChange, GitHostError, Oid, RefChange, RepoPath,
    Signature, TreeFile, check_path,
};
use sluice_kernel::{AnyFault, Ctx};

use super::{ATTEMPTS, Promotions, Result};
use crate::{EnvironmentPromotion, PromotionError, PromotionItem, PromotionKind};

/// Files that a tree of the GitOps repository may have.
const MAX_TREE: usize = 100_000;
/// Files of one module.
const MAX_FILES: usize = 2_000;
/// Bytes of one file.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// How far back a commit that landed before a crash is looked for.
const HISTORY: usize = 500;
const PROMOTION: &str = "Promotion-Id";

/// Files by path, below the folder of a module: blob and executable bit.
type Folder = BTreeMap<String, (Oid, bool)>;

struct Place {
    repository: RepoPath,
    branch: BranchName,
}

fn bad(item: &PromotionItem, why: impl Into<String>) -> PromotionError {
    PromotionError::BadContent {
        module: item.module.clone(),
        why: why.into(),
    }
}

/// The files of `tree` below the item's folder.
fn below(tree: &[TreeFile], item: &PromotionItem) -> Folder {
    let prefix = format!("{}/", item.path);
    let files = tree.iter().filter(|file| file.path.starts_with(&prefix));
    files
        .map(|file| (file.path.clone(), (file.oid, file.executable)))
        .collect()
}

/// A folder comes from outside; it must be the one of its module in its environment.
fn check_folder(promotion: &EnvironmentPromotion, item: &PromotionItem) -> Result<()> {
    let expected = format!("environments/{}/{}", promotion.environment, item.module);
    if item.path != expected {
        return Err(bad(item, format!("its folder is not {expected}")));
    }
    Ok(check_path(&item.path)?)
}

fn trailer<'a>(commit: &'a CommitInfo, key: &str) -> Option<&'a str> {
    let mut all = commit.trailers.iter();
    all.find(|(name, _)| name == key)
        .map(|(_, value)| value.as_str())
}

impl Promotions {
    /// Brings the content to the branch, unless it is there; the branch and the commit that
    /// declares it. Safe to repeat, also at the same time.
    pub(super) async fn declare(
        &self,
        ctx: &Ctx,
        promotion: &EnvironmentPromotion,
        fresh: bool,
    ) -> Result<(String, String)> {
        let place = self.place(ctx, promotion).await?;
        let sources = self.sources(&place, promotion).await?;
        let mut fresh = fresh;
        for _ in 0..ATTEMPTS {
            let head = self.git.head(&place.repository, &place.branch).await?;
            let head = head.ok_or(PromotionError::NoRepository {
                why: "its default branch does not exist",
            })?;
            if !fresh && let Some(commit) = self.landed(&place, head, promotion, &sources).await? {
                return Ok((place.branch.to_string(), commit.to_string()));
            }
            let commit = self.write(&place, head, promotion, &sources).await?;
            if commit == head {
                return Ok((place.branch.to_string(), head.to_string()));
            }
            let change = RefChange {
                expected: Some(head),
                new: Some(commit),
            };
            match self
                .git
                .update_ref(&place.repository, &place.branch, change)
                .await
            {
                Ok(()) => return Ok((place.branch.to_string(), commit.to_string())),
                Err(GitHostError::RefMoved { .. }) => fresh = false,
                Err(error) => return Err(error.into()),
            }
        }
        Err(PromotionError::Contended)
    }

    /// The branch and the commit by which an earlier attempt brought the content there.
    pub(super) async fn declared_before(
        &self,
        ctx: &Ctx,
        promotion: &EnvironmentPromotion,
    ) -> Result<Option<(String, String)>> {
        let place = self.place(ctx, promotion).await?;
        let Some(head) = self.git.head(&place.repository, &place.branch).await? else {
            return Ok(None);
        };
        let sources = self.sources(&place, promotion).await?;
        let landed = self.landed(&place, head, promotion, &sources).await?;
        Ok(landed.map(|commit| (place.branch.to_string(), commit.to_string())))
    }

    async fn place(&self, ctx: &Ctx, promotion: &EnvironmentPromotion) -> Result<Place> {
        let absent = |why| PromotionError::NoRepository { why };
        let id = promotion.gitops_repository_id;
        let id = id.ok_or_else(|| absent("it is not known"))?;
        let found = self.neighbours.repositories.repository(ctx, id).await;
        let found = found
            .map_err(AnyFault)?
            .ok_or_else(|| absent("it does not exist"))?;
        if found.project_id != promotion.meta.project_id {
            return Err(absent("it belongs to another project"));
        }
        if !found.is_writable {
            return Err(absent("it is archived or not provisioned"));
        }
        let (tenant, project) = (ctx.tenant().as_str(), found.project_id.as_str());
        Ok(Place {
            repository: RepoPath::new(tenant, project, &found.name)?,
            branch: found.default_branch.parse()?,
        })
    }

    /// The folder of each item where it was rendered.
    async fn sources(
        &self,
        place: &Place,
        promotion: &EnvironmentPromotion,
    ) -> Result<Vec<Folder>> {
        let mut sources = Vec::new();
        for item in &promotion.items {
            check_folder(promotion, item)?;
            let commit: Oid = item.source_commit.parse()?;
            let tree = self.tree(place, &commit).await?;
            let folder = below(&tree, item);
            if folder.is_empty() {
                return Err(bad(item, "nothing is rendered in its folder"));
            }
            if folder.len() > MAX_FILES {
                return Err(bad(item, format!("it has more than {MAX_FILES} files")));
            }
            sources.push(folder);
        }
        Ok(sources)
    }

    async fn tree(&self, place: &Place, commit: &Oid) -> Result<Vec<TreeFile>> {
        let files = self
            .git
            .list_files(&place.repository, commit, MAX_TREE)
            .await?;
        if files.len() >= MAX_TREE {
            return Err(PromotionError::NoRepository {
                why: "it has more than 100,000 files",
            });
        }
        Ok(files)
    }

    /// The commit on the branch by which this promotion declared its content.
    async fn landed(
        &self,
        place: &Place,
        head: Oid,
        promotion: &EnvironmentPromotion,
        sources: &[Folder],
    ) -> Result<Option<Oid>> {
        let id = promotion.id.to_string();
        let log = self
            .git
            .log(&place.repository, &head, None, HISTORY)
            .await?;
        for commit in log.iter().filter(|it| trailer(it, PROMOTION) == Some(&id)) {
            // Trailers can be written by anyone; the content counts.
            let tree = self.tree(place, &commit.id).await?;
            let mut pairs = promotion.items.iter().zip(sources);
            if pairs.all(|(item, source)| below(&tree, item) == *source) {
                return Ok(Some(commit.id));
            }
        }
        Ok(None)
    }

    /// A commit on `head` that declares the content; `head` itself when it does so already.
    async fn write(
        &self,
        place: &Place,
        head: Oid,
        promotion: &EnvironmentPromotion,
        sources: &[Folder],
    ) -> Result<Oid> {
        let tree = self.tree(place, &head).await?;
        let mut changes = Vec::new();
        for (item, source) in promotion.items.iter().zip(sources) {
            let present = below(&tree, item);
            changes.extend(self.puts(place, item, source, &present).await?);
            let gone = present
                .into_keys()
                .filter(|path| !source.contains_key(path));
            changes.extend(gone.map(|path| FileChange::Delete { path }));
        }
        if changes.is_empty() {
            return Ok(head);
        }
        let staged = self.git.stage(&place.repository, &head, &changes).await?;
        let spec = spec(promotion, staged.tree, head);
        Ok(self.git.write_commit(&place.repository, &spec).await?)
    }

    async fn puts(
        &self,
        place: &Place,
        item: &PromotionItem,
        source: &Folder,
        present: &Folder,
    ) -> Result<Vec<FileChange>> {
        let commit: Oid = item.source_commit.parse()?;
        let mut puts = Vec::new();
        for (path, file) in source {
            if present.get(path) == Some(file) {
                continue;
            }
            let read = self
                .git
                .read_file(&place.repository, &commit, path, MAX_BYTES);
            let content = read
                .await?
                .ok_or_else(|| bad(item, format!("{path} is no file")))?;
            puts.push(FileChange::Put {
                path: path.clone(),
                content: content.bytes,
                executable: Some(file.1),
            });
        }
        Ok(puts)
    }

    /// Whether the module's folder is the same at both commits of the repository.
    pub(super) async fn is_same_content(
        &self,
        ctx: &Ctx,
        promotion: &EnvironmentPromotion,
        item: &PromotionItem,
        (one, other): (&str, &str),
    ) -> Result<bool> {
        if one == other {
            return Ok(true);
        }
        let (Ok(one), Ok(other)) = (one.parse::<Oid>(), other.parse::<Oid>()) else {
            return Ok(false);
        };
        let place = self.place(ctx, promotion).await?;
        if self.git.commit(&place.repository, &one).await?.is_none() {
            return Ok(false);
        }
        let one = self.tree(&place, &one).await?;
        let other = self.tree(&place, &other).await?;
        Ok(below(&one, item) == below(&other, item))
    }
}

fn spec(promotion: &EnvironmentPromotion, tree: Oid, head: Oid) -> CommitSpec {
    let signature = Signature {
        name: "Sluice".to_owned(),
        email: "sluice@localhost".to_owned(),
        time: promotion.started_at.unwrap_or(promotion.meta.created_at),
    };
    let (name, version) = (&promotion.release_name, &promotion.release_version);
    let environment = &promotion.environment;
    let message = match promotion.kind {
        PromotionKind::Promotion => format!("Promote {name} {version} to {environment}"),
        PromotionKind::Rollback => format!("Roll {environment} back to {name} {version}"),
    };
    let mut trailers = vec![
        (PROMOTION.to_owned(), promotion.id.to_string()),
        ("Release-Id".to_owned(), promotion.release_id.to_string()),
    ];
    for item in &promotion.items {
        trailers.push(("Content-Digest".to_owned(), item.manifest_digest.clone()));
    }
    trailers.push(("Trace-Id".to_owned(), promotion.meta.trace_id.clone()));
    CommitSpec {
        tree,
        parents: vec![head],
        author: signature.clone(),
        committer: signature,
        message,
        trailers,
    }
}
