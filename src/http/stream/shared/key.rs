//! When two subscriptions get the same answers.

use std::collections::BTreeSet;

use sluice_kernel::{ContentDigest, Ctx, ProjectAccess};
use sluice_resolvers::stream::Described;
use sluice_schema::{Scope, TenantId};

use crate::http::graphql::{Prepared, canonical};

/// Subscriptions of equal keys get equal answers: the same operation with the same variables,
/// asked with the same permissions in the same tenant. Who asks does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    tenant: TenantId,
    projects: ProjectAccess,
    scopes: BTreeSet<Scope>,
    operation: ContentDigest,
}

impl Key {
    pub(super) fn of(ctx: &Ctx, prepared: &Prepared, described: &Described) -> Self {
        let caller = ctx.principal();
        let name = prepared.operation_name.as_deref().unwrap_or_default();
        let variables = canonical(&described.variables);
        let text = prepared.document.text();
        Self {
            tenant: caller.tenant.clone(),
            projects: caller.projects.clone(),
            scopes: caller.scopes.clone(),
            operation: ContentDigest::of_parts([
                text.as_bytes(),
                name.as_bytes(),
                variables.as_bytes(),
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use sluice_resolvers::stream::describe;

    use super::{super::tests::*, *};

    const ONE: &str = "subscription A($after: String, $types: [String!]) \
         { deliveryEvents(after: $after, types: $types) { __typename } }";

    fn key(ctx: &Ctx, operation: &Value) -> Key {
        let prepared = engine(World::default()).prepare(ctx, parameters(operation));
        let prepared = prepared.unwrap();
        let name = prepared.operation_name.as_deref();
        let described = describe(prepared.document.parsed(), name, &prepared.variables);
        Key::of(ctx, &prepared, &described.unwrap())
    }

    fn base() -> Value {
        json!({"query": ONE, "variables": {"types": ["a", "b"]}})
    }

    #[test]
    fn other_permissions_or_another_tenant_are_another_key() {
        let ada = key(&caller("acme", "ada", None, &[Scope::Read]), &base());
        let grace = key(&caller("acme", "grace", None, &[Scope::Read]), &base());
        assert_eq!(ada, grace);
        for other in [
            caller("umbrella", "ada", None, &[Scope::Read]),
            caller("acme", "ada", Some(&["web"]), &[Scope::Read]),
            caller("acme", "ada", Some(&["web", "api"]), &[Scope::Read]),
            caller("acme", "ada", Some(&[]), &[Scope::Read]),
            caller("acme", "ada", None, &[Scope::Read, Scope::CommitsWrite]),
            caller("acme", "ada", None, &[]),
        ] {
            assert_ne!(ada, key(&other, &base()), "{other:?}");
        }
    }

    #[test]
    fn another_operation_or_other_variables_are_another_key_and_another_place_is_not() {
        let ctx = caller("acme", "ada", None, &[Scope::Read]);
        let one = key(&ctx, &base());
        let resumed = json!({"query": ONE, "variables": {"types": ["a", "b"], "after": "7"}});
        let named = json!({"query": ONE, "operationName": "A", "variables": base()["variables"]});
        let undeclared = json!({"query": ONE, "variables": {"types": ["a", "b"], "x": 1}});
        assert_eq!(one, key(&ctx, &resumed));
        assert_eq!(one, key(&ctx, &undeclared));
        assert_ne!(one, key(&ctx, &named));
        for other in [
            json!({"query": ONE, "variables": {"types": ["b", "a"]}}),
            json!({"query": ONE, "variables": {"types": null}}),
            json!({"query": ONE}),
            json!({"query": format!("{ONE} "), "variables": base()["variables"]}),
        ] {
            assert_ne!(one, key(&ctx, &other), "{other}");
        }
    }
}
