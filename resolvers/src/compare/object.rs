//! The comparison.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use sluice_ledger as service;

use crate::{
    commit::{Commit, CommitBySha},
    declare::record,
    fault::Result,
    ledger::Sequence,
    loaders::Call,
    node::{Node, find},
    promotion::{EnvironmentPromotion, PromotionById},
    pull_request::{PullRequest, PullRequestById},
    release::{ReleaseById, ReleasePlan},
    repository::{Repository, RepositoryById},
};

/// Two environments or releases compared.
#[derive(Debug, Clone)]
pub struct DeliveryComparison(pub(crate) service::Comparison);

fn id_of(side: &service::Side) -> &str {
    match side {
        service::Side::Environment(id) | service::Side::Release(id) => id,
    }
}

/// Two environments or releases compared.
#[Object]
impl DeliveryComparison {
    /// Id of the first side.
    async fn from_id(&self) -> ID {
        id_of(&self.0.from).into()
    }
    /// Id of the second side.
    async fn to_id(&self) -> ID {
        id_of(&self.0.to).into()
    }
    /// The first side: an environment or a release.
    async fn from(&self, context: &Context<'_>) -> Result<Option<Node>> {
        find(Call::of(context)?, id_of(&self.0.from)).await
    }
    /// The second side: an environment or a release.
    async fn to(&self, context: &Context<'_>) -> Result<Option<Node>> {
        find(Call::of(context)?, id_of(&self.0.to)).await
    }
    /// Every module that a side has, by name.
    #[graphql(complexity = "20 * child_complexity + 1")]
    async fn modules(&self) -> Vec<ModuleComparison> {
        let modules = self.0.modules.iter().cloned();
        modules.map(ModuleComparison).collect()
    }
    /// The place in the ledger that it reflects.
    async fn sequence(&self) -> Sequence {
        Sequence(self.0.sequence)
    }
}

/// A module compared.
#[derive(Debug, Clone)]
pub struct ModuleComparison(service::ModuleComparison);

fn changes(of: &[service::Change]) -> Vec<ComparedChange> {
    of.iter().cloned().map(ComparedChange).collect()
}

fn items(of: &[service::ItemDifference]) -> Vec<ComparedItem> {
    of.iter().cloned().map(ComparedItem).collect()
}

fn values(of: &[service::ValueDifference]) -> Vec<ComparedValue> {
    of.iter().map(Into::into).collect()
}

/// A module compared.
#[Object]
impl ModuleComparison {
    /// The module.
    async fn module(&self) -> &str {
        &self.0.module
    }
    /// What the first side has of it; null when it does not have the module.
    async fn from(&self) -> Option<ComparedVersion> {
        self.0.from.clone().map(ComparedVersion)
    }
    /// What the second side has of it; null when it does not have the module.
    async fn to(&self) -> Option<ComparedVersion> {
        self.0.to.clone().map(ComparedVersion)
    }
    /// Commits that the first side has and the second lacks, the newest first, at most 500.
    #[graphql(complexity = "50 * child_complexity + 1")]
    async fn only_in_from(&self) -> Vec<ComparedChange> {
        changes(&self.0.only_in_from)
    }
    /// Commits that the second side has and the first lacks, the newest first, at most 500.
    #[graphql(complexity = "50 * child_complexity + 1")]
    async fn only_in_to(&self) -> Vec<ComparedChange> {
        changes(&self.0.only_in_to)
    }
    /// Whether there are more commits than the lists hold.
    async fn truncated(&self) -> bool {
        self.0.truncated
    }
    /// Packages that differ.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn packages(&self) -> Vec<ComparedItem> {
        items(&self.0.packages)
    }
    /// Images that differ.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn images(&self) -> Vec<ComparedItem> {
        items(&self.0.images)
    }
    /// Settings that differ.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn configuration(&self) -> Vec<ComparedValue> {
        values(&self.0.configuration)
    }
    /// Resources of infrastructure that differ.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn infrastructure(&self) -> Vec<ComparedValue> {
        values(&self.0.infrastructure)
    }
}

record! {
    /// What one side has of a module.
    ComparedVersion(service::Compared);
    fields {
        /// Id of the release.
        async fn release_id(&self) -> ID {
            self.0.release_id.as_str().into()
        }
        /// The release's semantic version.
        async fn version(&self) -> &str {
            &self.0.version
        }
        /// Id of the promotion; null when the side is a release.
        async fn promotion_id(&self) -> Option<ID> {
            self.0.promotion_id.as_deref().map(Into::into)
        }
        /// Id of the repository.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.as_str().into()
        }
        /// The commit, 40 hex digits.
        async fn commit_sha(&self) -> &str {
            &self.0.commit_sha
        }
    }
    one {
        /// The release.
        release: ReleasePlan by |it| it.release_id.parse().ok().map(ReleaseById);
        /// The promotion; null when the side is a release.
        promotion: EnvironmentPromotion
            by |it| it.promotion_id.as_ref()?.parse().ok().map(PromotionById);
        /// The repository.
        repository: Repository by |it| it.repository_id.parse().ok().map(RepositoryById);
        /// The commit; null when only the Git host knows it.
        commit: Commit
            by |it| Some(CommitBySha((it.repository_id.parse().ok()?, it.commit_sha.clone())));
    }

    /// A commit that one side has and the other lacks.
    ComparedChange(service::Change);
    fields {
        /// Id of the repository.
        async fn repository_id(&self) -> ID {
            self.0.repository_id.as_str().into()
        }
        /// Git object id, 40 hex digits.
        async fn sha(&self) -> &str {
            &self.0.sha
        }
        /// First line of the message.
        async fn subject_line(&self) -> &str {
            &self.0.subject_line
        }
        /// Who wrote it.
        async fn author(&self) -> &str {
            &self.0.author
        }
        /// When it was committed.
        async fn committed_at(&self) -> DateTime<Utc> {
            self.0.committed_at
        }
        /// Id of the pull request that landed it.
        async fn pull_request_id(&self) -> Option<ID> {
            self.0.pull_request_id.as_deref().map(Into::into)
        }
        /// Number of the pull request.
        async fn pull_request_number(&self) -> Option<u64> {
            self.0.pull_request_number
        }
    }
    one {
        /// The repository.
        repository: Repository by |it| it.repository_id.parse().ok().map(RepositoryById);
        /// The commit; null when only the Git host knows it.
        commit: Commit
            by |it| Some(CommitBySha((it.repository_id.parse().ok()?, it.sha.clone())));
        /// The pull request that landed it.
        pull_request: PullRequest
            by |it| it.pull_request_id.as_ref()?.parse().ok().map(PullRequestById);
    }
}

/// A package or image that differs.
#[derive(Debug, Clone)]
pub struct ComparedItem(service::ItemDifference);

async fn object(context: &Context<'_>, id: Option<&str>) -> Result<Option<Node>> {
    match id {
        Some(id) => find(Call::of(context)?, id).await,
        None => Ok(None),
    }
}

/// A package or image that differs.
#[Object]
impl ComparedItem {
    /// Its name in the feed or registry.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Its id on the first side; null when it is not there.
    async fn from_id(&self) -> Option<ID> {
        self.0.from_id.as_deref().map(Into::into)
    }
    /// Its version or reference on the first side; null when it is not there.
    async fn from_reference(&self) -> Option<&str> {
        self.0.from.as_deref()
    }
    /// The publication or image on the first side.
    async fn from(&self, context: &Context<'_>) -> Result<Option<Node>> {
        object(context, self.0.from_id.as_deref()).await
    }
    /// Its id on the second side; null when it is not there.
    async fn to_id(&self) -> Option<ID> {
        self.0.to_id.as_deref().map(Into::into)
    }
    /// Its version or reference on the second side; null when it is not there.
    async fn to_reference(&self) -> Option<&str> {
        self.0.to.as_deref()
    }
    /// The publication or image on the second side.
    async fn to(&self, context: &Context<'_>) -> Result<Option<Node>> {
        object(context, self.0.to_id.as_deref()).await
    }
}

/// A setting or a resource of infrastructure that differs. Values of settings that may be secret
/// are shown as digests.
#[derive(SimpleObject, Debug, Clone)]
pub struct ComparedValue {
    /// Key of the setting, or URN of the resource.
    pub key: String,
    /// On the first side; null when it is not there.
    pub from: Option<String>,
    /// On the second side; null when it is not there.
    pub to: Option<String>,
}

impl From<&service::ValueDifference> for ComparedValue {
    fn from(it: &service::ValueDifference) -> Self {
        Self {
            key: it.key.clone(),
            from: it.from.clone(),
            to: it.to.clone(),
        }
    }
}
