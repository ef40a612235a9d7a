//! The one table of error codes, shared by GraphQL, REST and the CLI.

use serde::{Deserialize, Serialize};

/// Who is addressed by an error and where it stands in a GraphQL answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The domain refuses the command: `userErrors` of a mutation payload.
    Refusal,
    /// The caller's request is at fault: a top-level error.
    Request,
    /// The system is at fault: a top-level error; details stay in the log.
    System,
}

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $class:ident, $status:literal, $retry:literal;)*) => {
        /// Every error code that Sluice answers with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $name,)*
        }

        impl ErrorCode {
            /// All codes, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name,)*];

            /// The code as it stands in answers.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$name => $text,)* }
            }
            /// Whom the error addresses.
            pub const fn class(self) -> ErrorClass {
                match self { $(ErrorCode::$name => ErrorClass::$class,)* }
            }
            /// The HTTP status of the REST endpoints.
            pub const fn http_status(self) -> u16 {
                match self { $(ErrorCode::$name => $status,)* }
            }
            /// Whether the same request may succeed later, unchanged.
            pub const fn retryable(self) -> bool {
                match self { $(ErrorCode::$name => $retry,)* }
            }
        }
    };
}

error_codes! {
    /// No token, or one that is expired, malformed or not ours.
    Unauthenticated = "UNAUTHENTICATED", Request, 401, false;
    /// The token lacks the scope that the command demands.
    Forbidden = "FORBIDDEN", Request, 403, false;
    /// No such object, or none that the caller may know of.
    NotFound = "NOT_FOUND", Refusal, 404, false;
    /// An input value breaks a rule; the path names the field.
    InvalidInput = "INVALID_INPUT", Refusal, 422, false;
    /// The natural key or idempotency key is taken by other content.
    Conflict = "CONFLICT", Refusal, 409, false;
    /// The object changed since the caller read it.
    VersionConflict = "VERSION_CONFLICT", Refusal, 409, true;
    /// The object's state does not allow the command.
    FailedPrecondition = "FAILED_PRECONDITION", Refusal, 409, false;
    /// The branch changes only through pull requests.
    BranchProtected = "BRANCH_PROTECTED", Refusal, 409, false;
    /// A secret was found in the content; findings name path, line and rule.
    SecretDetected = "SECRET_DETECTED", Refusal, 422, false;
    /// A three-way merge found conflicts; findings name the paths.
    MergeConflict = "MERGE_CONFLICT", Refusal, 409, false;
    /// Reviews or checks that the policy demands are missing.
    PolicyNotSatisfied = "POLICY_NOT_SATISFIED", Refusal, 409, false;
    /// The pipeline or module description is wrong or not supported; findings name the lines.
    InvalidPipeline = "INVALID_PIPELINE", Refusal, 422, false;
    /// The person may not approve this release: its planner, one of its authors, or nobody's approver.
    ApproverNotEligible = "APPROVER_NOT_ELIGIBLE", Refusal, 409, false;
    /// Gates of the environment are closed; blockers name every one.
    PromotionBlocked = "PROMOTION_BLOCKED", Refusal, 409, false;
    /// The infrastructure program is wrong; findings name the lines.
    InvalidProgram = "INVALID_PROGRAM", Refusal, 422, false;
    /// The infrastructure changed since the plan was made; plan again.
    StalePlan = "STALE_PLAN", Refusal, 409, false;
    /// The plan would delete or replace a protected resource.
    ProtectedResource = "PROTECTED_RESOURCE", Refusal, 409, false;
    /// Manifests or their overlays are wrong; findings name the files.
    InvalidManifest = "INVALID_MANIFEST", Refusal, 422, false;
    /// A size, count or depth is above its limit.
    LimitExceeded = "LIMIT_EXCEEDED", Request, 413, false;
    /// The caller has used up what it may spend for now; `Retry-After` says how long to wait.
    RateLimited = "RATE_LIMITED", Request, 429, true;
    /// The server knows no document of that digest, or executes none but those that it knows.
    PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND", Request, 400, false;
    /// The request is not well-formed GraphQL, JSON or HTTP.
    BadRequest = "BAD_REQUEST", Request, 400, false;
    /// The time for this request is used up; the command may still have taken effect.
    DeadlineExceeded = "DEADLINE_EXCEEDED", System, 504, true;
    /// A store or provider does not answer at the moment.
    Unavailable = "UNAVAILABLE", System, 503, true;
    /// An unexpected fault; the log holds it under the trace id.
    Internal = "INTERNAL", System, 500, false;
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
