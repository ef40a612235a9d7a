//! What an image is made from.

mod validate;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::{ImageRepository, Platform, Reference};

pub(crate) use validate::validate;

/// Everything that decides an image's bytes. The same spec gives the same digest.
#[derive(Debug, Clone)]
pub struct ImageSpec {
    /// The files of the one layer that is added. Their order does not matter.
    pub files: Vec<ImageFile>,
    /// Absolute folder in the image under which the files go.
    pub target: String,
    /// The program and its first arguments. Empty: as the base has it.
    pub entrypoint: Vec<String>,
    /// Default arguments. Empty: as the base has it, unless `entrypoint` is given.
    pub cmd: Vec<String>,
    /// Absolute folder in which the program starts. `None`: as the base has it, else `target`.
    pub working_dir: Option<String>,
    /// Environment variables, over those of the base.
    pub env: BTreeMap<String, String>,
    /// Ports that the program listens on: `8080/tcp`, or `8080`, which means the same.
    pub exposed_ports: BTreeSet<String>,
    /// Labels, over those of the base.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// `user` or `user:group`, as name or number. `None`: as the base has it.
    pub user: Option<String>,
    /// When the content was made. From the commit, not from the clock, so that builds agree.
    /// Cut to whole seconds.
    pub created: DateTime<Utc>,
    /// Operating system and processor; those of the base must be the same.
    pub platform: Platform,
    /// The image to build upon; `None` builds from nothing.
    pub base: Option<BaseImage>,
}

impl ImageSpec {
    /// An image of `files` under `/app`, created at `created`, with nothing else said.
    #[must_use]
    pub fn new(files: Vec<ImageFile>, created: DateTime<Utc>) -> Self {
        Self {
            files,
            target: "/app".to_owned(),
            entrypoint: Vec::new(),
            cmd: Vec::new(),
            working_dir: None,
            env: BTreeMap::new(),
            exposed_ports: BTreeSet::new(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            user: None,
            created,
            platform: Platform::default(),
            base: None,
        }
    }
}

/// One file of an image.
#[derive(Debug, Clone)]
pub struct ImageFile {
    /// Path below the target folder, with `/` between components.
    pub path: String,
    /// What it holds.
    pub content: FileContent,
    /// Whether it may be executed. Links ignore it.
    pub executable: bool,
}

/// The content of a file of an image.
#[derive(Debug, Clone)]
pub enum FileContent {
    /// These bytes.
    Bytes(Bytes),
    /// The bytes of a local file. A symbolic link in its place is refused.
    Path(PathBuf),
    /// A symbolic link to another path, relative and within the target folder.
    Link(String),
}

/// An image to build upon, in the same registry and of the same tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseImage {
    /// Where it lives.
    pub repository: ImageRepository,
    /// Which one. A tag is resolved when the image is built.
    pub reference: Reference,
}
