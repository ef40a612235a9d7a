//! The base that is made of a module's facts.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluice_manifest_renderer::{
    Autoscale, EnvValue, Files, ImageReference, IngressFacts, LocalRenderer, ManifestRenderer,
    ModuleFacts, PackageFacts, RenderError, Rendered, WorkloadKind,
};
use sluice_schema::{ErrorCode, Fault};

use crate::tools;

fn digest(c: char) -> String {
    format!("sha256:{}", c.to_string().repeat(64))
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn greeter() -> ModuleFacts {
    let mut facts = ModuleFacts::new("greeter", WorkloadKind::Service, "1.4.0+build.7");
    facts.image = Some(ImageReference {
        repository: "registry.example:5000/demo/greeter".to_owned(),
        digest: digest('a'),
    });
    facts.ports = vec![8080, 9090];
    facts.health = Some("/healthz".to_owned());
    facts.config = texts(&[
        ("LEVEL", "warn"),
        ("QUOTED", "'a'"),
        ("LINES", "a\nb\n"),
        ("ON", "yes"),
    ]);
    facts
        .env
        .insert("PLAIN".to_owned(), EnvValue::Text("1".to_owned()));
    let secret = EnvValue::Secret {
        name: "database".to_owned(),
        key: "password".to_owned(),
    };
    facts.env.insert("PASSWORD".to_owned(), secret);
    facts.namespace = Some("demo-prod".to_owned());
    facts.labels = texts(&[("app.kubernetes.io/part-of", "demo")]);
    facts.annotations = texts(&[("sluice.dev/commit", "0123abc")]);
    facts.autoscale = Some(Autoscale {
        min: 2,
        max: 6,
        cpu_percent: 70,
    });
    facts.ingress = Some(IngressFacts {
        host: "greeter.example.org".to_owned(),
        path: "/".to_owned(),
        class: Some("nginx".to_owned()),
        tls_secret: Some("greeter-tls".to_owned()),
    });
    facts
}

async fn built(facts: &ModuleFacts) -> (Files, Rendered) {
    let renderer = LocalRenderer::default();
    let files = renderer.base(facts).await.expect("a base");
    let rendered = renderer.build(&files, "").await.expect("builds");
    (files, rendered)
}

fn object(rendered: &Rendered, kind: &str) -> Value {
    let mut of_kind = rendered
        .objects
        .iter()
        .filter(|object| object.kind() == kind);
    let found = of_kind
        .next()
        .unwrap_or_else(|| panic!("no {kind}\n{}", rendered.yaml));
    found.value().clone()
}

#[tokio::test]
async fn a_service_gets_all_its_objects_as_kubectl_builds_them_and_kubernetes_takes_them() {
    let (files, rendered) = built(&greeter()).await;
    let kinds: Vec<&str> = rendered
        .objects
        .iter()
        .map(|object| object.kind())
        .collect();
    assert_eq!(
        kinds,
        [
            "ConfigMap",
            "Service",
            "Deployment",
            "HorizontalPodAutoscaler",
            "Ingress"
        ]
    );
    let theirs = tools::kubectl(&files, "").expect("kubectl builds it");
    assert_eq!(tools::documents(&rendered.yaml), tools::documents(&theirs));
    tools::validate(&rendered.yaml).expect("valid");
    let map = object(&rendered, "ConfigMap");
    let expected = json!({"LEVEL": "warn", "QUOTED": "'a'", "LINES": "a\nb\n", "ON": "yes"});
    assert_eq!(map["data"], expected);
    let pod = &object(&rendered, "Deployment")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let image = format!("registry.example:5000/demo/greeter@{}", digest('a'));
    assert_eq!(container["image"], json!(image));
    assert_eq!(
        container["envFrom"][0]["configMapRef"]["name"],
        map["metadata"]["name"]
    );
    assert_eq!(pod["securityContext"]["runAsNonRoot"], json!(true));
    assert_eq!(
        object(&rendered, "Deployment")["spec"]["replicas"],
        Value::Null
    );
}

#[tokio::test]
async fn the_shapes_of_modules_are_valid_and_equal_to_kubectls() {
    let mut worker = greeter();
    worker.kind = WorkloadKind::Worker;
    (worker.ports, worker.health, worker.ingress) = (Vec::new(), None, None);
    worker.autoscale = None;
    worker.replicas = 3;
    let mut plain = greeter();
    (plain.health, plain.namespace) = (None, None);
    plain.config.clear();
    plain.env.clear();
    for facts in [worker, plain] {
        let (files, rendered) = built(&facts).await;
        let theirs = tools::kubectl(&files, "").expect("kubectl builds it");
        assert_eq!(tools::documents(&rendered.yaml), tools::documents(&theirs));
        tools::validate(&rendered.yaml).expect("valid");
    }
}

#[tokio::test]
async fn a_change_of_configuration_makes_new_pods_and_another_digest() {
    let (_, before) = built(&greeter()).await;
    let mut changed = greeter();
    changed
        .config
        .insert("LEVEL".to_owned(), "debug".to_owned());
    let (_, after) = built(&changed).await;
    let template = |rendered: &Rendered| object(rendered, "Deployment")["spec"]["template"].clone();
    assert_ne!(template(&before), template(&after));
    assert_ne!(before.digest, after.digest);
    assert_eq!(before.digest, built(&greeter()).await.1.digest);
}

#[tokio::test]
async fn a_library_leaves_a_config_map_that_names_its_package() {
    let mut facts = ModuleFacts::new("ledger", WorkloadKind::Library, "0.3.0");
    facts.config = texts(&[("LEVEL", "info")]);
    facts.package = Some(PackageFacts {
        name: "Ledger".to_owned(),
        version: "0.3.0".to_owned(),
        digest: digest('b'),
    });
    let (_, rendered) = built(&facts).await;
    assert_eq!(rendered.objects.len(), 1);
    let map = object(&rendered, "ConfigMap");
    assert!(rendered.objects[0].name().starts_with("ledger-package-"));
    let expected = json!({
        "LEVEL": "info", "package.name": "Ledger", "package.version": "0.3.0",
        "package.digest": digest('b'),
    });
    assert_eq!(map["data"], expected);
}

#[tokio::test]
async fn a_module_with_nothing_to_deploy_is_told_so() {
    let facts = ModuleFacts::new("empty", WorkloadKind::Library, "1.0.0");
    let error = LocalRenderer::default()
        .base(&facts)
        .await
        .expect_err("nothing");
    assert!(matches!(error, RenderError::NothingToDeploy { .. }));
    assert_eq!(error.code(), ErrorCode::FailedPrecondition);
}

#[tokio::test]
async fn a_fact_that_breaks_a_rule_is_named() {
    type Change = fn(&mut ModuleFacts);
    let cases: [(&str, Change); 14] = [
        ("name", |facts| facts.name = "Greeter".to_owned()),
        ("namespace", |facts| {
            facts.namespace = Some("a.b".to_owned())
        }),
        ("image.digest", |facts| {
            facts.image.as_mut().expect("image").digest = "latest".to_owned()
        }),
        ("image.repository", |facts| {
            facts.image.as_mut().expect("image").repository = "a b".to_owned();
        }),
        ("ports", |facts| facts.ports = vec![80, 80]),
        ("health", |facts| facts.health = Some("healthz".to_owned())),
        ("replicas", |facts| facts.replicas = 1_001),
        ("runAsUser", |facts| facts.run_as_user = 0),
        ("autoscale.min", |facts| {
            facts.autoscale.as_mut().expect("scale").min = 9
        }),
        ("resources.memory", |facts| {
            facts.resources.memory = "64 MB".to_owned()
        }),
        ("config.A B", |facts| {
            facts.config.insert("A B".to_owned(), String::new());
        }),
        ("labels.x", |facts| {
            facts
                .labels
                .insert("x".to_owned(), "not a label".to_owned());
        }),
        ("ingress.host", |facts| {
            facts.ingress.as_mut().expect("ingress").host = "a/b".to_owned()
        }),
        ("env.SECRET", |facts| {
            let (name, key) = ("../x".to_owned(), "k".to_owned());
            facts
                .env
                .insert("SECRET".to_owned(), EnvValue::Secret { name, key });
        }),
    ];
    for (field, change) in cases {
        let mut facts = greeter();
        change(&mut facts);
        let error = LocalRenderer::default()
            .base(&facts)
            .await
            .expect_err(field);
        assert_eq!(error.code(), ErrorCode::InvalidInput, "{field}");
        assert_eq!(error.field().as_deref(), Some(field), "{error}");
    }
}
