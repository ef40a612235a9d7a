//! Validated inputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_schema::{EnvironmentId, ReleaseId};

use crate::ManifestError;

/// Renders the manifests of a module of a release for an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenderDeploymentManifest {
    /// The release.
    pub release_id: ReleaseId,
    /// The environment; or else its name.
    #[serde(default)]
    pub environment_id: Option<EnvironmentId>,
    /// Name of the environment in the release's project; or else its id.
    #[serde(default)]
    pub environment: Option<String>,
    /// The module; may be left out when the release has only one.
    #[serde(default)]
    pub module: Option<String>,
}

/// How a command names an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named<'c> {
    Id(EnvironmentId),
    Name(&'c str),
}

impl RenderDeploymentManifest {
    pub(crate) fn named(&self) -> Result<Named<'_>, ManifestError> {
        if let Some(module) = &self.module
            && !(1..=63).contains(&module.len())
        {
            return Err(ManifestError::invalid(
                "module",
                "module must be a module's id",
            ));
        }
        match (self.environment_id, self.environment.as_deref()) {
            (Some(id), None) => Ok(Named::Id(id)),
            (None, Some(name)) if (1..=63).contains(&name.len()) => Ok(Named::Name(name)),
            (None, Some(_)) => {
                let rule = "environment must be an environment's name";
                Err(ManifestError::invalid("environment", rule))
            }
            (Some(_), Some(_)) | (None, None) => {
                let rule = "give either environmentId or environment";
                Err(ManifestError::invalid("environment", rule))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_kernel::Fault;
    use sluice_schema::TypedId;

    #[test]
    fn the_environment_is_named_in_one_way() {
        let command = |id: Option<EnvironmentId>, name: Option<&str>| RenderDeploymentManifest {
            release_id: ReleaseId::generate(),
            environment_id: id,
            environment: name.map(str::to_owned),
            module: None,
        };
        let id = EnvironmentId::generate();
        assert_eq!(command(Some(id), None).named().unwrap(), Named::Id(id));
        assert_eq!(
            command(None, Some("dev")).named().unwrap(),
            Named::Name("dev")
        );
        for refused in [
            command(None, None),
            command(Some(id), Some("dev")),
            command(None, Some("")),
        ] {
            let error = refused.named().unwrap_err();
            assert_eq!(error.field().as_deref(), Some("environment"));
        }
    }
}
