//! Gathering what a release is planned from: builds, commits, people.

use sluice_git_host::{CommitInfo, GitHostError, Oid, RepoPath};
use sluice_kernel::{
    AnyFault, Ctx,
    directory::{BuildView, ContributorView},
};
use sluice_schema::{
    BuildId, ProjectId, RepositoryId,
    events::{ModuleDescription, ReleaseArtifact, ReleaseItem},
};

use super::{Releases, Result};
use crate::{
    PlannedItem, ReleaseError, ReleasePlan,
    error::build_field,
    model::{Brought, MAX_NOTES, notes_of},
};

const SUCCEEDED: &str = "SUCCEEDED";
const PENDING: &str = "PENDING";

/// A build that may be released.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    /// Its place in the input.
    pub(super) index: usize,
    /// The build.
    pub(super) view: BuildView,
    /// What it built.
    pub(super) module: ModuleDescription,
}

/// The release before, which notes and authors are counted from.
pub(super) struct Before<'a> {
    /// The last one that was planned.
    pub(super) planned: Option<&'a ReleasePlan>,
    /// The last one that was approved: who contributed since may not approve alone.
    pub(super) approved: Option<&'a ReleasePlan>,
}

/// A module of a release with what its commits bring.
pub(super) struct Gathered {
    pub(super) item: PlannedItem,
    pub(super) brought: Brought,
    /// Who merged the commit, or its author in Git with the names that Git keeps.
    pub(super) planner: (String, Vec<String>),
}

/// What a build makes, before any of it is there.
fn artifacts_of(module: &ModuleDescription) -> Vec<ReleaseArtifact> {
    let slot = |kind: &str, name: &str| ReleaseArtifact {
        kind: kind.to_owned(),
        id: None,
        name: name.to_owned(),
        state: PENDING.to_owned(),
        reference: None,
        digest: None,
        reason: None,
    };
    let package = module.package.iter().map(|it| slot("PACKAGE", &it.name));
    let image = module.image.iter().map(|it| slot("IMAGE", &it.name));
    package.chain(image).collect()
}

/// Checks that the builds may be released together; they come back by module.
pub(super) fn choose(
    ctx: &Ctx,
    ids: &[BuildId],
    found: &[BuildView],
) -> Result<(ProjectId, Vec<Chosen>)> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        let view = found.iter().find(|view| view.build.build_id == *id);
        let view = view.filter(|view| ctx.sees(&view.project_id));
        let view = view.ok_or(ReleaseError::NoBuild { index })?;
        if view.build.status != SUCCEEDED {
            return Err(ReleaseError::NotSucceeded {
                index,
                status: view.build.status.clone(),
            });
        }
        let module = view.build.module.clone();
        let module = module.ok_or(ReleaseError::NoModule { index })?;
        let mut others = chosen.iter();
        if others.any(|other| other.module.id == module.id) {
            let rule = format!("buildIds names two builds of the module {}", module.id);
            return Err(ReleaseError::invalid(build_field(index), rule));
        }
        let first = chosen.first();
        if first.is_some_and(|first| first.view.project_id != view.project_id) {
            let rule = "buildIds must be builds of one project";
            return Err(ReleaseError::invalid(build_field(index), rule));
        }
        chosen.push(Chosen {
            index,
            view: view.clone(),
            module,
        });
    }
    let project = chosen.first().map(|first| first.view.project_id.clone());
    let project = project.ok_or(ReleaseError::NotFound)?;
    chosen.sort_by(|a, b| a.module.id.cmp(&b.module.id));
    Ok((project, chosen))
}

impl Releases {
    /// One module of a release to be.
    pub(super) async fn gather(
        &self,
        ctx: &Ctx,
        chosen: &Chosen,
        before: &Before<'_>,
    ) -> Result<Gathered> {
        let build = &chosen.view.build;
        let gone = ReleaseError::NoCommit {
            index: chosen.index,
        };
        let repositories = &self.ports().repositories;
        let repository = repositories.repository(ctx, build.repository_id).await;
        let Some(repository) = repository.map_err(AnyFault)? else {
            return Err(gone);
        };
        let (tenant, project) = (ctx.tenant().as_str(), repository.project_id.as_str());
        let path = RepoPath::new(tenant, project, &repository.name)?;
        let head: Oid = build.commit_sha.parse()?;
        let Some(commit) = self.commit(&path, &head).await? else {
            return Err(gone);
        };
        let since = |release: Option<&ReleasePlan>| commit_in(release, chosen);
        let (planned, approved) = (since(before.planned), since(before.approved));
        let commits = self.log(&path, &head, planned.as_deref()).await?;
        let behind = match approved == planned {
            true => commits.clone(),
            false => self.log(&path, &head, approved.as_deref()).await?,
        };
        let all = commits.iter().chain(&behind).chain([&commit]);
        let people = self.contributors(ctx, repository.id, all).await?;
        let brought = brought(&chosen.module.id, &commits, behind, &commit, &people);
        Ok(Gathered {
            planner: planner_of(&commit, &people),
            brought,
            item: PlannedItem {
                item: ReleaseItem {
                    module: chosen.module.clone(),
                    build_id: build.build_id,
                    repository_id: repository.id,
                    repository_name: repository.name,
                    commit_sha: build.commit_sha.clone(),
                    artifacts: artifacts_of(&chosen.module),
                },
                branch: build.branch.clone(),
                tests: build.tests,
                coverage: build.coverage,
                previous_sha: planned,
            },
        })
    }

    async fn commit(&self, path: &RepoPath, id: &Oid) -> Result<Option<CommitInfo>> {
        match self.ports().git.commit(path, id).await {
            Ok(found) => Ok(found),
            Err(GitHostError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Commits up to `head`, newest first, one more than notes are kept of. A commit to count
    /// from that is gone counts as none.
    async fn log(
        &self,
        path: &RepoPath,
        head: &Oid,
        since: Option<&str>,
    ) -> Result<Vec<CommitInfo>> {
        let since: Option<Oid> = since.map(str::parse).transpose()?;
        let since = match since {
            Some(id) => self.commit(path, &id).await?.map(|found| found.id),
            None => None,
        };
        let git = &self.ports().git;
        let limit = MAX_NOTES + 1;
        Ok(git.log(path, head, since.as_ref(), limit).await?)
    }

    async fn contributors<'a>(
        &self,
        ctx: &Ctx,
        repository: RepositoryId,
        commits: impl Iterator<Item = &'a CommitInfo> + Send,
    ) -> Result<Vec<ContributorView>> {
        let mut shas: Vec<String> = commits.map(|commit| commit.id.to_string()).collect();
        shas.sort_unstable();
        shas.dedup();
        let directory = &self.ports().pull_requests;
        let found = directory.contributors(ctx, repository, &shas).await;
        Ok(found.map_err(AnyFault)?)
    }
}

/// The commit of the same module in an earlier release.
fn commit_in(release: Option<&ReleasePlan>, chosen: &Chosen) -> Option<String> {
    let items = release?.items.iter();
    let mut same = items.filter(|it| {
        it.item.module.id == chosen.module.id
            && it.item.repository_id == chosen.view.build.repository_id
    });
    same.next().map(|it| it.item.commit_sha.clone())
}

// Notes count from the release before; people from the last one that was approved, so that a
// release that nobody looked at hides nobody. The built commit's own author always counts.
fn brought(
    module: &str,
    commits: &[CommitInfo],
    behind: Vec<CommitInfo>,
    commit: &CommitInfo,
    people: &[ContributorView],
) -> Brought {
    let mut behind = behind;
    behind.push(commit.clone());
    let authors = notes_of(module, &behind, people).authors;
    Brought {
        authors,
        ..notes_of(module, commits, people)
    }
}

fn planner_of(commit: &CommitInfo, people: &[ContributorView]) -> (String, Vec<String>) {
    let sha = commit.id.to_string();
    let merged = people.iter().find(|it| it.sha == sha);
    match merged.and_then(|it| it.merged_by.clone()) {
        Some(person) => (person, Vec::new()),
        None => {
            let (name, email) = (commit.author.name.clone(), commit.author.email.clone());
            (name.clone(), vec![name, email])
        }
    }
}
