//! Where values of secrets come from. They go to the engine and nowhere else.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use sluice_infrastructure_engine::StackId;

/// Gives the values of secrets.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// The values of those of `names` that are known to the stack, by name.
    ///
    /// # Errors
    /// When the source does not answer.
    async fn secrets(
        &self,
        stack: &StackId,
        names: &BTreeSet<String>,
    ) -> io::Result<BTreeMap<String, String>>;
}

/// Knows no secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSecrets;

#[async_trait]
impl SecretSource for NoSecrets {
    async fn secrets(
        &self,
        _: &StackId,
        _: &BTreeSet<String>,
    ) -> io::Result<BTreeMap<String, String>> {
        Ok(BTreeMap::new())
    }
}

/// Reads secrets from files, as secret stores mount them: `<root>/<tenant>/<project>/<environment>/NAME`,
/// or for all environments `<root>/<tenant>/<project>/NAME`. One line break at the end is left out.
#[derive(Debug, Clone)]
pub struct FolderSecrets {
    root: PathBuf,
}

const MAX_BYTES: u64 = 64 * 1024;

impl FolderSecrets {
    /// Secrets below `root`, which need not exist.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }
}

/// The text of a file; None when there is none. Names have no `/` and no `.`, so they stay inside.
fn read(folder: &Path, name: &str) -> io::Result<Option<String>> {
    let path = folder.join(name);
    match std::fs::metadata(&path) {
        Ok(data) if data.is_file() && data.len() <= MAX_BYTES => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let text = std::fs::read_to_string(&path)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

#[async_trait]
impl SecretSource for FolderSecrets {
    async fn secrets(
        &self,
        stack: &StackId,
        names: &BTreeSet<String>,
    ) -> io::Result<BTreeMap<String, String>> {
        let project = self
            .root
            .join(stack.tenant().as_str())
            .join(stack.project().as_str());
        let environment = project.join(stack.environment());
        let names = names.clone();
        let found = tokio::task::spawn_blocking(move || {
            let mut found = BTreeMap::new();
            for name in names {
                let text = match read(&environment, &name)? {
                    Some(text) => Some(text),
                    None => read(&project, &name)?,
                };
                found.extend(text.map(|text| (name, text)));
            }
            Ok(found)
        });
        found
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}
