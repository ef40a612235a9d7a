//! Why a command ended without the result that was asked for.

use crate::cli::{
    client::{ClientError, InvalidConnection},
    delivery::ApproverError,
};

use super::{
    api::UserError, collect::CollectError, digest::HashError, model::Finding, module::ModuleError,
};

/// Why a command ended without the result that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ShipError {
    /// The folder cannot be shipped as it is.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The module description does not say which module it is.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// Content that is made to break Git.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The address or token cannot be used.
    #[error(transparent)]
    Connection(#[from] InvalidConnection),
    /// Nobody can be approver.
    #[error(transparent)]
    Approver(#[from] ApproverError),
    /// An option breaks a rule.
    #[error("{option} {rule}")]
    Option {
        /// As it is written on the command line.
        option: &'static str,
        /// What it must be.
        rule: String,
    },
    /// The files make a request that the server does not take.
    #[error(
        "the files make a request of {bytes} bytes; the server takes at most {limit} \
         (exclude generated files with .gitignore, or raise the server's limit)"
    )]
    TooLarge {
        /// The request's size.
        bytes: u64,
        /// The server's limit, for people.
        limit: String,
    },
    /// No answer that helps.
    #[error(transparent)]
    Client(ClientError),
    /// The server refuses a command.
    #[error("{doing} was refused:\n{}", lines(.errors))]
    Refused {
        /// What was to be done.
        doing: &'static str,
        /// Why not.
        errors: Vec<UserError>,
    },
    /// What a command names is not there, or not for this caller.
    #[error("{what}")]
    Missing {
        /// In one sentence.
        what: String,
    },
    /// The module description is wrong; it stands on the default branch.
    #[error("module.yaml cannot be built:\n{}", lines(.findings))]
    InvalidPipeline {
        /// Where and why.
        findings: Vec<Finding>,
    },
    /// The server answers, but nothing moves.
    #[error("{waiting_for} did not come within {seconds} s")]
    Stalled {
        /// What was waited for.
        waiting_for: &'static str,
        /// For how long.
        seconds: u64,
    },
    /// The server's answers do not fit together.
    #[error("the server's answers do not fit together: {0}")]
    Inconsistent(String),
}

impl From<ClientError> for ShipError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::RequestTooLarge { bytes, limit } => {
                let limit =
                    limit.map_or_else(|| "less".to_owned(), |limit| format!("{limit} bytes"));
                Self::TooLarge { bytes, limit }
            }
            other => Self::Client(other),
        }
    }
}

fn lines(items: &[impl ToString]) -> String {
    let lines: Vec<_> = items.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl ShipError {
    /// The exit code: 2 for input, 3 for a refusal, 5 for a lost connection, 4 for the rest.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Collect(CollectError::Io { .. }) => 4,
            Self::Collect(_)
            | Self::Module(_)
            | Self::Hash(_)
            | Self::Connection(_)
            | Self::Approver(_)
            | Self::Option { .. }
            | Self::TooLarge { .. } => 2,
            Self::Client(error) => error.exit_code(),
            Self::Refused { .. } | Self::InvalidPipeline { .. } | Self::Missing { .. } => 3,
            Self::Stalled { .. } | Self::Inconsistent(_) => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::client::ApiError;

    fn api(code: &str) -> ClientError {
        ClientError::Api(ApiError {
            code: code.to_owned(),
            message: String::new(),
            path: None,
            retryable: false,
            trace_id: None,
        })
    }

    fn gave_up(last: ClientError) -> ClientError {
        ClientError::GaveUp {
            waited: Duration::from_secs(1),
            last: Box::new(last),
        }
    }

    #[test]
    fn exit_codes_tell_input_refusal_technique_and_connection_apart() {
        let gone = ClientError::Connection {
            url: String::new(),
            reason: String::new(),
        };
        let large = ClientError::RequestTooLarge {
            bytes: 2,
            limit: Some(1),
        };
        let cases: Vec<(ShipError, u8)> = vec![
            (CollectError::NoModule("x".into()).into(), 2),
            (ModuleError::NotText.into(), 2),
            (InvalidConnection::NoToken.into(), 2),
            (large.into(), 2),
            (api("FORBIDDEN").into(), 3),
            (api("UNAUTHENTICATED").into(), 3),
            (
                ShipError::Refused {
                    doing: "x",
                    errors: Vec::new(),
                },
                3,
            ),
            (
                ShipError::Missing {
                    what: String::new(),
                },
                3,
            ),
            (ApproverError::Tenant.into(), 2),
            (
                ShipError::InvalidPipeline {
                    findings: Vec::new(),
                },
                3,
            ),
            (api("INTERNAL").into(), 4),
            (gave_up(api("UNAVAILABLE")).into(), 4),
            (
                ShipError::Stalled {
                    waiting_for: "x",
                    seconds: 1,
                },
                4,
            ),
            (gave_up(gone).into(), 5),
        ];
        for (error, code) in cases {
            assert_eq!(error.exit_code(), code, "{error}");
        }
    }
}
