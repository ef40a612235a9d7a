//! A ledger of its own for a test, and events for it.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use sluice_kernel::Ctx;
use sluice_ledger::{Ledger, LedgerEvent};
use sluice_schema::{Actor, ActorKind, Envelope, EventPayload};
use sluice_store::Store;
use sluice_testkit::{Backend, Databases, User, event};

/// A ledger in a fresh database; its caller is `ada` of `acme`, who sees every project.
pub(crate) struct World {
    pub(crate) databases: Databases,
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) user: User,
    seconds: AtomicI64,
}

/// When the first event of a world happens; each one after it a second later, unless told.
pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap()
}

impl World {
    pub(crate) async fn fresh(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let store = databases.open("ledger").await;
        Self {
            databases,
            ledger: Ledger::new(store.clone()),
            store,
            user: User::of("acme", "ada"),
            seconds: AtomicI64::new(0),
        }
    }

    pub(crate) fn ctx(&self) -> Ctx {
        self.user.ctx()
    }

    /// A caller who sees these projects alone.
    pub(crate) fn ctx_of(&self, projects: &[&str]) -> Ctx {
        self.user.clone().in_projects(projects).ctx()
    }

    /// An event of the project `web`, not appended yet.
    pub(crate) fn event<P: EventPayload>(&self, payload: &P) -> Draft {
        let second = self.seconds.fetch_add(1, Ordering::SeqCst);
        let mut envelope = event(&self.ctx(), &"web".parse().unwrap(), None, payload);
        envelope.occurred_at = start() + TimeDelta::seconds(second);
        Draft(envelope)
    }

    /// Appends an event of the project `web`.
    pub(crate) async fn append<P: EventPayload>(&self, payload: &P) -> LedgerEvent {
        self.event(payload).append(self).await
    }

    /// Appends events in one batch.
    pub(crate) async fn append_all(
        &self,
        drafts: impl IntoIterator<Item = Draft>,
    ) -> Vec<LedgerEvent> {
        let events: Vec<_> = drafts.into_iter().map(|draft| draft.0).collect();
        self.ledger.append(&events).await.unwrap()
    }

    /// Changes rows behind the ledger's back.
    pub(crate) async fn sql(&self, sql: &str) -> u64 {
        let tx = self.store.begin_raw().await.unwrap();
        let changed = tx.execute(sql, []).await.unwrap();
        tx.commit().await.unwrap();
        changed
    }

    /// A number that a query answers.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let tx = self.store.begin_raw().await.unwrap();
        let rows = tx.query(sql, []).await.unwrap();
        rows[0].try_get_by_index(0).unwrap()
    }
}

/// An event that is being written.
#[derive(Clone)]
pub(crate) struct Draft(pub(crate) Envelope);

impl Draft {
    pub(crate) fn tenant(mut self, tenant: &str) -> Self {
        self.0.tenant_id = tenant.parse().unwrap();
        self
    }

    pub(crate) fn project(mut self, project: &str) -> Self {
        self.0.project_id = project.parse().unwrap();
        self
    }

    pub(crate) fn module(mut self, module: &str) -> Self {
        self.0.module_id = Some(module.parse().unwrap());
        self
    }

    pub(crate) fn actor(mut self, user: &str) -> Self {
        self.0.actor = Actor {
            kind: ActorKind::User,
            id: user.to_owned(),
        };
        self
    }

    pub(crate) fn correlation(mut self, id: &str) -> Self {
        id.clone_into(&mut self.0.correlation_id);
        self
    }

    pub(crate) fn at(mut self, time: DateTime<Utc>) -> Self {
        self.0.occurred_at = time;
        self
    }

    /// Seconds after [`start`].
    pub(crate) fn second(self, second: i64) -> Self {
        self.at(start() + TimeDelta::seconds(second))
    }

    pub(crate) async fn append(self, world: &World) -> LedgerEvent {
        let mut appended = world.ledger.append(&[self.0]).await.unwrap();
        appended.pop().expect("a new event")
    }
}
