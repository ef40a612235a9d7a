//! Enums and scalars that several services share.

use async_graphql::{Enum, InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// Every error code that Sluice answers with.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "sluice_schema::ErrorCode")]
pub enum ErrorCode {
    /// No token, or one that is expired, malformed or not ours.
    Unauthenticated,
    /// The token lacks the scope that the command demands.
    Forbidden,
    /// No such object, or none that the caller may know of.
    NotFound,
    /// An input value breaks a rule; the path names the field.
    InvalidInput,
    /// The natural key or idempotency key is taken by other content.
    Conflict,
    /// The object changed since the caller read it.
    VersionConflict,
    /// The object's state does not allow the command.
    FailedPrecondition,
    /// The branch changes only through pull requests.
    BranchProtected,
    /// A secret was found in the content; findings name path, line and rule.
    SecretDetected,
    /// A three-way merge found conflicts; findings name the paths.
    MergeConflict,
    /// Reviews or checks that the policy demands are missing; findings name them.
    PolicyNotSatisfied,
    /// The pipeline or module description is wrong or not supported; findings name the lines.
    InvalidPipeline,
    /// The person may not approve this release: its planner, one of its authors, or nobody's approver.
    ApproverNotEligible,
    /// Gates of the environment are closed; blockers name every one.
    PromotionBlocked,
    /// The infrastructure program is wrong; findings name the lines.
    InvalidProgram,
    /// The infrastructure changed since the plan was made; plan again.
    StalePlan,
    /// The plan would delete or replace a protected resource.
    ProtectedResource,
    /// Manifests or their overlays are wrong; findings name the files.
    InvalidManifest,
    /// A size, count or depth is above its limit.
    LimitExceeded,
    /// The caller has used up what it may spend for now; `Retry-After` says how long to wait.
    RateLimited,
    /// The server knows no document of that digest, or executes none but those that it knows.
    PersistedQueryNotFound,
    /// The request is not well-formed GraphQL, JSON or HTTP.
    BadRequest,
    /// The time for this request is used up; the command may still have taken effect.
    DeadlineExceeded,
    /// A store or provider does not answer at the moment.
    Unavailable,
    /// An unexpected fault; the log holds it under the trace id.
    Internal,
}

/// Which way a list is sorted.
#[derive(Enum, Debug, Clone, Copy, Default, PartialEq, Eq)]
#[graphql(remote = "sluice_kernel::Direction")]
pub enum OrderDirection {
    /// Smallest, earliest or first in the alphabet first.
    #[default]
    #[graphql(name = "ASC")]
    Ascending,
    /// Largest, latest or last in the alphabet first.
    #[graphql(name = "DESC")]
    Descending,
}

/// What kind of caller acts.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "sluice_schema::ActorKind")]
pub enum ActorKind {
    /// A person.
    User,
    /// A program with a token of its own.
    Service,
    /// Sluice itself, reacting to an event or recovering.
    System,
}

/// A whole number of up to 53 bits (sizes in bytes, durations in milliseconds), which `Int` with
/// its 32 bits cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Long(pub u64);

/// A whole number of up to 53 bits (sizes in bytes, durations in milliseconds), which `Int` with
/// its 32 bits cannot hold.
#[Scalar]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => match number.as_u64() {
                Some(number) if number < 1 << 53 => Ok(Self(number)),
                _ => Err("a Long must be a whole number of 0 to 2^53 - 1".into()),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}
