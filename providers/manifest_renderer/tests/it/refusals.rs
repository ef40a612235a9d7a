//! What is refused, and how the error says where.

use sluice_manifest_renderer::{Files, Limits, LocalRenderer, ManifestRenderer, RenderError};
use sluice_schema::{ErrorCode, Fault};

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n      - {name: web, image: web, ports: [{containerPort: 80, protocol: TCP}]}\n";

async fn refused(kustomization: &str, resource: &str) -> RenderError {
    let files: Files = [("kustomization.yaml", kustomization), ("a.yaml", resource)]
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
    let outcome = LocalRenderer::default().build(&files, "").await;
    outcome.expect_err(kustomization)
}

#[tokio::test]
async fn a_field_that_nobody_reads_is_named_with_what_was_meant() {
    let error = refused(
        "resources: [a.yaml]\nimages:\n- {name: a, newTga: \"1\"}\n",
        MAP,
    )
    .await;
    assert_eq!(
        error,
        RenderError::UnknownField {
            file: "kustomization.yaml".to_owned(),
            field: "images[0].newTga".to_owned(),
            nearest: Some("newTag".to_owned()),
        }
    );
    let finding = &error.findings()[0];
    assert_eq!(
        (finding.file.as_str(), finding.rule.as_str()),
        ("kustomization.yaml", "unknown-field")
    );
    assert_eq!(error.code(), ErrorCode::InvalidInput);
}

#[tokio::test]
async fn what_is_not_supported_is_refused_and_never_ignored() {
    for field in [
        "secretGenerator",
        "replacements",
        "vars",
        "helmCharts",
        "transformers",
        "crds",
    ] {
        let error = refused(
            &format!("resources: [a.yaml]\n{field}: [{{name: x}}]\n"),
            MAP,
        )
        .await;
        let named =
            matches!(&error, RenderError::Unsupported { field: named, .. } if named == field);
        assert!(named, "{field}: {error}");
    }
}

#[tokio::test]
async fn paths_that_lead_out_are_refused() {
    for path in [
        "../a.yaml",
        "/etc/passwd",
        "https://example.org/x",
        "a\\b",
        "x/../../a.yaml",
    ] {
        let error = refused(&format!("resources: ['{path}']\n"), MAP).await;
        let named =
            matches!(&error, RenderError::InvalidField { field, .. } if field == "resources[0]");
        assert!(named, "{path}: {error}");
    }
    let files: Files = [("../kustomization.yaml".to_owned(), String::new())].into();
    let error = LocalRenderer::default()
        .build(&files, "")
        .await
        .expect_err("leads out");
    assert!(matches!(error, RenderError::InvalidPath { .. }));
}

#[tokio::test]
async fn yaml_that_cannot_be_read_is_told_with_its_line() {
    let error = refused("resources: [a.yaml]\n", "a: 1\nb: [\n").await;
    assert!(
        matches!(&error, RenderError::Syntax { file, .. } if file == "a.yaml"),
        "{error}"
    );
    assert!(error.findings()[0].line.is_some_and(|line| line >= 2));
}

#[tokio::test]
async fn objects_that_break_rules_of_kubernetes_are_all_told() {
    let broken = WEB
        .replace("name: web, image: web", "name: web, image: 1, imagee: x")
        .replace("{labels: {a: b}}", "{labels: {a: c}}")
        .replace("spec:\n  selector", "spec:\n  replicas: two\n  selector");
    let RenderError::InvalidObjects(findings) = refused("resources: [a.yaml]\n", &broken).await
    else {
        panic!("the objects are refused");
    };
    let messages: Vec<&str> = findings
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    let told = |part: &str| messages.iter().any(|message| message.starts_with(part));
    assert!(told("spec.replicas must be a whole number"), "{messages:?}");
    assert!(
        told("spec.template.spec.containers[0].image must be text"),
        "{messages:?}"
    );
    assert!(told(
        "spec.template.spec.containers[0].imagee is not known; did you mean `image`?"
    ));
    assert!(
        told("spec.selector.matchLabels.a must be a label"),
        "{messages:?}"
    );
    assert!(
        findings
            .iter()
            .all(|finding| finding.file == "Deployment web")
    );
}

#[tokio::test]
async fn the_content_of_a_secret_is_refused_and_not_repeated() {
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n";
    let error = refused("resources: [a.yaml]\n", secret).await;
    let text = format!("{error} {:?}", error.findings());
    assert!(
        text.contains("secrets are references") && !text.contains("hunter2"),
        "{text}"
    );
}

#[tokio::test]
async fn patches_that_kustomize_would_lose_are_refused() {
    let patch = |ports: &str| {
        format!(
            "resources: [a.yaml]\npatches:\n- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: web}}\n    spec: {{template: {{spec: {{containers: [{{name: web, {ports}}}]}}}}}}\n"
        )
    };
    let error = refused(&patch("ports: [{containerPort: 80, name: x}]"), WEB).await;
    assert!(error.to_string().contains("protocol"), "{error}");
    let error = refused(&patch("$patch: replace"), WEB).await;
    assert!(
        error.to_string().contains("cannot replace one item"),
        "{error}"
    );
    let error = refused(&patch("ports: [{name: x, protocol: TCP}]"), WEB).await;
    assert!(error.to_string().contains("containerPort"), "{error}");
}

#[tokio::test]
async fn limits_are_kept() {
    let limits = Limits {
        files: 3,
        file_bytes: 400,
        total_bytes: 600,
        objects: 2,
        depth: 2,
        output_bytes: 10_000,
    };
    let renderer = LocalRenderer::new(limits);
    let tree = |files: &[(&str, String)]| -> Files {
        files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.clone()))
            .collect()
    };
    let all = "resources: [a.yaml]".to_owned();
    let map =
        |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n---\n");
    let many = [map("a"), map("b"), map("c")].concat();
    let cases = [
        tree(&[
            ("kustomization.yaml", all.clone()),
            ("a.yaml", "#".repeat(401)),
        ]),
        tree(&[
            ("kustomization.yaml", all.clone()),
            ("a.yaml", "#".repeat(399)),
            ("b", "#".repeat(399)),
        ]),
        tree(&[("kustomization.yaml", all), ("a.yaml", many)]),
        tree(&[
            ("1", String::new()),
            ("2", String::new()),
            ("3", String::new()),
            ("4", String::new()),
        ]),
        tree(&[
            ("kustomization.yaml", "resources: [a]".to_owned()),
            ("a/kustomization.yaml", "resources: [b]".to_owned()),
            ("a/b/kustomization.yaml", "resources: [c]".to_owned()),
        ]),
    ];
    for (at, files) in cases.iter().enumerate() {
        let error = renderer.build(files, "").await.expect_err("over a limit");
        assert_eq!(error.code(), ErrorCode::LimitExceeded, "case {at}: {error}");
    }
}
