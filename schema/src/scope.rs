//! Scopes: what a token may do.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! scopes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)*) => {
        /// A right that a token carries; commands name the one they demand.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum Scope {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)*
        }

        impl Scope {
            /// Every scope, in the order of the table.
            pub const ALL: &'static [Scope] = &[$(Scope::$name,)*];

            /// The scope as it stands in the `scopes` claim.
            pub const fn as_str(self) -> &'static str {
                match self { $(Scope::$name => $text,)* }
            }
        }

        impl FromStr for Scope {
            type Err = UnknownScope;
            fn from_str(text: &str) -> Result<Self, UnknownScope> {
                match text { $($text => Ok(Scope::$name),)* _ => Err(UnknownScope(text.to_owned())) }
            }
        }
    };
}

/// A scope that Sluice does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope '{0}'")]
pub struct UnknownScope(pub String);

scopes! {
    /// Read every object of the projects that the token names.
    Read = "devops.read";
    /// Provision, update and archive repositories.
    RepositoriesWrite = "devops.repositories.write";
    /// Create and delete branches, set branch policies.
    BranchesWrite = "devops.branches.write";
    /// Create commits.
    CommitsWrite = "devops.commits.write";
    /// Open and abandon pull requests.
    PullRequestsWrite = "devops.pullrequests.write";
    /// Review pull requests.
    PullRequestsReview = "devops.pullrequests.review";
    /// Merge pull requests.
    PullRequestsMerge = "devops.pullrequests.merge";
    /// Generate pipeline definitions.
    PipelinesGenerate = "devops.pipelines.generate";
    /// Run, cancel and retry pipelines.
    PipelinesRun = "devops.pipelines.run";
    /// Record build results of an external CI.
    BuildsWrite = "devops.builds.write";
    /// Publish packages, also through the package feed.
    PackagesPublish = "devops.packages.publish";
    /// Build container images.
    ImagesBuild = "devops.images.build";
    /// Plan and cancel releases.
    ReleasesPlan = "devops.releases.plan";
    /// Approve and reject releases.
    ReleasesApprove = "devops.releases.approve";
    /// Plan, provision and destroy infrastructure.
    InfrastructureProvision = "devops.iac.provision";
    /// Render deployment manifests.
    ManifestsRender = "devops.manifests.render";
    /// Define environments and their gates.
    EnvironmentsWrite = "devops.environments.write";
    /// Promote releases, roll environments back, hold and resume them.
    PromotionsWrite = "devops.promotions.write";
    /// Promote although an overridable gate is closed.
    PromotionsOverride = "devops.promotions.override";
    /// Synchronise, pause and resume deployment targets.
    GitOpsSync = "devops.gitops.sync";
    /// Configure projects: which steps run by themselves, and who approves.
    ProjectsWrite = "devops.projects.write";
    /// Operate the tenant: dead letters and their redrive.
    Admin = "devops.admin";
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
