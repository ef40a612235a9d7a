use super::*;

struct Fixed {
    canceled: bool,
    ok: bool,
}

impl Status for Fixed {
    fn canceled(&self) -> bool {
        self.canceled
    }
    fn succeeded(&self, _: &[String]) -> bool {
        self.ok && !self.canceled
    }
    fn failed(&self, names: &[String]) -> bool {
        !self.ok && (names.is_empty() || names.iter().any(|name| name == "a"))
    }
    fn succeeded_or_failed(&self, _: &[String]) -> bool {
        !self.canceled
    }
}

fn eval(source: &str) -> Result<Value, String> {
    let variables: Object = [
        ("Build.SourceBranch", Value::text("refs/heads/main")),
        ("empty", Value::text("")),
        ("count", Value::text("10")),
    ]
    .into_iter()
    .collect();
    let outputs: Object = [("set.version", Value::text("1.2"))].into_iter().collect();
    let job: Object = [
        ("result", Value::text("Succeeded")),
        ("outputs", outputs.into()),
    ]
    .into_iter()
    .collect();
    let dependencies: Object = [("A", job.into())].into_iter().collect();
    let context = Context {
        variables: variables.into(),
        dependencies: dependencies.into(),
        stage_dependencies: Value::Null,
        status: &Fixed {
            canceled: false,
            ok: true,
        },
    };
    context
        .value(&Expr::parse(source)?)
        .map_err(|error| error.0)
}

fn yes(source: &str) -> bool {
    eval(source).unwrap().truthy()
}

#[test]
fn comparison_of_text_ignores_case_and_types_follow_the_left_side() {
    assert!(yes("eq('ABC', 'abc')"));
    assert!(yes(
        "eq(variables['BUILD.sourcebranch'], 'REFS/heads/main')"
    ));
    assert!(yes("eq(10, variables.count)"));
    assert!(yes("eq('10', 10)"));
    assert!(yes("eq(true, 'anything')"));
    assert!(yes("ne(1, 'x')"));
    assert!(yes("eq(variables.missing, '')"));
    assert!(yes("lt(variables['count'], '9')"), "text compares as text");
    assert!(yes("gt(10, '9')"));
    assert!(eval("lt(1, 'x')").is_err());
}

#[test]
fn functions_of_text_and_logic() {
    assert!(yes(
        "and(succeeded(), or(false, startsWith(variables['Build.SourceBranch'], 'REFS/')))"
    ));
    assert!(yes("in('b', 'A', 'B')") && yes("notIn('c', 'a', 'b')"));
    assert!(yes("contains('Hello', 'ELL')") && yes("endsWith('Hello', 'LO')"));
    assert!(yes("xor(true, false)") && yes("not(failed())") && yes("not(variables.empty)"));
    assert_eq!(
        eval("coalesce(variables.empty, 'x')").unwrap(),
        Value::text("x")
    );
    assert_eq!(
        eval("format('{1}-{0}{{}}', 'a', 2)").unwrap(),
        Value::text("2-a{}")
    );
    assert_eq!(
        eval("join(';', split('a,b', ','))").unwrap(),
        Value::text("a;b")
    );
    assert_eq!(
        eval("replace('a''b', '''', '-')").unwrap(),
        Value::text("a-b")
    );
    assert_eq!(eval("iif(eq(1, 1), 'y', 'n')").unwrap(), Value::text("y"));
}

#[test]
fn outputs_of_dependencies_are_found_by_index_and_by_dot() {
    let wanted = Value::text("1.2");
    assert_eq!(
        eval("dependencies.A.outputs['set.version']").unwrap(),
        wanted
    );
    assert_eq!(
        eval("dependencies['a']['outputs']['set.version']").unwrap(),
        wanted
    );
    assert!(yes("in(dependencies.A.result, 'Succeeded', 'Skipped')"));
    assert_eq!(eval("dependencies.B.outputs['x.y']").unwrap(), Value::Null);
}

#[test]
fn wrong_expressions_are_refused_with_a_reason() {
    for (source, reason) in [
        ("eq('a'", "expected"),
        ("eq('a')", "2 argument"),
        ("nope()", "unknown function"),
        ("main", "unknown name"),
        ("eq('a, 'b')", "no end"),
        ("'a", "no end"),
        ("eq(1, 2) x", "after the expression"),
        ("a == b", "unexpected"),
        ("", "expected"),
    ] {
        let error = Expr::parse(source).unwrap_err();
        assert!(error.contains(reason), "{source}: {error}");
    }
    assert!(Expr::parse(&format!("{}1{}", "not(".repeat(60), ")".repeat(60))).is_err());
    assert!(Expr::parse(&format!("variables{}", ".a".repeat(60))).is_err());
    assert!(Expr::parse_value("eq(1, always())").is_err());
}
