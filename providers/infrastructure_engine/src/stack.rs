//! What an engine works on: one module in one environment.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sluice_schema::{ModuleId, ProjectId, TenantId};

use crate::error::EngineError;
use crate::spec::Kind;

/// One module in one environment: the unit that has a state, a lock and a history.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackId {
    tenant: TenantId,
    project: ProjectId,
    module: ModuleId,
    environment: String,
}

impl StackId {
    /// Names a stack.
    ///
    /// # Errors
    /// [`EngineError::InvalidInput`] at `environment` when that is not a name of the same rule as
    /// the others: 1 to 63 letters, digits, `.`, `_` and `-`, starting with a letter or digit.
    pub fn new(
        tenant: TenantId,
        project: ProjectId,
        module: ModuleId,
        environment: &str,
    ) -> Result<Self, EngineError> {
        // The rule of module names is the rule of all names that become folders.
        if environment.parse::<ModuleId>().is_err() {
            return Err(EngineError::InvalidInput {
                field: "environment",
                rule: "must be 1 to 63 letters, digits, '.', '_' or '-', starting with a letter or digit",
            });
        }
        Ok(Self {
            tenant,
            project,
            module,
            environment: environment.to_owned(),
        })
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> &ProjectId {
        &self.project
    }

    /// The module.
    #[must_use]
    pub fn module(&self) -> &ModuleId {
        &self.module
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The URN of a resource: `urn:pulumi:<environment>::<module>::<type>::<name>`.
    #[must_use]
    pub fn urn(&self, kind: Kind, name: &str) -> String {
        self.urn_of_type(kind.type_token(), name)
    }

    /// The URN of the stack itself, the parent of all its resources.
    #[must_use]
    pub fn root_urn(&self) -> String {
        let name = format!("{}-{}", self.module, self.environment);
        self.urn_of_type(STACK_TYPE, &name)
    }

    fn urn_of_type(&self, token: &str, name: &str) -> String {
        let (environment, module) = (&self.environment, &self.module);
        format!("urn:pulumi:{environment}::{module}::{token}::{name}")
    }

    /// 12 hex characters that stand for the stack where names must be short.
    pub(crate) fn short_hash(&self) -> String {
        let digest = Sha256::digest(self.to_string());
        hex::encode(&digest[..6])
    }
}

/// The type of the resource that stands for the stack.
pub(crate) const STACK_TYPE: &str = "pulumi:pulumi:Stack";

impl fmt::Display for StackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tenant,
            project,
            module,
            environment,
        } = self;
        write!(f, "{tenant}/{project}/{module}/{environment}")
    }
}
