use sluice_deployment_target::*;

use crate::common::*;

async fn applied() -> (Fixture, Vec<DeclaredObject>) {
    let at = fixture();
    let objects = declared(&[config("a", "1"), config("b", "1")]);
    at.apply(&objects, "r1").await;
    assert_eq!(drift(&objects, &at.observe().await), []);
    (at, objects)
}

#[tokio::test]
async fn an_edited_file_is_drift_with_a_diff_and_heals() {
    let (at, objects) = applied().await;
    at.write("configmap.shop.a.yaml", config("a", "9"));
    let found = drift(&objects, &at.observe().await);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].change, Change::Modified);
    assert_eq!(
        found[0].object.as_ref().unwrap().to_string(),
        "ConfigMap shop/a"
    );
    assert!(found[0].owned);
    assert!(
        found[0].diff.text.contains("-  value: 1\n+  value: 9\n"),
        "{}",
        found[0].diff.text
    );
    let healed = at.apply(&objects, "r1").await;
    assert_eq!(names(&healed.applied), ["ConfigMap shop/a"]);
    assert_eq!(drift(&objects, &at.observe().await), []);
}

#[tokio::test]
async fn a_deleted_file_is_drift_and_heals() {
    let (at, objects) = applied().await;
    std::fs::remove_file(at.folder.join("configmap.shop.b.yaml")).unwrap();
    let found = drift(&objects, &at.observe().await);
    assert_eq!((found.len(), found[0].change), (1, Change::Missing));
    assert!(found[0].diff.text.contains("+++ /dev/null"));
    at.apply(&objects, "r1").await;
    assert_eq!(drift(&objects, &at.observe().await), []);
}

#[tokio::test]
async fn a_folder_deleted_whole_is_drift_and_heals() {
    let (at, objects) = applied().await;
    std::fs::remove_dir_all(&at.folder).unwrap();
    let found = drift(&objects, &at.observe().await);
    assert!(
        found.len() == 2
            && found
                .iter()
                .all(|d| d.change == Change::Missing && !d.owned)
    );
    at.apply(&objects, "r1").await;
    assert_eq!(drift(&objects, &at.observe().await), []);
}

#[tokio::test]
async fn an_added_manifest_is_an_extra_and_other_files_are_nobodys_business() {
    let (at, objects) = applied().await;
    at.write("more.yml", config("more", "1"));
    at.write("README", "hello");
    at.write("status/configmap.shop.a.json", "{}");
    let found = drift(&objects, &at.observe().await);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].file.as_str(), found[0].change),
        ("more.yml", Change::Extra)
    );
    assert_eq!(found[0].object.as_ref().unwrap().name, "more");
    assert!(!found[0].owned);
}

#[tokio::test]
async fn invalid_yaml_by_hand_is_drift_and_no_error() {
    let (at, objects) = applied().await;
    at.write("configmap.shop.a.yaml", "{{{ not: [yaml\n");
    at.write("extra.yaml", ": : :\n\t");
    let found = drift(&objects, &at.observe().await);
    assert_eq!(found.len(), 2);
    assert!(found[0].diff.text.contains("+{{{ not: [yaml"));
    assert_eq!(found[1].object, None);
}

#[tokio::test]
async fn what_is_owned_and_no_longer_declared_is_an_owned_extra() {
    let (at, objects) = applied().await;
    let found = drift(&objects[..1], &at.observe().await);
    assert_eq!(found.len(), 1);
    assert!(found[0].owned && found[0].change == Change::Extra);
}

#[tokio::test]
async fn the_content_of_a_secret_is_never_shown() {
    let at = fixture();
    let secret = |value: &str| object("v1", "Secret", "key", value);
    let objects = declared(&[secret("hunter2"), config("a", "1")]);
    at.apply(&objects, "r1").await;
    at.write("secret.shop.key.yaml", secret("hunter3"));
    at.write(
        "configmap.shop.a.yaml",
        "kind:   \"Secret\"\ndata: hunter4\n",
    );
    at.write("broken.yaml", "[{ \"kind\": 'Secret', data: hunter5");
    let found = drift(&objects, &at.observe().await);
    assert_eq!(found.len(), 3);
    for drift in found {
        assert!(!format!("{drift:?}").contains("hunter"), "{drift:?}");
        assert!(drift.message.contains("not shown"));
    }
}

#[tokio::test]
async fn after_many_differences_no_more_diffs_are_made() {
    let at = fixture();
    let texts: Vec<String> = (0..205).map(|n| config(&format!("c{n}"), "1")).collect();
    let found = drift(&declared(&texts), &at.observe().await);
    assert_eq!(found.len(), 205);
    let cut = found
        .iter()
        .filter(|drift| drift.diff.truncated && drift.diff.text.is_empty());
    assert_eq!(cut.count(), 5);
}
