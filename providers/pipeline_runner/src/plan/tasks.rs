//! The tasks that this runner knows, with their inputs.

use super::{Action, CopyPlan, DownloadTarget, ScriptSource, TestResultsPlan};
use crate::error::Rule;
use crate::port::ResultFormat;
use crate::yaml::{Entry, Fields, Findings, Value, View};

type Build = fn(&mut Inputs<'_>, &mut Findings) -> Option<Action>;

/// Name in lower case, versions, default display name, builder.
const TASKS: [(&str, &[&str], &str, Build); 8] = [
    ("bash", &["3"], "Bash", bash),
    ("cmdline", &["2"], "CmdLine", cmdline),
    (
        "publishtestresults",
        &["2"],
        "Publish test results",
        test_results,
    ),
    (
        "publishcodecoverageresults",
        &["1", "2"],
        "Publish code coverage",
        coverage,
    ),
    (
        "publishpipelineartifact",
        &["0", "1"],
        "Publish artifact",
        publish,
    ),
    (
        "publishbuildartifacts",
        &["1"],
        "Publish artifact",
        publish_build,
    ),
    (
        "downloadpipelineartifact",
        &["1", "2"],
        "Download artifacts",
        download,
    ),
    ("copyfiles", &["2"], "Copy files", copy),
];

pub(super) fn task(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<(Action, String)> {
    let view = fields.take("task")?;
    let inputs = fields.take("inputs");
    let text = view.text(findings)?;
    let (name, version) = text.split_once('@').unwrap_or((&text, ""));
    let lower = name.to_ascii_lowercase();
    let known = TASKS.iter().find(|(known, versions, ..)| {
        *known == lower && versions.contains(&version.split('.').next().unwrap_or_default())
    });
    let Some((_, _, default_name, build)) = known else {
        findings.add(
            &view,
            Rule::Unsupported,
            format!("the task `{text}` is not supported"),
        );
        return None;
    };
    let mut inputs = Inputs::new(inputs, &view, findings)?;
    let action = build(&mut inputs, findings);
    inputs.finish(findings);
    Some((action?, (*default_name).to_owned()))
}

/// The `inputs` of a task. Their names ignore case, as in Azure.
struct Inputs<'a> {
    task: View<'a>,
    entries: Vec<(&'a Entry, View<'a>)>,
    taken: Vec<String>,
}

impl<'a> Inputs<'a> {
    fn new(view: Option<View<'a>>, task: &View<'a>, findings: &mut Findings) -> Option<Self> {
        let entries = match &view {
            None => Vec::new(),
            Some(view) if view.node.value == Value::Null => Vec::new(),
            Some(view) => view.entries().or_else(|| {
                findings.add(view, Rule::InvalidType, "a mapping is expected here");
                None
            })?,
        };
        Some(Self {
            task: task.clone(),
            entries,
            taken: Vec::new(),
        })
    }

    fn take(&mut self, names: &[&str]) -> Option<View<'a>> {
        self.taken
            .extend(names.iter().map(|name| name.to_ascii_lowercase()));
        let named = |entry: &Entry| {
            names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&entry.key))
        };
        self.entries
            .iter()
            .find(|(entry, _)| named(entry))
            .map(|(_, view)| view.clone())
    }

    fn text(&mut self, names: &[&str], findings: &mut Findings) -> Option<String> {
        let text = self.take(names)?.text(findings)?;
        (!text.trim().is_empty()).then_some(text)
    }

    fn flag(&mut self, names: &[&str], findings: &mut Findings) -> bool {
        self.take(names)
            .and_then(|view| view.boolean(findings))
            .unwrap_or(false)
    }

    fn required(&mut self, names: &[&str], findings: &mut Findings) -> Option<String> {
        let text = self.text(names, findings);
        if text.is_none() {
            let name = names.first().copied().unwrap_or_default();
            findings.add(
                &self.task,
                Rule::MissingKey,
                format!("the input `{name}` is needed"),
            );
        }
        text
    }

    /// Accepts inputs without effect here.
    fn ignore(&mut self, names: &[&str]) {
        self.taken
            .extend(names.iter().map(|name| name.to_ascii_lowercase()));
    }

    /// Refuses values other than those listed; absent is fine.
    fn only(&mut self, name: &str, allowed: &[&str], findings: &mut Findings) {
        let Some(view) = self.take(&[name]) else {
            return;
        };
        let Some(text) = view.text(findings) else {
            return;
        };
        if !allowed
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(text.trim()))
        {
            let message = format!(
                "`{name}` can only be {}, not `{text}`",
                allowed.join(" or ")
            );
            findings.add(&view, Rule::Unsupported, message);
        }
    }

    fn finish(self, findings: &mut Findings) {
        for (entry, view) in &self.entries {
            if !self.taken.contains(&entry.key.to_ascii_lowercase()) && !entry.key.contains("${{") {
                let message = format!("the task has no input `{}` that is supported", entry.key);
                findings.add(view, Rule::UnknownKey, message);
            }
        }
    }
}

fn bash(inputs: &mut Inputs<'_>, findings: &mut Findings) -> Option<Action> {
    let inline = inputs
        .text(&["targetType"], findings)
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("inline"));
    let source = if inline {
        inputs.ignore(&["filePath", "arguments"]);
        inputs
            .required(&["script"], findings)
            .map(ScriptSource::Inline)
    } else {
        inputs.ignore(&["script"]);
        let path = inputs.required(&["filePath"], findings);
        let arguments = inputs.text(&["arguments"], findings).unwrap_or_default();
        path.map(|path| ScriptSource::File { path, arguments })
    };
    inputs.only("bashEnvValue", &[""], findings);
    inputs.ignore(&["noProfile", "noRc"]);
    let working_directory = inputs.text(&["workingDirectory", "cwd"], findings);
    let fail_on_stderr = inputs.flag(&["failOnStderr", "failOnStandardError"], findings);
    Some(Action::Script {
        source: source?,
        working_directory,
        fail_on_stderr,
    })
}

fn cmdline(inputs: &mut Inputs<'_>, findings: &mut Findings) -> Option<Action> {
    let source = inputs
        .required(&["script"], findings)
        .map(ScriptSource::Inline);
    let working_directory = inputs.text(&["workingDirectory", "cwd"], findings);
    let fail_on_stderr = inputs.flag(&["failOnStderr"], findings);
    Some(Action::Script {
        source: source?,
        working_directory,
        fail_on_stderr,
    })
}

fn test_results(inputs: &mut Inputs<'_>, findings: &mut Findings) -> Option<Action> {
    let view = inputs.take(&["testResultsFormat", "testRunner"]);
    let text = view
        .as_ref()
        .and_then(|view| view.text(findings))
        .unwrap_or_default();
    let format = match text.trim().to_ascii_lowercase().as_str() {
        "" | "junit" => Some(ResultFormat::JUnit),
        "vstest" => Some(ResultFormat::Trx),
        _ => {
            let message = format!("test results can only be JUnit or VSTest, not `{text}`");
            if let Some(view) = &view {
                findings.add(view, Rule::Unsupported, message);
            }
            None
        }
    };
    inputs.ignore(&[
        "mergeTestResults",
        "buildPlatform",
        "platform",
        "buildConfiguration",
        "configuration",
        "publishRunAttachments",
        "failTaskOnFailureToPublishResults",
    ]);
    let default = "**/TEST-*.xml".to_owned();
    Some(Action::TestResults(TestResultsPlan {
        files: inputs
            .text(&["testResultsFiles"], findings)
            .unwrap_or(default),
        folder: inputs.text(&["searchFolder"], findings),
        title: inputs.text(&["testRunTitle"], findings),
        fail_on_failed_tests: inputs.flag(&["failTaskOnFailedTests"], findings),
        fail_if_missing: inputs.flag(&["failTaskOnMissingResultsFile"], findings),
        format: format?,
    }))
}

fn coverage(inputs: &mut Inputs<'_>, findings: &mut Findings) -> Option<Action> {
    inputs.only("codeCoverageTool", &["Cobertura"], findings);
    inputs.ignore(&[
        "pathToSources",
        "reportDirectory",
        "additionalCodeCoverageFiles",
    ]);
    let summary = inputs.required(&["summaryFileLocation"], findings);
    let fail_if_empty = inputs.flag(&["failIfCoverageEmpty", "failIfCoverageIsEmpty"], findings);
    Some(Action::Coverage {
        summary: summary?,
        fail_if_empty,
    })
}

fn publish(inputs: &mut Inputs<'_>, findings: &mut Findings) -> Option<Action> {
    inputs.only("publishLocation", &["pipeline"], findings);
    inputs.only("artifactType", &["pipeline"], findings);
    inputs.ignore(&["properties"]);
    let path = inputs.text(&["targetPath", "path"], findings);
    let artifact = inputs.required(&["artifact", "artifactName"], findings);
    let path = path.unwrap_or_else(|| "$(Pipeline.Workspace)".to_owned());
    Some(Action::Publish {
        path,
        artifact: artifact?,
    })
}

fn publish_build(inputs: &mut Inputs<'_>, findings: &mut Findings) -> Option<Action> {
    inputs.only("publishLocation", &["Container"], findings);
    inputs.ignore(&["StoreAsTar", "MaxArtifactSize"]);
    let path = inputs.text(&["PathtoPublish"], findings);
    let path = path.unwrap_or_else(|| "$(Build.ArtifactStagingDirectory)".to_owned());
    let artifact = inputs
        .text(&["ArtifactName"], findings)
        .unwrap_or_else(|| "drop".to_owned());
    Some(Action::Publish { path, artifact })
}

fn download(inputs: &mut Inputs<'_>, findings: &mut Findings) -> Option<Action> {
    inputs.only("buildType", &["current"], findings);
    inputs.only("source", &["current"], findings);
    let artifact = inputs.text(&["artifact", "artifactName"], findings);
    let patterns = inputs.text(&["itemPattern", "patterns"], findings);
    let path = inputs.text(&["targetPath", "path", "downloadPath"], findings);
    let workspace = "$(Pipeline.Workspace)".to_owned();
    let target = match &artifact {
        Some(_) => DownloadTarget::Direct(path.unwrap_or(workspace)),
        None => DownloadTarget::PerArtifact(path),
    };
    Some(Action::Download {
        artifact,
        patterns,
        target,
    })
}

fn copy(inputs: &mut Inputs<'_>, findings: &mut Findings) -> Option<Action> {
    inputs.ignore(&["preserveTimestamp", "retryCount", "delayBetweenRetries"]);
    inputs.ignore(&["ignoreMakeDirErrors"]);
    let target = inputs.required(&["TargetFolder"], findings);
    Some(Action::Copy(CopyPlan {
        source: inputs.text(&["SourceFolder"], findings),
        contents: inputs
            .text(&["Contents"], findings)
            .unwrap_or_else(|| "**".to_owned()),
        clean: inputs.flag(&["CleanTargetFolder"], findings),
        overwrite: inputs.flag(&["OverWrite"], findings),
        flatten: inputs.flag(&["flattenFolders"], findings),
        target: target?,
    }))
}
