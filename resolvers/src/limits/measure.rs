//! Measuring a document: every fragment once, however often it is spread.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
};

use super::Limits;

/// Levels of selection sets and spreads that the walk itself descends; far above any depth limit,
/// far below what a stack holds.
const MAX_NESTING: usize = 100;

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Excess {
    /// A fragment spreads itself.
    #[error("the fragment {0} spreads itself")]
    Cycle(String),
    /// A fragment is spread and not defined.
    #[error("the fragment {0} is not defined")]
    Unknown(String),
    /// A count is above its limit.
    #[error("the document has more than {1} {0}")]
    Above(&'static str, usize),
    /// Selections and fragments nest without an end in sight.
    #[error("the document nests selections and fragments more than {MAX_NESTING} levels")]
    Nesting,
}

/// What a part of a document amounts to, fragments expanded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Fields.
    pub selections: usize,
    /// Fields with an alias.
    pub aliases: usize,
    /// Directives.
    pub directives: usize,
    /// How deep fields nest.
    pub depth: usize,
    /// Fields at the part's own top level.
    pub top: usize,
}

impl Amount {
    /// Counts add up; the deeper of the two tells the depth.
    pub fn add(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.top = self.top.saturating_add(other.top);
        self.depth = self.depth.max(other.depth);
    }

    pub(super) fn check(&self, limits: &Limits) -> Result<(), Excess> {
        let counts = [
            ("selections", self.selections, limits.selections),
            ("levels of fields", self.depth, limits.depth),
            ("aliases", self.aliases, limits.aliases),
            ("root fields", self.top, limits.root_fields),
            ("directives", self.directives, limits.directives),
        ];
        for (what, count, limit) in counts {
            if count > limit {
                return Err(Excess::Above(what, limit));
            }
        }
        Ok(())
    }
}

/// What a whole document amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// All operations together.
    pub amount: Amount,
    /// Selections that the walk looked at: its work.
    pub visited: usize,
}

#[derive(Clone, Copy)]
enum Known {
    // On the path from the operation to here: spread again, it is a cycle.
    Open,
    Done(Amount),
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    fragments: HashMap<&'a Name, Known>,
    visited: usize,
    max_visited: usize,
}

/// Measures all operations and fragments of a document.
///
/// # Errors
/// [`Excess`] for the first limit that it breaks.
pub(super) fn measure(document: &ExecutableDocument, limits: &Limits) -> Result<Measure, Excess> {
    let mut walk = Walk {
        document,
        fragments: HashMap::new(),
        visited: 0,
        max_visited: limits.selections,
    };
    let mut amount = Amount::default();
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        amount.directives += operation.directives.len();
        let variables = operation.variable_definitions.iter();
        amount.directives += variables.map(|v| v.node.directives.len()).sum::<usize>();
        amount.add(walk.set(&operation.selection_set.node, 0)?);
    }
    amount.check(limits)?;
    // Fragments that nobody spreads are validated all the same.
    for name in document.fragments.keys() {
        let unused = walk.fragment(name, 0)?;
        Amount { top: 0, ..unused }.check(limits)?;
    }
    Ok(Measure {
        amount,
        visited: walk.visited,
    })
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Amount, Excess> {
        if level > MAX_NESTING {
            return Err(Excess::Nesting);
        }
        let mut amount = Amount::default();
        for selection in &set.items {
            self.visited += 1;
            if self.visited > self.max_visited {
                return Err(Excess::Above("selections", self.max_visited));
            }
            amount.directives += directives(&selection.node).len();
            amount.add(self.selection(&selection.node, level)?);
        }
        Ok(amount)
    }

    fn selection(&mut self, selection: &'a Selection, level: usize) -> Result<Amount, Excess> {
        match selection {
            Selection::Field(field) => {
                let below = self.set(&field.node.selection_set.node, level + 1)?;
                Ok(Amount {
                    selections: below.selections.saturating_add(1),
                    aliases: below
                        .aliases
                        .saturating_add(field.node.alias.is_some().into()),
                    directives: below.directives,
                    depth: below.depth.saturating_add(1),
                    top: 1,
                })
            }
            Selection::InlineFragment(inline) => {
                self.set(&inline.node.selection_set.node, level + 1)
            }
            Selection::FragmentSpread(spread) => {
                self.fragment(&spread.node.fragment_name.node, level + 1)
            }
        }
    }

    fn fragment(&mut self, name: &'a Name, level: usize) -> Result<Amount, Excess> {
        match self.fragments.get(name) {
            Some(Known::Done(amount)) => return Ok(*amount),
            Some(Known::Open) => return Err(Excess::Cycle(name.to_string())),
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Err(Excess::Unknown(name.to_string()));
        };
        self.fragments.insert(name, Known::Open);
        let mut amount = self.set(&fragment.node.selection_set.node, level)?;
        amount.directives = amount
            .directives
            .saturating_add(fragment.node.directives.len());
        self.fragments.insert(name, Known::Done(amount));
        Ok(amount)
    }
}

fn directives(selection: &Selection) -> &[Positioned<Directive>] {
    match selection {
        Selection::Field(field) => &field.node.directives,
        Selection::InlineFragment(inline) => &inline.node.directives,
        Selection::FragmentSpread(spread) => &spread.node.directives,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn measured(text: &str) -> Result<Measure, Excess> {
        measure(&parse_query(text).unwrap(), &Limits::default())
    }

    // Fragment n spreads fragment n + 1 twice.
    fn bomb(levels: usize) -> String {
        let mut text = "{ ...f0 }".to_owned();
        for level in 0..levels {
            let next = level + 1;
            text += &format!(" fragment f{level} on Query {{ ...f{next} ...f{next} }}");
        }
        text + &format!(" fragment f{levels} on Query {{ viewer {{ tenant }} }}")
    }

    #[test]
    fn a_fragment_bomb_is_refused_and_each_fragment_is_walked_once() {
        let text = bomb(26);
        assert_eq!(measured(&text), Err(Excess::Above("selections", 2_000)));
        let document = parse_query(&text).unwrap();
        let limits = Limits {
            selections: usize::MAX,
            root_fields: usize::MAX,
            ..Limits::default()
        };
        let measure = measure(&document, &limits).unwrap();
        assert_eq!(measure.amount.selections, 2 << 26);
        assert_eq!(measure.visited, 1 + 26 * 2 + 2);
    }

    #[test]
    fn a_bomb_that_nobody_spreads_is_refused_too() {
        let text = bomb(26).replacen("{ ...f0 }", "{ viewer { tenant } }", 1);
        assert_eq!(measured(&text), Err(Excess::Above("selections", 2_000)));
    }

    #[test]
    fn fragments_that_spread_themselves_are_refused() {
        let text = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
        assert!(matches!(measured(text), Err(Excess::Cycle(_))));
        let unused = "{ viewer { tenant } } fragment a on Query { ...a }";
        assert_eq!(measured(unused), Err(Excess::Cycle("a".into())));
    }

    #[test]
    fn a_chain_of_fragments_is_refused_before_the_stack_ends() {
        let mut text = "{ ...f0 }".to_owned();
        for level in 0..900 {
            text += &format!(" fragment f{level} on Query {{ ...f{} }}", level + 1);
        }
        text += " fragment f900 on Query { viewer { tenant } }";
        assert_eq!(measured(&text), Err(Excess::Nesting));
    }

    #[test]
    fn aliases_root_fields_depth_and_directives_have_limits_of_their_own() {
        let many = |count: usize, part: &dyn Fn(usize) -> String| {
            (0..count).map(part).collect::<Vec<_>>().join(" ")
        };
        let aliases = format!(
            "{{ viewer {{ {} }} }}",
            many(51, &|n| format!("a{n}: tenant"))
        );
        assert_eq!(measured(&aliases), Err(Excess::Above("aliases", 50)));
        let roots = format!("{{ {} }}", many(21, &|_| "viewer { tenant }".into()));
        assert_eq!(measured(&roots), Err(Excess::Above("root fields", 20)));
        let deep = format!("{}x{}", "{ a ".repeat(15) + "{ ", " }".repeat(16));
        assert_eq!(measured(&deep), Err(Excess::Above("levels of fields", 15)));
        let directives = format!("{{ viewer {} {{ tenant }} }}", many(51, &|_| "@a".into()));
        assert_eq!(measured(&directives), Err(Excess::Above("directives", 50)));
    }

    #[test]
    fn operations_of_one_document_are_counted_together() {
        let text: String = (0..21)
            .map(|n| format!("query q{n} {{ viewer {{ tenant }} }} "))
            .collect();
        assert_eq!(measured(&text), Err(Excess::Above("root fields", 20)));
    }

    #[test]
    fn spreads_count_where_they_stand() {
        let text =
            "{ a: viewer { ...v } b: viewer { ...v } } fragment v on Viewer { actor { id } }";
        let measure = measured(text).unwrap();
        let amount = measure.amount;
        assert_eq!((amount.selections, amount.depth), (6, 3));
        assert_eq!((amount.aliases, amount.top), (2, 2));
    }
}
