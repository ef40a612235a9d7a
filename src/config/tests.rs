use super::*;

fn sources(
    file: Option<&Path>,
    variables: &[(&str, &str)],
    flags: &[(&'static str, &str)],
) -> Sources {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Sources {
        file: file.map(|path| (path.to_owned(), true)),
        variables: variables.iter().map(own).collect(),
        flags: flags
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect(),
    }
}

fn refused(sources: &Sources) -> String {
    Config::load(sources).unwrap_err().to_string()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let toml =
        file("listen = \"127.0.0.1:1\"\n[runner]\nconcurrency = 3\n[auth]\nleeway = \"1s\"\n");
    let variables = [
        ("SLUICE_LISTEN", "127.0.0.1:2"),
        ("SLUICE_RUNNER_CONCURRENCY", "4"),
    ];
    let all = sources(Some(toml.path()), &variables, &[("listen", "127.0.0.1:3")]);
    let config = Config::load(&all).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.runner.concurrency, 4);
    assert_eq!(config.auth.leeway, SECOND);
    assert_eq!(config.http.body_limit, 1 << 20);
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let config = Config::load(&sources(None, &[("SLUICE_LISTEN", "")], &[])).unwrap();
    assert_eq!(config.listen.port(), 8080);
}

#[test]
fn unknown_keys_of_the_file_are_refused_by_name() {
    for (text, key) in [
        ("listn = \"x\"", "listn"),
        ("[auth]\nissue = \"x\"", "auth.issue"),
        ("[nosuch]\nurl = \"x\"", "nosuch"),
        ("[auth.issuer]\nx = 1", "auth.issuer"),
    ] {
        let toml = file(text);
        let message = refused(&sources(Some(toml.path()), &[], &[]));
        assert!(message.contains(key), "{message}");
    }
}

#[test]
fn a_broken_file_is_refused_with_its_line_and_without_its_text() {
    let toml = file("mode = \"embedded\"\n[database]\nurl = postgres://user:hunter2@host/db\n");
    let message = refused(&sources(Some(toml.path()), &[], &[]));
    assert!(message.contains("line 3"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn a_file_that_was_named_must_exist() {
    let missing = sources(Some(Path::new("/nonexistent/sluice.toml")), &[], &[]);
    assert!(refused(&missing).contains("/nonexistent/sluice.toml"));
}

#[test]
fn a_bad_value_is_refused_with_its_key_origin_and_rule() {
    for (variable, value, key) in [
        ("SLUICE_LISTEN", "localhost", "listen"),
        ("SLUICE_MODE", "prod", "mode"),
        ("SLUICE_RUNNER_CONCURRENCY", "0", "runner.concurrency"),
        ("SLUICE_AUTH_LEEWAY", "10m", "auth.leeway"),
        ("SLUICE_HTTP_BODY_LIMIT", "1MB", "http.body_limit"),
        ("SLUICE_PUBLIC_URL", "example.org", "public_url"),
        ("SLUICE_REDIS_NAMESPACE", "a b", "redis.namespace"),
    ] {
        let message = refused(&sources(None, &[(variable, value)], &[]));
        assert!(message.starts_with(key), "{message}");
        assert!(
            message.contains(variable) && message.contains(value),
            "{message}"
        );
    }
}

#[test]
fn the_value_of_a_secret_is_never_shown() {
    let url = "mysql://user:hunter2@host/db";
    let message = refused(&sources(None, &[("SLUICE_DATABASE_URL", url)], &[]));
    assert!(
        message.contains("database.url") && !message.contains("hunter2"),
        "{message}"
    );
    let message = refused(&sources(
        None,
        &[("SLUICE_REDIS_URL", "http://:hunter2@host")],
        &[],
    ));
    assert!(
        message.contains("redis.url") && !message.contains("hunter2"),
        "{message}"
    );
    let given = [("SLUICE_REDIS_URL", "redis://:hunter2@host")];
    let config = Config::load(&sources(None, &given, &[])).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let url = "postgres://user:hunter2@host/db";
    let config = Config::load(&sources(None, &[("SLUICE_DATABASE_URL", url)], &[])).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn production_demands_database_redis_keys_issuer_and_audience() {
    let mut given = vec![("SLUICE_MODE", "production")];
    for (key, variable, value) in [
        (
            "database.url",
            "SLUICE_DATABASE_URL",
            "postgres://db/sluice",
        ),
        ("redis.url", "SLUICE_REDIS_URL", "redis://cache"),
        (
            "auth.jwks_url",
            "SLUICE_AUTH_JWKS_URL",
            "https://id.example/jwks",
        ),
        ("auth.issuer", "SLUICE_AUTH_ISSUER", "https://id.example"),
        ("auth.audience", "SLUICE_AUTH_AUDIENCE", "sluice"),
    ] {
        let message = refused(&sources(None, &given, &[]));
        assert!(
            message.contains(key) && message.contains(variable),
            "{message}"
        );
        given.push((variable, value));
    }
    let config = Config::load(&sources(None, &given, &[])).unwrap();
    assert_eq!(config.mode, Mode::Production);
}

#[test]
fn people_sign_in_at_a_safe_issuer_and_only_in_production() {
    let given = |issuer| {
        sources(
            None,
            &[
                ("SLUICE_MODE", "production"),
                ("SLUICE_DATABASE_URL", "postgres://db/sluice"),
                ("SLUICE_REDIS_URL", "rediss://cache"),
                ("SLUICE_AUTH_ISSUER", issuer),
                ("SLUICE_AUTH_AUDIENCE", "a"),
                ("SLUICE_AUTH_JWKS_URL", "https://id.example/jwks"),
                ("SLUICE_AUTH_CLIENT_ID", "dashboard"),
            ],
            &[],
        )
    };
    assert!(refused(&given("http://id.example")).contains("auth.issuer"));
    let config = Config::load(&given("https://id.example")).unwrap();
    assert_eq!(config.auth.client_id.as_deref(), Some("dashboard"));
    let embedded = sources(None, &[("SLUICE_AUTH_CLIENT_ID", "dashboard")], &[]);
    assert!(refused(&embedded).contains("auth.client_id"));
}

#[test]
fn keys_are_not_fetched_over_a_plain_connection() {
    let given = |jwks| {
        sources(
            None,
            &[
                ("SLUICE_MODE", "production"),
                ("SLUICE_DATABASE_URL", "postgres://db/sluice"),
                ("SLUICE_REDIS_URL", "rediss://cache"),
                ("SLUICE_AUTH_ISSUER", "i"),
                ("SLUICE_AUTH_AUDIENCE", "a"),
                ("SLUICE_AUTH_JWKS_URL", jwks),
            ],
            &[],
        )
    };
    assert!(refused(&given("http://id.example/jwks")).contains("auth.jwks_url"));
    assert!(Config::load(&given("http://127.0.0.1:9/jwks")).is_ok());
    let embedded = sources(
        None,
        &[("SLUICE_AUTH_JWKS_URL", "https://id.example/jwks")],
        &[],
    );
    assert!(refused(&embedded).contains("production"));
}
