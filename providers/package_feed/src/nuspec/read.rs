//! Reading descriptions that come from outside.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::error::{PackageFeedError, PackageRule, Result};
use crate::limits::Limits;
use crate::metadata::{Dependency, PackageMetadata, SourceRepository};

const MAX_DEPTH: usize = 32;

/// Reads a description, whatever version of the schema it names. Elements that this feed has no
/// use for are skipped.
///
/// # Errors
/// `InvalidPackage` when it is no XML or no description, `Invalid` when a part breaks a rule.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<PackageMetadata> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let xml = std::str::from_utf8(bytes).map_err(|_| broken("it is not UTF-8"))?;
    let mut nuspec = Nuspec::default();
    let mut reader = Reader::from_str(xml);
    let mut done = false;
    loop {
        match reader
            .read_event()
            .map_err(|error| broken(&error.to_string()))?
        {
            Event::Start(tag) if !done => nuspec.open(&tag, limits)?,
            Event::Empty(tag) if !done && !nuspec.path.is_empty() => {
                nuspec.open(&tag, limits)?;
                nuspec.close();
            }
            Event::Start(_) | Event::Empty(_) => {
                return Err(broken(
                    "there is more than one root element, or an empty one",
                ));
            }
            Event::End(_) => {
                nuspec.close();
                done = nuspec.path.is_empty();
            }
            Event::Text(text) => nuspec.text.push_str(&text),
            Event::CData(text) => nuspec.text.push_str(&text),
            Event::GeneralRef(name) => nuspec.text.push(resolve(&name)?),
            // Declarations could define entities that expand without end.
            Event::DocType(_) => return Err(broken("it has a document type")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if !done {
        return Err(broken("it ends inside an element, or holds none"));
    }
    nuspec.metadata()?.normalized(limits)
}

fn broken(rule: &str) -> PackageFeedError {
    PackageFeedError::package(PackageRule::Nuspec(rule.chars().take(200).collect()))
}

/// What was read so far.
#[derive(Default)]
struct Nuspec {
    /// Local names of the open elements.
    path: Vec<String>,
    text: String,
    values: Vec<(String, String)>,
    license_is_expression: bool,
    repository: Option<SourceRepository>,
    framework: Option<String>,
    dependencies: Vec<Dependency>,
}

impl Nuspec {
    fn open(&mut self, tag: &BytesStart<'_>, limits: &Limits) -> Result<()> {
        if self.path.len() >= MAX_DEPTH {
            return Err(broken("its elements are nested too deep"));
        }
        self.path.push(tag.local_name().into_inner().to_owned());
        self.text.clear();
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["package"] | ["package", "metadata"] => {}
            [_] => return Err(broken("its root element is not <package>")),
            ["package", "metadata", "license"] => {
                self.license_is_expression =
                    attribute(tag, "type")?.as_deref() == Some("expression");
            }
            ["package", "metadata", "repository"] => {
                self.repository = Some(SourceRepository {
                    kind: attribute(tag, "type")?.unwrap_or_default(),
                    url: attribute(tag, "url")?.unwrap_or_default(),
                    branch: attribute(tag, "branch")?,
                    commit: attribute(tag, "commit")?,
                });
            }
            ["package", "metadata", "dependencies", "group"] => {
                self.framework = attribute(tag, "targetFramework")?;
            }
            ["package", "metadata", "dependencies", "dependency"]
            | ["package", "metadata", "dependencies", "group", "dependency"] => {
                self.dependency(tag, limits)?
            }
            _ => {}
        }
        Ok(())
    }

    fn dependency(&mut self, tag: &BytesStart<'_>, limits: &Limits) -> Result<()> {
        let index = self.dependencies.len();
        if index >= limits.max_dependencies {
            return Err(PackageFeedError::too_large(
                "number of dependencies",
                limits.max_dependencies as u64,
            ));
        }
        let id = attribute(tag, "id")?.unwrap_or_default();
        let range = attribute(tag, "version")?.filter(|range| !range.trim().is_empty());
        self.dependencies.push(Dependency {
            id: id
                .parse()
                .map_err(|error| at(error, format!("dependencies[{index}].id")))?,
            range: range
                .map(|range| range.parse())
                .transpose()
                .map_err(|error| at(error, format!("dependencies[{index}].range")))?,
            target_framework: self.framework.clone(),
        });
        Ok(())
    }

    fn close(&mut self) {
        match self.path.as_slice() {
            [package, metadata, name] if package == "package" && metadata == "metadata" => {
                self.values
                    .push((name.clone(), std::mem::take(&mut self.text)));
            }
            [.., group] if group == "group" => self.framework = None,
            _ => {}
        }
        self.path.pop();
    }

    fn value(&mut self, name: &str) -> Option<String> {
        let at = self.values.iter().position(|(n, _)| n == name)?;
        let value = self.values.swap_remove(at).1;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn metadata(mut self) -> Result<PackageMetadata> {
        let id = self.value("id").ok_or_else(|| broken("it has no <id>"))?;
        let version = self
            .value("version")
            .ok_or_else(|| broken("it has no <version>"))?;
        let mut metadata = PackageMetadata::new(id.parse()?, version.parse()?);
        metadata.title = self.value("title");
        metadata.description = self.value("description").unwrap_or_default();
        metadata.authors = split(self.value("authors"), |c| c == ',' || c == ';');
        metadata.tags = split(self.value("tags"), |c| {
            c.is_whitespace() || c == ',' || c == ';'
        });
        metadata.release_notes = self.value("releaseNotes");
        metadata.project_url = self.value("projectUrl");
        metadata.license = self.value("license").filter(|_| self.license_is_expression);
        metadata.repository = self.repository;
        metadata.dependencies = self.dependencies;
        Ok(metadata)
    }
}

fn split(value: Option<String>, separator: fn(char) -> bool) -> Vec<String> {
    let value = value.unwrap_or_default();
    value.split(separator).map(str::to_owned).collect()
}

/// The error of a value, under the name that it has here.
fn at(error: PackageFeedError, field: String) -> PackageFeedError {
    match error {
        PackageFeedError::Invalid { value, rule, .. } => {
            PackageFeedError::Invalid { field, value, rule }
        }
        other => other,
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| broken(&error.to_string()))?;
        if attribute.key.into_inner() == name {
            return unescape(&attribute.value).map(Some);
        }
    }
    Ok(None)
}

/// Replaces the references in an attribute's value.
fn unescape(raw: &str) -> Result<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        let (name, behind) = after
            .split_once(';')
            .ok_or_else(|| broken("`&` without `;` in an attribute"))?;
        text.push_str(before);
        text.push(resolve(name)?);
        rest = behind;
    }
    text.push_str(rest);
    Ok(text)
}

fn resolve(name: &str) -> Result<char> {
    let numeric = |digits: &str| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
        None => digits.parse().ok().and_then(char::from_u32),
    };
    let known = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name.strip_prefix('#').and_then(numeric),
    };
    known.ok_or_else(|| broken("it uses an entity that is not defined"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(xml: &str) -> String {
        read(xml.as_bytes(), &Limits::default())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_description_by_another_tool_is_read() {
        let xml = "\u{feff}<?xml version=\"1.0\"?><package xmlns=\"http://schemas.microsoft.com/packaging/2010/07/nuspec.xsd\">
            <metadata minClientVersion=\"2.0\"><id>Acme.Web</id><version>1.0</version><authors>Ann, Bo</authors>
            <tags>a  b</tags><description>x &amp; <![CDATA[<y>]]></description>
            <repository type=\"git\" url=\"https://example.org/?a=1&amp;b=2\" commit=\"abc\"/>
            <dependencies><dependency id=\"Old\" version=\"1.0\"/></dependencies></metadata>
            <files><file src=\"x\"/></files></package>";
        let metadata = read(xml.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(metadata.version.to_string(), "1.0.0");
        assert_eq!(metadata.authors, ["Ann", "Bo"]);
        assert_eq!(metadata.tags, ["a", "b"]);
        assert_eq!(metadata.description, "x & <y>");
        assert_eq!(
            metadata.repository.unwrap().url,
            "https://example.org/?a=1&b=2"
        );
        assert_eq!(
            metadata.dependencies[0].range.as_ref().unwrap().to_string(),
            "[1.0.0, )"
        );
    }

    #[test]
    fn descriptions_that_are_none_are_refused_with_the_rule() {
        let meta = |inner: &str| format!("<package><metadata>{inner}</metadata></package>");
        for (xml, part) in [
            (String::new(), "holds none"),
            ("<package>".to_owned(), "ends inside"),
            ("<a></a>".to_owned(), "not <package>"),
            (
                "<!DOCTYPE p [<!ENTITY a \"b\">]><package></package>".to_owned(),
                "document type",
            ),
            (meta("<version>1.0</version>"), "no <id>"),
            (meta("<id>a</id>"), "no <version>"),
            (meta("<id>../a</id><version>1</version>"), "id `../a`"),
            (meta("<id>a</id><version>1.x</version>"), "version `1.x`"),
            (meta("<id>a</id><version>&x;</version>"), "not defined"),
            (meta(&"<a>".repeat(40)), "too deep"),
            (
                meta(
                    "<id>a</id><version>1</version><dependencies><dependency id=\"b\" version=\"*\"/></dependencies>",
                ),
                "dependencies[0].range",
            ),
        ] {
            let error = refused(&xml);
            assert!(error.contains(part), "{xml}: {error}");
        }
    }
}
