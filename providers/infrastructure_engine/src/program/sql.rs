//! Which statements a schema may hold.
//!
//! A schema runs in one transaction on one file. SQLite can reach other files (`ATTACH`, `VACUUM
//! INTO`), end the transaction and change how the file is written, so only statements that define
//! or fill tables are let through.

const ALLOWED: [&str; 9] = [
    "CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT", "WITH",
];

/// Whether every statement of `sql` is one that a schema may hold.
///
/// # Errors
/// What is wrong with the first one that is not.
pub(super) fn check(sql: &str) -> Result<(), String> {
    if sql.contains('\0') {
        return Err("must not hold NUL characters".to_owned());
    }
    let mut in_trigger = false;
    for words in statements(sql)? {
        let first = words[0].as_str();
        if in_trigger && first == "END" && words.len() == 1 {
            in_trigger = false;
            continue;
        }
        let first = match begins_trigger(&words) {
            // The first statement of the body stands in the same piece.
            true => words
                .iter()
                .skip_while(|word| *word != "BEGIN")
                .nth(1)
                .map_or("", String::as_str),
            false => first,
        };
        if !ALLOWED.contains(&first) {
            let shown: String = first.chars().take(32).collect();
            return Err(format!(
                "must hold only {} statements, not {shown}",
                ALLOWED.join(", ")
            ));
        }
        in_trigger |= begins_trigger(&words);
    }
    if in_trigger {
        return Err("has a trigger without END".to_owned());
    }
    Ok(())
}

/// `CREATE [TEMP] TRIGGER`; a table may be called `trigger`.
fn begins_trigger(words: &[String]) -> bool {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let kind = match word(1) {
        "TEMP" | "TEMPORARY" => word(2),
        other => other,
    };
    word(0) == "CREATE" && kind == "TRIGGER"
}

/// The bare words of each statement in upper case, empty statements left out. A trigger's body is
/// cut at its semicolons like everything else.
fn statements(sql: &str) -> Result<Vec<Vec<String>>, String> {
    let mut statements = vec![Vec::new()];
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ';' => statements.push(Vec::new()),
            '\'' | '"' | '`' => skip_to(&mut chars, c)?,
            '[' => skip_to(&mut chars, ']')?,
            '-' if chars.peek() == Some(&'-') => while chars.next().is_some_and(|c| c != '\n') {},
            '/' if chars.peek() == Some(&'*') => {
                chars.next();
                skip_comment(&mut chars)?;
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = c.to_uppercase().to_string();
                while let Some(next) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.extend(next.to_uppercase());
                }
                if let Some(words) = statements.last_mut() {
                    words.push(word);
                }
            }
            _ => {}
        }
    }
    statements.retain(|words| !words.is_empty());
    Ok(statements)
}

type Chars<'s> = std::iter::Peekable<std::str::Chars<'s>>;

// A doubled quote inside is met as an end and a new start, which comes to the same.
fn skip_to(chars: &mut Chars<'_>, end: char) -> Result<(), String> {
    match chars.any(|c| c == end) {
        true => Ok(()),
        false => Err(format!("has no closing {end}")),
    }
}

fn skip_comment(chars: &mut Chars<'_>) -> Result<(), String> {
    let mut star = false;
    for c in chars.by_ref() {
        if star && c == '/' {
            return Ok(());
        }
        star = c == '*';
    }
    Err("has no closing */".to_owned())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn tables_indexes_triggers_and_rows_are_fine() {
        let sql = "
            -- ATTACH in a comment; fine
            CREATE TABLE t (id INTEGER, \"end;\" TEXT DEFAULT 'a;ATTACH b');
            /* ; VACUUM */ CREATE INDEX i ON t(id);
            CREATE TEMP TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET id = 1; DELETE FROM t; END;
            INSERT INTO t VALUES (1, 'it''s');";
        assert_eq!(check(sql), Ok(()));
    }

    #[test]
    fn statements_that_reach_other_files_or_end_the_transaction_are_refused() {
        for bad in [
            "ATTACH DATABASE '/etc/x' AS y",
            "CREATE TABLE t(a); vacuum into 'x'",
            "COMMIT; ATTACH 'x' AS y",
            "PRAGMA journal_mode = off",
            "END",
            "'a' ATTACH",
            "CREATE TABLE trigger(a); ATTACH 'x' AS y; END",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN ATTACH 'x' AS y; END",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END; END",
        ] {
            assert!(check(bad).is_err(), "{bad} was accepted");
        }
        assert!(check("CREATE TABLE t (a TEXT DEFAULT 'x)").is_err());
        assert!(check("CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t;").is_err());
    }
}
