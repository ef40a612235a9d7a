//! A person's decision on a release.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_graphql::{Enum, ID};
use chrono::{DateTime, Utc};
use sluice_kernel::Ctx;
use sluice_release as service;
use sluice_schema::{ApprovalId, BoxFault, ReleaseId};

use super::{ReleaseById, ReleasePlan};
use crate::{
    Services,
    declare::aggregate,
    loaders::{Lookup, lookups},
};

/// What a person decided.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ApprovalDecision")]
pub enum ApprovalDecision {
    /// The release may go on.
    Approved,
    /// It may not.
    Rejected,
}

/// Whether a decision counts.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::ApprovalState")]
pub enum ApprovalState {
    /// It does.
    Valid,
    /// What it covers changed.
    Void,
    /// Its time is over.
    Expired,
}

lookups! {
    /// A decision by its id.
    ApprovalById(ApprovalId) -> Arc<service::ReleaseApproval>
        = list releases.find_many_approvals;
    /// The decisions on a release, oldest first.
    ApprovalsOfRelease(ReleaseId) -> Vec<Arc<service::ReleaseApproval>>
        = map releases.find_approvals;
}

/// The latest decision of a person on a release.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DecisionOf {
    /// The release.
    pub release: ReleaseId,
    /// Who decided.
    pub approver: String,
}

impl Lookup for DecisionOf {
    type Value = Arc<service::ReleaseApproval>;

    async fn load(
        services: &Services,
        ctx: &Ctx,
        keys: &[Self],
    ) -> Result<HashMap<Self, Self::Value>, BoxFault> {
        let releases: BTreeSet<ReleaseId> = keys.iter().map(|key| key.release).collect();
        let releases: Vec<ReleaseId> = releases.into_iter().collect();
        let decisions = services.releases.find_approvals(ctx, &releases).await?;
        let latest = |key: &Self| {
            let of_release = decisions.get(&key.release)?;
            let mut own = of_release.iter().filter(|it| it.approver == key.approver);
            own.next_back().cloned()
        };
        let found = keys
            .iter()
            .filter_map(|key| Some((key.clone(), latest(key)?)));
        Ok(found.collect())
    }
}

aggregate! {
    /// A person's decision on a release. A person has one that counts for each release at most;
    /// it covers what the release was then, and is void as soon as that changes.
    ReleaseApproval(service::ReleaseApproval);
    fields {
        /// Id of the release.
        async fn release_id(&self) -> ID {
            self.0.release_id.to_string().into()
        }
        /// Who decided.
        async fn approver(&self) -> &str {
            &self.0.approver
        }
        /// What was decided.
        async fn decision(&self) -> ApprovalDecision {
            self.0.decision.into()
        }
        /// Why.
        async fn reason(&self) -> &str {
            &self.0.reason
        }
        /// Digest of what the release covered then.
        async fn content_digest(&self) -> &str {
            &self.0.content_digest
        }
        /// When it was decided.
        async fn decided_at(&self) -> DateTime<Utc> {
            self.0.at
        }
        /// When it ends to count; null when it does not by itself.
        async fn expires_at(&self) -> Option<DateTime<Utc>> {
            self.0.expires_at
        }
        /// Whether it counts.
        async fn state(&self) -> ApprovalState {
            self.0.state.into()
        }
        /// Why it does not count any more.
        async fn cause(&self) -> Option<&str> {
            self.0.cause.as_deref()
        }
    }
    one {
        /// The release.
        release: ReleasePlan by |it| Some(ReleaseById(it.release_id));
    }
    many {}
    lists {}
}
