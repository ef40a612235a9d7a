//! How much a renderer takes.

/// Bounds on one tree of files and what is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Files of one tree.
    pub files: usize,
    /// Bytes of one file.
    pub file_bytes: usize,
    /// Bytes of all files together.
    pub total_bytes: usize,
    /// Objects that a build may have at any time.
    pub objects: usize,
    /// Directories that may lead to each other, from overlay to base.
    pub depth: usize,
    /// Bytes of the rendered YAML.
    pub output_bytes: usize,
}

impl Default for Limits {
    /// 1,000 files of 1 MiB, 8 MiB together; 2,000 objects; 32 directories deep; 16 MiB rendered.
    fn default() -> Self {
        Self {
            files: 1_000,
            file_bytes: 1024 * 1024,
            total_bytes: 8 * 1024 * 1024,
            objects: 2_000,
            depth: 32,
            output_bytes: 16 * 1024 * 1024,
        }
    }
}
