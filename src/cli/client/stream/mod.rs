//! A subscription that goes on where it was, whatever breaks in between.
//!
//! Over server-sent events and not a WebSocket: the same request, headers and refusals as every
//! other call of this client, any proxy that lets answers through takes it, and `Last-Event-ID`
//! says where to go on. A command follows one thing, so there is nothing to multiplex.

mod frames;
mod open;

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ApiError, Client, ClientError, Patience, Waiting, error::GraphQlError, http::worst};
use open::Open;

/// A stream that lived this long was good: what ends it counts as the first failure.
const STEADY: Duration = Duration::from_secs(5);

/// What a subscription gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Where a stream after it goes on.
    pub cursor: Option<String>,
    /// The answer's data: never null.
    pub data: Value,
    /// What is missing in the data, and why.
    pub errors: Vec<ApiError>,
}

/// A subscription, over as many requests as it takes; each item comes once.
#[derive(Debug)]
pub struct Subscription {
    client: Client,
    body: Bytes,
    cursor: Option<String>,
    patience: Patience,
    open: Option<Open>,
    opened: Instant,
    is_back: bool,
}

impl Subscription {
    /// A subscription that begins where `variables` say.
    ///
    /// # Errors
    /// `Malformed` when the variables cannot be written.
    pub fn new(
        client: Client,
        document: &str,
        variables: impl Serialize,
        patience: Patience,
    ) -> Result<Self, ClientError> {
        let body = client.body(document, variables)?;
        Ok(Self {
            client,
            body,
            cursor: None,
            patience,
            open: None,
            opened: Instant::now(),
            is_back: false,
        })
    }

    /// Whether a stream is open.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Waits until a stream is open.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn opened(
        &mut self,
        on_wait: &mut (dyn FnMut(Waiting<'_>) + Send),
    ) -> Result<(), ClientError> {
        while self.open.is_none() {
            let opened = self.client.open(&self.body, self.cursor.as_deref()).await;
            match opened {
                Ok(open) => {
                    self.open = Some(open);
                    self.opened = Instant::now();
                    if std::mem::take(&mut self.is_back) {
                        on_wait(Waiting::Back);
                    }
                }
                Err(error) => self.wait(error, on_wait).await?,
            }
        }
        Ok(())
    }

    /// The next item; `None` when the server says that nothing more comes. After that, the
    /// subscription may be asked again: it goes on behind the last item.
    ///
    /// # Errors
    /// What repeating cannot help, or `GaveUp` when the patience is at its end.
    pub async fn next(
        &mut self,
        on_wait: &mut (dyn FnMut(Waiting<'_>) + Send),
    ) -> Result<Option<Item>, ClientError> {
        loop {
            self.opened(on_wait).await?;
            let Some(open) = &mut self.open else { continue };
            let failed = match open.next().await {
                Ok(frame) if frame.event == "complete" => {
                    self.open = None;
                    return Ok(None);
                }
                Ok(frame) if frame.event == "next" => match read(&self.client, &frame.data) {
                    Ok((data, errors)) => {
                        self.patience.answered();
                        self.cursor = frame.id.or(self.cursor.take());
                        let cursor = self.cursor.clone();
                        return Ok(Some(Item {
                            cursor,
                            data,
                            errors,
                        }));
                    }
                    Err(error) => error,
                },
                // Of another kind: the standard says to pass over it.
                Ok(_) => continue,
                Err(error) => error,
            };
            self.failed(failed, on_wait).await?;
        }
    }

    /// Pauses before the stream is opened again, when the server ended what has no end.
    ///
    /// # Errors
    /// `GaveUp` when the patience is at its end.
    pub async fn interrupted(
        &mut self,
        on_wait: &mut (dyn FnMut(Waiting<'_>) + Send),
    ) -> Result<(), ClientError> {
        let ended = self.client.lost("the server ended the stream");
        self.failed(ended, on_wait).await
    }

    async fn failed(
        &mut self,
        error: ClientError,
        on_wait: &mut (dyn FnMut(Waiting<'_>) + Send),
    ) -> Result<(), ClientError> {
        self.open = None;
        if self.opened.elapsed() >= STEADY {
            self.patience.answered();
        }
        self.wait(error, on_wait).await
    }

    async fn wait(
        &mut self,
        error: ClientError,
        on_wait: &mut (dyn FnMut(Waiting<'_>) + Send),
    ) -> Result<(), ClientError> {
        let (pause, error) = self.patience.after(error)?;
        self.is_back = true;
        on_wait(Waiting::Again {
            error: &error,
            pause,
        });
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

// Without data an answer is no item, and the stream is asked for it again if that may help.
fn read(client: &Client, text: &str) -> Result<(Value, Vec<ApiError>), ClientError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        data: Value,
        #[serde(default)]
        errors: Vec<GraphQlError>,
    }
    let answer: Answer = serde_json::from_str(text).map_err(|e| client.malformed(&e))?;
    if answer.data.is_null() {
        let error = worst(answer.errors).map(ClientError::from);
        return Err(error.unwrap_or_else(|| client.malformed(&"neither data nor errors")));
    }
    let errors = answer.errors.into_iter().map(ApiError::from).collect();
    Ok((answer.data, errors))
}

#[cfg(test)]
mod tests;
