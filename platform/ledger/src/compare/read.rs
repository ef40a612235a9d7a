//! The facts of a comparison, by keys of what the two sides hold.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{QueryResult, Value};
use serde::de::DeserializeOwned;
use sluice_kernel::Ctx;
use sluice_schema::events::ReleaseArtifact;
use sluice_store::{RawRead, in_set_sql, set_value};

use super::{Compared, Side};
use crate::{LedgerError, rows};

const HEAD: &str = "SELECT sequence FROM ledger_head WHERE tenant_id = $1";

/// Texts by key: settings, digests of settings, digests of resources.
pub(super) type Values = BTreeMap<String, String>;

/// A module on one side.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) compared: Compared,
    pub(super) artifacts: Vec<ReleaseArtifact>,
    /// Settings by environment.
    pub(super) settings: BTreeMap<String, Values>,
    pub(super) manifest_id: Option<String>,
    /// Of its commit, 0 when it has not landed; absent when the history is not known.
    pub(super) landing: Option<i64>,
    pub(super) mainline: bool,
}

/// The environments in which the two sides are compared; each with the prefix of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub(super) prefix: String,
    /// Id, when the side's project has it, and name.
    pub(super) from: (Option<String>, String),
    pub(super) to: (Option<String>, String),
}

/// Of a release, an environment and a module.
pub(super) type Place = (String, String, String);

pub(super) struct Facts {
    pub(super) sequence: u64,
    /// Whether both sides are environments: there, what is not recorded does not exist.
    pub(super) both_run: bool,
    pub(super) views: Vec<View>,
    pub(super) from: BTreeMap<String, Held>,
    pub(super) to: BTreeMap<String, Held>,
    /// Rendered settings by manifest.
    pub(super) manifests: HashMap<String, Values>,
    /// The manifest that was rendered last.
    pub(super) newest: HashMap<Place, String>,
    pub(super) resources: HashMap<Place, Values>,
}

/// An environment or release by id: its name, empty for releases, and project.
struct Point {
    id: String,
    name: String,
    project: String,
    is_environment: bool,
}

pub(super) struct Reader<'r> {
    read: &'r RawRead<'r>,
    ctx: &'r Ctx,
    module: &'r str,
}

impl Side {
    fn id(&self) -> &str {
        match self {
            Self::Environment(id) | Self::Release(id) => id,
        }
    }
}

impl<'r> Reader<'r> {
    pub(super) fn new(read: &'r RawRead<'r>, ctx: &'r Ctx, module: Option<&'r str>) -> Self {
        let module = module.unwrap_or_default();
        Self { read, ctx, module }
    }

    pub(super) async fn facts(&self, from: &Side, to: &Side) -> Result<Facts, LedgerError> {
        let tenant: Value = self.ctx.tenant().as_str().into();
        let head = self.read.query(HEAD, [tenant]).await?;
        let sequence = head.first().map(|row| rows::int(row, "sequence"));
        let ids = || [from.id().to_owned(), to.id().to_owned()];
        let points = self.points(ids()).await?;
        let seen_from = self.visible(&points, from, "from")?;
        let seen_to = self.visible(&points, to, "to")?;
        let views = views(&points, seen_from, seen_to);
        let mut held = self.held(ids()).await?;
        let of_from = held.get(from.id()).cloned().unwrap_or_default();
        let of_to = held.remove(to.id()).unwrap_or_default();
        let all = of_from.values().chain(of_to.values());
        let releases: Vec<String> = all.map(|it| it.compared.release_id.clone()).collect();
        let in_views = views.iter().flat_map(|view| [&view.from.0, &view.to.0]);
        let environments: Vec<String> = in_views.flatten().cloned().collect();
        let (manifests, newest) = self.manifests(&releases, &environments).await?;
        Ok(Facts {
            sequence: sequence.transpose()?.unwrap_or(0).unsigned_abs(),
            both_run: seen_from.is_environment && seen_to.is_environment,
            views,
            from: of_from,
            to: of_to,
            manifests,
            newest,
            resources: self.resources(&releases, &environments).await?,
        })
    }

    /// The side as far as the caller may know of it.
    fn visible<'p>(
        &self,
        points: &'p [Point],
        side: &Side,
        field: &'static str,
    ) -> Result<&'p Point, LedgerError> {
        let (is_environment, what) = match side {
            Side::Environment(_) => (true, "environment"),
            Side::Release(_) => (false, "release"),
        };
        let mut points = points.iter();
        let found = points.find(|it| it.id == side.id() && it.is_environment == is_environment);
        let sees = |it: &&Point| it.project.parse().is_ok_and(|it| self.ctx.sees(&it));
        found.filter(sees).ok_or(LedgerError::NotFound(what, field))
    }

    async fn query(
        &self,
        sql: &str,
        sets: impl IntoIterator<Item = Vec<String>>,
        more: Option<&str>,
    ) -> Result<Vec<QueryResult>, LedgerError> {
        let backend = self.read.backend();
        let mut binds: Vec<Value> = vec![self.ctx.tenant().as_str().into()];
        binds.extend(sets.into_iter().map(|set| set_value(backend, set)));
        binds.extend(more.map(Value::from));
        Ok(self.read.query(sql, binds).await?)
    }

    fn in_set(&self, column: &str, position: u32) -> String {
        in_set_sql(self.read.backend(), column, position)
    }

    /// The sides, and every environment of their projects.
    async fn points(&self, ids: [String; 2]) -> Result<Vec<Point>, LedgerError> {
        let id = self.in_set("id", 2);
        let sql = format!(
            "SELECT id, name, project_id, CAST(1 AS BIGINT) AS is_environment FROM chain_environment \
             WHERE tenant_id = $1 AND project_id IN (\
               SELECT project_id FROM chain_environment WHERE tenant_id = $1 AND {id} \
               UNION SELECT project_id FROM chain_release WHERE tenant_id = $1 AND {id}) \
             UNION ALL SELECT id, '', project_id, CAST(0 AS BIGINT) FROM chain_release \
             WHERE tenant_id = $1 AND {id} ORDER BY 1"
        );
        let found = self.query(&sql, [ids.to_vec()], None).await?;
        let point = |row: &QueryResult| {
            Ok(Point {
                id: rows::text(row, "id")?,
                name: rows::text_opt(row, "name")?.unwrap_or_default(),
                project: rows::text_opt(row, "project_id")?.unwrap_or_default(),
                is_environment: rows::int(row, "is_environment")? == 1,
            })
        };
        found.iter().map(point).collect()
    }

    /// What the sides hold, by side and module.
    async fn held(
        &self,
        ids: [String; 2],
    ) -> Result<HashMap<String, BTreeMap<String, Held>>, LedgerError> {
        const ITEM: &str = "i.repository_id, i.commit_sha, i.artifacts, i.configuration, \
            CASE WHEN c.sha IS NOT NULL THEN COALESCE(c.landing, 0) END AS landing, c.mainline";
        const COMMIT: &str = "LEFT JOIN history_commit c ON c.tenant_id = $1 \
            AND c.repository_id = i.repository_id AND c.sha = i.commit_sha";
        let (environment, release) = (
            self.in_set("b.environment_id", 2),
            self.in_set("i.release_id", 2),
        );
        let sql = format!(
            "SELECT b.environment_id AS side, b.module, p.id AS promotion_id, p.release_id, \
               p.version, d.manifest_id, {ITEM} \
             FROM board_cell b \
             JOIN chain_promotion p ON p.tenant_id = $1 AND p.id = b.running_promotion \
             JOIN chain_release_item i ON i.tenant_id = $1 AND i.release_id = p.release_id \
               AND i.module = b.module \
             LEFT JOIN chain_promotion_item d ON d.tenant_id = $1 AND d.promotion_id = p.id \
               AND d.module = b.module {COMMIT} \
             WHERE b.tenant_id = $1 AND {environment} AND ($3 = '' OR b.module = $3) \
             UNION ALL SELECT r.id, i.module, NULL, r.id, r.version, NULL, {ITEM} \
             FROM chain_release_item i \
             JOIN chain_release r ON r.tenant_id = $1 AND r.id = i.release_id {COMMIT} \
             WHERE i.tenant_id = $1 AND {release} AND ($3 = '' OR i.module = $3)"
        );
        let found = self.query(&sql, [ids.to_vec()], Some(self.module)).await?;
        let mut held: HashMap<String, BTreeMap<String, Held>> = HashMap::new();
        for row in &found {
            let modules = held.entry(rows::text(row, "side")?).or_default();
            modules.insert(rows::text(row, "module")?, held_of(row)?);
        }
        Ok(held)
    }

    /// Rendered settings by manifest, and the newest manifest of each place.
    async fn manifests(
        &self,
        releases: &[String],
        environments: &[String],
    ) -> Result<(HashMap<String, Values>, HashMap<Place, String>), LedgerError> {
        let (release, environment) = (
            self.in_set("release_id", 2),
            self.in_set("environment_id", 3),
        );
        let sql = format!(
            "SELECT id, release_id, environment_id, module, configuration FROM chain_manifest \
             WHERE tenant_id = $1 AND {release} AND {environment} AND ($4 = '' OR module = $4) \
             ORDER BY rendered_at, id"
        );
        let sets = [releases.to_vec(), environments.to_vec()];
        let (mut manifests, mut newest) = (HashMap::new(), HashMap::new());
        for row in &self.query(&sql, sets, Some(self.module)).await? {
            let id = rows::text(row, "id")?;
            newest.insert(place(row)?, id.clone());
            manifests.insert(id, parsed(row, "configuration")?);
        }
        Ok((manifests, newest))
    }

    /// The resources that were provisioned last for each place.
    async fn resources(
        &self,
        releases: &[String],
        environments: &[String],
    ) -> Result<HashMap<Place, Values>, LedgerError> {
        let (release, environment) = (
            self.in_set("release_id", 2),
            self.in_set("environment_id", 3),
        );
        let sql = format!(
            "SELECT release_id, environment_id, module, resources FROM chain_infrastructure \
             WHERE tenant_id = $1 AND {release} AND {environment} AND ($4 = '' OR module = $4) \
             AND state = 'PROVISIONED' ORDER BY at, id"
        );
        let sets = [releases.to_vec(), environments.to_vec()];
        let mut resources = HashMap::new();
        for row in &self.query(&sql, sets, Some(self.module)).await? {
            resources.insert(place(row)?, parsed(row, "resources")?);
        }
        Ok(resources)
    }
}

/// In which environments the sides are compared.
fn views(points: &[Point], from: &Point, to: &Point) -> Vec<View> {
    let of = |side: &Point, name: &str| {
        let mut own = points
            .iter()
            .filter(|it| it.is_environment && it.project == side.project);
        own.find(|it| it.name == name).map(|it| it.id.clone())
    };
    let own = |side: &Point| (Some(side.id.clone()), side.name.clone());
    let named = |side: &Point, name: &str| (of(side, name), name.to_owned());
    let (from, to) = match (from.is_environment, to.is_environment) {
        (true, true) => (own(from), own(to)),
        (true, false) => (own(from), named(to, &from.name)),
        (false, true) => (named(from, &to.name), own(to)),
        (false, false) => {
            let mut names: Vec<&String> = points
                .iter()
                .filter(|it| it.is_environment)
                .map(|it| &it.name)
                .collect();
            names.sort();
            names.dedup();
            let view = |name: &String| View {
                prefix: format!("{name}/"),
                from: named(from, name),
                to: named(to, name),
            };
            return names.into_iter().map(view).collect();
        }
    };
    let prefix = String::new();
    vec![View { prefix, from, to }]
}

fn place(row: &QueryResult) -> Result<Place, LedgerError> {
    Ok((
        rows::text(row, "release_id")?,
        rows::text(row, "environment_id")?,
        rows::text(row, "module")?,
    ))
}

fn parsed<T: DeserializeOwned + Default>(
    row: &QueryResult,
    column: &str,
) -> Result<T, LedgerError> {
    match rows::text_opt(row, column)? {
        Some(text) => Ok(serde_json::from_str(&text)?),
        None => Ok(T::default()),
    }
}

fn held_of(row: &QueryResult) -> Result<Held, LedgerError> {
    let text = |column| Ok::<_, LedgerError>(rows::text_opt(row, column)?.unwrap_or_default());
    Ok(Held {
        compared: Compared {
            release_id: text("release_id")?,
            version: text("version")?,
            promotion_id: rows::text_opt(row, "promotion_id")?,
            repository_id: text("repository_id")?,
            commit_sha: text("commit_sha")?,
        },
        artifacts: parsed(row, "artifacts")?,
        settings: parsed(row, "configuration")?,
        manifest_id: rows::text_opt(row, "manifest_id")?,
        landing: rows::int_opt(row, "landing")?,
        mainline: rows::int_opt(row, "mainline")? == Some(1),
    })
}
