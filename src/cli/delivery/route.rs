//! Which environments a release travels through.

use std::collections::{BTreeSet, HashMap};

use super::Environment;

/// Why there is no route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoRoute {
    /// The project has no such environment; these it has.
    Unknown(Vec<String>),
    /// Environments come before each other.
    Circle,
}

/// The environments up to `target`, in the order in which a release must succeed in them: all
/// that come before it and no others. What a project does not define any more is passed over.
pub(super) fn route<'a>(
    environments: &'a [Environment],
    target: &str,
) -> Result<Vec<&'a Environment>, NoRoute> {
    let by_name: HashMap<&str, &Environment> = environments
        .iter()
        .map(|environment| (environment.name.as_str(), environment))
        .collect();
    if !by_name.contains_key(target) {
        let names = environments.iter().map(|it| it.name.clone()).collect();
        return Err(NoRoute::Unknown(names));
    }
    let mut needed = BTreeSet::new();
    let mut open = vec![target];
    while let Some(name) = open.pop() {
        if let Some(environment) = by_name.get(name)
            && needed.insert(environment.name.as_str())
        {
            open.extend(environment.upstream.iter().map(String::as_str));
        }
    }
    let mut route: Vec<&Environment> = Vec::with_capacity(needed.len());
    while route.len() < needed.len() {
        // The server's order, as far as the graph leaves it open.
        let next = environments.iter().find(|it| {
            let name = it.name.as_str();
            let is_placed = |name: &str| route.iter().any(|placed| placed.name == name);
            let mut before = it.upstream.iter().map(String::as_str);
            needed.contains(name)
                && !is_placed(name)
                && before.all(|name| is_placed(name) || !needed.contains(name))
        });
        route.push(next.ok_or(NoRoute::Circle)?);
    }
    Ok(route)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str, upstream: &[&str]) -> Environment {
        Environment {
            id: format!("env_{name}"),
            name: name.to_owned(),
            upstream: upstream.iter().map(ToString::to_string).collect(),
            auto_promote: false,
        }
    }

    fn names(environments: &[Environment], target: &str) -> Vec<String> {
        let route = route(environments, target).unwrap();
        route.iter().map(|it| it.name.clone()).collect()
    }

    #[test]
    fn a_route_holds_what_must_come_before_and_nothing_else() {
        let environments = [
            environment("dev", &[]),
            environment("test", &["dev"]),
            environment("load", &["dev"]),
            environment("staging", &["test"]),
            environment("prod", &["load", "staging"]),
            environment("sandbox", &[]),
        ];
        assert_eq!(names(&environments, "dev"), ["dev"]);
        assert_eq!(names(&environments, "staging"), ["dev", "test", "staging"]);
        assert_eq!(
            names(&environments, "prod"),
            ["dev", "test", "load", "staging", "prod"]
        );
        assert_eq!(names(&environments, "sandbox"), ["sandbox"]);
    }

    #[test]
    fn what_is_not_defined_any_more_is_passed_over_and_an_unknown_target_told() {
        let environments = [environment("prod", &["gone"])];
        assert_eq!(names(&environments, "prod"), ["prod"]);
        assert_eq!(
            route(&environments, "qa").unwrap_err(),
            NoRoute::Unknown(vec!["prod".to_owned()])
        );
    }

    #[test]
    fn a_circle_ends_the_search() {
        let circle = [environment("a", &["b"]), environment("b", &["a"])];
        assert_eq!(route(&circle, "a").unwrap_err(), NoRoute::Circle);
    }
}
