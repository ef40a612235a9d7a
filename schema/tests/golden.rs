//! The JSON Schemas of events are part of the contract: a change shows in review.
#![allow(clippy::unwrap_used, reason = "a test's failure is a panic")]

use std::{collections::BTreeSet, fs, path::Path};

use sluice_schema::events::json_schemas;

#[test]
fn the_golden_json_schemas_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    if update {
        fs::create_dir_all(&folder).unwrap();
    }
    let mut wanted = BTreeSet::new();
    let mut stale = Vec::new();
    for (name, schema) in json_schemas() {
        let path = folder.join(format!("{name}.json"));
        let now = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if update {
            fs::write(&path, &now).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != now {
            stale.push(name);
        }
        wanted.insert(format!("{name}.json"));
    }
    assert!(
        stale.is_empty(),
        "schema/events is stale for {stale:?}: run the tests with UPDATE_GOLDEN=1 and review it"
    );
    let found = fs::read_dir(&folder).unwrap();
    let found: BTreeSet<_> = found
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, wanted, "schema/events holds other files");
}

#[test]
fn every_field_of_an_event_has_a_description() {
    let mut bare = Vec::new();
    for (name, schema) in json_schemas() {
        let schema = schema.as_value();
        let defined = schema["$defs"].as_object().into_iter().flatten();
        let types = defined
            .map(|(name, schema)| (name.as_str(), schema))
            .chain([(name, schema)]);
        for (type_name, of) in types {
            let fields = of["properties"].as_object().into_iter().flatten();
            let without = fields.filter(|(_, field)| field["description"].as_str().is_none());
            bare.extend(without.map(|(field, _)| format!("{name}: {type_name}.{field}")));
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}
