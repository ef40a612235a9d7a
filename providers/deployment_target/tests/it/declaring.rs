use std::collections::BTreeMap;

use sluice_deployment_target::*;
use sluice_schema::{ErrorCode, Fault};

use crate::common::*;

fn one(text: &str) -> Result<Vec<DeclaredObject>> {
    let files = BTreeMap::from([("app.yaml".to_owned(), text.to_owned())]);
    declare(&files, &Limits::default())
}

#[test]
fn a_file_may_hold_several_documents_and_each_keeps_its_text() {
    let text = format!(
        "# head\n---\n{}---   # next\n\n---\n{}...\n",
        config("b", "'---'"),
        config("a", "1")
    );
    let objects = one(&text).unwrap();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[0].text(), config("a", "1"));
    assert_eq!(objects[1].text(), config("b", "'---'"));
}

#[test]
fn json_is_taken_too() {
    let json = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}"#;
    assert_eq!(one(json).unwrap()[0].key().file(), "configmap._.a.yaml");
}

#[test]
fn what_is_no_object_is_refused_with_its_line() {
    for (text, line, word) in [
        ("- a\n", 1, "mapping"),
        (
            "kind: ConfigMap\nmetadata: {name: a}\n",
            1,
            "apiVersion is missing",
        ),
        (
            "apiVersion: v1\nmetadata: {name: a}\n",
            1,
            "kind is missing",
        ),
        ("apiVersion: v1\nkind: A\n", 1, "metadata.name is missing"),
        (
            "apiVersion: v1\nkind: List\nmetadata: {name: a}\n",
            1,
            "List",
        ),
        (
            "apiVersion: ../v1\nkind: A\nmetadata: {name: a}\n",
            1,
            "apiVersion must",
        ),
        (
            "apiVersion: v1\nkind: A/B\nmetadata: {name: a}\n",
            1,
            "kind must",
        ),
        (
            "apiVersion: v1\nkind: A\nmetadata: {name: ../../etc}\n",
            1,
            "metadata.name must",
        ),
        (
            "apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: ..}\n",
            1,
            "namespace must",
        ),
        (
            "# one\n---\napiVersion: v1\nkind: A\nmetadata: {name: a}\n---\napiVersion: v1\nkind: [\n",
            7,
            "mapping",
        ),
    ] {
        let Err(refused) = one(text) else {
            panic!("{text} was taken")
        };
        assert_eq!(refused.code(), ErrorCode::InvalidInput);
        assert_eq!(refused.field().as_deref(), Some("files[app.yaml]"));
        let TargetError::InvalidManifest { line: at, rule, .. } = refused else {
            panic!()
        };
        assert!(at >= Some(line), "{text}: {at:?}");
        assert!(rule.contains(word), "{text}: {rule}");
    }
}

#[test]
fn a_message_about_broken_yaml_does_not_quote_it() {
    let refused = one("apiVersion: v1\nkind: Secret\ndata: {a: hunter2\n").unwrap_err();
    assert!(!refused.to_string().contains("hunter2"), "{refused}");
}

#[test]
fn an_object_declared_twice_is_refused() {
    let files = BTreeMap::from([
        ("a.yaml".to_owned(), config("x", "1")),
        ("b.yaml".to_owned(), config("x", "2")),
    ]);
    let refused = declare(&files, &Limits::default()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "b.yaml: ConfigMap shop/x is declared already in a.yaml"
    );
}

#[test]
fn limits_are_kept() {
    let refuses = |limits: Limits| {
        let files = BTreeMap::from([(
            "a.yaml".to_owned(),
            format!("{}---\n{}", config("x", "1"), config("y", "1")),
        )]);
        declare(&files, &limits).unwrap_err().code()
    };
    let limits = Limits::default();
    let code = ErrorCode::LimitExceeded;
    assert_eq!(
        refuses(Limits {
            max_objects: 1,
            ..limits.clone()
        }),
        code
    );
    assert_eq!(
        refuses(Limits {
            max_object_bytes: 20,
            ..limits.clone()
        }),
        code
    );
    assert_eq!(
        refuses(Limits {
            max_total_bytes: 120,
            ..limits
        }),
        code
    );
}

#[test]
fn a_target_outside_its_root_has_no_path() {
    let (tenant, project) = ("acme".parse().unwrap(), "shop".parse().unwrap());
    for bad in ["", "..", "a/b", ".locks", "-x"] {
        let refused = TargetPath::new(&tenant, &project, bad, "web").unwrap_err();
        assert_eq!(refused.field().as_deref(), Some("environment"));
        let refused = TargetPath::new(&tenant, &project, "prod", bad).unwrap_err();
        assert_eq!(refused.field().as_deref(), Some("module"));
    }
}

#[tokio::test]
async fn a_revision_must_be_visible_text() {
    let at = fixture();
    for bad in ["", "a b", "a\n", &"x".repeat(201)] {
        let refused = at
            .at
            .apply(&at.path, &[], bad, ApplyOptions::default())
            .await
            .unwrap_err();
        assert_eq!(refused.field().as_deref(), Some("revision"));
    }
}
