//! Which requests ask how far the ledger has got: that is read before anything else of theirs.

use async_graphql::{
    Positioned,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

/// Whether the document may ask for the root field `ledger`. A field of that name in a fragment
/// counts too, wherever the fragment is spread: at worst a number is read that nobody sees.
pub(crate) fn asks_for_head(document: &ExecutableDocument) -> bool {
    let operations = document.operations.iter();
    let operations = operations.map(|(_, operation)| &operation.node.selection_set);
    let fragments = document.fragments.values();
    let fragments = fragments.map(|fragment| &fragment.node.selection_set);
    operations.chain(fragments).any(names_head)
}

// The document is not nested deeper than the limits allow: they were held against it before.
fn names_head(set: &Positioned<SelectionSet>) -> bool {
    set.node.items.iter().any(|item| match &item.node {
        Selection::Field(field) => field.node.name.node == "ledger",
        Selection::InlineFragment(fragment) => names_head(&fragment.node.selection_set),
        Selection::FragmentSpread(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn the_head_is_asked_for_directly_and_through_fragments() {
        for (query, asks) in [
            ("{ ledger { sequence } }", true),
            ("{ at: ledger { sequence } }", true),
            ("{ ... on Query { ... { ledger { hash } } } }", true),
            ("{ ...f } fragment f on Query { ledger { hash } }", true),
            ("{ viewer { tenant } }", false),
            ("{ ledger: viewer { tenant } }", false),
        ] {
            assert_eq!(asks_for_head(&parse_query(query).unwrap()), asks, "{query}");
        }
    }
}
