//! How a package feed's errors are answered.

use std::io::ErrorKind;

use sluice_schema::{ErrorCode, Fault};

use crate::PackageFeedError;

impl Fault for PackageFeedError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid { .. } | Self::InvalidPath { .. } | Self::InvalidPackage { .. } => {
                ErrorCode::InvalidInput
            }
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Conflict { .. } => ErrorCode::Conflict,
            Self::TooLarge { .. } => ErrorCode::LimitExceeded,
            // Room may be made; everything else wants a look at the log.
            Self::Io { source, .. } => match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ErrorCode::Unavailable,
                _ => ErrorCode::Internal,
            },
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::Invalid { field, .. } => Some(field.clone()),
            Self::InvalidPath { path, .. } => Some(format!("files[{path}]")),
            Self::InvalidPackage { .. } => Some("package".to_owned()),
            _ => None,
        }
    }
}
