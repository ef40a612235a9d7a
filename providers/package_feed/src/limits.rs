//! Bounds on everything that comes from outside.

/// The bounds on packages and feeds. `Default` gives the values that the fields name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one package. 128 MiB.
    pub max_package_bytes: u64,
    /// Bytes of all files of one package, unpacked; a package that is built is held in memory. 512 MiB.
    pub max_unpacked_bytes: u64,
    /// Files in one package. 20,000.
    pub max_files: usize,
    /// Bytes of the `.nuspec`. 1 MiB.
    pub max_nuspec_bytes: u64,
    /// Dependencies of one package. 1,000.
    pub max_dependencies: usize,
    /// Packages that one search returns. 1,000.
    pub max_take: usize,
    /// Descriptions that a feed keeps in memory. 4,096.
    pub max_cached: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_package_bytes: 128 << 20,
            max_unpacked_bytes: 512 << 20,
            max_files: 20_000,
            max_nuspec_bytes: 1 << 20,
            max_dependencies: 1_000,
            max_take: 1_000,
            max_cached: 4_096,
        }
    }
}
