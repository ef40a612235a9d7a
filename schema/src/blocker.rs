//! What stands in the way of a promotion, as data.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! blocker_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $overridable:literal;)*) => {
        /// Why a promotion may not run now.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum BlockerCode {
            $($(#[doc = $doc])+ $name,)*
        }

        impl BlockerCode {
            /// All codes, in the order of the table.
            pub const ALL: &'static [BlockerCode] = &[$(BlockerCode::$name,)*];

            /// The code as it stands in answers.
            pub const fn as_str(self) -> &'static str {
                match self { $(BlockerCode::$name => $text,)* }
            }
            /// Whether a person with the right to override may promote all the same.
            pub const fn overridable(self) -> bool {
                match self { $(BlockerCode::$name => $overridable,)* }
            }
        }

        impl std::str::FromStr for BlockerCode {
            type Err = UnknownBlocker;
            fn from_str(text: &str) -> Result<Self, UnknownBlocker> {
                match text { $($text => Ok(BlockerCode::$name),)* _ => Err(UnknownBlocker(text.to_owned())) }
            }
        }
    };
}

/// A blocker code that Sluice does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown blocker code '{0}'")]
pub struct UnknownBlocker(pub String);

blocker_codes! {
    /// The release is not approved: approvals are missing, void or expired.
    NotApproved = "NOT_APPROVED", false;
    /// The release was rejected or cancelled.
    ReleaseClosed = "RELEASE_CLOSED", false;
    /// Fewer people approved the release than the environment demands.
    ApprovalsMissing = "APPROVALS_MISSING", false;
    /// A package or image of the release is not ready.
    ArtifactNotReady = "ARTIFACT_NOT_READY", false;
    /// No manifest is rendered for the environment.
    ManifestMissing = "MANIFEST_MISSING", false;
    /// The infrastructure that the release declares is not provisioned, or failed to.
    InfrastructureNotReady = "INFRASTRUCTURE_NOT_READY", false;
    /// The release has not succeeded in an environment before this one.
    OutOfOrder = "OUT_OF_ORDER", false;
    /// The release has not run long enough in an environment before this one.
    SoakTime = "SOAK_TIME", true;
    /// The environment is frozen.
    Freeze = "FREEZE", true;
    /// A required check did not succeed.
    CheckFailed = "CHECK_FAILED", true;
    /// The environment, or the module in it, is on hold.
    Hold = "HOLD", false;
    /// Another promotion of the module into the environment is under way.
    PromotionInProgress = "PROMOTION_IN_PROGRESS", false;
    /// The environment was taken out of the project's definition.
    EnvironmentRetired = "ENVIRONMENT_RETIRED", false;
}

impl std::fmt::Display for BlockerCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One reason why a promotion may not run now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Blocker {
    /// The kind of reason.
    pub code: BlockerCode,
    /// One sentence for people: what is missing and who or what can provide it.
    pub message: String,
    /// Id of the object that it is about, or the name of a check or freeze.
    pub subject: Option<String>,
    /// When it ends by itself, when that is known.
    pub until: Option<DateTime<Utc>>,
    /// Whether a person with the right to override may promote all the same.
    pub overridable: bool,
}

impl Blocker {
    /// A blocker that does not end by itself.
    pub fn new(code: BlockerCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            subject: None,
            until: None,
            overridable: code.overridable(),
        }
    }

    /// The same about `subject`.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The same, ending by itself at `until`.
    #[must_use]
    pub fn until(mut self, until: DateTime<Utc>) -> Self {
        self.until = Some(until);
        self
    }
}
