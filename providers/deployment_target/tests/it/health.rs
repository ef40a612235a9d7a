use chrono::{Duration, Utc};
use sluice_deployment_target::*;

use crate::common::*;

const STATUS: &str = "status/deployment.shop.web.json";

async fn running() -> (Fixture, Vec<DeclaredObject>) {
    let at = fixture();
    let objects = declared(&[
        config("web", "1"),
        object("apps/v1", "Deployment", "web", "1"),
    ]);
    at.apply(&objects, "r1").await;
    (at, objects)
}

fn record(health: &str, at: chrono::DateTime<Utc>) -> String {
    format!(
        r#"{{"health": "{health}", "message": "says the agent", "observedAt": "{}"}}"#,
        at.to_rfc3339()
    )
}

#[tokio::test]
async fn what_is_applied_as_declared_is_healthy_when_nobody_says_otherwise() {
    let (at, objects) = running().await;
    let report = health(&objects, &at.observe().await);
    assert_eq!(report.health, Health::Healthy);
    assert_eq!(report.objects.len(), 2);
    assert_eq!(health(&[], &at.observe().await).health, Health::Healthy);
}

#[tokio::test]
async fn a_recorded_status_counts_when_it_is_newer_than_the_apply() {
    let (at, objects) = running().await;
    at.write(STATUS, record("DEGRADED", Utc::now() - Duration::hours(1)));
    assert_eq!(
        health(&objects, &at.observe().await).health,
        Health::Healthy
    );
    at.write(STATUS, record("DEGRADED", Utc::now()));
    let report = health(&objects, &at.observe().await);
    assert_eq!(report.health, Health::Degraded);
    let web = &report.objects[1];
    assert_eq!(web.message.as_deref(), Some("says the agent"));
    assert!(web.observed_at.is_some());
    at.write(STATUS, record("PROGRESSING", Utc::now()));
    assert_eq!(
        health(&objects, &at.observe().await).health,
        Health::Progressing
    );
}

#[tokio::test]
async fn a_new_apply_makes_the_old_status_void() {
    let (at, _) = running().await;
    at.write(STATUS, record("DEGRADED", Utc::now()));
    let next = declared(&[
        config("web", "1"),
        object("apps/v1", "Deployment", "web", "2"),
    ]);
    assert_eq!(
        health(&next, &at.observe().await).health,
        Health::Progressing
    );
    at.apply(&next, "r2").await;
    assert_eq!(health(&next, &at.observe().await).health, Health::Healthy);
}

#[tokio::test]
async fn an_object_that_is_gone_is_missing() {
    let (at, objects) = running().await;
    std::fs::remove_file(at.folder.join("deployment.shop.web.yaml")).unwrap();
    assert_eq!(
        health(&objects, &at.observe().await).health,
        Health::Missing
    );
}

#[tokio::test]
async fn a_broken_status_or_an_edited_object_is_unknown() {
    let (at, objects) = running().await;
    at.write(STATUS, "{ nothing");
    assert_eq!(
        health(&objects, &at.observe().await).health,
        Health::Unknown
    );
    at.write(STATUS, record("DREAMING", Utc::now()));
    assert_eq!(
        health(&objects, &at.observe().await).health,
        Health::Unknown
    );
    std::fs::remove_file(at.folder.join(STATUS)).unwrap();
    at.write("deployment.shop.web.yaml", "edited");
    assert_eq!(
        health(&objects, &at.observe().await).health,
        Health::Unknown
    );
}

#[tokio::test]
async fn pruning_an_object_removes_its_status() {
    let (at, _) = running().await;
    at.write(STATUS, record("DEGRADED", Utc::now()));
    at.apply(&declared(&[config("web", "1")]), "r2").await;
    assert!(!at.folder.join(STATUS).exists());
}
