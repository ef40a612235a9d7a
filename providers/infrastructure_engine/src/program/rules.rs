//! What single values must look like. Each answers with the rule's name and what would be right.

/// A broken rule.
pub(super) type Broken = (&'static str, &'static str);
pub(super) type Checked = Result<(), Broken>;

/// Names of resources, variables and outputs.
pub(super) fn name(text: &str) -> Checked {
    let mut chars = text.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
    let rest = chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let rule = "must be a letter, then up to 62 letters, digits, dashes and underscores";
    of(first && rest && text.len() <= 63, "bad-name", rule)
}

/// Names that references use for something else.
pub(super) fn not_reserved(text: &str) -> Checked {
    let taken = matches!(
        text,
        "var" | "secret" | "config" | "environment" | "tenant" | "project" | "module"
    );
    of(!taken, "reserved-name", "is a word that references use")
}

/// A path in the stack's folder or in the repository.
pub(crate) fn path(text: &str) -> Checked {
    let odd = |c: char| c.is_control() || matches!(c, '\\' | '\u{2028}' | '\u{2029}' | '\u{FEFF}');
    let part = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= 200;
    let fits = text.len() <= 512 && text.split('/').count() <= 16;
    let rule = "must be a relative path of at most 512 bytes and 16 parts, without empty parts, . and .., backslashes and control characters";
    of(
        fits && !text.chars().any(odd) && text.split('/').all(part),
        "bad-path",
        rule,
    )
}

pub(super) fn mode(text: &str) -> Checked {
    let digits = text.strip_prefix('0').unwrap_or(text);
    let fits = digits.len() == 3 && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
    // Without these the engine could not look after it.
    let owner = digits.starts_with(['6', '7']);
    let rule = "must be four octal digits such as 0640 that let the owner read and write";
    of(fits && owner, "bad-mode", rule)
}

pub(super) fn branch(text: &str) -> Checked {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    let part =
        |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && !part.ends_with(".lock");
    let whole = text.len() <= 200
        && text.chars().all(fits)
        && !text.contains("..")
        && !text.ends_with('.')
        && text.split('/').all(part);
    let rule = "must be a branch name of letters, digits, / - _ and .";
    of(whole, "bad-branch", rule)
}

pub(super) fn line(text: &str) -> Checked {
    let fits = text.chars().count() <= 200 && !text.chars().any(char::is_control);
    of(
        fits,
        "bad-text",
        "must be one line of at most 200 characters",
    )
}

/// A database or namespace on a shared server; it becomes a part of a longer name.
pub(super) fn part_name(text: &str) -> Checked {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
    let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let rule =
        "must be a lower-case letter, then up to 39 lower-case letters, digits and underscores";
    of(first && rest && text.len() <= 40, "bad-name", rule)
}

/// RFC 1123 label, as Kubernetes asks of namespaces.
pub(super) fn namespace(text: &str) -> Checked {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let whole = text.len() <= 63
        && text.bytes().all(inner)
        && edge(text.bytes().next())
        && edge(text.bytes().last());
    let rule = "must be up to 63 lower-case letters, digits and dashes, starting and ending with a letter or digit";
    of(whole, "bad-namespace", rule)
}

/// Key of a label or annotation: an optional DNS prefix, and a name.
pub(super) fn label_key(text: &str) -> Checked {
    let (prefix, name) = text.split_once('/').unwrap_or(("a", text));
    let dns = prefix.len() <= 253 && prefix.split('.').all(|part| namespace(part).is_ok());
    let rule = "must be up to 63 letters, digits, - _ and ., with an optional DNS prefix and /";
    of(
        dns && !name.is_empty() && label_text(name),
        "bad-label",
        rule,
    )
}

/// Value of a label.
pub(super) fn label_value(text: &str) -> Checked {
    let rule =
        "must be up to 63 letters, digits, - _ and ., starting and ending with a letter or digit";
    of(text.is_empty() || label_text(text), "bad-label", rule)
}

fn label_text(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    text.len() <= 63
        && text.bytes().all(inner)
        && edge(text.bytes().next())
        && edge(text.bytes().last())
}

/// A Kubernetes quantity: `500m`, `2`, `1.5Gi`.
pub(super) fn quantity(text: &str) -> Checked {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let units = [
        "", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ];
    let whole = text.len() <= 32 && number.parse::<f64>().is_ok() && units.contains(&unit);
    let rule = "must be a quantity such as 500m, 2 or 1.5Gi";
    of(whole && !number.starts_with('.'), "bad-quantity", rule)
}

fn of(fits: bool, name: &'static str, rule: &'static str) -> Checked {
    if fits { Ok(()) } else { Err((name, rule)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_folder_are_refused() {
        for bad in [
            "", "/etc", "../x", "a/../b", "a//b", "a/", "./a", "a\\b", "a\nb",
        ] {
            assert!(path(bad).is_err(), "{bad:?} was accepted");
        }
        for good in ["a", "data/app.sqlite", ".hidden/x..y"] {
            assert!(path(good).is_ok(), "{good:?} was refused");
        }
    }

    #[test]
    fn modes_are_octal_and_leave_the_owner_in_charge() {
        for bad in ["", "640x", "04755", "0800", "0040", "0440"] {
            assert!(mode(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(mode("0640").is_ok() && mode("755").is_ok());
    }

    #[test]
    fn quantities_and_labels_keep_the_rules_of_kubernetes() {
        for good in ["2", "500m", "1.5Gi"] {
            assert!(quantity(good).is_ok(), "{good}");
        }
        for bad in ["", "Gi", "1gb", "-1", ".5"] {
            assert!(quantity(bad).is_err(), "{bad}");
        }
        assert!(label_key("app.kubernetes.io/name").is_ok());
        assert!(label_key("/name").is_err() && label_key("a b").is_err());
    }
}
