//! Python's requirements and installed packages.

use super::dependencies::Parsed;

/// Names are compared without regard to case and to which of `-`, `_` and `.` they use (PEP 503);
/// package URLs hold the normal spelling.
fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.push(c.to_ascii_lowercase());
        }
    }
    out
}

/// `requirements.txt`: lines that pin a version. Others do not say what is in the image.
pub(super) fn requirements(text: &str) -> Parsed {
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.split(['#', ';']).next().unwrap_or_default();
        let Some((name, version)) = line.split_once("==") else {
            continue;
        };
        let name = name.split('[').next().unwrap_or_default();
        let version = version.trim_start_matches('=').trim();
        let version = version.split_whitespace().next().unwrap_or_default();
        if !version.ends_with(".*") && !version.contains(',') {
            found.push((normal(name), version.to_owned()));
        }
    }
    Some(found)
}

/// `METADATA` of an installed package: the headers before the first empty line.
pub(super) fn metadata(text: &str) -> Parsed {
    let header = |wanted: &str| {
        text.lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim().to_owned())
    };
    Some(vec![(normal(&header("Name")?), header("Version")?)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pinned_requirements_are_named() {
        let text = "# tools\nFlask_Login==0.6.3 ; python_version > '3'\nrequests[socks]==2.31.0 \\\n  --hash=sha256:00\nfree>=1\nany==1.*\n-r other.txt\n";
        let found = requirements(text).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(names, [("flask-login", "0.6.3"), ("requests", "2.31.0")]);
    }

    #[test]
    fn metadata_is_read_from_its_headers_only() {
        let text = "Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\n\nName: other\n";
        assert_eq!(
            metadata(text).unwrap(),
            [("foo-bar".to_owned(), "1.0".to_owned())]
        );
        assert!(metadata("Name: x\n\nVersion: 1").is_none());
    }
}
