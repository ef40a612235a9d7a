//! Test cases of a build.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use async_graphql::{Enum, ID, SimpleObject};
use futures::FutureExt;
use sluice_build_result as service;
use sluice_kernel::{Ctx, Direction, Page, PageArgs, PageRequest};
use sluice_schema::{BoxFault, BuildId};

use super::TestCaseFilter;
use crate::{
    Services,
    fault::Result,
    loaders::{Call, Lookup, grouped},
    paging::{Connection, Total},
    scalars::Long,
};

/// How a test case ended.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "service::TestOutcome")]
pub enum TestOutcome {
    /// It held.
    Passed,
    /// An assertion did not hold.
    Failed,
    /// It broke outside its assertions.
    Errored,
    /// It did not run or does not count.
    Skipped,
}

/// One test case of a build.
#[derive(SimpleObject, Debug, Clone)]
pub struct TestCase {
    /// Unique in the tenant; `node` does not know it.
    pub id: ID,
    /// The suites around it, joined by ` / `; empty when there is none.
    pub suite: String,
    /// The class, module or binary that it belongs to; empty when the report names none.
    pub class: String,
    /// Its own name.
    pub name: String,
    /// How it ended.
    pub outcome: TestOutcome,
    /// Milliseconds, when the report says so.
    pub duration_ms: Option<Long>,
    /// Why it failed or was skipped.
    pub message: Option<String>,
    /// Stack trace or output of the failure.
    pub details: Option<String>,
    /// Source file, as the report names it.
    pub file: Option<String>,
    /// Line in that file, from 1.
    pub line: Option<u32>,
}

impl From<service::TestCase> for TestCase {
    fn from(case: service::TestCase) -> Self {
        Self {
            id: case.id.into(),
            suite: case.suite,
            class: case.class,
            name: case.name,
            outcome: case.outcome.into(),
            duration_ms: case.duration_ms.map(Long),
            message: case.message,
            details: case.details,
            file: case.file,
            line: case.line,
        }
    }
}

/// A build's page of test cases: batched with the pages of other builds under the same
/// arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PageOfBuild {
    build: BuildId,
    filter: service::TestCaseFilter,
    request: PageRequest,
}

impl Hash for PageOfBuild {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.build.hash(state);
        self.filter.hash(state);
        self.request.limit.hash(state);
    }
}

/// A build's count of test cases: batched with the counts of other builds under the same filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct CountOfBuild {
    build: BuildId,
    filter: service::TestCaseFilter,
}

type Found<K, V> = std::result::Result<HashMap<K, V>, BoxFault>;

impl Lookup for PageOfBuild {
    type Value = Arc<Page<service::TestCase>>;

    async fn load(services: &Services, ctx: &Ctx, keys: &[Self]) -> Found<Self, Self::Value> {
        let mut groups: Vec<(Self, Vec<BuildId>)> = Vec::new();
        for key in keys {
            let same = |group: &&mut (Self, Vec<BuildId>)| {
                group.0.filter == key.filter && group.0.request == key.request
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.1.push(key.build),
                None => groups.push((key.clone(), vec![key.build])),
            }
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (of, builds) in groups {
            let service = &services.builds;
            let pages = service
                .test_case_pages(ctx, &builds, &of.filter, &of.request)
                .await?;
            found.extend(pages.into_iter().map(|(build, page)| {
                let key = Self {
                    build,
                    ..of.clone()
                };
                (key, Arc::new(page))
            }));
        }
        Ok(found)
    }
}

impl Lookup for CountOfBuild {
    type Value = u64;

    async fn load(services: &Services, ctx: &Ctx, keys: &[Self]) -> Found<Self, u64> {
        let mut found = HashMap::with_capacity(keys.len());
        let groups = grouped(keys.iter().cloned(), |key| (key.filter, key.build));
        for (filter, builds) in groups {
            let counts = services
                .builds
                .test_case_counts(ctx, &builds, &filter)
                .await?;
            let key = |build| Self {
                build,
                filter: filter.clone(),
            };
            found.extend(counts.into_iter().map(|(build, count)| (key(build), count)));
        }
        Ok(found)
    }
}

/// One page of a build's test cases, failures first.
pub(super) async fn page(
    call: &Arc<Call>,
    build: BuildId,
    args: PageArgs,
    filter: Option<TestCaseFilter>,
) -> Result<Connection<TestCase>> {
    let filter: service::TestCaseFilter = filter.unwrap_or_default().into();
    let request = PageRequest::new(&args, service::TEST_CASE_ORDER, Direction::Ascending);
    let request = request.map_err(|fault| call.failure(fault))?;
    let key = PageOfBuild {
        build,
        filter: filter.clone(),
        request,
    };
    let page = call.one(Some(key)).await?;
    let page = page.unwrap_or_else(|| Arc::new(Page::empty()));
    let call = call.clone();
    let total: Total = Box::new(move || {
        let call = call.clone();
        let filter = filter.clone();
        let key = CountOfBuild { build, filter };
        async move { Ok(call.one(Some(key)).await?.unwrap_or(0)) }.boxed()
    });
    Ok(Connection::new(&page, total, |case| case.clone().into()))
}
