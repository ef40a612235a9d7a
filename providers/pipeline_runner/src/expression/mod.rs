//! Conditions and `$[ ]` runtime expressions of Azure Pipelines.

mod eval;
mod functions;
mod lexer;
mod parser;
mod value;

pub(crate) use eval::{Context, Status};
pub(crate) use parser::Expr;
pub(crate) use value::{Object, Value};

#[cfg(test)]
mod tests;
