//! One conversation with the server: sends, repeats, tells of waiting.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::cli::client::{Client, Connection, Patience, Waiting};

use super::{
    ShipError,
    api::{Payload, UserError},
    logs::{self, Logs},
    progress::{Event, Progress},
    wake::Wake,
};

/// What refused a command, or why there is no answer.
#[derive(Debug)]
pub(in crate::cli) enum Refusal {
    /// The domain refuses.
    User(Vec<UserError>),
    /// Everything else.
    Other(ShipError),
}

impl Refusal {
    /// As an error of shipping that says what was to be done.
    pub(in crate::cli) fn into_error(self, doing: &'static str) -> ShipError {
        match self {
            Self::User(errors) => ShipError::Refused { doing, errors },
            Self::Other(error) => error,
        }
    }

    /// Whether the refusal has this code.
    pub(in crate::cli) fn has(&self, code: &str) -> bool {
        matches!(self, Self::User(errors) if errors.iter().any(|error| error.code == code))
    }
}

/// One conversation with the server, told to a [`Progress`].
pub(in crate::cli) struct Session<'a> {
    client: Client,
    patience: Patience,
    timeout: Duration,
    told: HashMap<&'static str, String>,
    wake: Option<Wake>,
    pub(in crate::cli) progress: &'a mut dyn Progress,
}

impl<'a> Session<'a> {
    pub(in crate::cli) fn new(
        client: Client,
        timeout: Duration,
        progress: &'a mut dyn Progress,
    ) -> Self {
        Self {
            client,
            patience: Patience::new(timeout),
            timeout,
            told: HashMap::new(),
            wake: None,
            progress,
        }
    }

    /// Follows what happens in `project` from now on, so that looks are made when they are worth
    /// their while.
    pub(in crate::cli) fn listen(&mut self, project: &str) {
        self.wake = Some(Wake::listen(self.client.clone(), project.to_owned()));
    }

    /// The same conversation on behalf of somebody else.
    pub(in crate::cli) fn on_behalf_of(
        &mut self,
        other: &Connection,
    ) -> Result<Session<'_>, ShipError> {
        let client = Client::new(other.clone())?;
        Ok(Session::new(client, self.timeout, &mut *self.progress))
    }

    /// Asks, until there is an answer.
    pub(in crate::cli) async fn ask<T: DeserializeOwned>(
        &mut self,
        document: &str,
        variables: impl Serialize,
    ) -> Result<T, ShipError> {
        let progress = &mut *self.progress;
        let mut tell = |waiting: Waiting<'_>| match waiting {
            Waiting::Again { error, pause } => {
                progress.on(Event::Waiting {
                    reason: error.to_string(),
                    pause,
                });
            }
            Waiting::Back => progress.on(Event::Back),
        };
        let answer = self
            .client
            .persist(document, variables, &mut self.patience, &mut tell)
            .await;
        Ok(answer?)
    }

    /// Sends a command, until there is an answer; natural keys make repeating harmless.
    pub(in crate::cli) async fn command<T: DeserializeOwned>(
        &mut self,
        document: &str,
        input: impl Serialize,
    ) -> Result<T, Refusal> {
        #[derive(Serialize)]
        struct Variables<I> {
            input: I,
        }
        #[derive(serde::Deserialize)]
        struct Data<T> {
            payload: Payload<T>,
        }
        let data: Result<Data<T>, _> = self.ask(document, Variables { input }).await;
        let payload = data.map_err(Refusal::Other)?.payload;
        match payload.object {
            Some(object) if payload.user_errors.is_empty() => Ok(object),
            _ => Err(Refusal::User(payload.user_errors)),
        }
    }

    /// Tells that an object of the chain is there.
    pub(in crate::cli) fn tell(&mut self, what: &'static str, text: String) {
        self.progress.on(Event::Step { what, text });
    }

    /// Tells the state of something, unless it was told last.
    pub(in crate::cli) fn tell_change(&mut self, what: &'static str, text: String) {
        if self.told.get(what) != Some(&text) {
            self.tell(what, text.clone());
            self.told.insert(what, text);
        }
    }

    /// Tells what is waited for, whether changed or not.
    pub(in crate::cli) fn pending(&mut self, text: &str) {
        self.progress.on(Event::Pending { text });
    }

    /// Pauses before the next look: `pause` without a stream, else until something happens.
    ///
    /// # Errors
    /// `Stalled` when the time is over.
    pub(in crate::cli) async fn pause(
        &mut self,
        deadline: &Deadline,
        pause: Duration,
    ) -> Result<(), ShipError> {
        let mut nothing = Logs::default();
        self.pause_with(deadline, pause, &mut nothing).await
    }

    /// The same, and what comes of `logs` meanwhile is shown.
    ///
    /// # Errors
    /// `Stalled` when the time is over.
    pub(super) async fn pause_with(
        &mut self,
        deadline: &Deadline,
        pause: Duration,
        logs: &mut Logs,
    ) -> Result<(), ShipError> {
        let left = deadline.left()?;
        let wake = self.wake.as_ref();
        let mut pausing = std::pin::pin!(async move {
            match wake {
                Some(wake) => wake.pause(pause, left).await,
                None => tokio::time::sleep(pause.min(left)).await,
            }
        });
        loop {
            tokio::select! {
                () = &mut pausing => return Ok(()),
                lines = logs.next() => logs::show(self.progress, &lines),
            }
        }
    }

    /// What speaks to the server, for what goes on beside the conversation.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// A limit for waiting until something changes.
    pub(in crate::cli) fn deadline(&self, waiting_for: &'static str) -> Deadline {
        Deadline {
            since: Instant::now(),
            timeout: self.timeout,
            waiting_for,
        }
    }
}

/// How long something may take to come by itself, in pauses between looks.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Grace {
    since: Instant,
    pause: Duration,
}

impl Grace {
    pub(in crate::cli) fn new(pause: Duration) -> Self {
        let since = Instant::now();
        Self { since, pause }
    }

    /// Whether the time of so many looks is over.
    pub(in crate::cli) fn is_over(&self, looks: u32) -> bool {
        self.since.elapsed() >= self.pause.saturating_mul(looks)
    }
}

/// How long nothing may change.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Deadline {
    since: Instant,
    timeout: Duration,
    waiting_for: &'static str,
}

impl Deadline {
    /// Pauses before the next try, whatever happens.
    ///
    /// # Errors
    /// `Stalled` when the time is over.
    pub(in crate::cli) async fn pause(&self, pause: Duration) -> Result<(), ShipError> {
        let left = self.left()?;
        tokio::time::sleep(pause.min(left)).await;
        Ok(())
    }

    fn left(&self) -> Result<Duration, ShipError> {
        let left = self.timeout.saturating_sub(self.since.elapsed());
        if left.is_zero() {
            let seconds = self.timeout.as_secs();
            return Err(ShipError::Stalled {
                waiting_for: self.waiting_for,
                seconds,
            });
        }
        Ok(left)
    }

    /// Something changed.
    pub(in crate::cli) fn renew(&mut self) {
        self.since = Instant::now();
    }
}
