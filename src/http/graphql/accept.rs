//! Which of the two media types a client takes.

use axum::http::{HeaderMap, header::ACCEPT};
use sluice_schema::ErrorCode;

use super::Refused;

/// The media type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells whether the operation ran.
    GraphQl,
    /// `application/json`: 200 for every well-formed request, for clients of old.
    Json,
}

impl Media {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json",
            Self::Json => "application/json",
        }
    }
}

/// The better of the two for the client. When it weighs both alike: the former when it names it,
/// else the latter, as the draft asks for until all clients know the former.
pub(super) fn negotiate(headers: &HeaderMap) -> Result<Media, Refused> {
    let mut ranges = Vec::new();
    for header in headers.get_all(ACCEPT) {
        ranges.extend(
            header
                .to_str()
                .unwrap_or_default()
                .split(',')
                .filter_map(range),
        );
    }
    if ranges.is_empty() {
        return Ok(Media::Json);
    }
    let weigh = |media: Media| {
        let kind = media.as_str();
        let fitting = ranges
            .iter()
            .filter_map(|(range, q)| Some((fits(range, kind)?, *q)));
        // The closest range decides the weight, as RFC 9110 says.
        fitting
            .max_by_key(|(closeness, _)| *closeness)
            .map(|(closeness, q)| (q, closeness))
    };
    let named = ranges
        .iter()
        .any(|(range, _)| range == Media::GraphQl.as_str());
    let ours = match named {
        true => [Media::Json, Media::GraphQl],
        false => [Media::GraphQl, Media::Json],
    };
    let best = ours
        .into_iter()
        .filter_map(|media| Some((weigh(media)?, media)));
    match best.max_by_key(|(weight, _)| *weight) {
        Some(((q, _), media)) if q > 0 => Ok(media),
        _ => Err(Refused::new(
            406,
            ErrorCode::BadRequest,
            "this path answers application/graphql-response+json or application/json",
        )),
    }
}

// A media range with its weight in thousandths.
fn range(text: &str) -> Option<(String, u32)> {
    let mut parts = text.split(';');
    let name = parts.next()?.trim().to_ascii_lowercase();
    if name.is_empty() {
        return None;
    }
    let q = parts.find_map(|part| part.trim().strip_prefix("q=").map(thousandths));
    Some((name, q.unwrap_or(1_000)))
}

fn thousandths(text: &str) -> u32 {
    let value: f32 = text.trim().parse().unwrap_or(0.0);
    // At most 1000, and never negative or not a number.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped"
    )]
    let q = (value.clamp(0.0, 1.0) * 1_000.0) as u32;
    q
}

// How closely a range names a media type.
fn fits(range: &str, kind: &str) -> Option<u8> {
    match range {
        _ if range == kind => Some(2),
        "application/*" => Some(1),
        "*/*" => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        negotiate(&headers).ok()
    }

    #[test]
    fn the_client_gets_what_it_weighs_highest_and_json_when_it_does_not_care() {
        assert_eq!(negotiate(&HeaderMap::new()).ok(), Some(Media::Json));
        for (accept, media) in [
            ("*/*", Media::Json),
            ("application/*", Media::Json),
            ("application/json", Media::Json),
            ("application/json; charset=utf-8", Media::Json),
            ("Application/JSON", Media::Json),
            ("application/json, text/plain, */*", Media::Json),
            (
                "application/graphql-response+json, application/json;q=0.9",
                Media::GraphQl,
            ),
            (
                "application/graphql-response+json;q=0.1, application/json;q=0.9",
                Media::Json,
            ),
            (
                "application/json, application/graphql-response+json",
                Media::GraphQl,
            ),
            ("application/json;q=0, */*", Media::GraphQl),
        ] {
            assert_eq!(chosen(accept), Some(media), "{accept}");
        }
        for accept in [
            "text/html",
            "text/event-stream",
            "application/xml;q=0.9",
            "*/*;q=0",
        ] {
            assert_eq!(chosen(accept), None, "{accept}");
        }
    }
}
