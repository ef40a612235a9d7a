//! Every case gives the same objects in the same order as `kubectl kustomize`, or is refused by both.

use serde_json::Value;
use sluice_manifest_renderer::{LocalRenderer, ManifestRenderer, RenderError};

use crate::cases::{self, Case};
use crate::tools;

const TEXTS: [&str; 6] = [
    include_str!("../cases/names.txt"),
    include_str!("../cases/labels.txt"),
    include_str!("../cases/patches.txt"),
    include_str!("../cases/config_maps.txt"),
    include_str!("../cases/images.txt"),
    include_str!("../cases/trees.txt"),
];

async fn difference(case: &Case) -> Option<String> {
    let theirs = tools::kubectl(&case.files, &case.root);
    let ours = LocalRenderer::default()
        .build(&case.files, &case.root)
        .await;
    let refused = case.name.contains("(refused)");
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if !refused => {
            let (own, other) = (tools::documents(&ours.yaml), tools::documents(&theirs));
            unequal(&own, &other)
        }
        (Err(_), Err(_)) if refused => None,
        (Err(RenderError::InvalidObjects(found)), Ok(theirs)) => {
            Some(format!("{found:#?}\n{theirs}"))
        }
        (ours, theirs) => Some(format!(
            "ours: {}\ntheirs: {}",
            ours.map_or_else(|error| error.to_string(), |ours| ours.yaml),
            theirs.unwrap_or_else(|error| error),
        )),
    }
}

/// The objects at the first place where the lists differ.
fn unequal(ours: &[Value], theirs: &[Value]) -> Option<String> {
    let at = (0..ours.len().max(theirs.len())).find(|at| ours.get(*at) != theirs.get(*at))?;
    let text = |list: &[Value]| list.get(at).map_or_else(String::new, Value::to_string);
    Some(format!(
        "object {at}\nours:   {}\ntheirs: {}",
        text(ours),
        text(theirs)
    ))
}

fn all() -> Vec<Case> {
    TEXTS.iter().flat_map(|text| cases::read(text)).collect()
}

#[tokio::test]
async fn every_case_builds_as_kubectl_builds_it() {
    let cases = all();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        if let Some(difference) = difference(case).await {
            wrong.push(format!("##### {}\n{difference}", case.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn everything_rendered_is_valid_to_the_schemas_of_kubernetes() {
    let mut yaml = String::new();
    for case in all() {
        let Ok(rendered) = LocalRenderer::default()
            .build(&case.files, &case.root)
            .await
        else {
            continue;
        };
        for object in rendered
            .objects
            .iter()
            .filter(|object| object.kind() != "Widget")
        {
            yaml.push_str("---\n");
            yaml.push_str(&object.to_yaml());
        }
    }
    tools::validate(&yaml).expect("valid");
}

#[tokio::test]
async fn the_same_files_give_the_same_bytes() {
    for case in all() {
        let first = LocalRenderer::default()
            .build(&case.files, &case.root)
            .await;
        let second = LocalRenderer::default()
            .build(&case.files, &case.root)
            .await;
        assert_eq!(first, second, "{}", case.name);
    }
}
