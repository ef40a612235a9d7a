//! Writes worlds into stores.

use std::{collections::BTreeSet, sync::Arc};

use sluice_branch::Branches;
use sluice_build_result::BuildResults;
use sluice_commit::Commits;
use sluice_container_image::ContainerImages;
use sluice_deployment_manifest::DeploymentManifests;
use sluice_environment_promotion::{Environments, Promotions};
use sluice_gitops_sync::GitOpsSyncs;
use sluice_iac_provisioning::Infrastructures;
use sluice_kernel::{Ctx, Principal, ProjectAccess};
use sluice_ledger::{Ledger, LedgerError};
use sluice_package_publishing::PackagePublishing;
use sluice_pipeline_execution::PipelineRuns;
use sluice_pipeline_generator::Pipelines;
use sluice_project::Projects;
use sluice_pull_request::PullRequests;
use sluice_release::Releases;
use sluice_repository::Repositories;
use sluice_schema::{Envelope, Scope, TenantId};
use sluice_store::{ImportError, Store, StoreError};
use tokio::sync::mpsc;

use crate::{Rows, World, WorldError, WorldPlan, maker::user};

/// Chunks that wait for a writer.
const AHEAD: usize = 4;

/// Why a world could not be written. What was written until then stays.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It could not be made.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A service's store refused or failed.
    #[error("the store '{store}' did not take its part")]
    Import {
        /// The store.
        store: &'static str,
        /// Why.
        #[source]
        source: ImportError,
    },
    /// A store could not be looked at.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The tenant has objects or events already.
    #[error("the tenant '{tenant}' has data already; a world is made for tenants without any")]
    Taken {
        /// The tenant.
        tenant: TenantId,
    },
    /// A part of the work was cut off.
    #[error("the work was cut off")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// Where a world is written.
#[derive(Clone)]
pub struct Target {
    /// Opens the store of that name, migrated; all of them are the same database.
    pub stores: Arc<dyn Fn(&'static str) -> Option<Store> + Send + Sync>,
    /// The ledger.
    pub ledger: Ledger,
}

impl Target {
    /// Writes a world, telling `progress` of every chunk's objects and number of events once they
    /// are written. The stores and the ledger are written at the same time, each in its order.
    ///
    /// # Errors
    /// [`WriteError::Taken`] before anything is written; others leave what was written.
    pub async fn write(
        &self,
        plan: WorldPlan,
        progress: impl Fn(Progress) + Clone + Send + 'static,
    ) -> Result<(), WriteError> {
        for tenant in &plan.tenants {
            self.ensure_free(tenant).await?;
        }
        let (rows_in, mut rows) = mpsc::channel::<(TenantId, Rows)>(AHEAD);
        let (events_in, mut events) = mpsc::channel::<Vec<Envelope>>(AHEAD);
        let maker = tokio::task::spawn_blocking(move || {
            for chunk in World::new(plan) {
                let chunk = chunk?;
                // A writer that is gone says why itself.
                let is_taken = rows_in.blocking_send((chunk.tenant, chunk.rows)).is_ok()
                    && events_in.blocking_send(chunk.events).is_ok();
                if !is_taken {
                    break;
                }
            }
            Ok::<(), WorldError>(())
        });
        let (target, told) = (self.clone(), progress.clone());
        let importer = tokio::spawn(async move {
            while let Some((tenant, rows)) = rows.recv().await {
                target.import(&tenant, &rows).await?;
                told(Progress::Rows(rows.counts()));
            }
            Ok::<(), WriteError>(())
        });
        let ledger = self.ledger.clone();
        let appender = tokio::spawn(async move {
            while let Some(events) = events.recv().await {
                ledger.append(&events).await?;
                progress(Progress::Events(events.len()));
            }
            Ok::<(), WriteError>(())
        });
        let (imported, appended, made) = tokio::join!(importer, appender, maker);
        imported??;
        appended??;
        Ok(made??)
    }

    async fn ensure_free(&self, tenant: &TenantId) -> Result<(), WriteError> {
        let ctx = admin(tenant);
        let taken = || WriteError::Taken {
            tenant: tenant.clone(),
        };
        if self.ledger.head(&ctx).await?.sequence > 0 {
            return Err(taken());
        }
        for (store, table) in [("repository", "repository"), ("project", "project")] {
            let Some(store) = (self.stores)(store) else {
                continue;
            };
            let read = store.read_raw(&ctx).await?;
            let sql = format!("SELECT id FROM {table} WHERE tenant_id = $1 LIMIT 1");
            let found = read.query(&sql, [tenant.as_str().into()]).await?;
            if !found.is_empty() {
                return Err(taken());
            }
        }
        Ok(())
    }

    /// Writes objects of one tenant, each kind into its service's store.
    ///
    /// # Errors
    /// [`WriteError::Import`].
    pub async fn import(&self, tenant: &TenantId, rows: &Rows) -> Result<(), WriteError> {
        let ctx = admin(tenant);
        macro_rules! import {
            ($($store:literal: $service:ident($($rows:ident),+);)+) => {
                tokio::try_join!($(async {
                    let Some(store) = (self.stores)($store) else {
                        return Ok(());
                    };
                    if $(rows.$rows.is_empty())&&+ {
                        return Ok(());
                    }
                    let imported = $service::import(&store, &ctx, $(&rows.$rows),+).await;
                    imported.map_err(|source| WriteError::Import { store: $store, source })
                },)+)
            };
        }
        import! {
            "project": Projects(projects);
            "repository": Repositories(repositories);
            "branch": Branches(branches);
            "commit": Commits(commits);
            "pull_request": PullRequests(pull_requests);
            "pipeline_generator": Pipelines(pipelines);
            "pipeline_execution": PipelineRuns(runs);
            "build_result": BuildResults(builds);
            "package_publishing": PackagePublishing(packages);
            "container_image": ContainerImages(images);
            "release": Releases(releases, approvals);
            "iac_provisioning": Infrastructures(infrastructure);
            "deployment_manifest": DeploymentManifests(manifests);
            "gitops_sync": GitOpsSyncs(syncs, attempts);
        }?;
        import! {
            "environment_promotion": Environments(environments);
        }?;
        import! {
            "environment_promotion": Promotions(promotions, declared);
        }?;
        Ok(())
    }
}

/// What was written.
#[derive(Debug, Clone)]
pub enum Progress {
    /// Objects, by kind.
    Rows(Vec<(&'static str, usize)>),
    /// Events.
    Events(usize),
}

fn admin(tenant: &TenantId) -> Ctx {
    let principal = Principal {
        tenant: tenant.clone(),
        projects: ProjectAccess::All,
        actor: user("seed"),
        scopes: BTreeSet::from([Scope::Admin, Scope::Read]),
    };
    Ctx::for_request(principal, None)
}
