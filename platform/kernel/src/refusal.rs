//! Refused commands, on their way to the record that audits read.

use async_trait::async_trait;
use sluice_schema::{
    ApprovalId, Blocker, BranchId, BuildId, CommitId, EnvironmentId, ErrorClass, ErrorCode, Fault,
    ImageId, InfrastructureId, ManifestId, PackageId, PipelineId, ProjectId, PromotionId,
    PullRequestId, ReleaseId, RepositoryId, RunId, SyncId, TypedId, events::CommandRefused,
};

use crate::Ctx;

/// Keeps what was refused.
#[async_trait]
pub trait RefusalRecorder: Send + Sync {
    /// Records a refusal of the caller's command; `project` is the one that the command names. A
    /// failure to record is logged and changes nothing for the caller.
    async fn record(&self, ctx: &Ctx, project: Option<&ProjectId>, refusal: CommandRefused);
}

/// Whether a refusal with this code is kept: what the domain decides and what rights forbid. A
/// request that is malformed or breaks the rule of a field, whose sender is unknown, that is too
/// large, or that the system failed on tells an audit nothing.
pub const fn is_audited(code: ErrorCode) -> bool {
    match code {
        ErrorCode::InvalidInput => false,
        ErrorCode::Forbidden => true,
        code => matches!(code.class(), ErrorClass::Refusal),
    }
}

/// What a refusal says of itself: no values of the input, and no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    code: ErrorCode,
    field: Option<String>,
    blockers: Vec<String>,
}

impl Refused {
    /// What is kept of a fault; `None` for one that is not kept.
    pub fn of(fault: &dyn Fault) -> Option<Self> {
        let (field, blockers) = (fault.field(), fault.blockers());
        Self::of_parts(fault.code(), field.as_deref(), &blockers)
    }

    /// The same of a fault's parts.
    pub fn of_parts(code: ErrorCode, field: Option<&str>, blockers: &[Blocker]) -> Option<Self> {
        let blockers = blockers.iter().map(|it| it.code.as_str().to_owned());
        is_audited(code).then(|| Self {
            code,
            field: field.map(names_alone),
            blockers: blockers.collect(),
        })
    }

    /// The event's payload.
    pub fn told(self, command: &str, named: &Named) -> CommandRefused {
        let project = named.project.as_ref().map(ToString::to_string);
        let subject = named.subject.as_ref().map(|(_, id)| id.clone());
        CommandRefused {
            subject_id: subject.or(project).unwrap_or_default(),
            command: command.to_owned(),
            code: self.code.as_str().to_owned(),
            field: self.field,
            blockers: self.blockers,
            omitted: 0,
        }
    }
}

const MAX_SEGMENTS: usize = 16;
const MAX_SEGMENT: usize = 64;

/// A field's path, the keys that callers chose in it as `*`: they may hold anything.
fn names_alone(field: &str) -> String {
    let is_name = |segment: &str| {
        segment.len() <= MAX_SEGMENT
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'[' | b']' | b'-' | b'_'))
    };
    let segments = field.split('.').take(MAX_SEGMENTS);
    let segments = segments.map(|segment| if is_name(segment) { segment } else { "*" });
    segments.collect::<Vec<_>>().join(".")
}

/// The ids that a command names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    project: Option<ProjectId>,
    // With its rank: what stands later in the chain says more.
    subject: Option<(usize, String)>,
}

// From the end of the chain to its start; an environment is where something happens.
const KINDS: [fn(&str) -> bool; 16] = [
    is::<SyncId>,
    is::<PromotionId>,
    is::<ManifestId>,
    is::<InfrastructureId>,
    is::<ApprovalId>,
    is::<ReleaseId>,
    is::<ImageId>,
    is::<PackageId>,
    is::<BuildId>,
    is::<RunId>,
    is::<PipelineId>,
    is::<PullRequestId>,
    is::<CommitId>,
    is::<BranchId>,
    is::<RepositoryId>,
    is::<EnvironmentId>,
];

fn is<I: TypedId>(text: &str) -> bool {
    text.parse::<I>().is_ok()
}

impl Named {
    /// Notes a value of the command: the project by its field's name, objects by the form of
    /// their ids. Everything else is passed over.
    pub fn note(&mut self, field: &str, value: &str) {
        if matches!(field, "projectId" | "project") {
            self.project = value.parse().ok();
            return;
        }
        let Some(rank) = KINDS.iter().position(|is_kind| is_kind(value)) else {
            return;
        };
        if self.subject.as_ref().is_none_or(|(best, _)| rank < *best) {
            self.subject = Some((rank, value.to_owned()));
        }
    }

    /// The project, when the command names it.
    pub fn project(&self) -> Option<&ProjectId> {
        self.project.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_malformed_and_what_the_system_fails_on_is_not_kept() {
        let kept: Vec<_> = ErrorCode::ALL
            .iter()
            .filter(|code| is_audited(**code))
            .map(|code| code.as_str())
            .collect();
        for code in [
            "FORBIDDEN",
            "NOT_FOUND",
            "CONFLICT",
            "FAILED_PRECONDITION",
            "SECRET_DETECTED",
            "APPROVER_NOT_ELIGIBLE",
            "PROMOTION_BLOCKED",
        ] {
            assert!(kept.contains(&code), "{code}");
        }
        for code in [
            "INVALID_INPUT",
            "BAD_REQUEST",
            "LIMIT_EXCEEDED",
            "UNAUTHENTICATED",
            "INTERNAL",
            "UNAVAILABLE",
        ] {
            assert!(!kept.contains(&code), "{code}");
        }
    }

    #[test]
    fn a_path_keeps_names_and_places_but_no_keys_of_the_caller() {
        assert_eq!(names_alone("changes[3].path"), "changes[3].path");
        assert_eq!(names_alone("variables.pass word"), "variables.*");
        assert_eq!(names_alone("a.päss"), "a.*");
        assert_eq!(names_alone(&"x".repeat(65)), "*");
        assert!(names_alone(&".a".repeat(5_000)).len() < 64);
    }

    #[test]
    fn the_subject_is_the_object_that_stands_latest_in_the_chain() {
        let (repository, release) = (RepositoryId::generate(), ReleaseId::generate());
        let environment = EnvironmentId::generate();
        let mut named = Named::default();
        named.note("projectId", "web");
        named.note("name", "s3cret");
        named.note("environmentId", &environment.to_string());
        named.note("releaseId", &release.to_string());
        named.note("repositoryId", &repository.to_string());
        assert_eq!(named.project().map(ProjectId::as_str), Some("web"));
        let refused = Refused {
            code: ErrorCode::Conflict,
            field: None,
            blockers: Vec::new(),
        };
        let told = refused.clone().told("promoteRelease", &named);
        assert_eq!(told.subject_id, release.to_string());
        let mut named = Named::default();
        named.note("projectId", "web");
        assert_eq!(refused.told("x", &named).subject_id, "web");
    }
}
