//! Cases as text: `=== name`, then files. `--- path ---` comes before a file's content, and
//! `--- path = name` takes a file of `shared.txt`; `--- base = web` takes all that a web module has.

use sluice_manifest_renderer::Files;

/// A tree of files with a name.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The directory to build.
    pub(crate) root: String,
    pub(crate) files: Files,
}

/// The cases of one text. A case is built at `overlay`, when it has one, else at the top.
pub(crate) fn read(text: &str) -> Vec<Case> {
    let shared = files(include_str!("../cases/shared.txt"), &Files::new());
    text.split("=== ")
        .skip(1)
        .map(|part| case(part, &shared))
        .collect()
}

fn case(part: &str, shared: &Files) -> Case {
    let (name, rest) = part.split_once('\n').expect("a case has files");
    let files = files(rest, shared);
    assert!(!files.is_empty(), "{name} has no files");
    let overlay = files.contains_key("overlay/kustomization.yaml");
    Case {
        name: name.to_owned(),
        root: if overlay { "overlay" } else { "" }.to_owned(),
        files,
    }
}

fn files(text: &str, shared: &Files) -> Files {
    let mut files = Files::new();
    for part in format!("\n{text}").split("\n--- ").skip(1) {
        let (head, content) = part.split_once('\n').unwrap_or((part, ""));
        if head == "base = web" {
            files.extend(web(shared));
            continue;
        }
        let (path, content) = match head.split_once(" = ") {
            Some((path, name)) => (path, shared[name].clone()),
            None => {
                let path = head
                    .strip_suffix(" ---")
                    .expect("a file's line ends with dashes");
                (path, format!("{}\n", content.trim_end_matches('\n')))
            }
        };
        files.insert(path.to_owned(), content);
    }
    files
}

fn web(shared: &Files) -> Files {
    let names = ["deployment", "service", "ingress", "hpa", "settings"];
    let resources: Vec<String> = names.iter().map(|name| format!("{name}.yaml")).collect();
    let kustomization = format!("resources: [{}]\n", resources.join(", "));
    let mut files: Files = names
        .iter()
        .map(|name| (format!("base/{name}.yaml"), shared[*name].clone()))
        .collect();
    files.insert("base/kustomization.yaml".to_owned(), kustomization);
    files
}
