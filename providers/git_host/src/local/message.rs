//! Commit messages and their trailers.

use gix::objs::commit::MessageRef;
use gix::objs::commit::message::BodyRef;

use crate::error::{GitHostError, Result};

/// Joins a message and its trailers, as `git interpret-trailers` would.
///
/// The result ends in one newline, has `\n` line ends and no trailing blanks. Trailers join a
/// trailer block that the message already has, unless one of their keys is in it: then they get a
/// block of their own, which is the one Git reads, so that text cannot pose as a trailer.
pub(super) fn compose(
    message: &str,
    trailers: &[(String, String)],
    max_bytes: usize,
) -> Result<String> {
    if message.contains('\0') {
        return refuse("message", "it holds a NUL character");
    }
    let unix = message.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = unix.lines().map(str::trim_end).collect();
    let mut text = lines.join("\n").trim_matches('\n').to_owned();
    if text.trim().is_empty() {
        return refuse("message", "it is empty");
    }
    for (key, value) in trailers {
        check_trailer(key, value)?;
    }
    if !trailers.is_empty() {
        text.push_str(if joins(&text, trailers) { "\n" } else { "\n\n" });
        let block: Vec<String> = trailers
            .iter()
            .map(|(key, value)| format!("{key}: {}", value.trim()))
            .collect();
        text.push_str(&block.join("\n"));
    }
    text.push('\n');
    if text.len() > max_bytes {
        return Err(GitHostError::too_large(
            "bytes of the commit message",
            max_bytes as u64,
        ));
    }
    Ok(text)
}

fn joins(text: &str, trailers: &[(String, String)]) -> bool {
    let (_, _, present) = split(text.as_bytes());
    let known = |key: &str| {
        present
            .iter()
            .any(|(have, _)| have.eq_ignore_ascii_case(key))
    };
    !present.is_empty() && !trailers.iter().any(|(key, _)| known(key))
}

/// Subject, body without trailers, trailers.
pub(super) fn split(message: &[u8]) -> (String, String, Vec<(String, String)>) {
    let parsed = MessageRef::from_bytes(message);
    let subject = parsed.summary().to_string();
    let Some(body) = parsed.body else {
        return (subject, String::new(), Vec::new());
    };
    let body = BodyRef::from_bytes(body);
    let trailers = body
        .trailers()
        .map(|trailer| (trailer.token.to_string(), trailer.value.to_string()))
        .collect();
    (
        subject,
        body.without_trailer().to_string().trim().to_owned(),
        trailers,
    )
}

fn check_trailer(key: &str, value: &str) -> Result<()> {
    let field = format!("trailers.{}", key.chars().take(100).collect::<String>());
    let named = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if key.is_empty() || key.len() > 100 || !key.bytes().all(named) || key.starts_with('-') {
        refuse(
            field,
            "a key has 1 to 100 letters, digits and inner hyphens",
        )
    } else if value.trim().is_empty() || value.len() > 4_096 {
        refuse(field, "a value has 1 to 4096 bytes")
    } else if value.chars().any(char::is_control) {
        refuse(field, "a value has no control characters or line ends")
    } else {
        Ok(())
    }
}

fn refuse<T>(field: impl Into<String>, rule: &'static str) -> Result<T> {
    Err(GitHostError::InvalidCommit {
        field: field.into(),
        rule,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(items: &[(&str, &str)]) -> Vec<(String, String)> {
        items
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn write(message: &str, trailers: &[(&str, &str)]) -> Result<String> {
        compose(message, &pairs(trailers), 65_536)
    }

    #[test]
    fn trailers_come_after_a_blank_line_and_read_back() {
        let text = write(
            "Add x\r\n\r\nWhy.  \r\n\r\n",
            &[("Trace-Id", "t1"), ("Artifact-Id", "a")],
        );
        let text = text.unwrap();
        assert_eq!(text, "Add x\n\nWhy.\n\nTrace-Id: t1\nArtifact-Id: a\n");
        let (subject, body, trailers) = split(text.as_bytes());
        assert_eq!((subject.as_str(), body.as_str()), ("Add x", "Why."));
        assert_eq!(trailers, pairs(&[("Trace-Id", "t1"), ("Artifact-Id", "a")]));
    }

    #[test]
    fn trailers_join_a_block_that_is_there() {
        let text = write("Fix\n\nSigned-off-by: A <a@b>", &[("Trace-Id", "t")]).unwrap();
        assert_eq!(text, "Fix\n\nSigned-off-by: A <a@b>\nTrace-Id: t\n");
    }

    #[test]
    fn text_cannot_pose_as_one_of_our_trailers() {
        let text = write("Fix\n\ntrace-id: forged", &[("Trace-Id", "real")]).unwrap();
        assert_eq!(split(text.as_bytes()).2, pairs(&[("Trace-Id", "real")]));
    }

    #[test]
    fn a_subject_that_looks_like_a_trailer_stays_a_subject() {
        let text = write("feat: x", &[("Trace-Id", "t")]).unwrap();
        assert_eq!(text, "feat: x\n\nTrace-Id: t\n");
    }

    #[test]
    fn bad_messages_and_trailers_are_refused() {
        assert!(write(" \n\n", &[]).is_err());
        assert!(write("a\0b", &[]).is_err());
        assert!(compose(&"x".repeat(101), &[], 100).is_err());
        for (key, value) in [
            ("", "v"),
            ("a b", "v"),
            ("a:", "v"),
            ("-a", "v"),
            ("a", " "),
        ] {
            assert!(write("m", &[(key, value)]).is_err(), "{key:?}");
        }
        for value in ["a\nEvil: b", "a\rb", "a\u{1b}b", "a\u{85}b"] {
            assert!(write("m", &[("Key", value)]).is_err(), "{value:?}");
        }
    }
}
