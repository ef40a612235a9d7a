//! What a promotion announces.

use sluice_schema::{
    PromotionId,
    events::{
        DeploymentPromoted, EnvironmentRolledBack, PromotedItem, PromotionFailed,
        PromotionRequested, PromotionSucceeded,
    },
};

use super::EnvironmentPromotion;

impl EnvironmentPromotion {
    /// It was asked for.
    pub(crate) fn request_event(&self) -> PromotionRequested {
        PromotionRequested {
            promotion_id: self.id,
            release_id: self.release_id,
            version: self.release_version.clone(),
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            attempt: self.attempt,
            kind: self.kind.as_str().to_owned(),
            automatic: self.automatic,
            status: if self.blockers.is_empty() {
                "REQUESTED".to_owned()
            } else {
                "GATED".to_owned()
            },
            blockers: self.blockers.clone(),
        }
    }

    /// Git declares it; `None` while it does not.
    pub(crate) fn promoted_event(&self) -> Option<DeploymentPromoted> {
        let items = self.items.iter().map(|item| PromotedItem {
            module: item.module.clone(),
            manifest_id: item.manifest_id,
            manifest_digest: item.manifest_digest.clone(),
            path: item.path.clone(),
        });
        Some(DeploymentPromoted {
            promotion_id: self.id,
            release_id: self.release_id,
            version: self.release_version.clone(),
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            attempt: self.attempt,
            kind: self.kind.as_str().to_owned(),
            items: items.collect(),
            gitops_repository_id: self.gitops_repository_id?,
            gitops_repository: self.gitops_repository.clone()?,
            branch: self.branch.clone()?,
            commit_sha: self.commit_sha.clone()?,
            previous: self.previous,
            rollback_of: self.rollback_of,
        })
    }

    /// The target holds it and is healthy; `None` while Git does not declare it.
    pub(crate) fn succeeded_event(&self) -> Option<PromotionSucceeded> {
        Some(PromotionSucceeded {
            promotion_id: self.id,
            release_id: self.release_id,
            version: self.release_version.clone(),
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            attempt: self.attempt,
            kind: self.kind.as_str().to_owned(),
            commit_sha: self.commit_sha.clone()?,
            modules: self.items.iter().map(|item| item.module.clone()).collect(),
        })
    }

    /// It ended without success.
    pub(crate) fn failed_event(&self) -> PromotionFailed {
        PromotionFailed {
            promotion_id: self.id,
            release_id: self.release_id,
            version: self.release_version.clone(),
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            attempt: self.attempt,
            kind: self.kind.as_str().to_owned(),
            status: self.status.as_str().to_owned(),
            code: self.code.clone().unwrap_or_default(),
            reason: self.reason.clone().unwrap_or_default(),
        }
    }

    /// It left `rolled_back` and declares again what `restored` declared.
    pub(crate) fn rolled_back_event(
        &self,
        rolled_back: PromotionId,
        restored: PromotionId,
    ) -> EnvironmentRolledBack {
        EnvironmentRolledBack {
            promotion_id: self.id,
            release_id: self.release_id,
            version: self.release_version.clone(),
            environment_id: self.environment_id,
            environment: self.environment.clone(),
            attempt: self.attempt,
            kind: self.kind.as_str().to_owned(),
            rolled_back,
            restored,
            reason: self.rollback_reason.clone().unwrap_or_default(),
        }
    }
}
