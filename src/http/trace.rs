//! The trace that a request belongs to.

use axum::http::HeaderMap;
use uuid::Uuid;

/// Ids of one request, in its extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// 32 hexadecimal digits; the caller's, when its `traceparent` is well-formed.
    pub trace_id: String,
    /// The caller's `X-Request-Id` when it is plain, else a new one.
    pub request_id: String,
}

impl Trace {
    /// Reads the caller's headers.
    pub fn of(headers: &HeaderMap) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let new = || Uuid::now_v7().simple().to_string();
        Self {
            trace_id: header("traceparent")
                .and_then(trace_id)
                .map_or_else(new, str::to_owned),
            request_id: header("x-request-id")
                .filter(|id| is_plain(id))
                .map_or_else(new, str::to_owned),
        }
    }
}

/// The trace id of a W3C `traceparent`: `version-traceid-parentid-flags`, lower-case hex. Later
/// versions may append fields.
fn trace_id(header: &str) -> Option<&str> {
    let mut parts = header.trim().split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, len| {
        text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let zero = |text: &str| text.bytes().all(|b| b == b'0');
    let well_formed = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    let extra = parts.next().is_some();
    let valid = well_formed
        && version != "ff"
        && !zero(trace)
        && !zero(parent)
        && !(version == "00" && extra);
    valid.then_some(trace)
}

fn is_plain(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_traceparents_are_taken_over() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(trace_id(&format!("00-{id}-b7ad6b7169203331-01")), Some(id));
        assert_eq!(
            trace_id(&format!("01-{id}-b7ad6b7169203331-01-more")),
            Some(id)
        );
        for bad in [
            String::new(),
            id.to_owned(),
            format!("ff-{id}-b7ad6b7169203331-01"),
            format!("00-{id}-b7ad6b7169203331-01-more"),
            format!("00-{}-b7ad6b7169203331-01", id.to_uppercase()),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            format!("00-{id}-0000000000000000-01"),
            format!("00-{id}\n-b7ad6b7169203331-01"),
        ] {
            assert_eq!(trace_id(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn request_ids_that_could_forge_log_lines_are_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "a b\"c".parse().unwrap());
        assert_ne!(Trace::of(&headers).request_id, "a b\"c");
        headers.insert("x-request-id", "req-1.2_3".parse().unwrap());
        assert_eq!(Trace::of(&headers).request_id, "req-1.2_3");
    }
}
