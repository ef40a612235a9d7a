use std::os::unix::fs::symlink;

use sluice_deployment_target::*;

use crate::common::*;

const FILE: &str = "configmap.shop.a.yaml";

async fn applied() -> (Fixture, Vec<DeclaredObject>) {
    let at = fixture();
    let objects = declared(&[config("a", "1"), config("b", "1")]);
    at.apply(&objects, "r1").await;
    (at, objects)
}

#[tokio::test]
async fn a_link_instead_of_a_file_is_drift_and_replaced_and_never_followed() {
    let (at, objects) = applied().await;
    let outside = tempfile::tempdir().unwrap();
    let victim = outside.path().join("victim.yaml");
    std::fs::write(&victim, config("a", "1")).unwrap();
    std::fs::remove_file(at.folder.join(FILE)).unwrap();
    symlink(&victim, at.folder.join(FILE)).unwrap();
    symlink(&victim, at.folder.join("extra.yaml")).unwrap();
    let seen = at.observe().await;
    assert_eq!(seen.files[FILE].problem, Some(FileProblem::SymbolicLink));
    let found = drift(&objects, &seen);
    assert_eq!(
        (found[0].change, found[0].diff.text.as_str()),
        (Change::Modified, "")
    );
    assert!(
        found[0].message.contains("symbolic link"),
        "{}",
        found[0].message
    );
    assert_eq!(found[1].change, Change::Extra);
    std::fs::write(&victim, "mine").unwrap();
    at.apply(&objects, "r1").await;
    assert!(at.folder.join(FILE).symlink_metadata().unwrap().is_file());
    let options = ApplyOptions {
        prune_extras: true,
        ..ApplyOptions::default()
    };
    at.at
        .apply(&at.path, &objects, "r1", options)
        .await
        .unwrap();
    assert!(at.folder.join("extra.yaml").symlink_metadata().is_err());
    assert_eq!(std::fs::read_to_string(victim).unwrap(), "mine");
}

#[tokio::test]
async fn a_link_instead_of_the_targets_folder_is_refused_without_its_path() {
    let (at, objects) = applied().await;
    let outside = tempfile::tempdir().unwrap();
    std::fs::remove_dir_all(&at.folder).unwrap();
    symlink(outside.path(), &at.folder).unwrap();
    let options = ApplyOptions::default();
    let refused = at
        .at
        .apply(&at.path, &objects, "r2", options)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, TargetError::NotAFolder { what } if what == "web"),
        "{refused}"
    );
    assert!(at.at.observe(&at.path).await.is_err());
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_link_instead_of_the_status_folder_records_nothing() {
    let (at, objects) = applied().await;
    let outside = tempfile::tempdir().unwrap();
    let degraded = format!(
        r#"{{"health":"DEGRADED","observedAt":"{}"}}"#,
        chrono::Utc::now().to_rfc3339()
    );
    std::fs::write(outside.path().join("configmap.shop.a.json"), degraded).unwrap();
    symlink(outside.path(), at.folder.join("status")).unwrap();
    assert_eq!(
        health(&objects, &at.observe().await).health,
        Health::Healthy
    );
}

#[tokio::test]
async fn files_that_cannot_be_read_as_text_are_drift() {
    let (at, objects) = applied().await;
    at.write(FILE, [0xff, 0xfe, 0x00]);
    std::fs::remove_file(at.folder.join("configmap.shop.b.yaml")).unwrap();
    let pipe = at.folder.join("configmap.shop.b.yaml");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(pipe)
            .status()
            .unwrap()
            .success()
    );
    let seen = at.observe().await;
    assert_eq!(seen.files[FILE].problem, Some(FileProblem::NotText));
    let found = drift(&objects, &seen);
    assert_eq!(found.len(), 2);
    assert!(
        found[1].message.contains("not a file"),
        "{}",
        found[1].message
    );
    assert!(at.apply(&objects, "r1").await.is_complete());
    assert_eq!(drift(&objects, &at.observe().await), []);
}

#[tokio::test]
async fn a_file_larger_than_any_object_is_drift_and_not_read_whole() {
    let limits = Limits {
        max_object_bytes: 1_000,
        ..Limits::default()
    };
    let at = fixture_with(limits);
    let objects = declared(&[config("a", "1")]);
    at.apply(&objects, "r1").await;
    at.write(FILE, "x".repeat(1_001));
    let seen = at.observe().await;
    assert_eq!(seen.files[FILE].problem, Some(FileProblem::TooLarge));
    assert_eq!(drift(&objects, &seen).len(), 1);
}

#[tokio::test]
async fn an_object_that_cannot_be_written_is_reported_and_keeps_everything_from_being_pruned() {
    let (at, _) = applied().await;
    std::fs::remove_file(at.folder.join(FILE)).unwrap();
    at.write(&format!("{FILE}/inside"), "x");
    let next = declared(&[config("a", "2"), config("c", "1")]);
    let done = at.apply(&next, "r2").await;
    assert_eq!(done.failed.len(), 1);
    assert_eq!(done.failed[0].reason, "a folder stands in its place");
    assert_eq!(names(&done.applied), ["ConfigMap shop/c"]);
    assert!(done.pruned.is_empty());
    let inventory = at.observe().await.inventory.unwrap();
    assert_eq!(inventory.revision.as_deref(), Some("r1"));
    assert_eq!(inventory.attempted, "r2");
    assert_eq!(inventory.objects.len(), 3);
    std::fs::remove_dir_all(at.folder.join(FILE)).unwrap();
    let done = at.apply(&next, "r2").await;
    assert!(done.is_complete());
    assert_eq!(names(&done.pruned), ["ConfigMap shop/b"]);
}

#[tokio::test]
async fn a_spoilt_inventory_is_said_and_written_anew() {
    let (at, objects) = applied().await;
    at.write("victim.yaml", "mine");
    let text = std::fs::read_to_string(at.folder.join(".inventory.json")).unwrap();
    for spoilt in [
        "{",
        "{}",
        &text.replace(FILE, "victim.yaml"),
        &text.replace("\"version\": 1", "\"version\": 7"),
    ] {
        at.write(".inventory.json", spoilt);
        let seen = at.observe().await;
        assert!(
            seen.inventory.is_none() && seen.inventory_problem.is_some(),
            "{spoilt}"
        );
        at.apply(&objects, "r1").await;
        let seen = at.observe().await;
        assert_eq!(seen.inventory.unwrap().objects.len(), 2);
        assert!(at.folder.join("victim.yaml").exists());
    }
}

#[tokio::test]
async fn a_spoilt_intent_and_half_written_files_are_swept_away() {
    let (at, objects) = applied().await;
    at.write(".intent.json", "{ half");
    at.write(".tmp-123", "half");
    assert!(at.at.recover(&at.path).await.unwrap().is_none());
    at.apply(&objects, "r2").await;
    assert!(!at.folder.join(".tmp-123").exists() && !at.folder.join(".intent.json").exists());
}

#[tokio::test]
async fn too_many_files_are_refused() {
    let at = fixture_with(Limits {
        max_entries: 5,
        ..Limits::default()
    });
    at.apply(&declared(&[config("a", "1")]), "r1").await;
    for number in 0..5 {
        at.write(&format!("{number}.yaml"), "x");
    }
    let refused = at.at.observe(&at.path).await.unwrap_err();
    assert!(matches!(refused, TargetError::TooLarge { max: 5, .. }));
}
