//! A world in real stores: what services, ledger and read models say of it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's failure is a panic"
)]

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use chrono::DateTime;
use sluice_kernel::{Ctx, Direction, Fault, PageRequest};
use sluice_ledger::{Ledger, LineageDirection, LineageRequest};
use sluice_project::{ProjectFilter, ProjectOrder, Projects};
use sluice_repository::Repositories;
use sluice_schema::{ErrorCode, Scope};
use sluice_store::{ImportError, Store};
use sluice_testkit::{Backend, Databases, User, on_both_databases};
use sluice_world::{Chunk, Progress, Target, World, WorldPlan, WriteError};

const STORES: [&str; 15] = [
    "project",
    "repository",
    "branch",
    "commit",
    "pull_request",
    "pipeline_generator",
    "pipeline_execution",
    "build_result",
    "package_publishing",
    "container_image",
    "release",
    "iac_provisioning",
    "deployment_manifest",
    "environment_promotion",
    "gitops_sync",
];

struct Written {
    stores: HashMap<&'static str, Store>,
    ledger: Ledger,
    counts: BTreeMap<&'static str, usize>,
    events: usize,
    target: Target,
    _databases: Databases,
}

fn plan() -> WorldPlan {
    let until = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let tenants = ["acme", "globex"].map(|name| name.parse().unwrap());
    WorldPlan::new(0.005, 3, until, tenants.to_vec()).unwrap()
}

impl Written {
    async fn fresh(backend: Backend) -> Self {
        let databases = Databases::fresh(backend).await;
        let mut stores = HashMap::new();
        for name in STORES {
            stores.insert(name, databases.open(name).await);
        }
        let ledger = Ledger::new(databases.open("ledger").await);
        let by_name = stores.clone();
        let target = Target {
            stores: Arc::new(move |name| by_name.get(name).cloned()),
            ledger: ledger.clone(),
        };
        let told = Arc::new(Mutex::new((BTreeMap::new(), 0)));
        let progress = {
            let told = told.clone();
            move |made| {
                let mut told = told.lock().unwrap();
                match made {
                    Progress::Rows(counts) => {
                        for (kind, count) in counts {
                            *told.0.entry(kind).or_default() += count;
                        }
                    }
                    Progress::Events(count) => told.1 += count,
                }
            }
        };
        target.write(plan(), progress).await.unwrap();
        let (counts, events) = std::mem::take(&mut *told.lock().unwrap());
        Self {
            stores,
            ledger,
            counts,
            events,
            target,
            _databases: databases,
        }
    }

    async fn number(&self, store: &str, sql: &str) -> usize {
        let tx = self.stores[store].begin_raw().await.unwrap();
        let rows = tx.query(sql, []).await.unwrap();
        let number: i64 = rows[0].try_get_by_index(0).unwrap();
        usize::try_from(number).unwrap()
    }
}

fn ctx(tenant: &str) -> Ctx {
    User::of(tenant, "ada").ctx()
}

async fn every_object_is_in_its_store(backend: Backend) {
    let it = Written::fresh(backend).await;
    for (store, table, kind) in [
        ("project", "project", "projects"),
        ("repository", "repository", "repositories"),
        ("branch", "branch", "branches"),
        ("commit", "commit_record", "commits"),
        ("pull_request", "pull_request", "pull_requests"),
        ("pipeline_execution", "pipeline_run", "runs"),
        ("build_result", "build_result", "builds"),
        ("release", "release_plan", "releases"),
        ("release", "release_item", "releases"),
        ("release", "release_approval", "approvals"),
        ("package_publishing", "package_publication", "packages"),
        ("container_image", "container_image", "images"),
        ("deployment_manifest", "deployment_manifest", "manifests"),
        ("deployment_manifest", "manifest_content", "manifests"),
        ("iac_provisioning", "infrastructure_plan", "infrastructure"),
        ("environment_promotion", "environment", "environments"),
        (
            "environment_promotion",
            "environment_promotion",
            "promotions",
        ),
        ("environment_promotion", "promotion_slot", "declared"),
        ("gitops_sync", "gitops_sync_state", "syncs"),
        ("gitops_sync", "sync_attempt", "attempts"),
    ] {
        let count = it
            .number(store, &format!("SELECT count(*) FROM {table}"))
            .await;
        assert_eq!(count, it.counts[kind], "{table}");
        assert!(count > 0, "{table}");
        let told = it.number(store, "SELECT count(*) FROM outbox").await;
        assert_eq!(told, 0, "an import announces nothing");
    }
    let projects = Projects::new(it.stores["project"].clone());
    let (ctx, filter) = (ctx("acme"), ProjectFilter::default());
    let order = (ProjectOrder::Name, Direction::Ascending);
    let request = PageRequest::first(50);
    let page = projects.page(&ctx, &filter, order, &request).await.unwrap();
    let names: Vec<String> = page.items.iter().map(|it| it.id.to_string()).collect();
    assert!(names.contains(&"fleet".to_owned()), "{names:?}");
}

async fn the_ledger_holds_every_event_and_its_read_models_follow_from_it(backend: Backend) {
    let it = Written::fresh(backend).await;
    let mut sequences = 0;
    for tenant in ["acme", "globex"] {
        let ctx = ctx(tenant);
        let verified = it.ledger.verify(&ctx, None, None).await.unwrap();
        assert_eq!(verified.violation, None);
        sequences += usize::try_from(it.ledger.head(&ctx).await.unwrap().sequence).unwrap();
        let rebuilt = it.ledger.rebuild(&tenant.parse().unwrap()).await.unwrap();
        for table in rebuilt.tables {
            assert_eq!(table.before, table.after, "{}", table.name);
        }
    }
    assert_eq!(sequences, it.events);
}

async fn the_board_shows_what_the_services_hold(backend: Backend) {
    let it = Written::fresh(backend).await;
    let ctx = ctx("acme");
    let fleet = it
        .ledger
        .board(&ctx, &"fleet".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(fleet.environments.len(), 4);
    assert_eq!(fleet.cells.len(), fleet.modules.len() * 4);
    let mut cells = 0;
    for chunk in World::new(plan()).map(|chunk| chunk.unwrap()) {
        if chunk.tenant.as_str() == "acme" {
            cells += agree(&it.ledger, &ctx, &chunk).await;
        }
    }
    assert!(cells > 0);
}

async fn agree(ledger: &Ledger, ctx: &Ctx, chunk: &Chunk) -> usize {
    for state in &chunk.rows.syncs {
        let board = ledger.board(ctx, &state.meta.project_id).await.unwrap();
        let environment = state.environment_id.to_string();
        let mut cells = board.cells.iter();
        let cell = cells.find(|it| it.module == state.module && it.environment_id == environment);
        let cell = cell.unwrap_or_else(|| panic!("no cell of {state:?}"));
        let desired = cell.desired.as_ref().unwrap();
        assert_eq!(
            desired.promotion_id,
            state.promoted.promotion_id.to_string()
        );
        assert_eq!(desired.version, state.promoted.version);
        let seen = cell.sync.as_ref().unwrap();
        assert_eq!(seen.sync_id, state.id.to_string());
        assert_eq!(seen.drift, u64::from(state.drift_total), "{state:?}");
    }
    chunk.rows.syncs.len()
}

async fn the_lineage_of_a_target_leads_back_to_the_commit(backend: Backend) {
    let it = Written::fresh(backend).await;
    let state = World::new(plan())
        .map(|chunk| chunk.unwrap())
        .flat_map(|chunk| chunk.rows.syncs)
        .find(|it| it.meta.tenant_id.as_str() == "acme" && it.environment == "prod")
        .unwrap();
    let request = LineageRequest {
        id: state.id.to_string(),
        direction: LineageDirection::Upstream,
        max_depth: 50,
        kinds: Vec::new(),
    };
    let graph = it.ledger.lineage(&ctx("acme"), &request).await.unwrap();
    let shown = format!("{:?}", graph.nodes);
    for kind in [
        "Repository",
        "Commit",
        "PullRequest",
        "PipelineRun",
        "BuildResult",
        "ReleasePlan",
    ] {
        assert!(shown.contains(kind), "{kind} is missing: {shown}");
    }
}

async fn a_tenant_with_data_is_refused(backend: Backend) {
    let it = Written::fresh(backend).await;
    let again = it.target.write(plan(), |_| {}).await;
    assert!(matches!(again, Err(WriteError::Taken { .. })), "{again:?}");
}

async fn an_import_takes_only_what_the_callers_own_and_only_from_administrators(backend: Backend) {
    let databases = Databases::fresh(backend).await;
    let store = databases.open("repository").await;
    let chunk = World::new(plan()).next().unwrap().unwrap();
    let rows = &chunk.rows.repositories;
    let other = Repositories::import(&store, &ctx("globex"), rows).await;
    assert!(
        matches!(other, Err(ImportError::OtherTenant { .. })),
        "{other:?}"
    );
    let reader = User::of("acme", "ada").with_scopes(&[Scope::Read]);
    let refused = Repositories::import(&store, &reader.ctx(), rows).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
    let elsewhere = User::of("acme", "ada").in_projects(&["other"]);
    let refused = Repositories::import(&store, &elsewhere.ctx(), rows).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
    Repositories::import(&store, &ctx("acme"), rows)
        .await
        .unwrap();
    let again = Repositories::import(&store, &ctx("acme"), rows).await;
    assert_eq!(again.unwrap_err().code(), ErrorCode::Conflict);
}

on_both_databases!(
    every_object_is_in_its_store,
    the_ledger_holds_every_event_and_its_read_models_follow_from_it,
    the_board_shows_what_the_services_hold,
    the_lineage_of_a_target_leads_back_to_the_commit,
    a_tenant_with_data_is_refused,
    an_import_takes_only_what_the_callers_own_and_only_from_administrators,
);
