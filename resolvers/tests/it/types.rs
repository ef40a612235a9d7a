//! What the schema tells of its objects and edges, as queries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::constant::BY_ITSELF;

pub(crate) const INTROSPECTION: &str = "{ __schema { types { name kind interfaces { name }
    fields { name args { type { kind } defaultValue }
        type { name kind ofType { name kind ofType { name kind ofType { name kind } } } } } } } }";

struct Field {
    name: String,
    of: String,
    is_composite: bool,
    needs_arguments: bool,
}

/// The objects of the schema with their fields, and which of them are aggregates.
pub(crate) struct Types {
    fields: BTreeMap<String, Vec<Field>>,
    aggregates: BTreeSet<String>,
}

// What stands in lists and non-nulls.
fn named(mut of: &Value) -> (&str, &str) {
    while of["ofType"].is_object() {
        of = &of["ofType"];
    }
    (of["name"].as_str().unwrap(), of["kind"].as_str().unwrap())
}

fn field(it: &Value) -> Field {
    let (of, kind) = named(&it["type"]);
    let mut arguments = it["args"].as_array().unwrap().iter();
    Field {
        name: it["name"].as_str().unwrap().to_owned(),
        of: of.to_owned(),
        is_composite: matches!(kind, "OBJECT" | "INTERFACE" | "UNION"),
        needs_arguments: arguments
            .any(|it| it["type"]["kind"] == "NON_NULL" && it["defaultValue"].is_null()),
    }
}

fn is_exempt(field: &Field) -> bool {
    BY_ITSELF.iter().any(|(name, _)| *name == field.name)
}

impl Types {
    pub(crate) fn of(answer: &Value) -> Self {
        let all = answer["__schema"]["types"].as_array().unwrap();
        let mut types = Self {
            fields: BTreeMap::new(),
            aggregates: BTreeSet::new(),
        };
        for it in all.iter().filter(|it| it["kind"] == "OBJECT") {
            let name = it["name"].as_str().unwrap().to_owned();
            let mut interfaces = it["interfaces"].as_array().into_iter().flatten();
            if interfaces.any(|it| it["name"] == "Aggregate") {
                types.aggregates.insert(name.clone());
            }
            let fields = it["fields"].as_array().unwrap().iter().map(field);
            types.fields.insert(name, fields.collect());
        }
        types
    }

    /// Fields of aggregates that cannot be asked for without arguments and are not exempt.
    pub(crate) fn closed(&self) -> Vec<String> {
        let mut closed = Vec::new();
        for object in &self.aggregates {
            let fields = self.fields[object].iter();
            let fields = fields.filter(|it| it.needs_arguments && !is_exempt(it));
            closed.extend(fields.map(|it| format!("{object}.{}", it.name)));
        }
        closed
    }

    /// The lists of aggregates, and what each is a list of.
    pub(crate) fn roots(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields["Query"].iter().filter_map(|it| {
            let node = self.connection_of(&it.of)?;
            self.aggregates
                .contains(node)
                .then_some((it.name.as_str(), node))
        })
    }

    fn followed(&self, object: &str) -> impl Iterator<Item = &Field> {
        let fields = self.fields[object].iter();
        fields.filter(|it| !is_exempt(it) && !it.needs_arguments)
    }

    fn connection_of(&self, of: &str) -> Option<&str> {
        let fields = self.fields.get(of).filter(|_| of.ends_with("Connection"))?;
        let counted = fields.iter().any(|it| it.name == "totalCount");
        let node = fields.iter().find(|it| it.name == "nodes" && counted)?;
        Some(&node.of)
    }

    // The field and what it leads to, `depth` edges further.
    fn ask(&self, field: &Field, depth: usize) -> String {
        let name = &field.name;
        match self.connection_of(&field.of) {
            Some(node) => {
                let inner = self.select(node, depth);
                format!("{name}(first: 2) {{ totalCount nodes {{ {inner} }} }}")
            }
            None => format!("{name} {{ {} }}", self.select(&field.of, depth)),
        }
    }

    fn select(&self, object: &str, depth: usize) -> String {
        let mut all = vec!["__typename".to_owned()];
        if depth > 0 && self.fields.contains_key(object) {
            let composite = self.followed(object).filter(|it| it.is_composite);
            all.extend(composite.map(|it| self.ask(it, depth - 1)));
        }
        all.join(" ")
    }

    /// Whether the field, named as in `queries`, leads to aggregates.
    pub(crate) fn is_edge(&self, name: &str) -> bool {
        let Some((object, name)) = name.split_once('.') else {
            return false;
        };
        let field = self.fields[object].iter().find(|it| it.name == name);
        field.is_some_and(|it| {
            let of = self.connection_of(&it.of).unwrap_or(&it.of);
            self.aggregates.contains(of)
        })
    }

    /// A list of each aggregate: once with all values of its objects, as `Object.*`, and once with
    /// each of their edges and all that those lead to, as `Object.edge`.
    pub(crate) fn queries(&self) -> Vec<(String, String)> {
        let mut queries = Vec::new();
        for (root, node) in self.roots() {
            let list = |what: &str| {
                format!("{{ {root}(first: 200) {{ totalCount nodes {{ {what} }} }} }}")
            };
            let values = self.followed(node).filter(|it| !it.is_composite);
            let values: Vec<&str> = values.map(|it| it.name.as_str()).collect();
            queries.push((format!("{node}.*"), list(&values.join(" "))));
            for edge in self.followed(node).filter(|it| it.is_composite) {
                let query = list(&self.ask(edge, 1));
                queries.push((format!("{node}.{}", edge.name), query));
            }
        }
        queries
    }
}
