//! Evaluation of a parsed expression.

use std::cmp::Ordering;
use std::sync::Arc;

use thiserror::Error;

use super::functions::Function;
use super::parser::Expr;
use super::value::{Object, Value};

/// Longest text that an expression may build, in bytes.
const MAX_TEXT: usize = 256 * 1024;

/// An expression that has no value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct EvalError(pub(crate) String);

/// What `succeeded()` and its like look at.
pub(crate) trait Status {
    /// The run or the job is being cancelled.
    fn canceled(&self) -> bool;
    /// Everything before succeeded; with names, all of these.
    fn succeeded(&self, names: &[String]) -> bool;
    /// Something before failed; with names, one of these.
    fn failed(&self, names: &[String]) -> bool;
    /// Not cancelled; with names, one of these came to an end by itself.
    fn succeeded_or_failed(&self, names: &[String]) -> bool;
}

/// What an expression can see.
pub(crate) struct Context<'a> {
    pub(crate) variables: Value,
    pub(crate) dependencies: Value,
    pub(crate) stage_dependencies: Value,
    pub(crate) status: &'a dyn Status,
}

impl Context<'_> {
    /// The truth of a condition.
    pub(crate) fn test(&self, expr: &Expr) -> Result<bool, EvalError> {
        self.value(expr).map(|value| value.truthy())
    }

    pub(crate) fn value(&self, expr: &Expr) -> Result<Value, EvalError> {
        match expr {
            Expr::Literal(value) => Ok(value.clone()),
            Expr::Root(name) => Ok(self.root(name)),
            Expr::Index(base, index) => {
                let (base, index) = (self.value(base)?, self.value(index)?);
                Ok(index_into(&base, &index))
            }
            Expr::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn root(&self, name: &str) -> Value {
        match name {
            "variables" => self.variables.clone(),
            "dependencies" => self.dependencies.clone(),
            "stagedependencies" => self.stage_dependencies.clone(),
            _ => Value::Null,
        }
    }

    fn call(&self, function: Function, arguments: &[Expr]) -> Result<Value, EvalError> {
        if function.is_status() {
            return self.status(function, arguments).map(Value::Bool);
        }
        // The logical functions stop as soon as the answer is known.
        match function {
            Function::And => {
                return self
                    .until(arguments, false)
                    .map(|found| Value::Bool(!found));
            }
            Function::Or => return self.until(arguments, true).map(Value::Bool),
            Function::Coalesce => return self.coalesce(arguments),
            _ => {}
        }
        let values: Vec<Value> = arguments
            .iter()
            .map(|argument| self.value(argument))
            .collect::<Result<_, _>>()?;
        apply(function, &values)
    }

    fn until(&self, arguments: &[Expr], wanted: bool) -> Result<bool, EvalError> {
        for argument in arguments {
            if self.test(argument)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn coalesce(&self, arguments: &[Expr]) -> Result<Value, EvalError> {
        for argument in arguments {
            let value = self.value(argument)?;
            if value != Value::Null && value != Value::Text(String::new()) {
                return Ok(value);
            }
        }
        Ok(Value::Null)
    }

    fn status(&self, function: Function, arguments: &[Expr]) -> Result<bool, EvalError> {
        let mut names = Vec::with_capacity(arguments.len());
        for argument in arguments {
            names.push(text(&self.value(argument)?)?);
        }
        Ok(match function {
            Function::Canceled => self.status.canceled(),
            Function::Failed => self.status.failed(&names),
            Function::Succeeded => self.status.succeeded(&names),
            Function::SucceededOrFailed => self.status.succeeded_or_failed(&names),
            _ => true,
        })
    }
}

fn index_into(base: &Value, index: &Value) -> Value {
    match base {
        Value::Object(object) => {
            let found = index.as_text().and_then(|key| object.get(&key).cloned());
            found.unwrap_or(Value::Null)
        }
        Value::List(items) => {
            let found = index
                .as_number()
                .and_then(|at| items.get(whole(at)?).cloned());
            found.unwrap_or(Value::Null)
        }
        _ => Value::Null,
    }
}

fn whole(number: f64) -> Option<usize> {
    // Through text: there is no lossless cast from a float.
    format!("{number:.0}")
        .parse()
        .ok()
        .filter(|_| number.fract() == 0.0)
}

fn text(value: &Value) -> Result<String, EvalError> {
    value
        .as_text()
        .ok_or_else(|| EvalError("an object cannot be used as text".to_owned()))
}

fn apply(function: Function, values: &[Value]) -> Result<Value, EvalError> {
    const NULL: Value = Value::Null;
    let at = |index: usize| values.get(index).unwrap_or(&NULL);
    let lower = |index: usize| text(at(index)).map(|text| text.to_lowercase());
    Ok(match function {
        Function::Not => Value::Bool(!at(0).truthy()),
        Function::Xor => Value::Bool(at(0).truthy() != at(1).truthy()),
        Function::Eq => Value::Bool(at(0).equals(at(1))),
        Function::Ne => Value::Bool(!at(0).equals(at(1))),
        Function::Lt => Value::Bool(order(at(0), at(1))? == Ordering::Less),
        Function::Le => Value::Bool(order(at(0), at(1))? != Ordering::Greater),
        Function::Gt => Value::Bool(order(at(0), at(1))? == Ordering::Greater),
        Function::Ge => Value::Bool(order(at(0), at(1))? != Ordering::Less),
        Function::In => Value::Bool(is_in(values)),
        Function::NotIn => Value::Bool(!is_in(values)),
        Function::Contains => Value::Bool(lower(0)?.contains(&lower(1)?)),
        Function::StartsWith => Value::Bool(lower(0)?.starts_with(&lower(1)?)),
        Function::EndsWith => Value::Bool(lower(0)?.ends_with(&lower(1)?)),
        Function::ContainsValue => Value::Bool(contains_value(at(0), at(1))),
        Function::Iif => {
            if at(0).truthy() {
                at(1).clone()
            } else {
                at(2).clone()
            }
        }
        Function::Length => length(at(0))?,
        Function::Lower => Value::Text(lower(0)?),
        Function::Upper => Value::Text(text(at(0))?.to_uppercase()),
        Function::Trim => Value::text(text(at(0))?.trim()),
        Function::Replace => replace(&text(at(0))?, &text(at(1))?, &text(at(2))?)?,
        Function::Split => split(&text(at(0))?, &text(at(1))?),
        Function::Join => join(&text(at(0))?, at(1))?,
        Function::Format => format_text(values)?,
        _ => Value::Null,
    })
}

fn order(left: &Value, right: &Value) -> Result<Ordering, EvalError> {
    left.compare(right).ok_or_else(|| {
        EvalError(format!(
            "{} and {} cannot be compared",
            shown(left),
            shown(right)
        ))
    })
}

fn shown(value: &Value) -> String {
    value
        .as_text()
        .map_or("an object".to_owned(), |text| format!("'{text}'"))
}

fn is_in(values: &[Value]) -> bool {
    values
        .split_first()
        .is_some_and(|(left, rest)| rest.iter().any(|right| left.equals(right)))
}

fn contains_value(within: &Value, wanted: &Value) -> bool {
    match within {
        Value::List(items) => items.iter().any(|item| item.equals(wanted)),
        Value::Object(object) => object.values().any(|item| item.equals(wanted)),
        _ => false,
    }
}

fn length(value: &Value) -> Result<Value, EvalError> {
    let count = match value {
        Value::List(items) => items.len(),
        Value::Object(object) => object.len(),
        other => text(other)?.chars().count(),
    };
    Ok(Value::Number(f64::from(
        u32::try_from(count).unwrap_or(u32::MAX),
    )))
}

fn bounded(text: String) -> Result<Value, EvalError> {
    if text.len() > MAX_TEXT {
        return Err(EvalError(format!(
            "an expression builds at most {MAX_TEXT} bytes of text"
        )));
    }
    Ok(Value::Text(text))
}

fn replace(text: &str, from: &str, to: &str) -> Result<Value, EvalError> {
    if from.is_empty() {
        return bounded(text.to_owned());
    }
    let grown = text.matches(from).count().saturating_mul(to.len());
    if grown > MAX_TEXT {
        return Err(EvalError(format!(
            "an expression builds at most {MAX_TEXT} bytes of text"
        )));
    }
    bounded(text.replace(from, to))
}

fn split(text: &str, at: &str) -> Value {
    let parts = if at.is_empty() {
        vec![text]
    } else {
        text.split(at).collect()
    };
    Value::List(Arc::new(parts.into_iter().map(Value::text).collect()))
}

fn join(separator: &str, value: &Value) -> Result<Value, EvalError> {
    let Value::List(items) = value else {
        return bounded(text(value)?);
    };
    let parts: Vec<String> = items.iter().filter_map(Value::as_text).collect();
    bounded(parts.join(separator))
}

/// `{0}` stands for the first argument, `{{` and `}}` for braces.
fn format_text(values: &[Value]) -> Result<Value, EvalError> {
    let Some((pattern, arguments)) = values.split_first() else {
        return Ok(Value::Null);
    };
    let pattern = text(pattern)?;
    let mut out = String::new();
    let mut rest = pattern.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        if let Some(after) = tail.strip_prefix("{{") {
            out.push('{');
            rest = after;
        } else if let Some(after) = tail.strip_prefix("}}") {
            out.push('}');
            rest = after;
        } else {
            let (inside, after) = tail
                .strip_prefix('{')
                .and_then(|tail| tail.split_once('}'))
                .ok_or_else(|| EvalError(format!("the format '{pattern}' has a lone brace")))?;
            let value = inside
                .trim()
                .parse()
                .ok()
                .and_then(|at: usize| arguments.get(at));
            let missing = || EvalError(format!("the format '{pattern}' has no argument {inside}"));
            out.push_str(&text(value.ok_or_else(missing)?)?);
            rest = after;
        }
        if out.len() > MAX_TEXT {
            break;
        }
    }
    out.push_str(rest);
    bounded(out)
}

/// Objects from pairs, for the contexts of conditions.
impl<'a> FromIterator<(&'a str, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (&'a str, Value)>>(pairs: I) -> Self {
        let mut object = Self::default();
        for (key, value) in pairs {
            object.insert(key, value);
        }
        object
    }
}
