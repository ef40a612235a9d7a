//! How faults become GraphQL: refusals stand in a payload, everything else is a top-level error.

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, ErrorExtensions, ID, Response, SimpleObject};
use sluice_kernel::Ctx;
use sluice_schema::{
    BoxFault, ErrorClass, Fault, InvalidName, TypedId,
    fault::{bounded_message, public_message},
};

use crate::{blocker::Blocker, scalars::ErrorCode};

/// Errors that one answer shows at most; the rest says nothing new and may be very much.
const MAX_ERRORS: usize = 20;

/// A fault on its way into an answer; logged when it was made, when it is the system's.
#[derive(Clone)]
pub struct Failure {
    fault: Arc<dyn Fault>,
    trace_id: Arc<str>,
}

/// What resolvers answer.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// Takes a fault over; a fault of the system is logged here, once, with its causes.
    pub fn new(ctx: &Ctx, fault: BoxFault) -> Self {
        if fault.code().class() == ErrorClass::System {
            let mut causes = String::new();
            let mut source = fault.source();
            while let Some(cause) = source {
                causes.push_str(": ");
                causes.push_str(&cause.to_string());
                source = cause.source();
            }
            tracing::error!(
                trace_id = ctx.trace_id(),
                tenant_id = %ctx.tenant(),
                code = fault.code().as_str(),
                "{fault}{causes}"
            );
        }
        Self {
            fault: Arc::from(fault),
            trace_id: ctx.trace_id().into(),
        }
    }

    /// A request came without a context: the caller of the schema forgot it.
    pub(crate) fn without_context() -> Self {
        tracing::error!("a request was executed without a context");
        Self {
            fault: Arc::new(NoContext),
            trace_id: "".into(),
        }
    }

    /// Whether the domain refuses, so that the answer belongs in `userErrors`.
    pub(crate) fn is_refusal(&self) -> bool {
        self.fault.code().class() == ErrorClass::Refusal
    }

    /// The entry of `userErrors`.
    pub(crate) fn user_error(&self) -> UserError {
        UserError {
            code: self.fault.code().into(),
            message: public_message(self.fault.as_ref()),
            path: path_of(self.fault.field().as_deref()),
            findings: self.fault.findings().into_iter().map(Into::into).collect(),
            blockers: self.fault.blockers().into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Failure> for async_graphql::Error {
    fn from(failure: Failure) -> Self {
        let code = failure.fault.code();
        Self::new(public_message(failure.fault.as_ref())).extend_with(|_, extensions| {
            extensions.set("code", code.as_str());
            extensions.set("retryable", code.retryable());
            if !failure.trace_id.is_empty() {
                extensions.set("traceId", failure.trace_id.as_ref());
            }
            if let Some(field) = failure.fault.field() {
                extensions.set("field", field);
            }
        })
    }
}

/// The context that every request must carry is missing.
#[derive(Debug, thiserror::Error)]
#[error("the request has no context")]
struct NoContext;

impl Fault for NoContext {
    fn code(&self) -> sluice_schema::ErrorCode {
        sluice_schema::ErrorCode::Internal
    }
}

/// An input value that breaks a rule before any service sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {rule}")]
pub struct InputFault {
    field: String,
    rule: String,
}

impl InputFault {
    /// Refuses `field`, a path below the input, for breaking `rule` (what it must be).
    pub fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            rule: rule.into(),
        }
    }
}

impl Fault for InputFault {
    fn code(&self) -> sluice_schema::ErrorCode {
        sluice_schema::ErrorCode::InvalidInput
    }
    fn field(&self) -> Option<String> {
        Some(self.field.clone())
    }
}

/// Reads a typed id.
///
/// # Errors
/// [`InputFault`] naming `field` when the text is no id of that kind.
pub fn id<T: TypedId>(field: &str, value: &ID) -> std::result::Result<T, InputFault> {
    value
        .parse()
        .map_err(|e: sluice_schema::InvalidId| InputFault::new(field, format!("is {e}")))
}

/// Reads an optional typed id.
///
/// # Errors
/// [`InputFault`] naming `field` when the text is no id of that kind.
pub fn optional_id<T: TypedId>(
    field: &str,
    value: Option<&ID>,
) -> std::result::Result<Option<T>, InputFault> {
    value.map(|value| id(field, value)).transpose()
}

/// Reads the name of a project or module.
///
/// # Errors
/// [`InputFault`] naming `field` when the text breaks the rule of names.
pub fn name<T: std::str::FromStr<Err = InvalidName>>(
    field: &str,
    value: &str,
) -> std::result::Result<T, InputFault> {
    value.parse().map_err(|e: InvalidName| {
        let text = e.to_string();
        let rule = text.strip_prefix(e.what).unwrap_or(&text).trim();
        InputFault::new(field, rule)
    })
}

/// Reads the name of a project or module, when it is given.
///
/// # Errors
/// [`InputFault`] naming `field` when the text breaks the rule of names.
pub fn optional_name<T: std::str::FromStr<Err = InvalidName>>(
    field: &str,
    value: Option<&ID>,
) -> std::result::Result<Option<T>, InputFault> {
    value.map(|value| name(field, value)).transpose()
}

/// Why the domain refused a command.
#[derive(SimpleObject, Debug, Clone)]
pub struct UserError {
    /// What kind of refusal it is.
    pub code: ErrorCode,
    /// One sentence for people.
    pub message: String,
    /// Where the offending value stands, beginning with `input`; `input` alone when the refusal
    /// is about no single field.
    pub path: Vec<String>,
    /// Places in the content that break rules, when there are several or the content has lines.
    pub findings: Vec<Finding>,
    /// Everything that stands in the way, when the command may succeed once it is gone.
    pub blockers: Vec<Blocker>,
}

/// One place in the input or in the content that breaks a rule.
#[derive(SimpleObject, Debug, Clone)]
pub struct Finding {
    /// File that it stands in.
    pub file: String,
    /// Line, from 1, when known.
    pub line: Option<u32>,
    /// Stable kebab-case name of the rule.
    pub rule: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl From<sluice_schema::Finding> for Finding {
    fn from(finding: sluice_schema::Finding) -> Self {
        Self {
            file: finding.file,
            line: finding.line,
            rule: finding.rule,
            message: finding.message,
        }
    }
}

// `a.b[0].c` becomes input, a, b, 0, c.
fn path_of(field: Option<&str>) -> Vec<String> {
    let segments = field
        .unwrap_or_default()
        .split(['.', '[', ']'])
        .filter(|segment| !segment.is_empty());
    std::iter::once("input")
        .chain(segments)
        .map(str::to_owned)
        .collect()
}

/// Gives every error of an answer its code and trace, and bounds their number.
pub(crate) fn finish(mut response: Response, trace_id: &str) -> Response {
    response.errors.truncate(MAX_ERRORS);
    for error in &mut response.errors {
        error.message = bounded_message(std::mem::take(&mut error.message));
        let extensions = error
            .extensions
            .get_or_insert_with(ErrorExtensionValues::default);
        if extensions.get("code").is_none() {
            let code = code_of_library(&error.message);
            extensions.set("code", code.as_str());
            extensions.set("retryable", code.retryable());
        }
        if extensions.get("traceId").is_none() {
            extensions.set("traceId", trace_id);
        }
    }
    response
}

// The library's own limits have no code of their own to tell them by.
fn code_of_library(message: &str) -> sluice_schema::ErrorCode {
    let limits = [
        "too complex",
        "too deep",
        "recursion depth",
        "number of directives",
    ];
    if limits.iter().any(|limit| message.contains(limit)) {
        sluice_schema::ErrorCode::LimitExceeded
    } else {
        sluice_schema::ErrorCode::BadRequest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_user_error_leads_from_the_input_to_the_field() {
        assert_eq!(path_of(None), ["input"]);
        assert_eq!(
            path_of(Some("changes[2].path")),
            ["input", "changes", "2", "path"]
        );
    }

    #[test]
    fn a_malformed_id_names_its_field_and_the_form_of_the_kind() {
        let refused = id::<sluice_schema::RepositoryId>("repositoryId", &ID("branch_1".into()));
        let refused = refused.unwrap_err();
        assert_eq!(refused.field(), Some("repositoryId".to_owned()));
        assert!(refused.to_string().contains("repo_<26"), "{refused}");
    }

    #[test]
    fn a_malformed_name_is_told_its_rule_once() {
        let refused = name::<sluice_schema::ProjectId>("projectId", "../x").unwrap_err();
        assert!(
            refused.to_string().starts_with("projectId must be 1 to 63"),
            "{refused}"
        );
    }
}
