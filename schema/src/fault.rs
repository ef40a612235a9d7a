//! What an error says about itself, whichever service it comes from.

use crate::{Blocker, ErrorCode};
use serde::{Deserialize, Serialize};

/// One place in the input or in the content that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
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

/// An error that the edge can answer with: every service's error type implements it.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// The code in the answer.
    fn code(&self) -> ErrorCode;

    /// The input field that breaks a rule, as `a.b[0].c`, when one does.
    fn field(&self) -> Option<String> {
        None
    }

    /// Places that break rules, when there are several.
    fn findings(&self) -> Vec<Finding> {
        Vec::new()
    }

    /// Everything that stands in the way, when the command may succeed once it is gone.
    fn blockers(&self) -> Vec<Blocker> {
        Vec::new()
    }
}

/// Any service's error, at the edge.
pub type BoxFault = Box<dyn Fault>;

impl<F: Fault> From<F> for BoxFault {
    fn from(fault: F) -> Self {
        Box::new(fault)
    }
}

/// A fault of another service, inside a service's own error type.
#[derive(Debug)]
pub struct AnyFault(pub BoxFault);

impl std::fmt::Display for AnyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for AnyFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Fault for AnyFault {
    fn code(&self) -> ErrorCode {
        self.0.code()
    }
    fn field(&self) -> Option<String> {
        self.0.field()
    }
    fn findings(&self) -> Vec<Finding> {
        self.0.findings()
    }
    fn blockers(&self) -> Vec<Blocker> {
        self.0.blockers()
    }
}

/// Characters that a message for the caller has at most.
pub const MAX_MESSAGE_CHARS: usize = 2_000;

/// The text, cut after [`MAX_MESSAGE_CHARS`]: messages quote input, which may be very long.
pub fn bounded_message(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_MESSAGE_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The text for the caller: an error of the system shows no detail, none is very long.
pub fn public_message(fault: &dyn Fault) -> String {
    match fault.code() {
        ErrorCode::Internal => {
            "an unexpected fault; the log holds it under the trace id".to_owned()
        }
        ErrorCode::Unavailable => "a store or provider does not answer at the moment".to_owned(),
        _ => bounded_message(fault.to_string()),
    }
}

/// Implements [`Fault`] for an error enum whose listed variants wrap other faults: those answer
/// for themselves, the rest as the given match says.
///
/// ```ignore
/// fault_of! { RepositoryError:
///     wraps [Denied, Store, Git],
///     RepositoryError::NameTaken { .. } => Conflict at "name",
///     RepositoryError::NotFound => NotFound,
/// }
/// ```
///
/// Findings come from the enum's own `own_findings`. An enum that refuses with blockers ends the
/// list with `; blockers own_blockers`.
#[macro_export]
macro_rules! fault_of {
    ($error:ident: wraps [$($wrapped:ident),* $(,)?], $($pattern:pat => $code:ident $(at $field:expr)?),* $(,)? $(; blockers $own:ident)?) => {
        impl $crate::Fault for $error {
            fn code(&self) -> $crate::ErrorCode {
                #[allow(unreachable_patterns, unused_variables, reason = "a pattern may bind what only the field needs")]
                match self {
                    $($error::$wrapped(inner) => $crate::Fault::code(inner),)*
                    $($pattern => $crate::ErrorCode::$code,)*
                }
            }
            fn field(&self) -> Option<String> {
                #[allow(unreachable_patterns, unused_variables, reason = "not every pattern has a field")]
                match self {
                    $($error::$wrapped(inner) => $crate::Fault::field(inner),)*
                    $($pattern => { let field: Option<String> = None; $(let field = Some(String::from($field));)? field })*
                }
            }
            fn findings(&self) -> Vec<$crate::Finding> {
                #[allow(unreachable_patterns, unused_variables, reason = "only wrapped faults are asked")]
                match self {
                    $($error::$wrapped(inner) => $crate::Fault::findings(inner),)*
                    other => other.own_findings(),
                }
            }
            fn blockers(&self) -> Vec<$crate::Blocker> {
                #[allow(unreachable_patterns, unused_variables, reason = "only wrapped faults are asked")]
                match self {
                    $($error::$wrapped(inner) => $crate::Fault::blockers(inner),)*
                    other => {
                        let own: Vec<$crate::Blocker> = Vec::new();
                        $(let own = other.$own();)?
                        own
                    }
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no '{0}' here")]
    struct Quoting(String);

    impl Fault for Quoting {
        fn code(&self) -> ErrorCode {
            ErrorCode::NotFound
        }
    }

    #[test]
    fn a_message_that_quotes_very_long_input_is_cut() {
        let message = public_message(&Quoting("ä".repeat(100_000)));
        assert_eq!(message.chars().count(), MAX_MESSAGE_CHARS + 1);
        assert!(message.ends_with("ä…"));
        assert_eq!(public_message(&Quoting("x".into())), "no 'x' here");
    }
}
