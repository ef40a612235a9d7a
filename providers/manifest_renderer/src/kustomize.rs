//! Builds a tree of files with the semantics of Kustomize.
//!
//! A directory with a kustomization is a target. Its resources come first, then what it generates, then its
//! components; then patches, namespace, prefix, suffix, labels, annotations, replicas and images change all
//! of them. Once everything is together, generated objects get the hash of their content into their names,
//! and names that objects call each other by are put right.

mod fields;
mod file;
mod generate;
mod hash;
mod images;
mod json_patch;
mod labels;
mod merge;
mod merge_keys;
mod merge_list;
mod names;
mod order;
mod patch;
mod reference_table;
mod references;
mod resource;
mod scope;
mod select;
mod tree;
mod walk;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{RenderError, Result};
use crate::limits::Limits;
use crate::object::Object;
use file::Kustomization;
use resource::Resource;
use tree::{Entry, Place, Tree};

/// The objects that the directory `root` of `files` declares, in order.
pub(crate) fn build(
    files: &BTreeMap<String, String>,
    root: &str,
    limits: &Limits,
) -> Result<Vec<Object>> {
    let tree = Tree::new(files, limits)?;
    let build = Build {
        tree: &tree,
        limits,
    };
    let root = root.trim_matches('/');
    let mut above = Vec::new();
    let (mut all, kustomization) = build.target(root, Vec::new(), &mut above)?;
    hash::add(&mut all);
    references::fix(&mut all)?;
    all.retain(|resource| !is_local(resource));
    if !kustomization.as_they_came {
        order::sort(&mut all);
    }
    distinct(&all)?;
    let objects = all
        .into_iter()
        .map(|resource| Object::new(Value::Object(resource.value)));
    Ok(objects.collect())
}

/// Objects that are only there for the build.
fn is_local(resource: &Resource) -> bool {
    let annotations = resource.meta_map("annotations");
    let local = annotations.and_then(|map| map.get("config.kubernetes.io/local-config"));
    local.is_some_and(|value| value.as_str() != Some("false"))
}

fn distinct(all: &[Resource]) -> Result<()> {
    let mut seen: Vec<resource::Id> = Vec::with_capacity(all.len());
    for resource in all {
        let id = resource.id();
        if seen.contains(&id) {
            return Err(RenderError::Duplicate {
                file: resource.file.clone(),
                object: resource.label(),
            });
        }
        seen.push(id);
    }
    Ok(())
}

struct Build<'b> {
    tree: &'b Tree<'b>,
    limits: &'b Limits,
}

impl Build<'_> {
    /// The objects of a directory; those in `all` come before them, which only components are given.
    fn target(
        &self,
        directory: &str,
        mut all: Vec<Resource>,
        above: &mut Vec<String>,
    ) -> Result<(Vec<Resource>, Kustomization)> {
        let (file, text) = self.tree.kustomization(directory)?;
        if above.iter().any(|known| known == directory) {
            let rule = "the directory leads back to itself";
            return Err(RenderError::field(&file, "resources", rule));
        }
        if above.len() >= self.limits.depth {
            return Err(RenderError::TooLarge {
                what: "the number of directories that lead to each other".to_owned(),
                limit: self.limits.depth,
            });
        }
        above.push(directory.to_owned());
        let kustomization = file::read(&file, tree::parse_old(&file, text)?)?;
        self.resources(&mut all, &kustomization, &file, directory, above)?;
        let generator = generate::Generator {
            tree: self.tree,
            file: &file,
            directory,
        };
        for spec in &kustomization.config_maps {
            let made = generator.config_map(spec)?;
            generate::absorb(&mut all, made, &format!("{}.name", spec.at))?;
        }
        for (at, path) in kustomization.components.iter().enumerate() {
            let field = format!("components[{at}]");
            all = self.component(all, path, &place(&file, directory, &field), above)?;
        }
        self.bounded(&all)?;
        self.transform(&mut all, &kustomization, &file, directory)?;
        above.pop();
        Ok((all, kustomization))
    }

    fn bounded(&self, all: &[Resource]) -> Result<()> {
        if all.len() <= self.limits.objects {
            return Ok(());
        }
        Err(RenderError::TooLarge {
            what: "the number of objects".to_owned(),
            limit: self.limits.objects,
        })
    }

    fn resources(
        &self,
        all: &mut Vec<Resource>,
        kustomization: &Kustomization,
        file: &str,
        directory: &str,
        above: &mut Vec<String>,
    ) -> Result<()> {
        for (at, path) in kustomization.resources.iter().enumerate() {
            let field = format!("resources[{at}]");
            let found = match self.tree.entry(&place(file, directory, &field), path)? {
                Entry::File(found) => {
                    let (_, text) = self.tree.text(&place(file, directory, &field), path)?;
                    resource::from_documents(&found, tree::parse(&found, text)?)?
                }
                Entry::Directory(below) => {
                    let (found, kustomization) = self.target(&below, Vec::new(), above)?;
                    if kustomization.component {
                        let rule = "leads to a component; name it under components";
                        return Err(RenderError::field(file, field, rule));
                    }
                    found
                }
            };
            for resource in found {
                resource::append(all, resource)?;
            }
            self.bounded(all)?;
        }
        Ok(())
    }

    fn component(
        &self,
        all: Vec<Resource>,
        path: &str,
        from: &Place<'_>,
        above: &mut Vec<String>,
    ) -> Result<Vec<Resource>> {
        let refused = |rule: &str| RenderError::field(from.file, from.field, rule);
        let Entry::Directory(below) = self.tree.entry(from, path)? else {
            return Err(refused("must be a directory"));
        };
        let (all, kustomization) = self.target(&below, all, above)?;
        if kustomization.component {
            Ok(all)
        } else {
            Err(refused("must be a kustomization of the kind Component"))
        }
    }

    fn transform(
        &self,
        all: &mut Vec<Resource>,
        kustomization: &Kustomization,
        file: &str,
        directory: &str,
    ) -> Result<()> {
        let patcher = patch::Patcher {
            tree: self.tree,
            file,
            directory,
        };
        for spec in &kustomization.patches {
            patcher.apply(all, spec)?;
        }
        if !kustomization.namespace.is_empty() {
            names::set_namespace(all, &kustomization.namespace)?;
        }
        if !kustomization.prefix.is_empty() {
            names::add_prefix(all, &kustomization.prefix);
        }
        if !kustomization.suffix.is_empty() {
            names::add_suffix(all, &kustomization.suffix);
        }
        for rule in &kustomization.labels {
            labels::set(all, rule)?;
        }
        labels::annotate(all, &kustomization.annotations)?;
        for spec in &kustomization.late_patches {
            patcher.apply(all, spec)?;
        }
        for rule in &kustomization.replicas {
            images::set_replicas(all, rule, file)?;
        }
        for rule in &kustomization.images {
            images::set(all, rule)?;
        }
        Ok(())
    }
}

fn place<'p>(file: &'p str, directory: &'p str, field: &'p str) -> Place<'p> {
    Place {
        file,
        directory,
        field,
    }
}
