//! An item of a stream as one line for people.

use serde_json::Value;

use crate::cli::delivery::words;

/// The line of an event, or of a hole.
pub(super) fn of(item: &Value) -> String {
    if item["__typename"] == "StreamGap" {
        return gap(item);
    }
    let place = item["sequence"].as_u64().unwrap_or_default();
    let mut owner = text(item, "/projectId").unwrap_or("-").to_owned();
    if let Some(module) = text(item, "/moduleId") {
        owner = format!("{owner}/{module}");
    }
    let detail = build(item)
        .or_else(|| release(item))
        .or_else(|| promotion(item))
        .or_else(|| run(item))
        .or_else(|| subject(item))
        .unwrap_or_else(|| "nothing that the token may see now".to_owned());
    let actor = text(item, "/actor/id").map(|actor| format!(", by {actor}"));
    format!(
        "{} {place:>6} {} {owner}: {detail}{}",
        text(item, "/occurredAt").map_or_else(|| "-".to_owned(), seconds),
        text(item, "/eventType").unwrap_or("-"),
        actor.unwrap_or_default()
    )
}

fn gap(item: &Value) -> String {
    let why = match item["reason"].as_str() {
        Some("RETENTION") => "further back than a stream may begin",
        Some("OVERFLOW") => "they were taken too slowly",
        _ => "no reason is given",
    };
    let (from, to) = (&item["from"], &item["to"]);
    format!("GAP: events {from} to {to} are not shown ({why}); the query `events` lists them")
}

fn build(item: &Value) -> Option<String> {
    let build = item.get("build").filter(|it| it.is_object())?;
    let mut line = format!(
        "{} #{} {} {}",
        text(build, "/repository/name").unwrap_or("-"),
        build["run"]["number"].as_u64().unwrap_or_default(),
        head(build),
        state(build, "/status")
    );
    if let (Some(passed), Some(total)) = (
        build["tests"]["passed"].as_u64(),
        build["tests"]["total"].as_u64(),
    ) {
        line.push_str(&format!(", {passed} of {total} tests passed"));
    }
    Some(format!("{line}{} ({})", why(build), id(build)))
}

fn release(item: &Value) -> Option<String> {
    let release = item.get("release").filter(|it| it.is_object())?;
    Some(format!(
        "{} {} {} ({})",
        text(release, "/name").unwrap_or("-"),
        text(release, "/releaseVersion").unwrap_or("-"),
        state(release, "/status"),
        id(release)
    ))
}

fn promotion(item: &Value) -> Option<String> {
    let environment = text(item, "/environment/name");
    let Some(promotion) = item.get("promotion").filter(|it| it.is_object()) else {
        return environment.map(|name| format!("environment {name}"));
    };
    Some(format!(
        "{} {} into {} {}{} ({})",
        text(promotion, "/releaseName").unwrap_or("-"),
        text(promotion, "/releaseVersion").unwrap_or("-"),
        environment.unwrap_or("-"),
        state(promotion, "/status"),
        why(promotion),
        id(promotion)
    ))
}

fn run(item: &Value) -> Option<String> {
    let run = item.get("run").filter(|it| it.is_object())?;
    let told = item.pointer("/event/payload").unwrap_or(&Value::Null);
    let step = text(told, "/path").map(|path| {
        let outcome = text(told, "/result").map_or_else(|| state(told, "/state"), words);
        format!("{path} {outcome}")
    });
    let now = || match text(run, "/outcome") {
        Some(outcome) => words(outcome),
        None => state(run, "/status"),
    };
    Some(format!(
        "{} {} {} ({})",
        text(run, "/repository/name").unwrap_or("-"),
        head(run),
        step.unwrap_or_else(now),
        id(run)
    ))
}

fn subject(item: &Value) -> Option<String> {
    let subject = item.pointer("/event/subject")?;
    let kind = text(subject, "/kind")?;
    Some(format!("{kind} {}", id(subject)))
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

fn id(value: &Value) -> &str {
    text(value, "/id").unwrap_or("-")
}

fn state(value: &Value, pointer: &str) -> String {
    text(value, pointer).map_or_else(|| "-".to_owned(), words)
}

fn head(value: &Value) -> String {
    let sha = text(value, "/commitSha").unwrap_or("-");
    let short = sha.get(..7).unwrap_or(sha);
    format!("{}@{short}", text(value, "/branch").unwrap_or("-"))
}

fn why(value: &Value) -> String {
    let reason = text(value, "/reason").filter(|reason| !reason.is_empty());
    reason.map(|it| format!(": {it}")).unwrap_or_default()
}

// To the second, in UTC, as everywhere.
fn seconds(at: &str) -> String {
    at.parse()
        .map_or_else(|_| at.to_owned(), crate::cli::delivery::time)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(more: Value) -> Value {
        let mut event = json!({"__typename": "BuildEvent", "sequence": 7, "projectId": "web",
            "moduleId": "greeter", "eventType": "BuildCompleted", "cursor": "c",
            "occurredAt": "2030-01-02T03:04:05.678Z", "actor": {"kind": "USER", "id": "ada"}});
        let more = more.as_object().unwrap().clone();
        event.as_object_mut().unwrap().extend(more);
        event
    }

    #[test]
    fn each_kind_of_item_is_one_line() {
        let repository = json!({"id": "repo_1", "name": "greeter"});
        let cases = [
            (
                event(
                    json!({"build": {"id": "build_1", "status": "FAILED", "reason": "a test failed",
                    "branch": "main", "commitSha": "0123456789", "repository": repository,
                    "run": {"id": "run_1", "number": 3}, "tests": {"passed": 2, "total": 3}}}),
                ),
                "greeter #3 main@0123456 failed, 2 of 3 tests passed: a test failed (build_1)",
            ),
            (
                event(json!({"release": {"id": "release_1", "name": "greeter",
                    "releaseVersion": "1.4.0", "status": "PENDING_APPROVAL"}})),
                "greeter 1.4.0 pending approval (release_1)",
            ),
            (
                event(
                    json!({"promotion": {"id": "promotion_1", "releaseName": "greeter",
                    "releaseVersion": "1.4.0", "status": "SUCCEEDED", "reason": null},
                    "environment": {"id": "env_1", "name": "prod"}}),
                ),
                "greeter 1.4.0 into prod succeeded (promotion_1)",
            ),
            (
                event(json!({"promotion": null, "environment": {"id": "env_1", "name": "prod"}})),
                "environment prod",
            ),
            (
                event(
                    json!({"run": {"id": "run_1", "status": "RUNNING", "outcome": null,
                    "branch": "main", "commitSha": "01", "repository": repository},
                    "event": {"payload": {"path": "build/job/test", "state": "RUNNING"}}}),
                ),
                "greeter main@01 build/job/test running (run_1)",
            ),
            (
                event(json!({"event": {"subject": {"kind": "Branch", "id": "branch_1"}}})),
                "Branch branch_1",
            ),
            (
                event(json!({"build": null})),
                "nothing that the token may see now",
            ),
        ];
        for (item, detail) in cases {
            let expected =
                format!("2030-01-02T03:04:05Z      7 BuildCompleted web/greeter: {detail}, by ada");
            assert_eq!(of(&item), expected);
        }
    }

    #[test]
    fn a_hole_says_what_is_missing_and_why() {
        let gap = json!({"__typename": "StreamGap", "from": 1, "to": 9, "reason": "RETENTION"});
        let line = of(&gap);
        assert!(
            line.starts_with("GAP: events 1 to 9 are not shown (further back"),
            "{line}"
        );
    }
}
