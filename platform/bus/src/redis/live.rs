//! The live channel over publish/subscribe: one channel for all tenants of a namespace.

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::broadcast;

use super::Redis;
use crate::{BusError, LiveChannel, LiveMessage, LiveSignal};

// Changes when the form does, so that processes of two versions skip each other's messages.
const VERSION: &str = "1";

/// The live channel of any number of processes.
#[derive(Debug, Clone)]
pub struct RedisLive(Redis);

impl RedisLive {
    /// The live channel of `redis`'s namespace. Every clone of the handle hears by the same
    /// connection.
    pub fn new(redis: Redis) -> Self {
        Self(redis)
    }
}

pub(super) fn channel(prefix: &str) -> String {
    format!("{prefix}live")
}

// `1 <tenant> <sequence> <body>`.
fn encode(message: &LiveMessage) -> Vec<u8> {
    let mut bytes = format!("{VERSION} {} {} ", message.tenant, message.sequence).into_bytes();
    bytes.extend_from_slice(&message.body);
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Option<LiveMessage> {
    let mut parts = bytes.splitn(4, |byte| *byte == b' ');
    let mut text = || std::str::from_utf8(parts.next()?).ok();
    if text()? != VERSION {
        return None;
    }
    let (tenant, sequence) = (text()?.parse().ok()?, text()?.parse().ok()?);
    Some(LiveMessage {
        tenant,
        sequence,
        body: Bytes::copy_from_slice(parts.next()?),
    })
}

#[async_trait]
impl LiveChannel for RedisLive {
    async fn publish(&self, messages: &[LiveMessage]) -> Result<(), BusError> {
        if messages.is_empty() {
            return Ok(());
        }
        let channel = channel(self.0.prefix());
        let mut pipeline = redis::pipe();
        for message in messages {
            let publish = pipeline.cmd("PUBLISH").arg(&channel).arg(encode(message));
            publish.ignore();
        }
        self.0.send(&pipeline).await
    }

    fn listen(&self) -> broadcast::Receiver<LiveSignal> {
        self.0.listen()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_whole_whatever_its_body_holds() {
        for body in [&b""[..], b" 1 2 3 ", b"{\"a\": \"b c\"}", b"\xff\x00"] {
            let message = LiveMessage {
                tenant: "acme".parse().unwrap(),
                sequence: u64::MAX,
                body: Bytes::from_static(body),
            };
            assert_eq!(decode(&encode(&message)), Some(message));
        }
    }

    #[test]
    fn broken_and_foreign_messages_are_none() {
        for bytes in [
            &b""[..],
            b"1",
            b"1 acme",
            b"1 acme 7",
            b"1 acme -7 x",
            b"2 acme 7 x",
            b"1 * 7 x",
            b"1 \xff 7 x",
            b"{\"tenant\":\"acme\"}",
        ] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
