//! The engine that works on this machine.

mod apply;
mod files;
mod fold;
mod history;
mod journal;
mod lock;
mod refresh;
mod settle;

#[cfg(test)]
mod crash_tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::Utc;
use tokio::runtime::Handle;

use crate::error::{EngineError, Io, Result};
use crate::event::EventSink;
use crate::kinds::{Folder, World};
use crate::limits::Limits;
use crate::plan::{self, Plan};
use crate::port::{Applied, HistoryEntry, InfrastructureEngine, Refreshed};
use crate::program::Program;
use crate::seal::Seal;
use crate::spec::Kind;
use crate::stack::StackId;
use crate::state::State;

use fold::fold;
use journal::Journal;
use lock::Lock;

/// How a [`LocalEngine`] is set up.
#[derive(Clone)]
pub struct LocalEngineConfig {
    /// Folder of all stacks; made when it is missing.
    pub root: PathBuf,
    /// URL of a PostgreSQL server and a role that may make databases; it needs no more rights.
    pub postgres_url: Option<String>,
    /// URL of a Redis server.
    pub redis_url: Option<String>,
    /// Bounds.
    pub limits: Limits,
}

impl LocalEngineConfig {
    /// Stacks below `root`, no servers, and the bounds of [`Limits::default`].
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self {
            root,
            postgres_url: None,
            redis_url: None,
            limits: Limits::default(),
        }
    }
}

// URLs hold passwords.
impl std::fmt::Debug for LocalEngineConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalEngineConfig")
            .field("root", &self.root)
            .field("postgres", &self.postgres_url.is_some())
            .field("redis", &self.redis_url.is_some())
            .field("limits", &self.limits)
            .finish()
    }
}

/// An engine on this machine: one folder per stack, below which its resources lie.
///
/// `<root>/<tenant>/<project>/<module>/<environment>/` holds `resources/`, `state.json`,
/// `journal.jsonl` while an operation is open, `history/`, `lock` and `staging/`.
#[derive(Clone)]
pub struct LocalEngine {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for LocalEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalEngine").finish_non_exhaustive()
    }
}

/// Called wherever a crash would leave something behind; `true` ends the operation there.
type Hook = Arc<dyn Fn() -> bool + Send + Sync>;

struct Inner {
    root: PathBuf,
    seal: Seal,
    postgres: Option<String>,
    redis: Option<redis::Client>,
    limits: Limits,
    hook: Option<Hook>,
}

impl LocalEngine {
    /// Opens the engine at its root.
    ///
    /// # Errors
    /// `InvalidInput` when a URL cannot be read; `Io` or `Corrupt` when the root cannot be used.
    pub fn open(config: LocalEngineConfig) -> Result<Self> {
        std::fs::create_dir_all(&config.root).doing("opening the engine's folder")?;
        let redis = match config.redis_url {
            None => None,
            Some(url) => {
                let opened = redis::Client::open(url);
                Some(opened.map_err(|_| EngineError::InvalidInput {
                    field: "redisUrl",
                    rule: "must be a redis:// URL",
                })?)
            }
        };
        let seal = Seal::open(&config.root)?;
        let inner = Inner {
            root: config.root,
            seal,
            postgres: config.postgres_url,
            redis,
            limits: config.limits,
            hook: None,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The folder in which the resources of a stack lie, for programs on this machine.
    #[must_use]
    pub fn resources_folder(&self, stack: &StackId) -> PathBuf {
        files::folder(&self.inner.root, stack).join("resources")
    }

    /// Runs on a thread that may block, to its end even when the caller goes away.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.inner);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.unwrap_or(Err(EngineError::Interrupted))
    }
}

/// A stack with its lock held.
struct Session<'s> {
    inner: &'s Inner,
    folder: PathBuf,
    world: World,
    _lock: Lock,
}

impl Inner {
    /// Takes the lock of a stack and opens its folder. Only where the runtime may be blocked.
    fn session(&self, stack: &StackId) -> Result<Session<'_>> {
        let folder = files::folder(&self.root, stack);
        files::make(&folder)?;
        let lock = Lock::take(&folder, self.limits.lock_timeout)?;
        let world = World {
            folder: Folder::open(&folder)?,
            seal: self.seal.clone(),
            postgres: self.postgres.clone(),
            redis: self.redis.clone(),
            runtime: Handle::current(),
            timeout: self.limits.server_timeout,
        };
        Ok(Session {
            inner: self,
            folder,
            world,
            _lock: lock,
        })
    }

    fn compare(&self, program: &Program, state: &State) -> Plan {
        let (stack, digest) = (&program.stack, &program.digest);
        plan::update(stack, digest, &program.resources, state, &self.seal)
    }

    fn configured(&self, program: &Program) -> Result<()> {
        for one in &program.resources {
            let server = match one.kind {
                Kind::PostgresDatabase if self.postgres.is_none() => "a PostgreSQL server",
                Kind::RedisNamespace if self.redis.is_none() => "a Redis server",
                _ => continue,
            };
            let resource = one.name.clone();
            return Err(EngineError::NotConfigured { resource, server });
        }
        Ok(())
    }

    /// Names an operation; later ones sort after earlier ones.
    fn new_id(&self) -> String {
        let time = Utc::now().timestamp_millis();
        format!("{time:013x}{:08x}", rand::random::<u32>())
    }

    /// A place where a crash would leave something behind.
    fn point(&self) -> Result<()> {
        match &self.hook {
            Some(hook) if hook() => Err(EngineError::Interrupted),
            _ => Ok(()),
        }
    }

    /// The state as it can be read beside a running operation.
    fn read(&self, folder: &Path) -> Result<State> {
        let most = self.limits.max_state_bytes;
        // The journal first: it is removed after the state that it went into was written.
        let journal = Journal::read(folder, most)?;
        let base = files::read_state(folder, most)?;
        let metadata = &base.deployment.metadata;
        match journal {
            Some(journal)
                if metadata.journal.as_ref() != Some(&journal.header.id)
                    && metadata.serial == journal.header.plan.state_serial =>
            {
                Ok(fold(&base, &journal))
            }
            _ => Ok(base),
        }
    }
}

#[async_trait]
impl InfrastructureEngine for LocalEngine {
    async fn plan(&self, program: &Program) -> Result<Plan> {
        let program = program.clone();
        self.run(move |inner| {
            inner.configured(&program)?;
            let session = inner.session(&program.stack)?;
            let state = settle::settle(&session)?;
            Ok(inner.compare(&program, &state))
        })
        .await
    }

    async fn plan_destroy(&self, stack: &StackId) -> Result<Plan> {
        let stack = stack.clone();
        self.run(move |inner| {
            let session = inner.session(&stack)?;
            let state = settle::settle(&session)?;
            Ok(plan::destroy(&stack, &state))
        })
        .await
    }

    async fn apply(
        &self,
        plan: &Plan,
        program: Option<&Program>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Applied> {
        let (plan, program) = (plan.clone(), program.cloned());
        self.run(move |inner| apply::apply(inner, &plan, program.as_ref(), sink))
            .await
    }

    async fn refresh(&self, stack: &StackId, sink: Arc<dyn EventSink>) -> Result<Refreshed> {
        let stack = stack.clone();
        self.run(move |inner| refresh::refresh(inner, &stack, sink))
            .await
    }

    async fn state(&self, stack: &StackId) -> Result<State> {
        let stack = stack.clone();
        self.run(move |inner| inner.read(&files::folder(&inner.root, &stack)))
            .await
    }

    async fn history(&self, stack: &StackId, limit: usize) -> Result<Vec<HistoryEntry>> {
        let stack = stack.clone();
        self.run(move |inner| history::list(&files::folder(&inner.root, &stack), limit))
            .await
    }
}
