//! The services' stores: opened together, brought up to date or held against what is needed.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use sluice_kernel::SystemClock;
use sluice_ledger::Ledger;
use sluice_store::{Store, StoreConfig};
use sqlx::{Connection, PgConnection, Row};

use super::StartError;
use crate::config::{Config, Mode};

/// The store behind the embedded bus.
pub(super) const BUS: &str = "bus";

/// The store of the ledger: it tells nothing, so it has no outbox.
pub(super) const LEDGER: &str = "ledger";

/// Every store, by name.
#[derive(Clone)]
pub struct Stores(BTreeMap<&'static str, Store>);

impl Stores {
    /// The store of that name.
    ///
    /// # Errors
    /// [`StartError::Migration`] when no migrations are known for it.
    pub fn get(&self, name: &str) -> Result<Store, StartError> {
        self.0.get(name).cloned().ok_or_else(|| {
            StartError::Migration(sluice_migrations::MigrationError::UnknownStore(
                name.to_owned(),
            ))
        })
    }

    /// Those of services: they have an outbox.
    pub fn of_services(&self) -> impl Iterator<Item = &Store> {
        let without = [BUS, LEDGER];
        self.iter()
            .filter(move |store| !without.contains(&store.service()))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Store> {
        self.0.values()
    }
}

/// Opens every store. The embedded mode brings schemas up to date, the production mode demands
/// that they are, and that the role cannot pass row-level security.
///
/// # Errors
/// [`StartError`] names the store or the role.
pub async fn open(config: &Config, data_dir: &Path) -> Result<Stores, StartError> {
    if let Some(url) = &config.database.url {
        check_role(url, config.mode).await?;
    }
    let stores = connect(config, data_dir).await?;
    for store in stores.iter() {
        match config.mode {
            Mode::Embedded => sluice_migrations::migrate(store).await?,
            Mode::Production => demand(store).await?,
        }
    }
    Ok(stores)
}

/// Brings every store's schema up to date; returns how many stores there are.
///
/// # Errors
/// [`StartError`] names the store.
pub async fn migrate(config: &Config, data_dir: &Path) -> Result<usize, StartError> {
    let stores = connect(config, data_dir).await?;
    for store in stores.iter() {
        sluice_migrations::migrate(store).await?;
    }
    Ok(stores.0.len())
}

/// The ledger alone, for work beside a server; its schema must be up to date.
///
/// # Errors
/// [`StartError`] when the store cannot be opened or was not migrated.
pub async fn ledger(config: &Config, data_dir: &Path) -> Result<Ledger, StartError> {
    let store = open_store(&place(config, data_dir), LEDGER).await?;
    demand(&store).await?;
    Ok(Ledger::new(store))
}

fn place(config: &Config, data_dir: &Path) -> StoreConfig {
    match &config.database.url {
        Some(url) => StoreConfig::Postgres {
            url: url.clone(),
            connections: config.database.connections,
        },
        None => StoreConfig::Sqlite {
            dir: data_dir.join("db"),
            readers: config.database.readers,
        },
    }
}

async fn open_store(place: &StoreConfig, name: &'static str) -> Result<Store, StartError> {
    let store = Store::open(place, name, Arc::new(SystemClock)).await;
    store.map_err(|source| StartError::Store {
        store: name,
        source,
    })
}

async fn connect(config: &Config, data_dir: &Path) -> Result<Stores, StartError> {
    let place = place(config, data_dir);
    let mut stores = BTreeMap::new();
    for name in sluice_migrations::STORES {
        stores.insert(*name, open_store(&place, name).await?);
    }
    Ok(Stores(stores))
}

async fn demand(store: &Store) -> Result<(), StartError> {
    let missing = sluice_migrations::pending(store).await?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(StartError::Behind {
        store: store.service(),
        missing: missing.join(", "),
    })
}

// Row-level security is the second wall between tenants; such roles walk through it.
async fn check_role(url: &str, mode: Mode) -> Result<(), StartError> {
    let sql = "SELECT rolname::text AS role, rolsuper OR rolbypassrls AS passes \
               FROM pg_roles WHERE rolname = current_user";
    let looked_up = async {
        let mut connection = PgConnection::connect(url).await?;
        let row = sqlx::query(sql).fetch_one(&mut connection).await?;
        let found = (row.try_get("role")?, row.try_get("passes")?);
        connection.close().await?;
        Ok::<(String, bool), sqlx::Error>(found)
    };
    let (role, passes) = looked_up.await.map_err(StartError::RoleUnknown)?;
    match (passes, mode) {
        (false, _) => Ok(()),
        (true, Mode::Production) => Err(StartError::Role { role }),
        (true, Mode::Embedded) => {
            tracing::warn!(role, "the PostgreSQL role passes row-level security");
            Ok(())
        }
    }
}
