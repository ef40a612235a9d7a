//! Modules, as their `module.yaml` says.

use std::collections::BTreeMap;

use async_graphql::SimpleObject;
use sluice_schema::events;

/// A name and its value; never a secret.
#[derive(SimpleObject, Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Settings in the order of their names.
pub(crate) fn settings(of: &BTreeMap<String, String>) -> Vec<Setting> {
    let pairs = of.iter().map(|(name, value)| Setting {
        name: name.clone(),
        value: value.clone(),
    });
    pairs.collect()
}

/// The package that a module makes.
#[derive(SimpleObject, Debug, Clone)]
pub struct ModulePackage {
    /// Its id in the feed.
    pub name: String,
    /// The artifact of the build that holds its files.
    pub artifact: String,
}

/// The container image that a module makes.
#[derive(SimpleObject, Debug, Clone)]
pub struct ModuleImage {
    /// Its repository in the registry.
    pub name: String,
    /// The artifact of the build that holds its files.
    pub artifact: String,
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// The image that it stands on, as `name@sha256:<hex>` or `name:tag`; null for none.
    pub base: Option<String>,
    /// Environment variables that the image sets.
    pub environment: Vec<Setting>,
}

/// Settings of a module in one environment.
#[derive(SimpleObject, Debug, Clone)]
pub struct ModuleConfiguration {
    /// Name of the environment.
    pub environment: String,
    /// The settings, by name.
    pub settings: Vec<Setting>,
}

/// The module that a pipeline builds, as its `module.yaml` says.
#[derive(SimpleObject, Debug, Clone)]
pub struct ModuleDescription {
    /// Slug, unique in the project.
    pub id: String,
    /// Readable name.
    pub name: String,
    /// `microservice`, `library`, `ui` or `worker`.
    pub kind: String,
    /// `dotnet`, `node`, `rust`, `python` or `generic`.
    pub stack: String,
    /// Semantic version.
    pub version: String,
    /// The package that it makes; null when it makes none.
    pub package: Option<ModulePackage>,
    /// The container image that it makes; null when it makes none.
    pub image: Option<ModuleImage>,
    /// Ports that it listens on.
    pub ports: Vec<u16>,
    /// Path of its health check, starting with `/`.
    pub health: Option<String>,
    /// Its settings by environment.
    pub configuration: Vec<ModuleConfiguration>,
}

impl From<&events::ModulePackage> for ModulePackage {
    fn from(package: &events::ModulePackage) -> Self {
        Self {
            name: package.name.clone(),
            artifact: package.artifact.clone(),
        }
    }
}

impl From<&events::ModuleImage> for ModuleImage {
    fn from(image: &events::ModuleImage) -> Self {
        Self {
            name: image.name.clone(),
            artifact: image.artifact.clone(),
            entrypoint: image.entrypoint.clone(),
            port: image.port,
            base: image.base.clone(),
            environment: settings(&image.environment),
        }
    }
}

impl From<&events::ModuleDescription> for ModuleDescription {
    fn from(module: &events::ModuleDescription) -> Self {
        let configuration = module.configuration.iter();
        let configuration = configuration.map(|(environment, values)| ModuleConfiguration {
            environment: environment.clone(),
            settings: settings(values),
        });
        Self {
            id: module.id.clone(),
            name: module.name.clone(),
            kind: module.kind.clone(),
            stack: module.stack.clone(),
            version: module.version.clone(),
            package: module.package.as_ref().map(Into::into),
            image: module.image.as_ref().map(Into::into),
            ports: module.ports.clone(),
            health: module.health.clone(),
            configuration: configuration.collect(),
        }
    }
}
