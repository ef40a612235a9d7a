//! Which environments a release travels through, in which order.

use std::collections::{BTreeSet, HashMap};

use super::Environment;

/// Something with a name that others of its kind come before.
pub(in crate::cli) trait Placed {
    /// Unique among them.
    fn name(&self) -> &str;
    /// Names of those that come before; unknown ones do not count.
    fn upstream(&self) -> &[String];
}

impl Placed for Environment {
    fn name(&self) -> &str {
        &self.name
    }

    fn upstream(&self) -> &[String] {
        &self.upstream
    }
}

impl<T: Placed> Placed for &T {
    fn name(&self) -> &str {
        (*self).name()
    }

    fn upstream(&self) -> &[String] {
        (*self).upstream()
    }
}

/// What comes before stands before; the given order stays where that leaves it open.
pub(in crate::cli) fn in_order<T: Placed>(mut items: Vec<T>) -> Vec<T> {
    let mut placed = Vec::with_capacity(items.len());
    while !items.is_empty() {
        let waits = |item: &T| {
            let others = items.iter().filter(|other| other.name() != item.name());
            let mut names = others.map(Placed::name);
            names.any(|name| item.upstream().iter().any(|before| before == name))
        };
        // The server takes no circle; should there be one, the given order decides.
        let next = items.iter().position(|item| !waits(item)).unwrap_or(0);
        placed.push(items.remove(next));
    }
    placed
}

/// The environments up to `target`, in the order in which a release must succeed in them: all
/// that come before it and no others.
///
/// # Errors
/// The names that there are, when `target` is none of them.
pub(super) fn route<'a>(
    environments: &'a [Environment],
    target: &str,
) -> Result<Vec<&'a Environment>, Vec<String>> {
    let by_name: HashMap<&str, &Environment> = environments
        .iter()
        .map(|environment| (environment.name.as_str(), environment))
        .collect();
    if !by_name.contains_key(target) {
        return Err(environments.iter().map(|it| it.name.clone()).collect());
    }
    let mut needed = BTreeSet::new();
    let mut open = vec![target];
    while let Some(name) = open.pop() {
        // What the project does not define any more is passed over.
        if let Some(environment) = by_name.get(name)
            && needed.insert(environment.name.as_str())
        {
            open.extend(environment.upstream.iter().map(String::as_str));
        }
    }
    let needed = environments.iter().filter(|it| needed.contains(it.name()));
    Ok(in_order(needed.collect()))
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
            environment("prod", &["load", "staging"]),
            environment("dev", &[]),
            environment("test", &["dev"]),
            environment("load", &["dev"]),
            environment("staging", &["test"]),
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
        assert_eq!(route(&environments, "qa").unwrap_err(), ["prod"]);
    }

    #[test]
    fn a_circle_ends_too() {
        let circle = [environment("a", &["b"]), environment("b", &["a"])];
        assert_eq!(names(&circle, "b"), ["a", "b"]);
    }
}
