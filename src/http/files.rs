//! Files that stand in the binary.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            REFERRER_POLICY,
        },
    },
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

/// How a file may be kept and used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    /// What a page may load and call.
    pub(super) policy: &'a str,
    /// Whether the name changes with the content, so that nobody needs to ask again.
    pub(super) named_by_content: bool,
}

/// The embedded file; none when there is none of this name, or when a part of it begins with a dot.
///
/// `request` may name the version that the client has: then the answer is 304.
pub(super) fn file<F: RustEmbed>(
    path: &str,
    request: &HeaderMap,
    terms: Terms<'_>,
) -> Option<Response> {
    // A folder that was never built holds a hidden file alone; and no path leads out of it.
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    let file = F::get(path).filter(|_| !hidden)?;
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let known = request
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags == "*" || tags.split(',').any(|one| same(one, &tag)));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.data).into_response()
    };
    let kind = kind_of(path, file.metadata.mimetype());
    let kept = if terms.named_by_content {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind.as_str()),
        (ETAG, tag.as_str()),
        (CACHE_CONTROL, kept),
        (CONTENT_SECURITY_POLICY, terms.policy),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    Some(response)
}

// A compressor on the way turns tags into weak ones: they still name the same file.
fn same(given: &str, tag: &str) -> bool {
    given.trim().trim_start_matches("W/") == tag
}

fn kind_of(path: &str, guessed: &str) -> String {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8".to_owned(),
        _ if guessed.starts_with("text/") => format!("{guessed}; charset=utf-8"),
        _ => guessed.to_owned(),
    }
}
