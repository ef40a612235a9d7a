//! Tokens to a tree; names of functions and the number of their arguments are checked here.

use super::functions::Function;
use super::lexer::{Token, tokens};
use super::value::Value;

const MAX_LENGTH: usize = 21_000;
const MAX_DEPTH: usize = 50;
const ROOTS: [&str; 4] = ["variables", "dependencies", "stagedependencies", "pipeline"];

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Literal(Value),
    /// `variables`, `dependencies`, `stageDependencies` or `pipeline`, in lower case.
    Root(String),
    Index(Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
}

impl Expr {
    /// Parses a condition; the message says what is wrong.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        if source.len() > MAX_LENGTH {
            return Err(format!("an expression has at most {MAX_LENGTH} characters"));
        }
        let mut parser = Parser {
            tokens: tokens(source)?,
            at: 0,
        };
        let expr = parser.expression(0)?;
        match parser.tokens.get(parser.at) {
            None => Ok(expr),
            Some(token) => Err(format!(
                "unexpected {} after the expression",
                describe(token)
            )),
        }
    }

    /// The inside of `$[ ... ]`, where functions of status have no meaning.
    pub(crate) fn parse_value(source: &str) -> Result<Self, String> {
        let expr = Self::parse(source)?;
        match expr.status_function() {
            None => Ok(expr),
            Some(name) => Err(format!("`{name}()` can only stand in a condition")),
        }
    }

    fn status_function(&self) -> Option<&'static str> {
        match self {
            Self::Literal(_) | Self::Root(_) => None,
            Self::Index(base, index) => base.status_function().or_else(|| index.status_function()),
            Self::Call(function, _) if function.is_status() => Some(function.name()),
            Self::Call(_, arguments) => arguments.iter().find_map(Self::status_function),
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn eat(&mut self, token: &Token) -> bool {
        let found = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token) -> Result<(), String> {
        if self.eat(token) {
            return Ok(());
        }
        let found = self
            .tokens
            .get(self.at)
            .map_or("the end".to_owned(), describe);
        Err(format!("{} is expected, not {found}", describe(token)))
    }

    fn expression(&mut self, depth: usize) -> Result<Expr, String> {
        if depth > MAX_DEPTH {
            return Err(format!("an expression nests at most {MAX_DEPTH} levels"));
        }
        let mut expr = self.primary(depth)?;
        loop {
            if self.eat(&Token::Dot) {
                let index = match self.next() {
                    Some(Token::Word(name)) => Value::Text(name),
                    Some(Token::Number(number)) => Value::Text(number.to_string()),
                    _ => return Err("a name is expected after `.`".to_owned()),
                };
                expr = index_of(expr, Expr::Literal(index))?;
            } else if self.eat(&Token::OpenIndex) {
                let index = self.expression(depth + 1)?;
                self.expect(&Token::CloseIndex)?;
                expr = index_of(expr, index)?;
            } else {
                return Ok(expr);
            }
        }
    }

    fn primary(&mut self, depth: usize) -> Result<Expr, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Expr::Literal(Value::Text(text))),
            Some(Token::Number(number)) => Ok(Expr::Literal(Value::Number(number))),
            Some(Token::Word(word)) => self.word(&word, depth),
            Some(token) => Err(format!("unexpected {}", describe(&token))),
            None => Err("an expression is expected".to_owned()),
        }
    }

    fn word(&mut self, word: &str, depth: usize) -> Result<Expr, String> {
        if self.eat(&Token::Open) {
            let function = Function::named(word).ok_or(format!("unknown function `{word}`"))?;
            let arguments = self.arguments(depth)?;
            function.check(arguments.len())?;
            return Ok(Expr::Call(function, arguments));
        }
        let lower = word.to_lowercase();
        match lower.as_str() {
            "true" => Ok(Expr::Literal(Value::Bool(true))),
            "false" => Ok(Expr::Literal(Value::Bool(false))),
            "null" => Ok(Expr::Literal(Value::Null)),
            root if ROOTS.contains(&root) => Ok(Expr::Root(lower)),
            _ => Err(format!(
                "unknown name `{word}`; text stands in single quotes"
            )),
        }
    }

    fn arguments(&mut self, depth: usize) -> Result<Vec<Expr>, String> {
        let mut arguments = Vec::new();
        if self.eat(&Token::Close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(depth + 1)?);
            if !self.eat(&Token::Comma) {
                self.expect(&Token::Close)?;
                return Ok(arguments);
            }
        }
    }
}

/// Chains count towards the depth, because evaluation recurses through them.
fn index_of(base: Expr, index: Expr) -> Result<Expr, String> {
    let mut depth = 0;
    let mut inner = &base;
    while let Expr::Index(next, _) = inner {
        depth += 1;
        inner = next;
    }
    if depth > MAX_DEPTH {
        return Err(format!("an expression nests at most {MAX_DEPTH} levels"));
    }
    Ok(Expr::Index(Box::new(base), Box::new(index)))
}

fn describe(token: &Token) -> String {
    match token {
        Token::Open => "`(`".to_owned(),
        Token::Close => "`)`".to_owned(),
        Token::OpenIndex => "`[`".to_owned(),
        Token::CloseIndex => "`]`".to_owned(),
        Token::Comma => "`,`".to_owned(),
        Token::Dot => "`.`".to_owned(),
        Token::Text(text) => format!("'{text}'"),
        Token::Number(number) => format!("`{number}`"),
        Token::Word(word) => format!("`{word}`"),
    }
}
