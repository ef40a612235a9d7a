//! A fresh set of stores for one test, on either database.

use std::sync::Arc;

use sluice_kernel::{Clock, SystemClock};
use sluice_store::{Store, StoreConfig};
use tempfile::TempDir;

use crate::PostgresServer;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// One file per service.
    Sqlite,
    /// One schema per service, in a server that the tests start.
    Postgres,
}

impl Backend {
    /// Both; every suite runs on each.
    pub const ALL: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

    /// Its name in test names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A place for the stores of one test, gone with it.
pub struct Databases {
    config: StoreConfig,
    folder: TempDir,
}

impl Databases {
    /// A fresh, empty place.
    pub async fn fresh(backend: Backend) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sluice-test")
            .tempdir()
            .expect("a folder");
        let config = match backend {
            Backend::Sqlite => StoreConfig::Sqlite {
                dir: folder.path().join("db"),
                readers: 4,
            },
            Backend::Postgres => {
                let url = PostgresServer::shared().database().await;
                StoreConfig::Postgres {
                    url,
                    connections: 4,
                }
            }
        };
        Self { config, folder }
    }

    /// Where the stores are.
    pub fn config(&self) -> &StoreConfig {
        &self.config
    }

    /// The test's folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A name that no other place has.
    pub fn name(&self) -> String {
        let name = self.folder().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Opens and migrates one store.
    pub async fn open(&self, service: &'static str) -> Store {
        self.open_with(service, Arc::new(SystemClock)).await
    }

    /// Opens and migrates one store with a clock of the test's own.
    pub async fn open_with(&self, service: &'static str, clock: Arc<dyn Clock>) -> Store {
        let store = Store::open(&self.config, service, clock)
            .await
            .expect("the store opens");
        sluice_migrations::migrate(&store)
            .await
            .expect("migrations apply");
        store
    }
}

/// Makes each named `async fn(Backend)` two tests: one on SQLite, one on PostgreSQL.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::Backend::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::Backend::Postgres).await;
            })+
        }
    };
}
