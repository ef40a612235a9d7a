//! The rules: what a secret looks like.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// One kind of secret.
pub(super) struct Rule {
    /// Stable kebab-case name.
    pub(super) name: &'static str,
    /// What it finds, for people.
    pub(super) what: &'static str,
    /// On one line; a group named `v` is the value that `is_secret` judges, else all of it.
    pattern: &'static str,
    /// Whether a match is one after all.
    is_secret: fn(&[u8], &Captures<'_>) -> bool,
}

fn always(_: &[u8], _: &Captures<'_>) -> bool {
    true
}

const fn rule(name: &'static str, what: &'static str, pattern: &'static str) -> Rule {
    Rule {
        name,
        what,
        pattern,
        is_secret: always,
    }
}

/// Every rule; a new one needs a sample in the tests.
pub(super) static RULES: &[Rule] = &[
    rule(
        "private-key",
        "a private key",
        r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----",
    ),
    Rule {
        is_secret: |value, _| !value.ends_with(b"EXAMPLE"),
        ..rule(
            "aws-access-key-id",
            "an AWS access key id",
            r"\b(?P<v>(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b",
        )
    },
    Rule {
        is_secret: |value, _| is_random(value, 4.0),
        ..rule(
            "aws-secret-access-key",
            "an AWS secret access key",
            r#"(?i)aws.{0,20}secret.{0,20}?[=:]\s{0,5}["']?(?P<v>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
        )
    },
    rule(
        "github-token",
        "a GitHub token",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{82})\b",
    ),
    rule(
        "gitlab-token",
        "a GitLab token",
        r"\bgl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|agent|oas)-[A-Za-z0-9_-]{20,255}",
    ),
    rule(
        "azure-storage-key",
        "an Azure storage account key",
        r"(?i)\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{42,86}={1,2}",
    ),
    rule(
        "azure-client-secret",
        "an Azure client secret",
        r"(?:^|[^A-Za-z0-9_~.-])[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?:[^A-Za-z0-9_~.-]|$)",
    ),
    rule(
        "azure-devops-token",
        "an Azure DevOps token",
        r"\b[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b",
    ),
    rule(
        "slack-token",
        "a Slack token",
        r"\b(?:xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[0-9]-[A-Za-z0-9-]{10,255})",
    ),
    rule(
        "slack-webhook",
        "a Slack webhook address",
        r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,120}",
    ),
    rule(
        "google-api-key",
        "a Google API key",
        r"\bAIza[A-Za-z0-9_-]{35}(?:[^A-Za-z0-9_-]|$)",
    ),
    rule(
        "google-oauth-secret",
        "a Google OAuth client secret",
        r"\bGOCSPX-[A-Za-z0-9_-]{28}",
    ),
    rule(
        "jwt",
        "a JSON Web Token",
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ),
    Rule {
        is_secret: is_password_in_url,
        ..rule(
            "password-in-url",
            "a password in a URL",
            r#"\b[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s/:@"'<>`]{1,100}:(?P<v>[^\s/:@"'<>`]{3,200})@(?P<host>[A-Za-z0-9.\[\]-]{1,253})"#,
        )
    },
    Rule {
        is_secret: is_random_assignment,
        ..rule(
            "high-entropy-assignment",
            "a random value under a secret's name",
            r#"(?i)(?:api[_-]?key|secret|token|passw(?:or)?d|passphrase|auth[_-]?key|access[_-]?key|private[_-]?key|credentials?)[A-Za-z0-9_.-]{0,30}["']?\s{0,10}(?::|=|:=|=>)\s{0,10}(?:["'](?P<v>[^"'\s]{20,256})["']|(?P<bare>[A-Za-z0-9+/_=-]{20,256})\s*(?:(?:[#;,]|//).*)?$)"#,
        )
    },
];

struct Compiled {
    set: RegexSet,
    each: Vec<Regex>,
}

// The patterns are constants and a test uses each; one that did not compile would find nothing.
static COMPILED: LazyLock<Option<Compiled>> = LazyLock::new(|| {
    let patterns = || RULES.iter().map(|rule| rule.pattern);
    let each = patterns().map(|pattern| RegexBuilder::new(pattern).unicode(false).build());
    Some(Compiled {
        set: RegexSetBuilder::new(patterns())
            .unicode(false)
            .build()
            .ok()?,
        each: each.collect::<Result<_, _>>().ok()?,
    })
});

/// The rules whose pattern stands on the line.
pub(super) fn candidates(line: &[u8]) -> impl Iterator<Item = &'static Rule> {
    let matches = COMPILED.as_ref().map(|compiled| compiled.set.matches(line));
    let indices: Vec<usize> = matches.map_or_else(Vec::new, |set| set.into_iter().collect());
    indices.into_iter().map(|index| &RULES[index])
}

impl Rule {
    /// Whether one of the pattern's matches is a secret.
    pub(super) fn finds(&self, line: &[u8]) -> bool {
        let index = RULES.iter().position(|rule| rule.name == self.name);
        let compiled = COMPILED.as_ref().zip(index);
        let Some(regex) = compiled.and_then(|(compiled, index)| compiled.each.get(index)) else {
            return false;
        };
        regex.captures_iter(line).any(|captures| {
            let value = captures.name("v").or_else(|| captures.get(0));
            value.is_some_and(|value| (self.is_secret)(value.as_bytes(), &captures))
        })
    }
}

/// Bits of Shannon entropy a byte.
fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    let length = value.len() as f64;
    let share = |count: u32| f64::from(count) / length;
    let used = counts.iter().filter(|count| **count > 0);
    used.map(|count| -share(*count) * share(*count).log2())
        .sum()
}

fn is_random(value: &[u8], bits: f64) -> bool {
    !is_placeholder(value) && entropy(value) >= bits
}

/// A text that stands for a secret and is none.
fn is_placeholder(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let starts = [
        "$", "{", "<", "%", "*", "#", "env.", "process.", "vault:", "arn:",
    ];
    let words = [
        "example",
        "sample",
        "changeme",
        "change-me",
        "change_me",
        "placeholder",
        "password",
        "your-",
        "your_",
        "<your",
        "xxxx",
        "0000000",
        "1234567",
        "dummy",
        "${",
        "{{",
        "secretref",
    ];
    starts.iter().any(|start| text.starts_with(start))
        || words.iter().any(|word| text.contains(word))
}

fn is_password_in_url(value: &[u8], captures: &Captures<'_>) -> bool {
    let host = captures
        .name("host")
        .map_or(&b""[..], |host| host.as_bytes());
    let host = String::from_utf8_lossy(host).to_ascii_lowercase();
    let name = captures.get(0).map_or(&b""[..], |all| all.as_bytes());
    // A host without a dot is one of a compose file or of this machine: no secret of the world.
    let far = host.contains('.')
        && !host.starts_with("127.")
        && ![
            ".local",
            ".test",
            ".example",
            ".invalid",
            ".localhost",
            "0.0.0.0",
        ]
        .iter()
        .any(|end| host.ends_with(end))
        && !["example.com", "example.org", "example.net"]
            .iter()
            .any(|example| host.ends_with(example));
    let known = [
        &b"pass"[..],
        b"pwd",
        b"secret",
        b"token",
        b"postgres",
        b"guest",
        b"root",
        b"admin",
    ];
    far && !is_placeholder(value) && !known.contains(&value) && !name.is_empty()
}

fn is_uuid(value: &[u8]) -> bool {
    let dashes = [8, 13, 18, 23];
    value.len() == 36
        && value.iter().enumerate().all(|(index, byte)| {
            if dashes.contains(&index) {
                *byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        })
}

// Words joined by dashes or dots are names of things; random texts mix cases and digits, or are
// long hexadecimal numbers.
fn is_random_assignment(_: &[u8], captures: &Captures<'_>) -> bool {
    let Some(value) = captures.name("v").or_else(|| captures.name("bare")) else {
        return false;
    };
    let value = value.as_bytes();
    let count = |is: fn(&u8) -> bool| value.iter().filter(|byte| is(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let mixed =
        digits >= 2 && count(u8::is_ascii_lowercase) >= 2 && count(u8::is_ascii_uppercase) >= 2;
    let hex = value.len() >= 32 && digits >= 4 && value.iter().all(u8::is_ascii_hexdigit);
    let bits = if hex { 3.0 } else { 3.7 };
    (mixed || hex) && !is_uuid(value) && is_random(value, bits)
}
