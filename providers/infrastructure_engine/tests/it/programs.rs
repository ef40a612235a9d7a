//! `infra.yaml`.

use bytes::Bytes;
use sluice_infrastructure_engine::{parse, requirements};

use crate::{broken, facts};

#[test]
fn every_finding_of_a_file_is_told_at_once_with_its_line() {
    let text = "
resources:
  a: {kind: direktory}
  b: {kind: directory, mod: '0750'}
  c: {kind: file, path: ../x, content: y}
  d: {kind: file}
  e: {kind: directory, path: '${f.path}', mode: '9999'}
  g: {path: x}
extra: 1
";
    let rules = broken(text);
    let expected = [
        (3, "unknown-kind"),
        (4, "unknown-key"),
        (5, "bad-path"),
        (6, "missing-key"),
        (7, "unknown-resource"),
        (7, "bad-mode"),
        (8, "missing-key"),
        (9, "unknown-key"),
    ];
    let expected: Vec<_> = expected.map(|(line, rule)| (line, rule.to_owned())).into();
    assert_eq!(rules, expected);
}

#[test]
fn a_slip_of_the_finger_is_met_with_what_was_probably_meant() {
    let text = "resources:\n  a: {kind: direcotry}\n";
    let findings = parse(text, &facts()).unwrap_err();
    assert!(
        findings[0].message.contains("did you mean \"directory\"?"),
        "{findings:?}"
    );
}

#[test]
fn what_is_not_one_plain_yaml_document_is_refused() {
    assert_eq!(broken("resources: ["), [(1, "yaml-syntax".to_owned())]);
    assert_eq!(broken("")[0].1, "empty");
    assert_eq!(broken("a: 1\n---\nb: 2\n")[0].1, "yaml-multiple-documents");
    assert_eq!(broken("resources: &x {}\n")[0].1, "yaml-alias");
    assert_eq!(broken("resources: !tag {}\n")[0].1, "yaml-tag");
    assert_eq!(broken(&"x".repeat(600_000))[0].1, "too-large");
    let deep = format!("resources: {}{}", "[".repeat(50), "]".repeat(50));
    assert_eq!(broken(&deep)[0].1, "too-complex");
}

#[test]
fn resources_that_depend_on_each_other_in_a_circle_are_refused() {
    let text = "
resources:
  a: {kind: directory, dependsOn: [b]}
  b: {kind: file, content: '${c.path}'}
  c: {kind: directory, dependsOn: [a]}
";
    let findings = parse(text, &facts()).unwrap_err();
    assert_eq!(findings[0].rule, "cycle");
    assert!(findings[0].message.contains("a → b → c"), "{findings:?}");
}

#[test]
fn what_lies_in_a_directory_comes_after_it_and_places_are_taken_once() {
    let text = "
resources:
  inner: {kind: file, path: data/x, content: y}
  data: {kind: directory}
";
    let program = parse(text, &facts()).unwrap();
    let names: Vec<&str> = program
        .resources
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["data", "inner"]);
    assert!(program.resources[1].depends_on.contains("data"));
    let twice =
        "resources:\n  a: {kind: directory, path: x}\n  b: {kind: file, path: x, content: y}\n";
    assert_eq!(broken(twice), [(3, "place-taken".to_owned())]);
    let inside =
        "resources:\n  a: {kind: file, path: x, content: y}\n  b: {kind: directory, path: x/y}\n";
    assert_eq!(broken(inside), [(3, "place-taken".to_owned())]);
}

#[test]
fn variables_have_other_values_in_other_environments() {
    let text = "
variables: {level: info, size: 1}
environments: {prod: {level: warn}, dev: {size: 2}}
resources:
  a: {kind: file, content: '${var.level} ${var.size} ${config.LOG_LEVEL} ${environment} ${module} $${HOME}'}
  b: {kind: directory, environments: [dev]}
  c: {kind: directory, environments: [prod], dependsOn: [b]}
outputs: {where: '${c.path}'}
";
    let program = parse(text, &facts()).unwrap();
    let content = program.resources[0].content.as_ref().unwrap();
    assert_eq!(content.bytes, Bytes::from("warn 1 warn prod shop ${HOME}"));
    assert_eq!(program.resources.len(), 2);
    assert_eq!(program.outputs["where"], "c");
    let unknown = "variables: {a: 1}\nenvironments: {dev: {b: 2}}\nresources: {}\n";
    assert_eq!(broken(unknown), [(2, "unknown-variable".to_owned())]);
}

#[test]
fn files_and_secrets_that_are_needed_are_told_before_they_are_there() {
    let text = "
resources:
  a: {kind: file, source: 'conf/${environment}.conf'}
  b: {kind: file, content: {secretRef: TOKEN}}
  c: {kind: file, content: 'x ${secret.OTHER}'}
  d: {kind: sqliteDatabase, schemaFile: schema.sql}
";
    let needed = requirements(text, &facts().stack, &facts().settings);
    assert_eq!(
        needed.files.into_iter().collect::<Vec<_>>(),
        ["conf/prod.conf", "schema.sql"]
    );
    assert_eq!(
        needed.secrets.into_iter().collect::<Vec<_>>(),
        ["OTHER", "TOKEN"]
    );
    let rules: Vec<_> = broken(text).into_iter().map(|(_, rule)| rule).collect();
    assert_eq!(
        rules,
        [
            "unknown-file",
            "unknown-secret",
            "unknown-secret",
            "unknown-file"
        ]
    );
}

#[test]
fn a_secret_where_plans_show_it_is_refused() {
    let mut facts = facts();
    facts.secrets.insert("S".to_owned(), "hunter2".to_owned());
    for text in [
        "resources: {a: {kind: directory, path: '${secret.S}'}}",
        "resources: {a: {kind: gitRepository, description: '${secret.S}'}}",
        "variables: {v: {secretRef: S}}\nresources: {a: {kind: redisNamespace, description: '${var.v}'}}",
        "resources: {}\noutputs: {o: '${secret.S}'}",
        "resources: {a: {kind: sqliteDatabase, schema: \"INSERT INTO t VALUES ('${secret.S}')\"}}",
    ] {
        let findings = parse(text, &facts).unwrap_err();
        assert_eq!(findings[0].rule, "secret-shown", "{text}");
        assert!(!format!("{findings:?}").contains("hunter2"));
    }
}

#[test]
fn the_digest_follows_what_is_declared_and_not_how_it_is_written() {
    let digest = |text: &str| parse(text, &facts()).unwrap().digest;
    let one = digest("resources: {a: {kind: directory}}");
    let same = digest("# a comment\nresources:\n  a:\n    kind: directory\n    path: a\n");
    let other = digest("resources: {a: {kind: directory, mode: '0700'}}");
    assert_eq!(one, same);
    assert_ne!(one, other);
}

#[test]
fn a_schema_that_reaches_beyond_its_file_is_refused() {
    let text = "resources: {a: {kind: sqliteDatabase, schema: \"ATTACH 'x' AS y\"}}";
    assert_eq!(broken(text), [(1, "bad-schema".to_owned())]);
}
