//! The functions that an expression may call, with the number of their arguments.

/// One function; [`Function::named`] ignores case, as Azure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Always,
    Canceled,
    Failed,
    Succeeded,
    SucceededOrFailed,
    And,
    Or,
    Xor,
    Not,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
    Contains,
    ContainsValue,
    StartsWith,
    EndsWith,
    Coalesce,
    Format,
    Join,
    Iif,
    Length,
    Lower,
    Upper,
    Trim,
    Replace,
    Split,
}

const MANY: usize = 255;

/// Function, name, least and most arguments.
const TABLE: [(Function, &str, usize, usize); 31] = [
    (Function::Always, "always", 0, 0),
    (Function::Canceled, "canceled", 0, 0),
    (Function::Failed, "failed", 0, MANY),
    (Function::Succeeded, "succeeded", 0, MANY),
    (Function::SucceededOrFailed, "succeededOrFailed", 0, MANY),
    (Function::And, "and", 2, MANY),
    (Function::Or, "or", 2, MANY),
    (Function::Xor, "xor", 2, 2),
    (Function::Not, "not", 1, 1),
    (Function::Eq, "eq", 2, 2),
    (Function::Ne, "ne", 2, 2),
    (Function::Lt, "lt", 2, 2),
    (Function::Le, "le", 2, 2),
    (Function::Gt, "gt", 2, 2),
    (Function::Ge, "ge", 2, 2),
    (Function::In, "in", 2, MANY),
    (Function::NotIn, "notIn", 2, MANY),
    (Function::Contains, "contains", 2, 2),
    (Function::ContainsValue, "containsValue", 2, 2),
    (Function::StartsWith, "startsWith", 2, 2),
    (Function::EndsWith, "endsWith", 2, 2),
    (Function::Coalesce, "coalesce", 2, MANY),
    (Function::Format, "format", 1, MANY),
    (Function::Join, "join", 2, 2),
    (Function::Iif, "iif", 3, 3),
    (Function::Length, "length", 1, 1),
    (Function::Lower, "lower", 1, 1),
    (Function::Upper, "upper", 1, 1),
    (Function::Trim, "trim", 1, 1),
    (Function::Replace, "replace", 3, 3),
    (Function::Split, "split", 2, 2),
];

impl Function {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let row = TABLE
            .iter()
            .find(|(_, known, ..)| known.eq_ignore_ascii_case(name))?;
        Some(row.0)
    }

    pub(crate) fn name(self) -> &'static str {
        TABLE
            .iter()
            .find(|(function, ..)| *function == self)
            .map_or("", |row| row.1)
    }

    pub(crate) fn is_status(self) -> bool {
        matches!(
            self,
            Self::Always
                | Self::Canceled
                | Self::Failed
                | Self::Succeeded
                | Self::SucceededOrFailed
        )
    }

    /// Refuses a wrong number of arguments.
    pub(crate) fn check(self, count: usize) -> Result<(), String> {
        let Some((_, name, least, most)) = TABLE.iter().find(|row| row.0 == self) else {
            return Ok(());
        };
        if (*least..=*most).contains(&count) {
            return Ok(());
        }
        let wanted = match (*least, *most) {
            (least, most) if least == most => least.to_string(),
            (least, MANY) => format!("at least {least}"),
            (least, most) => format!("{least} to {most}"),
        };
        Err(format!("`{name}` takes {wanted} argument(s), not {count}"))
    }
}
