//! Writing the description.

use std::fmt::Write;

use crate::metadata::{Dependency, PackageMetadata, SourceRepository};

/// The schema with `repository` and groups of dependencies, which every client since 2013 reads.
const NAMESPACE: &str = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd";

/// The XML of a normalised description.
pub(crate) fn write(metadata: &PackageMetadata) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    let _ = writeln!(out, "<package xmlns=\"{NAMESPACE}\">\n  <metadata>");
    element(&mut out, "id", Some(metadata.id.as_str()));
    element(&mut out, "version", Some(&metadata.version.to_string()));
    element(&mut out, "title", metadata.title.as_deref());
    element(&mut out, "authors", Some(&metadata.authors.join(",")));
    element(&mut out, "requireLicenseAcceptance", Some("false"));
    if let Some(license) = &metadata.license {
        let _ = writeln!(
            out,
            "    <license type=\"expression\">{}</license>",
            escape(license)
        );
    }
    element(&mut out, "projectUrl", metadata.project_url.as_deref());
    element(&mut out, "description", Some(&metadata.description));
    element(&mut out, "releaseNotes", metadata.release_notes.as_deref());
    let tags = metadata.tags.join(" ");
    element(
        &mut out,
        "tags",
        Some(tags.as_str()).filter(|tags| !tags.is_empty()),
    );
    if let Some(source) = &metadata.repository {
        repository(&mut out, source);
    }
    dependencies(&mut out, &metadata.dependencies);
    out.push_str("  </metadata>\n</package>\n");
    out
}

fn element(out: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = writeln!(out, "    <{name}>{}</{name}>", escape(value));
    }
}

fn repository(out: &mut String, source: &SourceRepository) {
    let _ = write!(
        out,
        "    <repository type=\"{}\" url=\"{}\"",
        escape(&source.kind),
        escape(&source.url)
    );
    for (name, value) in [("branch", &source.branch), ("commit", &source.commit)] {
        if let Some(value) = value {
            let _ = write!(out, " {name}=\"{}\"", escape(value));
        }
    }
    out.push_str(" />\n");
}

fn dependencies(out: &mut String, dependencies: &[Dependency]) {
    if dependencies.is_empty() {
        return;
    }
    out.push_str("    <dependencies>\n");
    for group in dependencies.chunk_by(|a, b| a.target_framework == b.target_framework) {
        match group
            .first()
            .and_then(|first| first.target_framework.as_deref())
        {
            Some(framework) => {
                let _ = writeln!(
                    out,
                    "      <group targetFramework=\"{}\">",
                    escape(framework)
                );
            }
            None => out.push_str("      <group>\n"),
        }
        for dependency in group {
            let _ = write!(out, "        <dependency id=\"{}\"", dependency.id);
            if let Some(range) = &dependency.range {
                let _ = write!(out, " version=\"{range}\"");
            }
            out.push_str(" />\n");
        }
        out.push_str("      </group>\n");
    }
    out.push_str("    </dependencies>\n");
}

/// Text for an element or an attribute in double quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A reader makes a blank of these in an attribute.
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c => out.push(c),
        }
    }
    out
}
