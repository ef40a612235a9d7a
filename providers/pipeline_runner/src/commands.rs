//! Logging commands: lines by which a step talks to the runner.

use crate::timeline::{Issue, IssueKind};

/// A parsed `##vso[...]` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    SetVariable {
        name: String,
        value: String,
        output: bool,
        secret: bool,
        read_only: bool,
    },
    LogIssue(Issue),
    Complete(Completion),
    SetProgress(u8),
    PrependPath(String),
    UploadSummary(String),
    AddAttachment {
        kind: String,
        name: String,
        path: String,
    },
    UploadArtifact {
        name: String,
        path: String,
    },
    UpdateBuildNumber(String),
    AddBuildTag(String),
    /// `##vso[task.debug]` and `##vso[task.logdetail]`: known and without effect here.
    Ignored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completion {
    Succeeded,
    SucceededWithIssues,
    Failed,
}

/// `None` for a line that is no command; an error for a command that cannot be obeyed.
pub(crate) fn parse(line: &str) -> Option<Result<Command, String>> {
    let at = line.find("##vso[")?;
    // The marker may follow a prefix of the tool, but a closing bracket must exist.
    let rest = line.get(at + "##vso[".len()..)?;
    let (head, message) = rest.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    if !name.contains('.') {
        return None;
    }
    let properties = Properties::parse(properties);
    Some(build(
        &name.to_ascii_lowercase(),
        &properties,
        &unescape(message),
    ))
}

fn build(name: &str, properties: &Properties, message: &str) -> Result<Command, String> {
    let text = message.to_owned();
    Ok(match name {
        "task.setvariable" => set_variable(properties, message)?,
        "task.logissue" => Command::LogIssue(issue(properties, message)?),
        "task.complete" => Command::Complete(completion(properties)?),
        "task.setprogress" => Command::SetProgress(progress(properties)?),
        "task.prependpath" if !text.trim().is_empty() => Command::PrependPath(text),
        "task.uploadsummary" => Command::UploadSummary(text),
        "task.addattachment" => Command::AddAttachment {
            kind: properties.required(name, "type")?,
            name: properties.required(name, "name")?,
            path: text,
        },
        "task.setsecret" => Command::SetVariable {
            // Only masks: no variable has an empty name.
            name: String::new(),
            value: text,
            output: false,
            secret: true,
            read_only: false,
        },
        "artifact.upload" => Command::UploadArtifact {
            name: properties.required(name, "artifactname")?,
            path: text,
        },
        "build.updatebuildnumber" if !text.trim().is_empty() => {
            Command::UpdateBuildNumber(text.trim().to_owned())
        }
        "build.addbuildtag" if !text.trim().is_empty() => {
            Command::AddBuildTag(text.trim().to_owned())
        }
        "task.debug" | "task.logdetail" => Command::Ignored,
        "task.prependpath" | "build.updatebuildnumber" | "build.addbuildtag" => {
            return Err(format!("##vso[{name}] needs a value after the bracket"));
        }
        _ => return Err(format!("##vso[{name}] is not supported")),
    })
}

fn set_variable(properties: &Properties, message: &str) -> Result<Command, String> {
    Ok(Command::SetVariable {
        name: properties.required("task.setvariable", "variable")?,
        value: message.to_owned(),
        output: properties.flag("isoutput"),
        secret: properties.flag("issecret"),
        read_only: properties.flag("isreadonly"),
    })
}

fn issue(properties: &Properties, message: &str) -> Result<Issue, String> {
    let kind = match properties
        .get("type")
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("error") => IssueKind::Error,
        Some("warning") => IssueKind::Warning,
        _ => return Err("##vso[task.logissue] needs type=error or type=warning".to_owned()),
    };
    let number = |key: &str| {
        properties
            .get(key)
            .and_then(|text| text.trim().parse().ok())
    };
    Ok(Issue {
        kind,
        message: message.to_owned(),
        source_path: properties.get("sourcepath").map(str::to_owned),
        line: number("linenumber"),
        column: number("columnnumber"),
        code: properties.get("code").map(str::to_owned),
    })
}

fn completion(properties: &Properties) -> Result<Completion, String> {
    match properties
        .get("result")
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("succeeded") => Ok(Completion::Succeeded),
        Some("succeededwithissues") => Ok(Completion::SucceededWithIssues),
        Some("failed") => Ok(Completion::Failed),
        _ => Err(
            "##vso[task.complete] needs result=Succeeded, SucceededWithIssues or Failed".to_owned(),
        ),
    }
}

fn progress(properties: &Properties) -> Result<u8, String> {
    let value = properties
        .get("value")
        .and_then(|text| text.trim().parse::<u8>().ok());
    value
        .filter(|value| *value <= 100)
        .ok_or_else(|| "##vso[task.setprogress] needs value=0 to 100".to_owned())
}

/// `key=value;key=value`, keys in lower case, values unescaped.
struct Properties(Vec<(String, String)>);

impl Properties {
    fn parse(text: &str) -> Self {
        let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(key, value)| (key.trim().to_ascii_lowercase(), unescape(value)));
        Self(pairs.take(50).collect())
    }

    fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn required(&self, command: &str, key: &str) -> Result<String, String> {
        let value = self
            .get(key)
            .ok_or_else(|| format!("##vso[{command}] needs {key}"))?;
        Ok(value.trim().to_owned())
    }

    fn flag(&self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
    }
}

/// `%AZP25` stands for the percent sign itself, so it is replaced last.
fn unescape(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    text.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%3B", ";")
        .replace("%5D", "]")
        .replace("%AZP25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_parsed_with_their_flags_and_escapes() {
        let line =
            "##vso[task.setvariable variable=a%3Bb;isOutput=TRUE;issecret=true]x%0Ay%5D%AZP253B";
        let Some(Ok(Command::SetVariable {
            name,
            value,
            output,
            secret,
            read_only,
        })) = parse(line)
        else {
            panic!()
        };
        assert_eq!((name.as_str(), value.as_str()), ("a;b", "x\ny]%3B"));
        assert!(output && secret && !read_only);
    }

    #[test]
    fn issues_keep_their_place() {
        let line = "##vso[task.logissue type=warning;sourcepath=a/b.rs;linenumber=3;columnnumber=7;code=E1;]odd";
        let Some(Ok(Command::LogIssue(issue))) = parse(line) else {
            panic!()
        };
        assert_eq!(issue.kind, IssueKind::Warning);
        assert_eq!((issue.line, issue.column), (Some(3), Some(7)));
        assert_eq!(issue.source_path.as_deref(), Some("a/b.rs"));
        assert_eq!(
            (issue.code.as_deref(), issue.message.as_str()),
            (Some("E1"), "odd")
        );
    }

    #[test]
    fn what_is_no_command_is_text_and_what_is_malformed_is_an_error() {
        assert_eq!(parse("plain"), None);
        assert_eq!(parse("##vso[unclosed"), None);
        assert_eq!(parse("##[section]hello"), None);
        assert!(parse("##vso[task.setvariable]x").unwrap().is_err());
        assert!(parse("##vso[task.logissue]x").unwrap().is_err());
        assert!(
            parse("##vso[task.setprogress value=101;]x")
                .unwrap()
                .is_err()
        );
        assert!(parse("##vso[task.complete result=odd;]").unwrap().is_err());
        assert!(parse("##vso[build.nope]x").unwrap().is_err());
        let upload = parse("##vso[artifact.upload artifactname=a;containerfolder=b]/p").unwrap();
        assert_eq!(
            upload,
            Ok(Command::UploadArtifact {
                name: "a".into(),
                path: "/p".into()
            })
        );
    }
}
