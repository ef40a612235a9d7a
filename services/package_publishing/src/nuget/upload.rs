//! Packages as clients upload them: a multipart form, often without a length.

use axum::{
    extract::Request,
    http::header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use bytes::{Bytes, BytesMut};
use multer::{Constraints, Multipart, SizeLimit};
use sluice_package_feed::PackageFeedError;

use crate::PackageError;

/// What a form is longer than its package, at most.
const FRAME: u64 = 64 * 1024;

/// The first part of the form, at most `max` bytes.
pub(super) async fn package(request: Request, max: u64) -> Result<Bytes, PackageError> {
    let headers = request.headers();
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        PackageError::Upload("the body must be multipart/form-data with a package".to_owned())
    })?;
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > max.saturating_add(FRAME)) {
        return Err(too_large(max));
    }
    let sizes = SizeLimit::new()
        .whole_stream(max.saturating_add(FRAME))
        .per_field(max);
    let limits = Constraints::new().size_limit(sizes);
    let body = request.into_body().into_data_stream();
    let mut form = Multipart::with_constraints(body, boundary, limits);
    let mut content = BytesMut::new();
    let part = form
        .next_field()
        .await
        .map_err(|error| refused(&error, max))?;
    let mut part = part.ok_or_else(|| PackageError::Upload("the form has no parts".to_owned()))?;
    while let Some(piece) = part.chunk().await.map_err(|error| refused(&error, max))? {
        content.extend_from_slice(&piece);
    }
    Ok(content.freeze())
}

fn refused(error: &multer::Error, max: u64) -> PackageError {
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            too_large(max)
        }
        // What the library says of a stream may name what stands behind it.
        _ => PackageError::Upload(
            "the form could not be read: it is broken or was cut off".to_owned(),
        ),
    }
}

fn too_large(limit: u64) -> PackageError {
    PackageError::Feed(PackageFeedError::TooLarge {
        what: "bytes of the package".to_owned(),
        limit,
    })
}
