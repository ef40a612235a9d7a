//! The log of one run, to its end.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Client, State, Subscription, Tell, Topic, WatchArgs, WatchError};
use crate::cli::client::Item;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Variables<'a> {
    id: &'a str,
    from_line: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    pipeline_run_log: Lines,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lines {
    lines: Vec<Value>,
    is_complete: bool,
}

/// Shows the lines behind `after`, until the run has ended and all were shown.
pub(super) async fn follow(
    args: &WatchArgs,
    client: Client,
    run: &str,
    after: Option<String>,
    tell: &mut Tell,
    state: &State,
) -> Result<(), WatchError> {
    let after: u64 = match after {
        Some(after) => after.parse().map_err(|_| {
            WatchError::Usage("a log begins behind the number of a line".to_owned())
        })?,
        None => 0,
    };
    let variables = Variables {
        id: run,
        from_line: after.saturating_add(1),
    };
    let document = Topic::Log.document();
    let mut lines = Subscription::new(client, document, variables, args.patience())?;
    loop {
        let item = lines.next(&mut |waiting| tell.waiting(&waiting)).await?;
        let Some(item) = item else {
            lines
                .interrupted(&mut |waiting| tell.waiting(&waiting))
                .await?;
            continue;
        };
        if show(&item, tell, state)? {
            return Ok(());
        }
    }
}

// Tells whether these were the last.
fn show(item: &Item, tell: &Tell, state: &State) -> Result<bool, WatchError> {
    let data: Result<Data, _> = serde_json::from_value(item.data.clone());
    let found = data.map_err(|error| WatchError::Answer(error.to_string()))?;
    let lines = found.pipeline_run_log;
    for line in lines.lines {
        let number = line["number"].to_string();
        match tell.is_json() {
            true => tell.object(line, Some(&number))?,
            false => tell.text(&text(&line))?,
        }
        state.keep(Some(&number))?;
    }
    Ok(lines.is_complete)
}

fn text(line: &Value) -> String {
    let part = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let (job, step) = (part("jobName"), part("stepName"));
    format!("{job}/{step} | {}", part("text"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_says_which_step_wrote_it() {
        let line = json!({"number": 3, "jobName": "Build", "stepName": "npm test", "text": "ok"});
        assert_eq!(text(&line), "Build/npm test | ok");
    }
}
