//! Looks for secrets in content, before anything is written.
//!
//! Pure: content in, findings out. A finding names path, line and rule, and never shows the
//! secret. A line that is meant to hold what looks like one says so, for each rule by name:
//! `sluice:allow-secret aws-access-key-id`.

mod rules;

use rules::Rule;
use sluice_kernel::Finding;

/// Findings of one commit; more would not help anybody.
const MAX_FINDINGS: usize = 100;
const ALLOW: &str = "sluice:allow-secret";
/// Git takes a file with a NUL among its first bytes for binary, and so do we.
const BINARY_PROBE: usize = 8_000;

/// The secrets in these files, in the order of files and lines, at most 100.
pub(crate) fn scan<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, content) in files {
        let decoded = utf16(content);
        let content = decoded.as_deref().map_or(content, str::as_bytes);
        if content[..content.len().min(BINARY_PROBE)].contains(&0) {
            continue;
        }
        scan_text(path, content, &mut findings);
        if findings.len() >= MAX_FINDINGS {
            findings.truncate(MAX_FINDINGS);
            break;
        }
    }
    findings
}

/// Text with the mark of UTF-16, as some editors and shells write it: full of NULs, but no binary.
fn utf16(content: &[u8]) -> Option<String> {
    let (rest, unit): (_, fn([u8; 2]) -> u16) = match content {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        _ => return None,
    };
    let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let chars = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(chars.collect())
}

fn scan_text(path: &str, content: &[u8], findings: &mut Vec<Finding>) {
    for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
        for rule in rules::candidates(line) {
            if !rule.finds(line) || is_allowed(line, rule) {
                continue;
            }
            findings.push(finding(path, index, rule));
            if findings.len() >= MAX_FINDINGS {
                return;
            }
        }
    }
}

fn finding(path: &str, index: usize, rule: &Rule) -> Finding {
    let name = rule.name;
    Finding {
        file: path.to_owned(),
        line: u32::try_from(index + 1).ok(),
        rule: name.to_owned(),
        message: format!(
            "{} stands here: keep it outside of the repository and refer to it; a line that \
             holds none says `{ALLOW} {name}`",
            rule.what
        ),
    }
}

/// Whether the line says that this rule's finding is none.
fn is_allowed(line: &[u8], rule: &Rule) -> bool {
    let line = String::from_utf8_lossy(line);
    line.split(ALLOW).skip(1).any(|after| {
        let list = after.trim_start_matches([':', '=']).trim_start();
        let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ',' || c == ' ';
        let end = list.find(|c| !part_of_name(c)).unwrap_or(list.len());
        list[..end].split([',', ' ']).any(|name| name == rule.name)
    })
}

/// The name of every rule.
#[cfg(test)]
fn rule_names() -> Vec<&'static str> {
    rules::RULES.iter().map(|rule| rule.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(u32, String)> {
        let findings = scan([("f", text.as_bytes())]);
        let pairs = findings.into_iter().map(|f| (f.line.unwrap(), f.rule));
        pairs.collect()
    }

    // Put together here, so that no scanner finds them in this file.
    fn samples() -> Vec<(&'static str, String)> {
        let mixed = |length: usize| -> String {
            let alphabet = b"aB3dE6gH9jKlM2nPqR5tUvW8xYzCfDkS4";
            let mut state = 1_u32;
            let mut next = || {
                state = state * 75 % 65_537;
                char::from(alphabet[state as usize % alphabet.len()])
            };
            (0..length).map(|_| next()).collect()
        };
        vec![
            (
                "private-key",
                ["-----BEGIN RSA PRIVATE", " KEY-----"].concat(),
            ),
            (
                "private-key",
                ["-----BEGIN PGP PRIVATE", " KEY BLOCK-----"].concat(),
            ),
            (
                "aws-access-key-id",
                ["key: AK", "IAQ3EGR5T2ZWX4YV6N"].concat(),
            ),
            (
                "aws-secret-access-key",
                format!("aws_secret_access_key = {}", mixed(40)),
            ),
            ("github-token", format!("x = g{}_{}", "hp", mixed(36))),
            (
                "github-token",
                format!("x = github{}_{}", "_pat", mixed(82)),
            ),
            ("gitlab-token", format!("x = gl{}-{}", "pat", mixed(20))),
            (
                "azure-storage-key",
                format!("Account{}={}==", "Key", mixed(86)),
            ),
            (
                "azure-client-secret",
                format!("{}8Q~{}", mixed(3), mixed(34)),
            ),
            (
                "azure-devops-token",
                format!("{}AZ{}{}", mixed(76), "DO", mixed(4)),
            ),
            ("slack-token", format!("xo{}-{}", "xb", mixed(24))),
            (
                "slack-webhook",
                format!("https://hooks.slack{}{}", ".com/services/", mixed(44)),
            ),
            ("google-api-key", format!("AI{}{}", "za", mixed(35))),
            ("google-oauth-secret", format!("GOC{}-{}", "SPX", mixed(28))),
            ("jwt", format!("e{0}{1}.e{0}{1}.{1}", "yJ", mixed(20))),
            (
                "password-in-url",
                format!("amqp://svc:{}@mq.corp.com/x", mixed(12)),
            ),
            (
                "high-entropy-assignment",
                format!("api_key: \"{}\"", mixed(32)),
            ),
            (
                "high-entropy-assignment",
                format!("export SESSION_SECRET={}", mixed(32)),
            ),
        ]
    }

    #[test]
    fn every_rule_finds_its_secret_with_the_line_and_never_shows_it() {
        for (rule, secret) in samples() {
            let text = format!("first\n  {secret}\nlast\n");
            let hits = found(&text);
            assert!(hits.contains(&(2, rule.to_owned())), "{rule}: {hits:?}");
            let shown = format!("{:?}", scan([("f", text.as_bytes())]));
            assert!(!shown.contains(&secret), "{rule}");
        }
        let tested: Vec<_> = samples().into_iter().map(|(rule, _)| rule).collect();
        for name in rule_names() {
            assert!(tested.contains(&name), "{name} has no sample");
        }
    }

    #[test]
    fn a_line_that_names_the_rule_is_allowed_and_one_that_names_another_is_not() {
        for (rule, secret) in samples() {
            let allowed = format!("{secret} # {ALLOW} {rule}");
            let hits = found(&allowed);
            assert!(!hits.iter().any(|(_, hit)| hit == rule), "{rule}: {hits:?}");
            let others = format!("{secret} # {ALLOW} no-such-rule");
            assert!(!found(&others).is_empty(), "{rule}");
            let unnamed = format!("{secret} // {ALLOW}");
            assert!(!found(&unnamed).is_empty(), "{rule}");
        }
        let (_, key) = &samples()[0];
        assert_eq!(found(&format!("{key} /* {ALLOW}: jwt, private-key */")), []);
    }

    #[test]
    fn ordinary_lines_are_left_alone() {
        for line in [
            "let token = request.headers().get(AUTHORIZATION);",
            "password: ${DB_PASSWORD}",
            "api_key = \"<your-api-key-goes-here-0123456789>\"",
            "secret = \"changeme-changeme-changeme-1\"",
            "postgres://postgres:postgres@localhost:5432/app",
            "postgres://app:s3cr3tpw@db:5432/app",
            "https://user:${TOKEN}@git.corp.com/x.git",
            "https://user:password@example.com/",
            "git clone ssh://git@github.com:owner/repo",
            "\"integrity\": \"sha512-x6bXvTqq1zX4v8cO0j9rTqkqWm8e5yQF7YcY6yJ1Kf4n2aGZ0M==\"",
            "checksum = \"9d5e9e8b1a3c4f6072d8b5a4c3e2f1a09b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e\"",
            "tokenizer_config = \"bert-base-uncased-finetuned-2024\"",
            "tokenId: '123e4567-e89b-12d3-a456-426614174000'",
            "AKIAIOSFODNN7EXAMPLE",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "secretName: my-application-database-credentials-2",
        ] {
            assert_eq!(found(line), [], "{line}");
        }
    }

    #[test]
    fn binary_content_is_left_alone_and_findings_are_bounded() {
        let key = ["-----BEGIN PRIVATE", " KEY-----\n"].concat();
        let binary = ["\0", &key].concat();
        assert_eq!(scan([("f", binary.as_bytes())]), []);
        let many = key.repeat(500);
        let twice = [("a", many.as_bytes()), ("b", many.as_bytes())];
        assert_eq!(scan(twice).len(), MAX_FINDINGS);
    }

    #[test]
    fn utf16_text_is_scanned_too() {
        let text = ["é\r\n-----BEGIN PRIVATE", " KEY-----\r\n"].concat();
        let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        for content in [little, big] {
            let findings = scan([("f", content.as_slice())]);
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].line, Some(2));
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_scanned_too() {
        let mut latin = b"gr\xfc\xdfe ".to_vec();
        latin.extend(["-----BEGIN PRIVATE", " KEY-----"].concat().into_bytes());
        assert_eq!(scan([("f", latin.as_slice())]).len(), 1);
    }
}
