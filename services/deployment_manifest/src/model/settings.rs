//! The settings that an object gives to a module, told by digests.

use std::collections::BTreeMap;

use serde_json::Value;
use sluice_kernel::ContentDigest;

/// What stands for the value of a Secret: even a digest of it could be guessed.
const REDACTED: &str = "redacted";
/// How deep pods stand in objects at most: `CronJob` has them five levels down.
const DEPTH: usize = 12;
/// Letters of the hash that ends the names of generated ConfigMaps, and its length.
const HASH_LETTERS: &str = "2456789bcdfghkmt";
const HASH_LENGTH: usize = 10;

/// Keys of ConfigMaps as `ConfigMap/<name>/<key>`, of Secrets as `Secret/<name>/<key>`, and
/// variables of containers as `<kind>/<name>/<container>/<variable>`.
pub(super) fn settings(kind: &str, name: &str, value: &Value) -> BTreeMap<String, String> {
    let place = format!("{kind}/{}", without_hash(name));
    let mut found = BTreeMap::new();
    match kind {
        "ConfigMap" => {
            for (key, value) in entries(value, &["data", "binaryData"]) {
                found.insert(format!("{place}/{key}"), digest(value));
            }
        }
        "Secret" => {
            for (key, _) in entries(value, &["data", "stringData"]) {
                found.insert(format!("{place}/{key}"), REDACTED.to_owned());
            }
        }
        _ => variables(value, &place, DEPTH, &mut found),
    }
    found
}

/// The name that a generated ConfigMap has whatever it holds: what differs is told by key.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((stem, hash))
            if hash.len() == HASH_LENGTH && hash.chars().all(|c| HASH_LETTERS.contains(c)) =>
        {
            stem
        }
        _ => name,
    }
}

fn entries<'v>(
    object: &'v Value,
    fields: &'v [&str],
) -> impl Iterator<Item = (&'v String, &'v Value)> {
    let maps = fields
        .iter()
        .filter_map(|field| object.get(field)?.as_object());
    maps.flatten()
}

fn digest(value: &Value) -> String {
    match value {
        Value::String(text) => ContentDigest::of(text).to_string(),
        other => ContentDigest::of(other.to_string()).to_string(),
    }
}

/// Variables of containers, at whatever depth a kind has its pods.
fn variables(value: &Value, place: &str, depth: usize, found: &mut BTreeMap<String, String>) {
    match value {
        _ if depth == 0 => {}
        Value::Array(items) => {
            for item in items {
                variables(item, place, depth - 1, found);
            }
        }
        Value::Object(map) => {
            for (key, below) in map {
                if matches!(key.as_str(), "containers" | "initContainers") {
                    for container in below.as_array().into_iter().flatten() {
                        of_container(container, place, found);
                    }
                }
                variables(below, place, depth - 1, found);
            }
        }
        _ => {}
    }
}

fn of_container(container: &Value, place: &str, found: &mut BTreeMap<String, String>) {
    let text = |value: &Value, key: &str| value.get(key)?.as_str().map(str::to_owned);
    let Some(name) = text(container, "name") else {
        return;
    };
    let env = container.get("env").and_then(Value::as_array);
    for variable in env.into_iter().flatten() {
        let Some(key) = text(variable, "name") else {
            continue;
        };
        // A reference says where a secret stands, not what it is.
        let value = variable.get("value").or_else(|| variable.get("valueFrom"));
        let value = value.map_or_else(|| ContentDigest::of("").to_string(), digest);
        found.insert(format!("{place}/{name}/{key}"), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(yaml: &str) -> BTreeMap<String, String> {
        let value: Value = serde_json::from_str(yaml).unwrap();
        let name = value["metadata"]["name"].as_str().unwrap();
        settings(value["kind"].as_str().unwrap(), name, &value)
    }

    fn digest_of(text: &str) -> String {
        ContentDigest::of(text).to_string()
    }

    #[test]
    fn config_maps_tell_their_keys_under_a_name_that_outlives_their_content() {
        let found = of(
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"shop-config-7ct4bd5k28"},
                "data":{"LOG_LEVEL":"debug"},"binaryData":{"key":"AA=="}}"#,
        );
        let expected = [
            ("ConfigMap/shop-config/LOG_LEVEL", digest_of("debug")),
            ("ConfigMap/shop-config/key", digest_of("AA==")),
        ];
        assert_eq!(found, expected.map(|(k, v)| (k.to_owned(), v)).into());
        assert_eq!(without_hash("shop-production"), "shop-production");
    }

    #[test]
    fn secrets_tell_keys_and_nothing_of_their_values() {
        let found = of(
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},
                "data":{"password":"aHVudGVyMg=="},"stringData":{"user":"ada"}}"#,
        );
        let expected = ["Secret/db/password", "Secret/db/user"];
        assert_eq!(
            found,
            expected
                .map(|key| (key.to_owned(), REDACTED.to_owned()))
                .into()
        );
    }

    #[test]
    fn variables_are_told_by_container_and_references_by_where_they_point() {
        let found = of(
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"shop"},
                "spec":{"template":{"spec":{
                  "initContainers":[{"name":"init","env":[{"name":"A","value":"1"}]}],
                  "containers":[{"name":"web","env":[{"name":"A","value":"2"},
                    {"name":"P","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}},
                    {"name":"EMPTY"}]}]}}}}"#,
        );
        let keys: Vec<&str> = found.keys().map(String::as_str).collect();
        let expected = ["init/A", "web/A", "web/EMPTY", "web/P"];
        assert_eq!(keys, expected.map(|it| format!("Deployment/shop/{it}")));
        assert_eq!(found["Deployment/shop/init/A"], digest_of("1"));
        assert_eq!(found["Deployment/shop/web/A"], digest_of("2"));
    }
}
