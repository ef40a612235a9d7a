//! From a release, a module and an environment to what is rendered; nothing is kept here.

use sluice_git_host::{GitHostError, RepoPath};
use sluice_kernel::{AnyFault, Ctx};
use sluice_manifest_renderer::{Files, RenderError};
use sluice_schema::{ErrorCode, Fault};

use super::{DeploymentManifests, Result};
use crate::{
    ManifestError,
    model::{Draft, ROOT, Sources, Subject, facts, is_source},
};

/// Files that a module's repository may have.
const MAX_TREE: usize = 100_000;
/// Files of it that belong to manifests.
const MAX_FILES: usize = 900;
/// Bytes of one of them.
const MAX_BYTES: u64 = 1024 * 1024;

impl DeploymentManifests {
    /// What rendering comes to: objects, or what is wrong with the manifests.
    pub(super) async fn draft(&self, ctx: &Ctx, subject: Subject<'_>) -> Result<Draft> {
        let facts = facts(subject)?;
        let sources = match self.sources(ctx, subject).await? {
            Ok(sources) => sources,
            Err(refused) => return Ok(Draft::refused(false, &refused)),
        };
        let overlay = sources.has_overlay(&subject.environment.name);
        let base = match self.ports.renderer.base(&facts).await {
            Ok(base) => base,
            Err(error) => return drafted(overlay, error),
        };
        let tree = sources.tree(subject, &facts, base);
        match self.ports.renderer.build(&tree, ROOT).await {
            Ok(rendered) => Ok(Draft::rendered(subject, overlay, &rendered)),
            Err(error) => drafted(overlay, error),
        }
    }

    /// What the module's repository keeps of manifests at the commit.
    async fn sources(
        &self,
        ctx: &Ctx,
        subject: Subject<'_>,
    ) -> Result<std::result::Result<Sources, RenderError>> {
        let item = subject.item;
        let found = self
            .ports
            .repositories
            .repository(ctx, item.repository_id)
            .await;
        let repository = found.map_err(AnyFault)?;
        let repository = repository.ok_or_else(|| {
            ManifestError::Git(GitHostError::NotFound {
                what: "the module's repository".to_owned(),
            })
        })?;
        let (tenant, project) = (ctx.tenant().as_str(), repository.project_id.as_str());
        let path = RepoPath::new(tenant, project, &repository.name)?;
        let commit = item.commit_sha.parse()?;
        let all = self.ports.git.list_files(&path, &commit, MAX_TREE).await?;
        let own: Vec<_> = all.iter().filter(|file| is_source(&file.path)).collect();
        if own.len() > MAX_FILES || all.len() >= MAX_TREE {
            return Ok(Err(too_large(
                "the number of files below deploy/",
                MAX_FILES,
            )));
        }
        let mut files = Files::new();
        for file in own {
            if file.size > MAX_BYTES {
                return Ok(Err(too_large(
                    &format!("{}: bytes", file.path),
                    1024 * 1024,
                )));
            }
            let read = self
                .ports
                .git
                .read_file(&path, &commit, &file.path, MAX_BYTES)
                .await?;
            let text = read.and_then(|read| String::from_utf8(read.bytes.to_vec()).ok());
            // A file that is no text is as good as absent: whoever names it is told so.
            files.extend(text.map(|text| (file.path.clone(), text)));
        }
        Ok(Ok(Sources(files)))
    }
}

fn too_large(what: &str, limit: usize) -> RenderError {
    RenderError::TooLarge {
        what: what.to_owned(),
        limit,
    }
}

/// What a renderer refuses is the manifests' fault, unless the renderer itself failed.
fn drafted(overlay: bool, error: RenderError) -> Result<Draft> {
    match error.code() {
        ErrorCode::Internal | ErrorCode::Unavailable => {
            Err(ManifestError::Directory(AnyFault(Box::new(error))))
        }
        _ => Ok(Draft::refused(overlay, &error)),
    }
}
