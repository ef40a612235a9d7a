//! One request whose answer goes on.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use reqwest::{StatusCode, header};

use super::{
    Client, ClientError,
    frames::{Frame, Frames},
};

/// Largest event that is read, in bytes.
const MAX_EVENT: usize = 16 * 1024 * 1024;
/// A stream without a byte for so long is dead: servers send a comment more often than that.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a server may take to open a stream.
const OPENING: Duration = Duration::from_secs(30);
/// The client's limit of a whole answer does not hold for one that goes on.
const NO_LIMIT: Duration = Duration::from_secs(10 * 365 * 86_400);

/// An answer that goes on.
pub(super) struct Open {
    client: Client,
    chunks: BoxStream<'static, reqwest::Result<Bytes>>,
    frames: Frames,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").finish_non_exhaustive()
    }
}

impl Client {
    /// Asks for a stream, behind `cursor` if there is one.
    ///
    /// # Errors
    /// [`ClientError`]; the server refuses in an ordinary answer.
    pub(super) async fn open(
        &self,
        body: &Bytes,
        cursor: Option<&str>,
    ) -> Result<Open, ClientError> {
        let mut request = self
            .post(body.clone())
            .header(header::ACCEPT, "text/event-stream")
            .header(header::ACCEPT_ENCODING, "identity")
            .timeout(NO_LIMIT);
        if let Some(cursor) = cursor {
            request = request.header("last-event-id", cursor);
        }
        let answer = tokio::time::timeout(OPENING, request.send()).await;
        let answer = answer
            .map_err(|_| self.lost("timed out"))?
            .map_err(|error| self.broken(&error))?;
        let kind = answer.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_stream = kind.to_ascii_lowercase().starts_with("text/event-stream");
        if answer.status() != StatusCode::OK || !is_stream {
            let status = answer.status();
            let content = self.read(answer).await?;
            let refused = self.understand::<serde_json::Value>(status, &content);
            return Err(match refused {
                Err(error) => error,
                Ok(_) => self.malformed(&"an answer where a stream was asked for"),
            });
        }
        Ok(Open {
            client: self.clone(),
            chunks: answer.bytes_stream().boxed(),
            frames: Frames::new(MAX_EVENT),
        })
    }
}

impl Open {
    /// The next event; an error when the stream ends without saying so.
    pub(super) async fn next(&mut self) -> Result<Frame, ClientError> {
        loop {
            if let Some(frame) = self.frames.pop() {
                return Ok(frame);
            }
            let chunk = match tokio::time::timeout(SILENCE, self.chunks.next()).await {
                Ok(Some(Ok(chunk))) => chunk,
                Ok(Some(Err(error))) => return Err(self.client.broken(&error)),
                Ok(None) => return Err(self.client.lost("the stream was closed")),
                Err(_) => return Err(self.client.lost("the stream went silent")),
            };
            let taken = self.frames.push(&chunk);
            taken.map_err(|_| ClientError::AnswerTooLarge(MAX_EVENT))?;
        }
    }
}
