//! Validated inputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sluice_image_registry::{Reference, Tag};
use sluice_schema::BuildId;

use crate::{ContainerImageError, content::parse_base, model::Asked};

/// The most tags that a command gives.
const MAX_TAGS: usize = 10;
/// The tag that follows the newest build by itself.
pub(crate) const LATEST: &str = "latest";

/// Builds the container image of a build, or builds it upon another base.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BuildContainerImage {
    /// The build, which must have succeeded.
    pub build_id: BuildId,
    /// The image to build upon, `name:tag` or `name@sha256:<hex>` of the same registry and
    /// project; as before, or as the module says, when absent.
    #[serde(default)]
    pub base: Option<String>,
    /// Tags besides the commit, the module's version and `latest`; up to 10.
    #[serde(default)]
    pub tags: Vec<String>,
    /// `local`, or host and port of the configured registry, which is the default when there is
    /// one.
    #[serde(default)]
    pub registry: Option<String>,
}

impl BuildContainerImage {
    /// What is asked, once it keeps the rules.
    pub(crate) fn asked(&self) -> Result<Asked, ContainerImageError> {
        if let Some(base) = &self.base
            && parse_base(base).is_none()
        {
            let rule = "base must be name:tag or name@sha256:<64 hex digits>";
            return Err(ContainerImageError::invalid("base", rule));
        }
        if self.tags.len() > MAX_TAGS {
            let rule = format!("tags must be at most {MAX_TAGS}");
            return Err(ContainerImageError::invalid("tags", rule));
        }
        for (index, tag) in self.tags.iter().enumerate() {
            let field = format!("tags[{index}]");
            if tag == LATEST {
                let rule = "latest follows the newest build by itself";
                return Err(ContainerImageError::invalid(field, rule));
            }
            if tag.parse::<Tag>().is_err() {
                let rule = "a tag must be 1 to 128 characters of a-z, A-Z, 0-9, '.', '_' or '-', \
                            start with a letter, digit or '_', and not look like a digest";
                return Err(ContainerImageError::invalid(field, rule));
            }
            if self.tags[..index].contains(tag) {
                return Err(ContainerImageError::invalid(
                    field,
                    "the tag is named twice",
                ));
            }
        }
        Ok(Asked {
            base: self.base.clone(),
            tags: self.tags.clone(),
        })
    }
}

/// The tag as a reference; checked before.
pub(crate) fn reference(tag: &str) -> Result<Reference, ContainerImageError> {
    Ok(Reference::Tag(tag.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_kernel::Fault;
    use sluice_schema::TypedId;

    #[test]
    fn bad_input_names_its_field() {
        let field = |change: fn(&mut BuildContainerImage)| {
            let mut command = BuildContainerImage {
                build_id: BuildId::generate(),
                base: None,
                tags: vec!["a".into()],
                registry: None,
            };
            change(&mut command);
            command.asked().err().and_then(|error| error.field())
        };
        assert_eq!(field(|_| {}), None);
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(field(|c| c.base = Some("node".into())), named("base"));
        assert_eq!(field(|c| c.tags.push("latest".into())), named("tags[1]"));
        assert_eq!(field(|c| c.tags.push("a".into())), named("tags[1]"));
        assert_eq!(field(|c| c.tags.push("a b".into())), named("tags[1]"));
        assert_eq!(field(|c| c.tags = vec!["x".into(); 11]), named("tags"));
    }
}
