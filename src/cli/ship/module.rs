//! What `ship` itself must know of a module: its id. Everything else is checked by the server,
//! which answers with findings.

use serde::Deserialize;
use sluice_schema::ModuleId;

use super::collect::{MODULE_FILE, Source};

const MAX_BYTES: usize = 256 * 1024;

/// Why the module's id is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// Not text.
    #[error("module.yaml is not UTF-8 text")]
    NotText,
    /// Larger than any description.
    #[error("module.yaml has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// Not YAML, or without an id.
    #[error("module.yaml: {0}")]
    Malformed(String),
    /// An id that breaks the rule of ids.
    #[error("module.yaml: id: {0}")]
    Id(String),
}

#[derive(Deserialize)]
struct Head {
    id: String,
}

/// The id that the source's `module.yaml` gives.
///
/// # Errors
/// [`ModuleError`].
pub fn module_id(source: &Source) -> Result<ModuleId, ModuleError> {
    let content = source
        .file(MODULE_FILE)
        .map(|file| file.content.as_slice())
        .unwrap_or_default();
    if content.len() > MAX_BYTES {
        return Err(ModuleError::TooLarge);
    }
    let text = std::str::from_utf8(content).map_err(|_| ModuleError::NotText)?;
    let head: Head = serde_saphyr::from_str(text)
        .map_err(|error| ModuleError::Malformed(first_line(&error.to_string())))?;
    head.id
        .parse()
        .map_err(|error: sluice_schema::InvalidName| ModuleError::Id(error.to_string()))
}

// The library draws the place under its message; the message names the line.
fn first_line(text: &str) -> String {
    text.lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ship::collect::SourceFile;

    fn source(yaml: &str) -> Source {
        let file = SourceFile {
            path: MODULE_FILE.to_owned(),
            executable: false,
            content: yaml.as_bytes().to_vec(),
        };
        Source {
            files: vec![file],
            copied_links: Vec::new(),
        }
    }

    #[test]
    fn the_id_is_read_and_other_keys_are_left_to_the_server() {
        let id = module_id(&source("id: greeter-node\nstack: 7\nunknown: [1]\n"));
        assert_eq!(id.unwrap().as_str(), "greeter-node");
    }

    #[test]
    fn a_missing_malformed_or_invalid_id_is_refused() {
        assert!(matches!(
            module_id(&source("name: x\n")),
            Err(ModuleError::Malformed(_))
        ));
        assert!(matches!(
            module_id(&source("id: [\n")),
            Err(ModuleError::Malformed(_))
        ));
        assert!(matches!(
            module_id(&source("id: a/b\n")),
            Err(ModuleError::Id(_))
        ));
        let large = format!("id: a\n# {}", "x".repeat(MAX_BYTES));
        assert_eq!(module_id(&source(&large)), Err(ModuleError::TooLarge));
    }
}
