//! The arrows of the choreography, from a build result to a release that people may approve.

use reqwest::Method;
use serde_json::{Value, json};
use sluice_testkit::{Backend, Client, eventually, on_both_databases};

use crate::{
    delivery_support::{Built, Chain, built, outcome_of, policies, release, release_in},
    support::{done, text},
};

on_both_databases!(
    build_completed_leads_to_a_published_package,
    build_completed_leads_to_a_container_image,
    build_completed_leads_to_a_planned_release,
    package_published_and_container_image_built_make_the_release_ready,
);

/// Lets only one of the three reactions to a build run.
async fn only(client: &Client, reaction: &str) {
    let all = ["autoPublishPackages", "autoBuildImages", "autoPlanReleases"];
    let changes = all.map(|name| (name.to_owned(), json!(name == reaction)));
    policies(client, Value::Object(changes.into_iter().collect())).await;
}

async fn build_completed_leads_to_a_published_package(backend: Backend) {
    let chain = Chain::start(backend).await;
    only(&chain.ada, "autoPublishPackages").await;
    let build = built(&chain.ada, "shop", &[]).await;
    let outcome = eventually("the package is published", || async {
        let outcome = outcome_of(&chain.ada, &build.id).await;
        (outcome["package"]["status"] == "PUBLISHED").then_some(outcome)
    })
    .await;
    let package = &outcome["package"];
    assert_eq!(
        [
            &package["createdBy"],
            &package["name"],
            &package["packageVersion"]
        ],
        [
            &json!("package_publishing"),
            &json!("shop"),
            &json!("1.0.0")
        ]
    );
    assert_eq!(package["build"]["id"], build.id);
    let listed = chain
        .ada
        .request(Method::GET, "/nuget/web/v3/flat/shop/index.json");
    let listed: Value = listed.send().await.unwrap().json().await.unwrap();
    assert_eq!(listed["versions"], json!(["1.0.0"]));
    chain.settled().await;
    let outcome = outcome_of(&chain.ada, &build.id).await;
    assert_eq!(
        (&outcome["image"], &outcome["releases"]),
        (&Value::Null, &json!([]))
    );
    chain.server.finish().await;
}

async fn build_completed_leads_to_a_container_image(backend: Backend) {
    let chain = Chain::start(backend).await;
    only(&chain.ada, "autoBuildImages").await;
    let build = built(&chain.ada, "shop", &[]).await;
    let outcome = eventually("the image is built", || async {
        let outcome = outcome_of(&chain.ada, &build.id).await;
        (outcome["image"]["status"] == "BUILT").then_some(outcome)
    })
    .await;
    let image = &outcome["image"];
    assert_eq!(image["createdBy"], "container_image");
    assert_eq!(image["build"]["id"], build.id);
    let reference = text(&image["reference"]);
    assert!(
        reference.ends_with(&format!("@{}", text(&image["digest"]))),
        "{image}"
    );
    let tags = image["tags"].as_array().unwrap();
    for tag in [&build.sha[..12], "1.0.0", "latest"] {
        assert!(tags.contains(&json!(tag)), "{tag} in {image}");
    }
    chain.settled().await;
    let outcome = outcome_of(&chain.ada, &build.id).await;
    assert_eq!(
        (&outcome["package"], &outcome["releases"]),
        (&Value::Null, &json!([]))
    );
    chain.server.finish().await;
}

/// The release that a build is planned as, in any status.
async fn planned(client: &Client, build: &Built) -> Value {
    let id = eventually("the build is planned as a release", || async {
        let outcome = outcome_of(client, &build.id).await;
        outcome["releases"][0]["id"].as_str().map(str::to_owned)
    })
    .await;
    release(client, &id).await
}

async fn build_completed_leads_to_a_planned_release(backend: Backend) {
    let chain = Chain::start(backend).await;
    only(&chain.ada, "autoPlanReleases").await;
    let build = built(&chain.ada, "shop", &[]).await;
    let id = text(&planned(&chain.ada, &build).await["id"]);
    chain.settled().await;
    let release = release(&chain.ada, &id).await;
    assert_eq!(
        [
            &release["name"],
            &release["releaseVersion"],
            &release["status"],
            &release["createdBy"]
        ],
        ["shop", "1.0.0", "PLANNED", "release"]
            .map(|it| json!(it))
            .each_ref()
    );
    // Who merged the pull request is who it is planned for.
    assert_eq!(
        (&release["automatic"], &release["plannedBy"]),
        (&json!(true), &json!("ada"))
    );
    assert_eq!(release["items"][0]["commitSha"], build.sha);
    let artifacts = release["items"][0]["artifacts"].as_array().unwrap();
    let states: Vec<_> = artifacts
        .iter()
        .map(|it| (&it["kind"], &it["state"]))
        .collect();
    let pending = json!("PENDING");
    let (package, image) = (json!("PACKAGE"), json!("IMAGE"));
    assert_eq!(states, [(&package, &pending), (&image, &pending)]);
    chain.server.finish().await;
}

async fn package_published_and_container_image_built_make_the_release_ready(backend: Backend) {
    let chain = Chain::start(backend).await;
    only(&chain.ada, "autoPlanReleases").await;
    let build = built(&chain.ada, "shop", &[]).await;
    let id = text(&planned(&chain.ada, &build).await["id"]);
    let input = json!({ "buildId": build.id });
    let fields = "packagePublication { id digest }";
    let payload = done(&chain.ada, "publishPackage", fields, input.clone()).await;
    let waiting = eventually("the release knows its package", || async {
        let release = release(&chain.ada, &id).await;
        (release["items"][0]["artifacts"][0]["state"] == "READY").then_some(release)
    })
    .await;
    assert_eq!(waiting["status"], "PLANNED", "the image is missing");
    let artifact = &waiting["items"][0]["artifacts"][0];
    assert_eq!(artifact["digest"], payload["packagePublication"]["digest"]);
    let fields = "containerImage { id digest reference }";
    let payload = done(&chain.ada, "buildContainerImage", fields, input).await;
    let ready = release_in(&chain.ada, &id, "PENDING_APPROVAL").await;
    let artifact = &ready["items"][0]["artifacts"][1];
    assert_eq!(
        (
            &artifact["state"],
            &artifact["digest"],
            &artifact["reference"]
        ),
        (
            &json!("READY"),
            &payload["containerImage"]["digest"],
            &payload["containerImage"]["reference"]
        )
    );
    chain.server.finish().await;
}
