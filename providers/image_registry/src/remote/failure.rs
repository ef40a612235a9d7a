//! What the client's errors mean here.

use oci_client::errors::{OciDistributionError as Failure, OciEnvelope, OciErrorCode};

use crate::ImageError;

/// Whether the error says that the thing asked for is not there.
pub(super) fn is_absent(error: &Failure) -> bool {
    match error {
        Failure::ImageManifestNotFoundError(_) | Failure::ServerError { code: 404, .. } => true,
        Failure::RegistryError { envelope, .. } => has(envelope, |code| {
            matches!(
                code,
                OciErrorCode::ManifestUnknown
                    | OciErrorCode::NameUnknown
                    | OciErrorCode::NotFound
                    | OciErrorCode::BlobUnknown
                    | OciErrorCode::ManifestBlobUnknown
            )
        }),
        Failure::RequestError(error) => error.status().is_some_and(|status| status == 404),
        _ => false,
    }
}

/// Whether the error says that the registry has no such endpoint.
pub(super) fn is_unsupported(error: &Failure) -> bool {
    match error {
        Failure::ServerError { code, .. } => matches!(code, 400 | 404 | 405 | 406 | 501),
        Failure::RegistryError { envelope, .. } => {
            !has(envelope, is_denial) && !has(envelope, is_wait)
        }
        _ => false,
    }
}

fn has(envelope: &OciEnvelope, matches: impl Fn(&OciErrorCode) -> bool) -> bool {
    envelope.errors.iter().any(|error| matches(&error.code))
}

fn is_denial(code: &OciErrorCode) -> bool {
    matches!(code, OciErrorCode::Unauthorized | OciErrorCode::Denied)
}

fn is_wait(code: &OciErrorCode) -> bool {
    matches!(code, OciErrorCode::Toomanyrequests)
}

/// The client's error as ours, with what was being done.
pub(super) fn failed(doing: &'static str, error: Failure) -> ImageError {
    enum Kind {
        Denied,
        Later,
        Wrong,
    }
    let by_status = |status: u16| match status {
        401 | 403 => Kind::Denied,
        408 | 429 | 500.. => Kind::Later,
        _ => Kind::Wrong,
    };
    let kind = match &error {
        Failure::UnauthorizedError { .. } | Failure::AuthenticationFailure(_) => Kind::Denied,
        Failure::ServerError { code, .. } => by_status(*code),
        Failure::RegistryError { envelope, .. } if has(envelope, is_denial) => Kind::Denied,
        Failure::RegistryError { envelope, .. } if has(envelope, is_wait) => Kind::Later,
        Failure::RequestError(error) => error
            .status()
            .map_or(Kind::Later, |status| by_status(status.as_u16())),
        Failure::IoError(_) => Kind::Later,
        _ => Kind::Wrong,
    };
    let source = error.into();
    match kind {
        Kind::Denied => ImageError::Unauthorized,
        Kind::Later => ImageError::Unreachable { doing, source },
        Kind::Wrong => ImageError::Registry { doing, source },
    }
}
