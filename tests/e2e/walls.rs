//! Walls: what other tenants and projects must not even know of.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, User, on_both_databases};

use crate::{
    delivery_support::{Chain, INFRA, built, in_dev, outcome_of, promoted, release, sync},
    support::{done, put, refused, text},
};

on_both_databases!(objects_of_the_delivery_half_of_another_tenant_or_project_are_not_found,);

/// One object of every kind.
struct Objects {
    build: String,
    release: String,
    promotion: String,
    sync: String,
    environment: String,
    plan: String,
    all: Vec<String>,
}

async fn objects(chain: &Chain) -> Objects {
    let build = built(&chain.ada, "shop", &[put("infra.yaml", INFRA)]).await;
    let id = in_dev(chain, &build).await;
    let outcome = outcome_of(&chain.ada, &build.id).await;
    let query = "query($r: ID!) { \
        infrastructurePlans(filter: { releaseId: $r }, first: 1) { nodes { id } } \
        deploymentManifests(filter: { releaseId: $r }, first: 1) { nodes { id } } \
        environments(filter: { projectId: \"web\", name: \"dev\" }) { nodes { id } } }";
    let data = chain.ada.data(query, json!({ "r": id })).await;
    let first = |list: &str| text(&data[list]["nodes"][0]["id"]);
    let (plan, manifest) = (first("infrastructurePlans"), first("deploymentManifests"));
    let environment = first("environments");
    let approval = text(&release(&chain.ada, &id).await["approvals"][0]["id"]);
    let promotion = text(&promoted(&chain.ada, &id, "dev", "SUCCEEDED").await["id"]);
    let sync = text(&sync(&chain.ada, "dev", "shop").await["id"]);
    let made = [
        text(&outcome["package"]["id"]),
        text(&outcome["image"]["id"]),
    ];
    let more = [
        &id,
        &approval,
        &plan,
        &manifest,
        &environment,
        &promotion,
        &sync,
    ];
    let all = made.into_iter().chain(more.into_iter().cloned()).collect();
    Objects {
        build: build.id,
        release: id,
        promotion,
        sync,
        environment,
        plan,
        all,
    }
}

async fn node(client: &Client, id: &str) -> Value {
    let query = "query($id: ID!) { node(id: $id) { __typename id } }";
    client.data(query, json!({ "id": id })).await["node"].clone()
}

const LISTS: [&str; 8] = [
    "packagePublications",
    "containerImages",
    "releases",
    "infrastructurePlans",
    "deploymentManifests",
    "environments",
    "promotions",
    "gitOpsSyncs",
];

/// Every command that names an object by its id.
#[rustfmt::skip]
fn commands(it: &Objects) -> Vec<(&'static str, &'static str, Value)> {
    let release = json!({ "releaseId": it.release, "reason": "mine" });
    let place = json!({ "releaseId": it.release, "environment": "dev" });
    let environment = json!({ "environmentId": it.environment, "reason": "mine" });
    vec![
        ("publishPackage", "packagePublication { id }", json!({ "buildId": it.build })),
        ("buildContainerImage", "containerImage { id }", json!({ "buildId": it.build })),
        ("planRelease", "release { id }", json!({ "buildIds": [it.build] })),
        ("approveRelease", "release { id }", release.clone()),
        ("rejectRelease", "release { id }", release.clone()),
        ("cancelRelease", "release { id }", release),
        ("planInfrastructure", "infrastructurePlan { id }", place.clone()),
        ("provisionInfrastructure", "infrastructurePlan { id }", json!({ "planId": it.plan })),
        ("renderDeploymentManifest", "deploymentManifest { id }", place.clone()),
        ("promoteRelease", "promotion { id }", place),
        ("cancelPromotion", "promotion { id }", json!({ "promotionId": it.promotion, "reason": "mine" })),
        ("rollbackEnvironment", "promotion { id }", environment.clone()),
        ("holdEnvironment", "environment { id }", environment),
        ("resumeEnvironment", "environment { id }", json!({ "environmentId": it.environment })),
        ("syncGitOps", "gitOpsSync { id }", json!({ "syncId": it.sync })),
        ("pauseGitOps", "gitOpsSync { id }", json!({ "syncId": it.sync, "reason": "mine" })),
        ("resumeGitOps", "gitOpsSync { id }", json!({ "syncId": it.sync })),
    ]
}

fn endpoints(it: &Objects) -> Vec<(Method, String, Option<Value>)> {
    let (release, promotion, sync) = (&it.release, &it.promotion, &it.sync);
    let reason = Some(json!({ "reason": "mine" }));
    let place = Some(json!({ "releaseId": release, "environment": "dev" }));
    let build = Some(json!({ "buildId": it.build }));
    let (get, post) = (Method::GET, Method::POST);
    vec![
        (get.clone(), format!("/releases/{release}"), None),
        (get.clone(), format!("/promotions/{promotion}"), None),
        (get, format!("/gitops/{sync}"), None),
        (
            post.clone(),
            format!("/releases/{release}/approve"),
            reason.clone(),
        ),
        (
            post.clone(),
            format!("/promotions/{promotion}/cancel"),
            reason.clone(),
        ),
        (post.clone(), format!("/gitops/{sync}/pause"), reason),
        (post.clone(), "/packages".to_owned(), build.clone()),
        (post.clone(), "/images".to_owned(), build),
        (
            post.clone(),
            "/releases".to_owned(),
            Some(json!({ "buildIds": [it.build] })),
        ),
        (post.clone(), "/iac/plan".to_owned(), place.clone()),
        (post, "/promotions".to_owned(), place),
    ]
}

async fn objects_of_the_delivery_half_of_another_tenant_or_project_are_not_found(backend: Backend) {
    let chain = Chain::start(backend).await;
    let it = objects(&chain).await;
    let strangers = [
        User::of("globex", "eve"),
        User::of("acme", "eve").in_projects(&["other"]),
    ];
    for id in &it.all {
        assert_eq!(
            node(&chain.ada, id).await["id"],
            json!(id),
            "its owner finds it"
        );
    }
    for stranger in strangers {
        let who = format!("{stranger:?}");
        let client = chain.server.client(&stranger);
        for id in &it.all {
            assert_eq!(node(&client, id).await, Value::Null, "{id} for {who}");
        }
        for list in LISTS {
            let data = client
                .data(
                    &format!("{{ {list}(first: 5) {{ totalCount }} }}"),
                    json!({}),
                )
                .await;
            assert_eq!(data[list]["totalCount"], 0, "{list} for {who}");
        }
        for (command, fields, input) in commands(&it) {
            let error = refused(&client, command, fields, input).await;
            assert_eq!(error["code"], "NOT_FOUND", "{command} for {who}");
        }
        for (method, path, body) in endpoints(&it) {
            let mut request = client.request(method.clone(), &path);
            if let Some(body) = &body {
                request = request.json(body);
            }
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            let problem: Value = response.json().await.unwrap();
            assert_eq!(status, 404, "{method} {path} for {who}: {problem}");
            assert_eq!(problem["code"], "NOT_FOUND");
        }
    }
    // A project of another name is a wall in the feed too.
    let other = chain
        .server
        .client(&User::of("acme", "eve").in_projects(&["other"]));
    let feed = other
        .request(Method::GET, "/nuget/web/v3/index.json")
        .send()
        .await
        .unwrap();
    assert_eq!(feed.status().as_u16(), 404);
    let input = json!({ "releaseId": it.release, "environment": "dev" });
    let own = done(&chain.ada, "promoteRelease", "promotion { id }", input).await;
    assert_eq!(
        own["promotion"]["id"], it.promotion,
        "nothing was changed meanwhile"
    );
    chain.server.finish().await;
}
