//! Which target: tenant, project, environment and module.

use std::fmt;
use std::path::PathBuf;

use sluice_schema::{ModuleId, ProjectId, TenantId};

use crate::{Result, TargetError};

/// One target: where one module runs in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetPath {
    tenant: TenantId,
    project: ProjectId,
    environment: String,
    module: String,
}

impl TargetPath {
    /// A target by its four names; environment and module follow the rule of module ids.
    ///
    /// # Errors
    /// [`TargetError::InvalidName`] names the part that breaks the rule.
    pub fn new(
        tenant: &TenantId,
        project: &ProjectId,
        environment: &str,
        module: &str,
    ) -> Result<Self> {
        let checked = |what, name: &str| match name.parse::<ModuleId>() {
            Ok(_) => Ok(name.to_owned()),
            Err(_) => Err(TargetError::InvalidName { what }),
        };
        Ok(Self {
            tenant: tenant.clone(),
            project: project.clone(),
            environment: checked("environment", environment)?,
            module: checked("module", module)?,
        })
    }

    /// The four names from the outermost in, each safe as the name of a folder.
    pub fn segments(&self) -> [&str; 4] {
        [
            self.tenant.as_str(),
            self.project.as_str(),
            &self.environment,
            &self.module,
        ]
    }

    /// The folder below the root of a [`crate::DirectoryTarget`].
    pub fn relative(&self) -> PathBuf {
        self.segments().iter().collect()
    }
}

impl fmt::Display for TargetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments().join("/"))
    }
}
