//! Reading feeds: one of a project, or all that the caller sees as if they were one.

use bytes::Bytes;
use sluice_kernel::{Ctx, ProjectAccess};
use sluice_package_feed::{
    Content, FeedName, PackageEntry, PackageFeed, PackageId as FeedId, PackageVersion, Query,
    SearchPage,
};
use sluice_schema::{ProjectId, Scope};

use super::{PackagePublishing, Result};
use crate::PackageError;

/// The feed of a project.
pub(crate) fn feed_of(ctx: &Ctx, project: &ProjectId) -> FeedName {
    FeedName {
        tenant: ctx.tenant().clone(),
        project: project.clone(),
    }
}

/// The project that a push goes to when its address names none: the only one of the token.
pub(crate) fn only_project(ctx: &Ctx) -> Result<ProjectId> {
    match ctx.projects() {
        ProjectAccess::Only(projects) => match projects.iter().collect::<Vec<_>>().as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(PackageError::NotFound("feed")),
            _ => Err(PackageError::Ambiguous("several projects")),
        },
        ProjectAccess::All => Err(PackageError::Ambiguous("all projects")),
    }
}

impl PackagePublishing {
    fn feed(&self) -> &dyn PackageFeed {
        self.ports.feed.as_ref()
    }

    /// The feeds to read: the project's, or all that the caller sees, by project. Where two hold
    /// one version of a package, the first counts.
    async fn feeds(&self, ctx: &Ctx, project: Option<&ProjectId>) -> Result<Vec<FeedName>> {
        ctx.require(Scope::Read)?;
        if let Some(project) = project {
            ctx.require_project(project)?;
            return Ok(vec![feed_of(ctx, project)]);
        }
        let mut feeds = self.feed().feeds(ctx.tenant()).await?;
        feeds.retain(|feed| ctx.sees(&feed.project));
        Ok(feeds)
    }

    /// The versions of a package in ascending order.
    pub(crate) async fn feed_versions(
        &self,
        ctx: &Ctx,
        project: Option<&ProjectId>,
        id: &FeedId,
    ) -> Result<Vec<PackageVersion>> {
        let mut versions = Vec::new();
        for feed in self.feeds(ctx, project).await? {
            versions.extend(self.feed().versions(&feed, id).await?);
        }
        versions.sort();
        versions.dedup();
        Ok(versions)
    }

    /// The versions of a package with what is known of them, in ascending order.
    pub(crate) async fn feed_entries(
        &self,
        ctx: &Ctx,
        project: Option<&ProjectId>,
        id: &FeedId,
    ) -> Result<Vec<PackageEntry>> {
        let mut entries = Vec::new();
        for feed in self.feeds(ctx, project).await? {
            entries.extend(self.feed().entries(&feed, id).await?);
        }
        // Stable, so that the first feed's entry stays.
        entries.sort_by(|a, b| a.metadata.version.cmp(&b.metadata.version));
        entries.dedup_by(|b, a| a.metadata.version == b.metadata.version);
        Ok(entries)
    }

    /// The feed that holds a version.
    pub(crate) async fn holder(
        &self,
        ctx: &Ctx,
        project: Option<&ProjectId>,
        id: &FeedId,
        version: &PackageVersion,
    ) -> Result<(FeedName, PackageEntry)> {
        for feed in self.feeds(ctx, project).await? {
            if let Some(entry) = self.feed().find(&feed, id, version).await? {
                return Ok((feed, entry));
            }
        }
        Err(PackageError::NotFound("package"))
    }

    /// A package to download.
    pub(crate) async fn feed_content(
        &self,
        ctx: &Ctx,
        project: Option<&ProjectId>,
        id: &FeedId,
        version: &PackageVersion,
    ) -> Result<Content> {
        let (feed, _) = self.holder(ctx, project, id, version).await?;
        Ok(self.feed().open(&feed, id, version).await?)
    }

    /// The description of a package.
    pub(crate) async fn feed_nuspec(
        &self,
        ctx: &Ctx,
        project: Option<&ProjectId>,
        id: &FeedId,
        version: &PackageVersion,
    ) -> Result<Bytes> {
        let (feed, _) = self.holder(ctx, project, id, version).await?;
        Ok(self.feed().nuspec(&feed, id, version).await?)
    }

    /// The listed packages that match.
    pub(crate) async fn feed_search(
        &self,
        ctx: &Ctx,
        project: Option<&ProjectId>,
        query: Query,
    ) -> Result<SearchPage> {
        let feeds = self.feeds(ctx, project).await?;
        if let [feed] = feeds.as_slice() {
            return Ok(self.feed().search(feed, &query).await?);
        }
        let mut whole = SearchPage::default();
        let from_start = Query {
            skip: 0,
            take: query.skip.saturating_add(query.take),
            ..query.clone()
        };
        for feed in feeds {
            let page = self.feed().search(&feed, &from_start).await?;
            whole.total += page.total;
            for hit in page.hits {
                let known = whole
                    .hits
                    .iter()
                    .any(|other| other.latest.metadata.id == hit.latest.metadata.id);
                if known {
                    whole.total -= 1;
                } else {
                    whole.hits.push(hit);
                }
            }
        }
        whole.hits = whole
            .hits
            .into_iter()
            .skip(query.skip)
            .take(query.take)
            .collect();
        Ok(whole)
    }
}
