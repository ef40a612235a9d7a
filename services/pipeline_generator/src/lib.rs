//! Pipeline definitions: what a module says of itself in `module.yaml`, and the Azure Pipelines
//! YAML that is generated from it.

pub mod azure;
pub mod module_yaml;
