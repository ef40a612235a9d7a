//! `outputs`: what the package stage leaves.

use super::check::{Findings, Section};
use super::model::{Commands, ImageOutput, Outputs, PackageOutput, Stack};
use super::rules;
use super::sections::{checked, items, settings};
use super::tree::Node;

/// Reads the section and checks it against the commands.
pub(super) fn outputs(
    file: &Section<'_>,
    commands: &Commands,
    stack: Option<Stack>,
    findings: &mut Findings,
) -> Outputs {
    let node = file.get("outputs");
    let section = node.and_then(|node| findings.section(node, "outputs", &["package", "image"]));
    let package = section.and_then(|section| section.get("package"));
    let image = section.and_then(|section| section.get("image"));
    let outputs = Outputs {
        package: package.and_then(|node| package_output(node, findings)),
        image: image.and_then(|node| image_output(node, findings)),
    };
    let paths = outputs
        .package
        .as_ref()
        .is_some_and(|package| !package.paths.is_empty());
    let image_path = outputs
        .image
        .as_ref()
        .is_some_and(|image| image.path.is_some());
    let own_package = commands
        .package
        .as_ref()
        .is_some_and(|scripts| !scripts.is_empty());
    // The default commands of the stacks leave their package where the pipeline finds it.
    let default_package = commands.package.is_none() && stack != Some(Stack::Generic);
    if paths || image_path {
        return outputs;
    }
    if let (Some(node), false) = (image, default_package) {
        let message = "outputs.image needs a path, or a path in outputs.package to be made from";
        findings.error(node.at, "image-path-missing", message);
    } else if own_package {
        let at = node.map_or(file.at, |node| node.at);
        let message = "what the package command makes is not kept: name it in outputs.package.path";
        findings.warning(at, "package-path-missing", message);
    }
    outputs
}

/// A TCP port.
pub(super) fn port(node: &Node, field: &str, findings: &mut Findings) -> Option<u16> {
    let number = findings.number(node, field, 1..=65_535, "bad-port")?;
    u16::try_from(number).ok()
}

fn package_output(node: &Node, findings: &mut Findings) -> Option<PackageOutput> {
    let section = findings.section(node, "outputs.package", &["name", "path"])?;
    let name = section
        .get("name")
        .and_then(|node| checked(node, "outputs.package.name", rules::package_name, findings));
    let mut paths = Vec::new();
    if let Some(node) = section.get("path") {
        let list = findings.one_or_many(node, "outputs.package.path");
        for (_, item) in items(node, list, "outputs.package.path", findings) {
            paths.extend(checked(item, "outputs.package.path", rules::path, findings));
        }
    }
    Some(PackageOutput { name, paths })
}

fn image_output(node: &Node, findings: &mut Findings) -> Option<ImageOutput> {
    let keys = ["name", "path", "entrypoint", "port", "base", "environment"];
    let section = findings.section(node, "outputs.image", &keys)?;
    let name = section
        .get("name")
        .and_then(|node| checked(node, "outputs.image.name", rules::image_name, findings));
    let path = section
        .get("path")
        .and_then(|node| checked(node, "outputs.image.path", rules::path, findings));
    let port = section
        .get("port")
        .and_then(|node| port(node, "outputs.image.port", findings));
    let base = section
        .get("base")
        .and_then(|node| checked(node, "outputs.image.base", rules::image_reference, findings));
    let environment = section.get("environment").map(|node| {
        let field = "outputs.image.environment";
        settings(node, field, rules::variable_name, findings)
    });
    let mut entrypoint = Vec::new();
    if let Some(node) = section.get("entrypoint") {
        let list = findings.list(node, "outputs.image.entrypoint");
        for (name, item) in items(node, list, "outputs.image.entrypoint", findings) {
            let argument = checked(item, &name, |text| rules::line(text, 1024), findings);
            entrypoint.extend(argument);
        }
    }
    Some(ImageOutput {
        name,
        path,
        entrypoint,
        port,
        base,
        environment: environment.unwrap_or_default(),
    })
}
