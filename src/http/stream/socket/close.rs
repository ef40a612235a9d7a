//! Why a socket is closed: the codes of `graphql-transport-ws` and of WebSockets.

use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Longer reasons do not fit into a close frame.
const MAX_REASON: usize = 123;

/// A code and the words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl Close {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        if reason.len() > MAX_REASON {
            let end = reason.floor_char_boundary(MAX_REASON);
            reason.truncate(end);
        }
        Self { code, reason }
    }

    /// The server ends.
    pub(super) fn going_away() -> Self {
        Self::new(1001, "Going away")
    }
    /// The client broke the WebSocket protocol.
    pub(super) fn protocol() -> Self {
        Self::new(1002, "Protocol error")
    }
    /// A text message that is not UTF-8.
    pub(super) fn not_text() -> Self {
        Self::new(1007, "Text messages are UTF-8")
    }
    /// A message is larger than is taken.
    pub(super) fn too_big(limit: usize) -> Self {
        Self::new(1009, format!("Messages have at most {limit} bytes"))
    }
    /// There is no place for it, or it is too slow.
    pub(super) fn try_again_later(why: impl Into<String>) -> Self {
        Self::new(1013, why)
    }
    /// A message that is none of the protocol's.
    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self::new(4400, why)
    }
    /// An operation before the connection is acknowledged.
    pub(super) fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }
    /// The token is refused, or holds no longer.
    pub(super) fn forbidden(why: impl Into<String>) -> Self {
        Self::new(4403, why)
    }
    /// The client does not speak the protocol.
    pub(super) fn subprotocol() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }
    /// The client does not begin.
    pub(super) fn init_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }
    /// An operation of that id is under way.
    pub(super) fn exists(id: &str) -> Self {
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }
    /// The client begins twice.
    pub(super) fn too_many_inits() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }
    /// Nothing is heard from the client any more.
    pub(super) fn silent() -> Self {
        Self::new(4499, "Terminated")
    }

    pub(super) fn frame(&self) -> CloseFrame {
        CloseFrame {
            code: self.code.into(),
            reason: self.reason.as_str().into(),
        }
    }

    /// For metrics: of the codes that are sent there are few.
    pub(super) fn label(&self) -> String {
        self.code.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_fit_into_a_close_frame() {
        let close = Close::exists(&"é".repeat(100));
        assert!(close.reason.len() <= MAX_REASON);
        assert!(close.reason.ends_with('é'));
    }
}
