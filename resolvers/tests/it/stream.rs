//! Subscriptions on real services: what they tell, to whom, from where on, and at what cost.

use std::{sync::Arc, time::Duration};

use async_graphql::{Request, Response, Variables};
use futures::{StreamExt, stream::BoxStream};
use serde_json::{Value, json};
use sluice_bus::EmbeddedLive;
use sluice_kernel::Ctx;
use sluice_ledger::{Hub, HubOptions};
use sluice_resolvers::{
    Options, SluiceSchema, schema,
    stream::{Delivered, Range, subscribe},
};
use sluice_schema::{ProjectId, ReleaseId, Scope, TypedId, events::ReleaseCancelled};
use sluice_testkit::{Backend, User, event, on_both_databases};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::World;

on_both_databases!(
    every_stream_tells_what_the_ledger_holds_with_the_objects_as_they_are_now,
    what_happens_after_the_beginning_is_told_too,
    everybody_is_told_of_their_own_projects_alone,
    a_place_further_back_than_the_retention_is_a_gap_first,
    an_event_costs_what_its_objects_cost_however_many_went_before,
);

/// A world whose ledger is followed.
pub(crate) struct Followed {
    pub(crate) world: World,
    schema: SluiceSchema,
    hub: JoinHandle<()>,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.hub.abort();
    }
}

fn follow(world: World, retention: u64) -> Followed {
    let live = Arc::new(EmbeddedLive::default());
    world.ledger.tells(live.clone());
    let options = HubOptions {
        retention,
        ..HubOptions::default()
    };
    let hub = Hub::new(world.ledger.clone(), live, options);
    let mut services = world.services.clone();
    services.hub = hub.clone();
    Followed {
        schema: schema(services, Options::default()),
        hub: tokio::spawn(hub.run(CancellationToken::new())),
        world,
    }
}

pub(crate) async fn followed(backend: Backend) -> Followed {
    follow(World::on(backend).await, 1_000)
}

pub(crate) struct Told(BoxStream<'static, Delivered>);

impl Told {
    /// The next answer's position and body; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<(u64, Value)> {
        let next = tokio::time::timeout(Duration::from_secs(60), self.0.next());
        let told = next.await.expect("within a minute")?;
        let body = body(&told.response);
        let mut items = body["data"].as_object().into_iter().flatten();
        let gap = items.any(|(_, item)| item["__typename"] == "StreamGap");
        assert_eq!(told.gap, gap, "{body:#}");
        Some((told.position, body))
    }

    /// The item of the next answer, which has no error.
    pub(crate) async fn item(&mut self) -> (u64, Value) {
        let (position, body) = self.next().await.expect("an answer");
        assert!(body.get("errors").is_none(), "{body:#}");
        let data = body["data"].as_object().unwrap();
        (position, data.values().next().unwrap().clone())
    }
}

fn body(response: &Response) -> Value {
    serde_json::to_value(response).unwrap()
}

impl Followed {
    pub(crate) async fn try_open(
        &self,
        ctx: Ctx,
        (query, variables): (&str, Value),
        range: Option<Range>,
    ) -> Result<Told, Value> {
        let request = Request::new(query).variables(Variables::from_json(variables));
        let opened = subscribe(&self.schema, ctx, request, range).await;
        opened.map(Told).map_err(|refused| body(&refused))
    }

    pub(crate) async fn open(&self, query: &str, variables: Value) -> Told {
        let opened = self.try_open(self.world.user.ctx(), (query, variables), None);
        opened.await.unwrap_or_else(|refused| panic!("{refused:#}"))
    }

    /// The events of the ledger that match.
    async fn events(&self, filter: Value) -> Vec<Value> {
        let query = "query($filter: LedgerEventFilter) { events(first: 200, filter: $filter,
            orderBy: { field: SEQUENCE, direction: ASC }) {
            nodes { sequence cursor eventType subject { kind id } } } }";
        let answer = self.world.send(query, json!({ "filter": filter })).await;
        let nodes = answer.data()["events"]["nodes"].as_array().unwrap();
        nodes.clone()
    }

    /// Cancellations of releases that nobody knows, one in each of these projects.
    async fn happens(&self, projects: &[&str]) {
        let ctx = self.world.user.ctx();
        let told = projects.iter().map(|project| {
            let project: ProjectId = project.parse().unwrap();
            event(&ctx, &project, None, &cancelled())
        });
        let told: Vec<_> = told.collect();
        self.world.ledger.append(&told).await.unwrap();
    }
}

fn cancelled() -> ReleaseCancelled {
    ReleaseCancelled {
        release_id: ReleaseId::generate(),
        name: "shop".to_owned(),
        version: "1.0.0".to_owned(),
        cancelled_by: "ada".to_owned(),
        reason: None,
    }
}

const EVENT: &str = "cursor sequence eventType occurredAt correlationId projectId moduleId
    actor { kind id } event { sequence subject { kind id } payload }";

fn query(field: &str, event: &str, objects: &str) -> String {
    format!(
        "subscription($after: String) {{ item: {field}(after: $after) {{ __typename
            ... on {event} {{ {EVENT} {objects} }}
            ... on StreamGap {{ from to reason cursor }} }} }}"
    )
}

const STREAMS: [(&str, &str, &[&str], &str); 5] = [
    ("buildEvents", "BuildEvent", &["BuildResult"], "build"),
    ("releaseEvents", "ReleaseEvent", &["ReleasePlan"], "release"),
    (
        "promotionEvents",
        "PromotionEvent",
        &["Environment", "EnvironmentPromotion"],
        "promotion",
    ),
    (
        "pipelineRunEvents",
        "PipelineRunEvent",
        &["PipelineRun"],
        "run",
    ),
    ("deliveryEvents", "DeliveryEvent", &[], "node"),
];

async fn every_stream_tells_what_the_ledger_holds_with_the_objects_as_they_are_now(
    backend: Backend,
) {
    let followed = followed(backend).await;
    followed.world.chain("one").await;
    followed.world.record_sources().await;
    for (field, event, kinds, object) in STREAMS {
        let filter = match kinds {
            [] => json!({}),
            kinds => json!({ "subjectKinds": kinds }),
        };
        let expected = followed.events(filter).await;
        assert!(!expected.is_empty(), "{field}");
        let environment = match field {
            "promotionEvents" => "environment { id }",
            _ => "",
        };
        let text = query(field, event, &format!("{object} {{ id }} {environment}"));
        let mut told = followed.open(&text, json!({ "after": "0" })).await;
        for wanted in &expected {
            let (position, item) = told.item().await;
            assert_eq!(item["__typename"], event);
            assert_eq!(json!(position), wanted["sequence"], "{field}");
            for same in ["sequence", "cursor", "eventType"] {
                assert_eq!(item[same], wanted[same], "{field}: {item:#}");
            }
            let subject = &item["event"]["subject"];
            assert_eq!(subject, &wanted["subject"]);
            let of_environment = field == "promotionEvents" && subject["kind"] == "Environment";
            if of_environment {
                assert_eq!(item[object], Value::Null);
            } else if field != "deliveryEvents" && field != "buildEvents" {
                assert_eq!(item[object]["id"], subject["id"], "{field}: {item:#}");
            }
            if field == "promotionEvents" {
                let payload = &item["event"]["payload"];
                assert_eq!(item["environment"]["id"], payload["environmentId"]);
            }
        }
        // Whatever cursor was told last, nothing is told twice.
        let last = expected.last().unwrap();
        for after in [last["cursor"].clone(), json!(last["sequence"].to_string())] {
            let mut rest = followed.open(&text, json!({ "after": after })).await;
            let nothing = tokio::time::timeout(Duration::from_millis(20), rest.0.next());
            assert!(nothing.await.is_err(), "{field}");
        }
    }
}

async fn what_happens_after_the_beginning_is_told_too(backend: Backend) {
    let followed = followed(backend).await;
    let world = &followed.world;
    let repository = world.repository("shop").await;
    world.build(&repository, "before").await;
    world.record_sources().await;
    let text = query(
        "buildEvents",
        "BuildEvent",
        "build { id status repository { name } }",
    );
    let mut told = followed.open(&text, json!({})).await;
    let (mut others, mut built) = (Vec::new(), Vec::new());
    for number in 0..5 {
        others.push(world.repository(&format!("other-{number}")).await);
        built.push(world.build(&repository, &format!("k{number}")).await);
        world.record_sources().await;
    }
    let mut last = 0;
    for build in &built {
        let (position, item) = told.item().await;
        assert!(position > last);
        last = position;
        assert_eq!(item["build"]["id"], json!(build));
        assert_eq!(item["build"]["repository"]["name"], "shop");
    }
    // A part of it, whatever the document asks for.
    let range = Range {
        after: 0,
        until: Some(last),
    };
    let ctx = world.user.ctx();
    let part = followed.try_open(ctx, (&text, json!({ "after": "5" })), Some(range));
    let mut part = part.await.unwrap_or_else(|refused| panic!("{refused:#}"));
    for _ in 0..=built.len() {
        part.item().await;
    }
    assert_eq!(part.next().await, None);
}

async fn everybody_is_told_of_their_own_projects_alone(backend: Backend) {
    let followed = followed(backend).await;
    followed.happens(&["web", "api", "web", "api"]).await;
    let text = query("releaseEvents", "ReleaseEvent", "release { id }");
    let eve = User::of("acme", "eve").in_projects(&["api"]);
    let stranger = User::of("other", "eve");
    let from_start = || (text.as_str(), json!({ "after": "0" }));
    let mut told = followed
        .try_open(eve.ctx(), from_start(), None)
        .await
        .unwrap_or_else(|refused| panic!("{refused:#}"));
    let mut foreign = followed
        .try_open(stranger.ctx(), from_start(), None)
        .await
        .unwrap_or_else(|refused| panic!("{refused:#}"));
    assert_eq!(told.item().await.0, 2);
    assert_eq!(told.item().await.0, 4);
    // And of what happens then.
    followed.happens(&["web", "api"]).await;
    let (position, item) = told.item().await;
    assert_eq!(position, 6);
    assert_eq!(
        (&item["projectId"], &item["release"]),
        (&json!("api"), &Value::Null)
    );
    let nothing = tokio::time::timeout(Duration::from_millis(20), foreign.0.next());
    assert!(nothing.await.is_err());
    let nobody = User::of("acme", "eve").with_scopes(&[Scope::Admin]);
    let refused = followed.try_open(nobody.ctx(), from_start(), None).await;
    let refused = refused.err().unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

async fn a_place_further_back_than_the_retention_is_a_gap_first(backend: Backend) {
    let followed = follow(World::on(backend).await, 3);
    followed.happens(&["web"; 10]).await;
    let text = query("deliveryEvents", "DeliveryEvent", "node { id }");
    let mut told = followed.open(&text, json!({ "after": "2" })).await;
    let (position, gap) = told.item().await;
    assert_eq!(position, 7);
    let cursor = gap["cursor"].clone();
    assert_eq!(
        gap,
        json!({ "__typename": "StreamGap", "from": 3, "to": 7, "reason": "RETENTION",
            "cursor": cursor })
    );
    assert_eq!(told.item().await.0, 8);
    // The hole's cursor leads on behind it: in the stream, and in lists.
    let mut behind = followed.open(&text, json!({ "after": cursor })).await;
    assert_eq!(behind.item().await.0, 8);
    let list = "query($after: String) { events(first: 1, after: $after,
        orderBy: { field: SEQUENCE, direction: ASC }) { nodes { sequence } } }";
    let listed = followed.world.send(list, json!({ "after": cursor })).await;
    assert_eq!(listed.data()["events"]["nodes"][0]["sequence"], 8);
}

async fn an_event_costs_what_its_objects_cost_however_many_went_before(backend: Backend) {
    let followed = followed(backend).await;
    followed.world.chain("one").await;
    followed.world.chain("two").await;
    let text = query(
        "promotionEvents",
        "PromotionEvent",
        "promotion { id environment { name } release { releaseVersion builds { id run { id } } } }
         environment { id name }",
    );
    let head = followed.events(json!({})).await.len() as u64;
    let range = Some(Range {
        after: 0,
        until: Some(head),
    });
    let ctx = followed.world.user.ctx();
    let told = followed.try_open(ctx.clone(), (&text, json!({})), range);
    let mut told = told.await.unwrap_or_else(|refused| panic!("{refused:#}"));
    // What is read of the ledger is read a page at a time.
    let mut costs = Vec::new();
    let mut before = None;
    while let Some((_, body)) = told.next().await {
        assert!(body.get("errors").is_none(), "{body:#}");
        let item = &body["data"]["item"];
        let statements = ctx.statements().get();
        if let Some(before) = before {
            let hops = match item["promotion"] {
                Value::Null => 1,
                // The promotion; its environment, which is the event's, and its release; builds; runs.
                _ => 5,
            };
            costs.push((statements - before, hops));
        }
        before = Some(statements);
    }
    assert!(costs.len() > 10, "{costs:?}");
    for (cost, hops) in &costs {
        assert_eq!(cost, hops, "{costs:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_subscription_to_one_stream_is_refused_before_anything_is_opened() {
    let followed = followed(Backend::Sqlite).await;
    for (text, code, field) in [
        (
            "subscription { buildEvents { __typename } releaseEvents { __typename } }",
            "BAD_REQUEST",
            None,
        ),
        (
            "subscription { ...f } fragment f on Subscription { buildEvents { __typename } }",
            "BAD_REQUEST",
            None,
        ),
        (
            "subscription { ... { buildEvents { __typename } } }",
            "BAD_REQUEST",
            None,
        ),
        (
            "subscription { buildEvents @skip(if: true) { __typename } }",
            "BAD_REQUEST",
            None,
        ),
        (
            "subscription { buildEvents @include(if: true) { __typename } }",
            "BAD_REQUEST",
            None,
        ),
        ("subscription { __typename }", "BAD_REQUEST", None),
        (
            "subscription { buildEvents { nonsense } }",
            "BAD_REQUEST",
            None,
        ),
        ("subscription {", "BAD_REQUEST", None),
        ("{ viewer { tenant } }", "BAD_REQUEST", None),
        (
            "mutation { redriveDeadLetter(input: { id: \"1\" }) { replayed } }",
            "BAD_REQUEST",
            None,
        ),
        (
            "subscription { buildEvents(after: \"x\") { __typename } }",
            "INVALID_INPUT",
            Some("after"),
        ),
        (
            "subscription { buildEvents(after: \"99999999\") { __typename } }",
            "INVALID_INPUT",
            Some("after"),
        ),
        (
            "subscription { buildEvents(projectId: \"../x\") { __typename } }",
            "INVALID_INPUT",
            Some("projectId"),
        ),
        (
            "subscription { deliveryEvents(types: []) { __typename } }",
            "INVALID_INPUT",
            Some("types"),
        ),
    ] {
        let ctx = followed.world.user.ctx();
        let refused = followed
            .try_open(ctx.clone(), (text, json!({})), None)
            .await;
        let refused = refused.err().unwrap_or_else(|| panic!("{text} was opened"));
        let extensions = &refused["errors"][0]["extensions"];
        assert_eq!(extensions["code"], code, "{text}: {refused:#}");
        assert_eq!(extensions["field"].as_str(), field, "{text}");
        assert_eq!(extensions["traceId"], json!(ctx.trace_id()), "{text}");
        assert_eq!(refused["data"], Value::Null);
    }
    // Over a transport of single answers there is none either.
    let over_http = followed
        .world
        .send("subscription { buildEvents { __typename } }", json!({}));
    assert_eq!(over_http.await.error("code"), "BAD_REQUEST");
}
