//! How much an image may hold. Sizes are in bytes.

/// Limits of everything that comes from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Files and links of one image.
    pub max_files: usize,
    /// Size of one file.
    pub max_file_bytes: u64,
    /// Size of all files of one image.
    pub max_image_bytes: u64,
    /// Length of one path, the target folder included.
    pub max_path_bytes: usize,
    /// Entries of `env`, `labels`, `annotations`, `exposed ports`, `entrypoint` and `cmd`, each.
    pub max_entries: usize,
    /// Length of one of those entries.
    pub max_entry_bytes: usize,
    /// Tags in one request.
    pub max_tags: usize,
    /// Size of a manifest or of a configuration, also of a base image.
    pub max_document_bytes: u64,
    /// Size of one attached document.
    pub max_attachment_bytes: u64,
    /// Size of an `index.json`, and with it the number of images and referrers in one repository.
    pub max_index_bytes: u64,
    /// Layers that an image may have with its base.
    pub max_layers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_files: 50_000,
            max_file_bytes: 1 << 30,
            max_image_bytes: 4 << 30,
            max_path_bytes: 1_024,
            max_entries: 512,
            max_entry_bytes: 32 << 10,
            max_tags: 16,
            max_document_bytes: 4 << 20,
            max_attachment_bytes: 64 << 20,
            max_index_bytes: 32 << 20,
            max_layers: 127,
        }
    }
}
